import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { TestEvents } from '../../conformance/transport/peer.ts';
import { suite } from '../../test/runner/suite.ts';
import { VirtualClock } from './clock.ts';
import { bearerProtocol, type WebSocketLike } from './web-socket.ts';
import { WebSocketTransport } from './web-socket-transport.ts';
import { UsageError } from '../wire/errors.ts';

const MEBIBYTE = 1024 * 1024;

/** A WebSocket whose network is the test. */
class FakeSocket implements WebSocketLike {
  binaryType = 'blob';
  bufferedAmount = 0;
  readonly protocol = 'memcached';
  readyState = 1;
  /** Whether it refuses the codes that the standard keeps to itself. */
  isStandard = false;
  readonly sent: Uint8Array[] = [];
  readonly closes: (readonly [number | undefined, string | undefined])[] = [];
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  send(data: Uint8Array): void {
    this.sent.push(data);
    this.bufferedAmount += data.length;
  }

  close(code?: number, reason?: string): void {
    if (this.isStandard && (code ?? 1000) > 1000 && (code ?? 1000) < 3000) throw new Error('code');
    this.closes.push([code, reason]);
    this.readyState = 2;
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  fire(type: string, event: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }

  message(data: string): void {
    this.fire('message', { data: bytes(data).slice().buffer });
  }
}

function scene(): {
  socket: FakeSocket;
  clock: VirtualClock;
  events: TestEvents;
  transport: WebSocketTransport;
} {
  const socket = new FakeSocket();
  const clock = new VirtualClock();
  const transport = new WebSocketTransport(socket, clock);
  const events = new TestEvents();
  transport.attach(events);
  return { socket, clock, events, transport };
}

const webSocket = suite('core: a WebSocket as a transport');

webSocket('asks for bytes, not blobs', () => {
  assert.is(scene().socket.binaryType, 'arraybuffer');
});

webSocket('takes a mebibyte, and more when half of it has left', () => {
  const { socket, clock, events, transport } = scene();
  assert.is(transport.send(new Uint8Array(3 * MEBIBYTE)), MEBIBYTE);
  assert.is(transport.send(new Uint8Array(1)), 0);
  socket.bufferedAmount = MEBIBYTE / 2 + 1;
  clock.advance(100);
  assert.is(events.drains, 0);
  socket.bufferedAmount = MEBIBYTE / 2;
  clock.advance(100);
  assert.is(events.drains, 1);
  assert.is(transport.send(new Uint8Array(MEBIBYTE)), MEBIBYTE / 2);
});

webSocket('copies memory that is shared between threads, which a WebSocket refuses', () => {
  const { socket, transport } = scene();
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set([1, 2]);
  transport.send(shared);
  assert.ok(socket.sent[0]?.buffer instanceof ArrayBuffer);
  assert.equal(socket.sent, [new Uint8Array([1, 2])]);
});

webSocket('holds what arrives while it is paused, where the socket cannot pause', () => {
  const { socket, events, transport } = scene();
  transport.pause();
  socket.message('a');
  socket.message('b');
  assert.is(events.chunks.length, 0);
  transport.resume();
  assert.equal(events.chunks.map(text), ['a', 'b']);
});

webSocket('a socket that can pause does, and is resumed to hear of its end', () => {
  const { socket, transport } = scene();
  const calls: string[] = [];
  Object.assign(socket, { pause: () => calls.push('pause'), resume: () => calls.push('resume') });
  transport.pause();
  transport.close();
  assert.equal(calls, ['pause', 'resume']);
  assert.equal(socket.closes, [[1000, '']]);
});

webSocket('gives up a peer that sends without end while it is paused', async () => {
  const { socket, events, transport } = scene();
  transport.pause();
  for (let i = 0; i < 17; i++) socket.message('x'.repeat(MEBIBYTE));
  assert.match((await events.closed)?.message ?? '', /too much at once/);
  assert.equal(socket.closes, [[1009, 'too much at once']]);
  transport.resume();
  assert.is(events.chunks.length, 0);
});

webSocket('refuses text', async () => {
  const { socket, events } = scene();
  socket.fire('message', { data: 'get a\r\n' });
  assert.match((await events.closed)?.message ?? '', /binary messages only/);
  assert.equal(socket.closes, [[1003, 'binary messages only']]);
});

webSocket("gives a code of its own where the standard's may not be said", () => {
  const { socket } = scene();
  socket.isStandard = true;
  socket.fire('message', { data: 'get a\r\n' });
  assert.equal(socket.closes, [[4003, 'binary messages only']]);
});

for (const code of [1000, 1001, 1005]) {
  webSocket(`${code} is an end`, async () => {
    const { socket, events } = scene();
    socket.fire('close', { code, reason: '' });
    assert.is(await events.closed, null);
  });
}

webSocket('any other code is a failure, and names the reason', async () => {
  const { socket, events } = scene();
  socket.fire('close', { code: 1008, reason: 'not allowed' });
  assert.match((await events.closed)?.message ?? '', /1008: not allowed/);
});

webSocket('an abort ends it once, whatever the socket says later', async () => {
  const { socket, events, transport } = scene();
  transport.abort();
  socket.message('late');
  assert.is(await events.closed, null);
  socket.fire('close', { code: 1006, reason: '' });
  assert.is(events.ends, 1);
  assert.is(transport.send(new Uint8Array(5)), 5);
});

webSocket('a token is what a subprotocol can be', () => {
  assert.is(bearerProtocol('aZ09-._~'), 'bearer.aZ09-._~');
  for (const token of ['', 'a b', 'a,b', 'a\r\nb', 'é', 5]) {
    assert.throws(
      () => bearerProtocol(token as string),
      (error: unknown) => error instanceof UsageError,
    );
  }
});

webSocket.run();
