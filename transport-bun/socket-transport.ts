// A socket of Bun as a transport.
import { systemClock } from '../core/io/clock.ts';
import { guardEvents, type Transport, type TransportEvents } from '../core/io/transport.ts';
import type { BunSocket, Handlers } from './bun.ts';

/** How much is read from one socket before others have their turn, in bytes. */
const READ_SHARE = 1024 * 1024;

/** A socket of Bun, plain or TLS, as a transport. */
export class SocketTransport implements Transport {
  readonly #socket: BunSocket<SocketTransport>;
  #events: TransportEvents | null = null;
  #refused = false;
  #paused = false;
  // How much was read since other sockets had their turn, and whether they have it now.
  #read = 0;
  #yielding = false;
  #peerEnded = false;
  #over = false;
  #cause: Error | null = null;

  constructor(socket: BunSocket<SocketTransport>) {
    this.#socket = socket;
  }

  /** Sets the handler of its events. */
  attach(events: TransportEvents): void {
    this.#events = guardEvents(this, events);
  }

  send(bytes: Uint8Array): number {
    if (this.#over) return bytes.length;
    const count = this.#socket.write(bytes);
    // The socket has closed; `close` will be called.
    if (count < 0) return bytes.length;
    this.#refused = count < bytes.length;
    return count;
  }

  /** Bun copies what it takes. */
  get held(): number {
    return 0;
  }

  pause(): void {
    this.#paused = true;
    this.#regulate();
  }

  resume(): void {
    this.#paused = false;
    this.#regulate();
  }

  close(): void {
    if (this.#over) return;
    // Unread bytes would make the system reset the connection.
    if (!this.#paused) this.#socket.resume();
    this.#over = true;
    this.#socket.end();
  }

  abort(): void {
    this.#over = true;
    this.#socket.terminate();
  }

  /** Passes Bun's callbacks of a socket to its transport. */
  static readonly handlers: Omit<Handlers<SocketTransport>, 'open' | 'handshake'> = {
    binaryType: 'uint8array',
    data({ data: transport }, chunk) {
      transport.#events?.onData(chunk);
      transport.#read += chunk.length;
      if (transport.#read >= READ_SHARE) transport.#yield();
    },
    drain({ data: transport }) {
      if (!transport.#refused || transport.#over) return;
      transport.#refused = false;
      transport.#events?.onDrain();
      transport.#followEnd();
    },
    end({ data: transport }) {
      if (transport.#over) return;
      const events = transport.#events;
      if (events?.onEnd !== undefined) return events.onEnd();
      transport.#peerEnded = true;
      transport.#followEnd();
    },
    error({ data: transport }, error) {
      transport.#cause = error;
      transport.abort();
    },
    close({ data: transport }, error) {
      transport.#over = true;
      const cause = transport.#cause ?? error ?? null;
      // Bun calls this within `end` and `terminate`.
      void Promise.resolve().then(() => transport.#events?.onClosed(cause));
    },
  };

  #regulate(): void {
    if (this.#over) return;
    if (this.#paused || this.#yielding) this.#socket.pause();
    else this.#socket.resume();
  }

  // Bun reads one socket for as long as it has data, and no other meanwhile.
  #yield(): void {
    if (this.#yielding) return;
    this.#yielding = true;
    this.#regulate();
    systemClock.yield(() => {
      this.#read = 0;
      this.#yielding = false;
      this.#regulate();
    });
  }

  // A peer that half-closes (`printf … | nc -N`) still gets all of its replies.
  #followEnd(): void {
    if (this.#peerEnded && !this.#refused) this.close();
  }
}
