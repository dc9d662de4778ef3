// A connection of Deno as a transport.
import { guardEvents, type Transport, type TransportEvents } from '../core/io/transport.ts';
import type { Connection } from './deno.ts';

/** How many bytes may wait to be written before `send` takes no more; as in Node. */
const HIGH_WATER = 64 * 1024;

/** What the first read takes at most, as memcached's, and what any does: idle ones cost little. */
const [FIRST_SIZE, LAST_SIZE] = [16 * 1024, 64 * 1024];

/** A connection of Deno, TCP or of a unix socket, as a transport. */
export class SocketTransport implements Transport {
  held = 0;
  readonly #connection: Connection;
  #events: TransportEvents | null = null;
  // Bytes that were taken and are not written: Deno allows one write at a time.
  readonly #unwritten: Uint8Array[] = [];
  #writing = false;
  #refused = false;
  #resumed: Promise<void> | null = null;
  #resume: () => void = () => {};
  #peerEnded = false;
  #ending = false;
  #over = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Sets the handler of its events, and starts to read. */
  attach(events: TransportEvents): void {
    this.#events = guardEvents(this, events);
    void this.#read(this.#events);
  }

  send(bytes: Uint8Array): number {
    if (this.#ending) return bytes.length;
    if (this.held >= HIGH_WATER) {
      this.#refused = true;
      return 0;
    }
    this.#unwritten.push(bytes);
    this.held += bytes.length;
    if (!this.#writing) void this.#write();
    return bytes.length;
  }

  pause(): void {
    this.#resumed ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume();
    this.#resumed = null;
  }

  close(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (!this.#writing) void this.#write();
  }

  abort(): void {
    this.#end(null);
  }

  async #read(events: TransportEvents): Promise<void> {
    let own = new Uint8Array(FIRST_SIZE);
    let memory: Uint8Array = own;
    for (;;) {
      while (this.#resumed !== null) await this.#resumed;
      if (this.#over) return;
      const count = await this.#connection.read(memory).catch((error: unknown) => {
        this.#end(error);
        return null;
      });
      if (this.#over) return;
      if (count === null) break;
      const chunk = memory.subarray(0, count);
      // The read filled the memory, so there was probably more to read.
      if (count === own.length && count < LAST_SIZE) own = new Uint8Array(4 * count);
      if (events.onLent === undefined) events.onData(chunk.slice());
      memory = events.onLent?.(chunk) ?? own;
    }
    if (events.onEnd !== undefined && !this.#ending) return events.onEnd();
    this.#peerEnded = true;
    this.#followEnd();
  }

  // Writes the bytes that wait. Nothing else writes.
  async #write(): Promise<void> {
    this.#writing = true;
    try {
      for (let next = this.#unwritten.shift(); next !== undefined; next = this.#unwritten.shift()) {
        for (let at = 0; at < next.length;) {
          at += await this.#connection.write(next.subarray(at));
        }
        this.held -= next.length;
      }
      if (this.#ending) {
        await this.#connection.closeWrite();
        return this.#end(null);
      }
    } catch (error) {
      return this.#end(error);
    }
    this.#writing = false;
    if (!this.#refused) return;
    this.#refused = false;
    this.#events?.onDrain();
    this.#followEnd();
  }

  // A peer that half-closes (`printf … | nc -N`) still gets all of its replies.
  #followEnd(): void {
    if (this.#peerEnded && !this.#refused) this.close();
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.#over = this.#ending = true;
    this.#unwritten.length = 0;
    this.#connection.close();
    this.resume();
    const cause = error instanceof Error ? error : null;
    void Promise.resolve().then(() => this.#events?.onClosed(cause));
  }
}
