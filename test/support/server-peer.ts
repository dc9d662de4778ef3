import { VirtualClock } from '../../core/io/clock.ts';
import type { ServerOptions } from '../../core/server/options.ts';
import { Server } from '../../core/server/serve.ts';
import type { Transport, TransportEvents } from '../../core/io/transport.ts';
import { fromLatin1, latin1 } from '../../core/wire/bytes.ts';

/** A peer of a server, by hand: it takes as much as it is told to, and keeps what it took. */
export class Peer implements Transport {
  received = '';
  paused = false;
  closed = false;
  /** How many more bytes it takes. */
  window = Infinity;
  #events: TransportEvents;
  #refused = false;

  constructor(server: Server, address = 'tcp:10.0.0.1:4000') {
    this.#events = server.accept(this, address);
  }

  say(text: string): void {
    this.#events.onData(fromLatin1(text));
  }

  /** Takes so many more bytes. */
  read(count: number): void {
    this.window += count;
    if (!this.#refused) return;
    this.#refused = false;
    this.#events.onDrain();
  }

  /** Says no more. */
  end(): void {
    this.#events.onEnd?.();
  }

  hangUp(cause: Error | null = null): void {
    this.closed = true;
    this.#events.onClosed(cause);
  }

  send(bytes: Uint8Array): number {
    const taken = Math.min(this.window, bytes.length);
    this.window -= taken;
    this.received += latin1(bytes, 0, taken);
    this.#refused = taken < bytes.length;
    return taken;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(): void {
    this.closed = true;
  }

  abort(): void {
    this.closed = true;
  }
}

/** A server, and its time. */
export function serve(
  options: Partial<ServerOptions> = {},
): { server: Server; clock: VirtualClock } {
  const clock = new VirtualClock();
  return { server: new Server(options, clock), clock };
}

/** A server, and what it says to one connection. */
export function scene(options: Partial<ServerOptions> = {}): {
  /** What it answers to this. */
  ask: (said: string) => string;
  /** The `STAT` lines of `stats` and these words, by name. */
  table: (words?: string) => Record<string, string>;
  /** Lets milliseconds go by. */
  pass: (milliseconds: number) => void;
  /** One more connection. */
  peer: () => Peer;
} {
  const { server, clock } = serve(options);
  const peer = new Peer(server);
  const ask = (said: string): string => {
    peer.received = '';
    peer.say(said);
    return peer.received;
  };
  return {
    ask,
    table: (words = '') =>
      Object.fromEntries(
        [...ask(`stats${words}\r\n`).matchAll(/STAT (\S+) ([^\r]*)\r\n/g)]
          .map(([, name, value]) => [name, value]),
      ),
    pass: (milliseconds) => clock.advance(milliseconds),
    peer: () => new Peer(server),
  };
}
