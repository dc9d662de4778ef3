// Scenes of a bridge that parses HTTP and WebSocket frames, without a network.
import { createHash } from 'node:crypto';
import { listenBridgeOn } from '../../core/bridge/listen-bridge.ts';
import type { BridgeEvent, BridgeOptions, RunningBridge } from '../../core/bridge/mod.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import type { Accept, Endpoint, ListenOptions } from '../../core/io/transport.ts';
import { CountingClock, ScriptedTransport, settled } from './scripted.ts';

/** The upgrade request of a page, as browsers send it, without the empty line at its end. */
export const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: localhost:8211',
  'Origin: https://app.example.org',
  'Upgrade: websocket',
  'Connection: keep-alive, Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: memcached',
].join('\r\n');

/** A masked frame, as a page sends it. */
export function frame(opcode: number, payload = '', isLast = true): string {
  const mask = [0x11, 0x82, 0x43, 0xf4];
  const length = payload.length < 126
    ? [0x80 + payload.length]
    : payload.length < 0x1_0000
    ? [0xfe, payload.length >> 8, payload.length & 0xff]
    : [0xff, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (payload.length >> shift) & 0xff)];
  const head = String.fromCharCode(opcode + (isLast ? 0x80 : 0), ...length, ...mask);
  let masked = '';
  for (let i = 0; i < payload.length; i++) {
    masked += String.fromCharCode(payload.charCodeAt(i) ^ mask[i % 4]!);
  }
  return head + masked;
}

/** The payloads of the messages that a bridge has sent, concatenated. */
export function unframe(sent: string): string {
  let said = '';
  for (let rest = sent; rest !== '';) {
    const short = rest.charCodeAt(1);
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    let length = short < 126 ? short : 0;
    for (let i = 2; i < start; i++) length = length * 256 + rest.charCodeAt(i);
    said += rest.slice(start, start + length);
    rest = rest.slice(start + length);
  }
  return said;
}

/** A connection to a bridge whose page is played by the test, byte by byte. */
export class WireConnection {
  readonly transport: ScriptedTransport = new ScriptedTransport();

  constructor(accept: Accept, name: string) {
    this.transport.events = accept(this.transport, name);
  }

  /** Sends text, one byte for each character; returns all bytes that follow from it. */
  async say(text: string): Promise<string> {
    await this.transport.reply(text);
    return this.transport.take();
  }

  /** Half-closes. */
  end(): void {
    this.transport.end();
  }

  /** Loses the connection. */
  lose(cause: Error | null = null): void {
    this.transport.hangUp(cause);
  }
}

/** A bridge on a virtual clock, whose network is played by the test. */
export class ListeningBridge {
  readonly clock = new CountingClock();
  readonly log: BridgeEvent[] = [];
  /** The listener's callbacks, which are called for connections before their TLS handshake. */
  options: ListenOptions = {};
  running!: RunningBridge;
  /** How often the listener was closed. */
  closes = 0;
  #accept!: Accept;
  #nextPort = 4000;

  static async start(
    options: Partial<BridgeOptions> = {},
    place: Endpoint = { host: 'localhost', port: 8211 },
  ): Promise<ListeningBridge> {
    const scene = new ListeningBridge();
    scene.running = await listenBridgeOn(
      {
        listen(at, accept, listenOptions) {
          scene.#accept = accept;
          scene.options = listenOptions;
          return Promise.resolve({
            endpoint: { ...at, port: 12345 },
            close() {
              scene.closes++;
              return Promise.resolve();
            },
          });
        },
        dial: options.dial ?? new MemoryServer().dial,
        digest: (text) => createHash('sha1').update(text).digest('base64'),
      },
      place,
      {
        upstream: 'localhost',
        origins: ['https://app.example.org'],
        clock: scene.clock,
        log: (event) => scene.log.push(event),
        ...options,
      },
    );
    return scene;
  }

  /** Opens a connection. */
  connect(name = `tcp:192.0.2.7:${this.#nextPort++}`): WireConnection {
    return new WireConnection(this.#accept, name);
  }

  /** Opens a page and upgrades it; its connection takes so many bytes. */
  async open(room = Infinity): Promise<WireConnection> {
    const page = this.connect();
    await page.say(`${UPGRADE}\r\n\r\n`);
    await page.transport.drain(room);
    return page;
  }

  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await settled();
  }
}
