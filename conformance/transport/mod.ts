// The lists of transport cases.
import { bytes, equal, ok, rejects, text } from '../assert.ts';
import { systemClock } from '../../core/io/clock.ts';
import type { Case } from '../case.ts';
import { newAborter } from '../../core/io/transport.ts';
import { connected, never, type TransportContext } from './context.ts';
import { ownerCases } from './owner-cases.ts';
import { startPeer, TestEvents } from './peer.ts';

export type {
  EndingListener,
  HalfCloseTransportContext,
  TlsTransportContext,
  TransportContext,
} from './context.ts';
export { halfCloseTransportCases } from './half-close-cases.ts';
export { tlsTransportCases } from './tls-cases.ts';

const BIG = 8 * 1024 * 1024;

/** Requirements on a transport: each rule of its contract. */
export const transportCases: readonly Case<TransportContext>[] = [
  connected('carries bytes both ways', async ({ near, far }) => {
    near.send('ping');
    equal(await far.read(4), 'ping');
    far.send('pong');
    equal(await near.read(4), 'pong');
  }),
  connected('keeps bytes in order, in whatever pieces they are sent', async ({ near, far }) => {
    let all = '';
    for (let i = 0; i < 500; i++) {
      const piece = `${i},`.repeat(i % 50 === 0 ? 20_000 : 1);
      all += piece;
      await near.sendAll(bytes(piece));
    }
    ok(await far.read(all.length) === all, 'every piece comes behind the one before it');
  }),
  connected('holds back no small piece until another is acknowledged', async ({ near, far }) => {
    for (const [one, other] of [[near, far], [far, near]] as const) {
      const times: number[] = [];
      for (let i = 0; i < 30; i++) {
        const start = systemClock.elapsed();
        one.send('a');
        one.send('b');
        await other.read(2);
        other.send('c');
        await one.read(1);
        times.push(systemClock.elapsed() - start);
      }
      // Nagle's algorithm would make all but a few wait 40 ms, once the first have gone through;
      // without it they take less than one, save where a busy machine lets them wait.
      const quarter = times.slice(10).sort((left, right) => left - right)[5] ?? 0;
      ok(quarter < 30, `three round trips of four take ${quarter.toFixed(1)} ms and more`);
    }
  }),
  connected('carries more than any buffer holds: send takes a prefix, onDrain says go on', async (
    { near, far },
  ) => {
    const data = new Uint8Array(BIG);
    for (let i = 0; i < data.length; i++) data[i] = i * 7 + (i >> 8);
    await near.sendAll(data);
    const got = await far.readBytes(BIG);
    ok(isSame(got, data), 'every byte arrives as it was sent');
  }),
  connected('carries on when what is sent from within onDrain is refused again', async (
    { near, far },
  ) => {
    const data = new Uint8Array(BIG).fill(3);
    let left = data;
    const sendOn = (): void => {
      for (let taken = 1; taken > 0 && left.length > 0;) {
        taken = near.transport?.send(left.subarray(0, 256 * 1024)) ?? 0;
        left = left.subarray(taken);
      }
    };
    near.onDrain = sendOn;
    sendOn();
    ok(isSame(await far.readBytes(BIG), data), 'every byte arrives as it was sent');
  }),
  connected('carries much both ways at once', async ({ near, far }) => {
    const up = new Uint8Array(BIG).fill(1);
    const down = new Uint8Array(BIG).fill(2);
    const [atFar, atNear] = await Promise.all([
      far.readBytes(BIG),
      near.readBytes(BIG),
      near.sendAll(up),
      far.sendAll(down),
    ]);
    ok(isSame(atFar, up), 'what went there');
    ok(isSame(atNear, down), 'what came here');
  }),
  connected('takes no more while the peer does not read', async ({ near, far }) => {
    far.transport?.pause();
    const chunk = new Uint8Array(256 * 1024);
    let taken = 0;
    let refused = false;
    for (let i = 0; i < 400 && !refused; i++) {
      const count = near.transport!.send(chunk);
      taken += count;
      refused = count < chunk.length;
    }
    ok(refused, `send took ${taken} bytes that nobody reads`);
    equal(near.drains, 0, 'drains while the peer does not read');
    far.transport?.resume();
    await near.drained();
    equal((await far.readBytes(taken)).length, taken, 'how much arrives of what was taken');
    near.send('z');
    equal(await far.read(1), 'z');
    equal(near.drains, 1, 'drains for one refusal');
  }),
  connected('hands out nothing while it is paused, and loses nothing', async ({ near, far }) => {
    near.transport!.pause();
    // A first piece may already be in flight; bytes sent after a round trip are not.
    far.send('a');
    near.send('x');
    await far.read(1);
    far.send('b');
    near.send('y');
    await far.read(1);
    near.transport!.resume();
    equal(await near.read(2), 'ab');
  }),
  connected('pause and resume may be said twice', async ({ near, far }) => {
    near.transport!.resume();
    near.transport!.pause();
    near.transport!.pause();
    near.transport!.resume();
    far.send('a');
    equal(await near.read(1), 'a');
  }),
  connected('gives chunks away for good', async ({ near, far }) => {
    far.send('first');
    await near.read(5);
    const kept = near.chunks.slice();
    // Not a Buffer, whose slice is a view.
    ok(kept.every((chunk) => chunk.constructor === Uint8Array), 'a chunk is a plain Uint8Array');
    const before = kept.map(text).join('');
    far.send('x'.repeat(200_000));
    await near.readBytes(200_000);
    equal(kept.map(text).join(''), before, 'a chunk that was kept');
  }),
  connected('memory of which it holds nothing may be written to again', async ({ near, far }) => {
    // Not every transport knows.
    if (near.transport!.held === undefined) return;
    const memory = new Uint8Array(3 * 1024 * 1024);
    const rounds = 6;
    for (let round = 1; round <= rounds; round++) {
      memory.fill(round);
      // More than any buffer takes is still to be written when it has been taken.
      far.transport!.pause();
      const taken = near.sendAll(memory);
      far.transport!.resume();
      await taken;
      while (near.transport!.held !== 0) {
        await new Promise<void>((resolve) => void systemClock.after(1, resolve));
      }
    }
    memory.fill(0);
    const got = await far.readBytes(rounds * memory.length);
    for (let round = 1; round <= rounds; round++) {
      const at = (round - 1) * memory.length;
      ok(isSame(got.subarray(at, at + memory.length), memory.fill(round)), `piece ${round}`);
    }
  }),
  connected('close sends what was taken, then ends both sides once', async ({ near, far }) => {
    near.send('last words');
    near.transport!.close();
    equal(await far.read(10), 'last words');
    equal(await far.closed, null, 'the end there');
    equal(await near.closed, null, 'the end here');
    near.transport!.close();
    near.transport!.abort();
    equal([near.ends, far.ends], [1, 1], 'how often each end was told');
  }),
  connected('close sends all that was taken, however slowly it is read', async ({ near, far }) => {
    far.transport!.pause();
    const chunk = new Uint8Array(256 * 1024);
    let taken = 0;
    for (let count = chunk.length; count === chunk.length; taken += count) {
      count = near.transport!.send(chunk);
    }
    near.transport!.close();
    far.transport!.resume();
    equal((await far.readBytes(taken + 1)).length, taken, 'how much arrives');
    equal([await far.closed, await near.closed], [null, null], 'the ends');
  }),
  connected('abort ends both sides once, without a cause here', async ({ near, far }) => {
    near.transport!.abort();
    equal(await near.closed, null);
    await far.closed;
    near.transport!.abort();
    near.transport!.close();
    equal([near.ends, far.ends], [1, 1]);
  }),
  connected('abort ends it while it is paused, and while the peer does not read', async (
    { near, far },
  ) => {
    far.transport!.pause();
    near.transport!.pause();
    const chunk = new Uint8Array(256 * 1024);
    while (near.transport!.send(chunk) === chunk.length);
    near.transport!.abort();
    equal(await near.closed, null);
    far.transport!.resume();
    await far.closed;
    equal([near.ends, far.ends, near.drains], [1, 1, 0]);
  }),
  connected('close ends it while it is paused', async ({ near, far }) => {
    near.transport!.pause();
    near.transport!.close();
    equal([await near.closed, await far.closed], [null, null]);
  }),
  connected('hears of the end that the peer makes', async ({ near, far }) => {
    far.send('bye');
    far.transport!.close();
    equal(await near.read(3), 'bye');
    equal(await near.closed, null);
    equal(near.ends, 1);
  }),
  connected('a peer that breaks off ends it once, and nothing comes after that', async (
    { near, far },
  ) => {
    // Unread bytes make sockets reset the connection.
    far.transport!.pause();
    const chunk = new Uint8Array(256 * 1024);
    while (near.transport!.send(chunk) === chunk.length);
    far.transport!.abort();
    await near.closed;
    equal(near.transport!.send(chunk), chunk.length, 'how much is taken');
    near.transport!.pause();
    near.transport!.resume();
    near.transport!.close();
    await far.closed;
    equal([near.ends, far.ends], [1, 1]);
  }),
  ...ownerCases,
  connected('send after close takes everything and sends nothing', async ({ near, far }) => {
    near.send('last words');
    near.transport!.close();
    equal(near.transport!.send(bytes('more')), 4);
    equal(await far.read(100), 'last words');
    await near.closed;
    equal(near.transport!.send(bytes('more')), 4);
    equal([near.drains, near.ends], [0, 1]);
  }),
  {
    name: 'takes bytes from the moment it is dialed',
    async run({ dial, listen }) {
      const peers = startPeer();
      const listener = await listen(peers.accept);
      const near = new TestEvents();
      near.transport = await dial(listener.endpoint, near, never());
      near.send('at once');
      equal(await (await peers.next()).read(7), 'at once');
      near.transport.abort();
      await listener.close();
    },
  },
  {
    name: 'hears a peer that speaks first and hangs up at once',
    async run({ dial, listen }) {
      const listener = await listen((transport) => {
        transport.send(bytes('too many connections'));
        transport.close();
        return new TestEvents();
      });
      const near = new TestEvents();
      near.transport = await dial(listener.endpoint, near, never());
      equal(await near.read(100), 'too many connections');
      equal(await near.closed, null);
      equal(near.ends, 1);
      await listener.close();
    },
  },
  {
    name: 'rejects where nobody listens',
    async run({ dial, nowhere }) {
      await rejects(dial(nowhere, new TestEvents(), never()), Error);
    },
  },
  {
    name: 'rejects at once when its signal is aborted already',
    async run({ dial, nowhere }) {
      const aborter = newAborter();
      aborter.abort(new Error('no more'));
      const error = await rejects(dial(nowhere, new TestEvents(), aborter.signal), Error);
      equal(error.message, 'no more');
    },
  },
  {
    name: 'an abort while it dials rejects and leaves no connection behind',
    async run({ dial, listen }) {
      const peers = startPeer();
      const listener = await listen(peers.accept);
      const aborter = newAborter();
      const events = new TestEvents();
      const dialing = dial(listener.endpoint, events, aborter.signal);
      aborter.abort(new Error('changed my mind'));
      try {
        // It may already have connected: then its owner has it, and the abort is too late.
        (await dialing).abort();
      } catch (error) {
        ok(error instanceof Error && error.message === 'changed my mind', String(error));
      }
      if (peers.accepted > 0) await (await peers.next()).closed;
      await listener.close();
    },
  },
  {
    name: 'an abort after it has connected changes nothing',
    async run({ dial, listen }) {
      const peers = startPeer();
      const listener = await listen(peers.accept);
      const aborter = newAborter();
      const near = new TestEvents();
      near.transport = await dial(listener.endpoint, near, aborter.signal);
      const far = await peers.next();
      aborter.abort(new Error('too late'));
      near.send('still here');
      equal(await far.read(10), 'still here');
      near.transport.abort();
      await listener.close();
    },
  },
  {
    name: 'a listener that is closed accepts no more, and what is open stays open',
    async run({ dial, listen }) {
      const peers = startPeer();
      const listener = await listen(peers.accept);
      const near = new TestEvents();
      near.transport = await dial(listener.endpoint, near, never());
      const far = await peers.next();
      await listener.close();
      await rejects(dial(listener.endpoint, new TestEvents(), never()), Error);
      near.send('hello');
      equal(await far.read(5), 'hello');
      near.transport.abort();
    },
  },
];

// By hand: `every` takes ten times as long.
function isSame(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
