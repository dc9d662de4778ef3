// Pages over real sockets, frame by frame.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export const TEXT = 1;
export const BINARY = 2;
const CONTINUED = 0;
const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** The options of a page. */
export interface UpgradeOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  /** Over TLS, trusting this authority, in PEM. */
  readonly ca?: string;
}

/** A TCP connection that sends a text and records all bytes until its end. */
export function dialRaw(
  port: number,
  text = '',
): { readonly socket: Socket; readonly connected: Promise<void>; readonly end: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let said = '';
  socket.on('data', (data: Buffer) => {
    said += data.toString('latin1');
  });
  socket.on('error', () => {});
  if (text !== '') socket.write(text);
  return {
    socket,
    connected: new Promise((resolve) => socket.once('connect', resolve)),
    end: new Promise((resolve) => socket.once('close', () => resolve(said))),
  };
}

/**
 * A page with its own implementation of WebSockets, frame by frame: it is the same on every runtime,
 * and can misbehave in ways that no browser does.
 */
export class RawPage {
  /** The headers of the server's response, by name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The code and the reason of the close frame; `1006` if there was none. */
  readonly closing: Promise<string>;
  /** Resolves when the connection has ended. */
  readonly gone: Promise<void>;
  /** Whether it answers pings, as every browser does. */
  answersPings = true;
  readonly #socket: Socket;
  readonly #messages: string[] = [];
  #received: Buffer;
  #hear: (() => void) | null = null;
  #close: (how: string) => void = () => {};

  /**
   * Asks for an upgrade.
   *
   * @throws Error whose message is the status of the refusal.
   */
  static open(
    port: number,
    { headers = {}, protocols = ['memcached'], ca }: UpgradeOptions = {},
  ): Promise<RawPage> {
    const host = '127.0.0.1';
    const socket = ca === undefined ? connect({ port, host }) : connectTls({ port, host, ca });
    const lines = Object.entries({
      Host: `127.0.0.1:${port}`,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol': protocols.join(', '),
      // Browsers offer compression; a server must not accept it.
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`);
    return new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      const onData = (data: Buffer): void => {
        received = Buffer.concat([received, data]);
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        socket.off('data', onData);
        const [status = '', ...rest] = received.toString('latin1', 0, end).split('\r\n');
        const answered = new Map(rest.map((line) => {
          const [name = '', ...value] = line.split(': ');
          return [name.toLowerCase(), value.join(': ')] as const;
        }));
        if (status.startsWith('HTTP/1.1 101 ')) {
          resolve(new RawPage(socket, answered, received.subarray(end + 4)));
          return;
        }
        socket.destroy();
        if (answered.get('cache-control') !== 'no-store') reject(new Error('it may be stored'));
        else reject(new Error(status.split(' ')[1]));
      };
      socket.on('data', onData);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('closed')));
    });
  }

  private constructor(socket: Socket, headers: ReadonlyMap<string, string>, received: Buffer) {
    this.#socket = socket;
    this.headers = headers;
    this.#received = received;
    this.closing = new Promise((resolve) => {
      this.#close = resolve;
    });
    socket.on('data', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#read();
    });
    this.gone = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.on('close', () => this.#close('1006'));
    this.#read();
  }

  /** Sends a message, or a fragment of one, masked as the standard requires. */
  send(payload: string | Uint8Array, opcode: number = BINARY, isLast = true): void {
    const bytes = Buffer.from(payload);
    const long = bytes.length > 125;
    const head = Buffer.alloc(long ? 14 : 6);
    head[0] = opcode + (isLast ? 0x80 : 0);
    head[1] = 0x80 + (long ? 127 : bytes.length);
    if (long) head.writeBigUInt64BE(BigInt(bytes.length), 2);
    // The mask is zero, so the payload is unchanged.
    this.#socket.write(Buffer.concat([head, bytes]));
  }

  /** Sends the head of a message of so many bytes. */
  sendHead(length: number): void {
    const head = Buffer.alloc(14);
    head[0] = 0x80 + BINARY;
    head[1] = 0x80 + 127;
    head.writeBigUInt64BE(BigInt(length), 2);
    this.#socket.write(head);
  }

  /** Sends a message in so many frames. */
  sendCut(payload: string | Uint8Array, frames: number): void {
    for (let i = 1; i < frames; i++) this.send('', i === 1 ? BINARY : CONTINUED, false);
    this.send(payload, frames === 1 ? BINARY : CONTINUED);
  }

  ping(): void {
    this.send('', PING);
  }

  /** Sends the same frame until the connection ends, and reads nothing. */
  flood(opcode: number, payload = ''): void {
    const socket = this.#socket.pause();
    const one = Buffer.from([0x80 + opcode, 0x80 + payload.length, 0, 0, 0, 0]);
    const block = Buffer.concat(Array<Buffer[]>(5000).fill([one, Buffer.from(payload)]).flat());
    const pump = (): void => {
      // A failed write means that the connection has ended.
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('drain', pump);
    pump();
  }

  /** The next message, as text. */
  async hears(): Promise<string> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#hear = resolve;
      });
    }
    return this.#messages.shift() ?? '';
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Half-closes without a close frame. */
  end(): void {
    this.#socket.end();
  }

  /** Disconnects without a close frame. */
  leave(): void {
    this.#socket.destroy();
  }

  #read(): void {
    for (;;) {
      const bytes = this.#received;
      const short = (bytes[1] ?? 0) & 0x7f;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < start) return;
      const length = short < 126
        ? short
        : short === 126
        ? bytes.readUInt16BE(2)
        : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < start + length) return;
      this.#received = bytes.subarray(start + length);
      this.#take((bytes[0] ?? 0) & 0x0f, bytes.subarray(start, start + length));
    }
  }

  #take(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case PING:
        if (this.answersPings) this.send(payload, PONG);
        return;
      case PONG:
        return;
      case CLOSE: {
        const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
        this.#close(`${code} ${payload.toString('utf8', 2)}`.trim());
        this.send(payload, CLOSE);
        this.#socket.end();
        return;
      }
      default:
        this.#messages.push(payload.toString('latin1'));
        this.#hear?.();
    }
  }
}
