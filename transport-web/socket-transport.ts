// A socket of WinterTC's sockets API as a transport.
import { guardEvents, type Transport, type TransportEvents } from '../core/io/transport.ts';
import type { SocketLike, SocketWriter } from './sockets-api.ts';

/** How many bytes may wait to be written before `send` takes no more. */
const HIGH_WATER = 64 * 1024;

/** The most that is read at once, in bytes. */
const READ_SIZE = 64 * 1024;

/** A socket of a Worker, plain or TLS, as a transport. */
export class SocketTransport implements Transport {
  readonly #socket: SocketLike;
  readonly #isTls: boolean;
  readonly #writer: SocketWriter;
  #events: TransportEvents | null = null;
  #waiting = 0;
  #refused = false;
  #resumed: Promise<void> | null = null;
  #resume: () => void = () => {};
  #peerEnded = false;
  #ending = false;
  // All that was taken has been written, and the end.
  #ended = false;
  #over = false;

  constructor(socket: SocketLike, isTls: boolean) {
    this.#socket = socket;
    this.#isTls = isTls;
    this.#writer = socket.writable.getWriter();
    // Reads and writes fail for the same reason.
    socket.closed.catch(() => {});
  }

  /** Sets the handler of its events, and starts to read. */
  attach(events: TransportEvents): void {
    this.#events = guardEvents(this, events);
    void this.#read(this.#events);
  }

  send(bytes: Uint8Array): number {
    if (this.#ending) return bytes.length;
    if (this.#waiting >= HIGH_WATER) {
      this.#refused = true;
      return 0;
    }
    this.#waiting += bytes.length;
    this.#writer.write(bytes).then(() => this.#written(bytes.length), (error) => this.#end(error));
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
    // It waits for the writes before it, but over TLS says so too early: bytes may still be encrypted
    // and unsent, so the peer's end must be read instead.
    this.#writer.close().then(() => {
      this.#ended = true;
      if (this.#peerEnded || !this.#isTls) this.#end(null);
    }, (error) => this.#end(error));
    if (this.#isTls) this.resume();
  }

  abort(): void {
    this.#end(null);
  }

  async #read(events: TransportEvents): Promise<void> {
    const reader = this.#socket.readable.getReader({ mode: 'byob' });
    let memory: ArrayBufferLike = new ArrayBuffer(READ_SIZE);
    try {
      for (;;) {
        while (this.#resumed !== null) await this.#resumed;
        if (this.#over) return;
        const { done, value } = await reader.read(new Uint8Array(memory));
        if (this.#over) return;
        if (done || value === undefined) break;
        // A chunk is given away for good: a small one as a copy, so that it holds on to no large
        // memory, a large one with the memory.
        const isGiven = value.length > READ_SIZE / 2;
        events.onData(isGiven ? value : value.slice());
        memory = isGiven ? new ArrayBuffer(READ_SIZE) : value.buffer;
      }
    } catch (error) {
      return this.#end(error);
    }
    this.#peerEnded = true;
    if (this.#ended) return this.#end(null);
    if (this.#ending) return;
    if (events.onEnd !== undefined) return events.onEnd();
    this.#followEnd();
  }

  #written(count: number): void {
    this.#waiting -= count;
    if (!this.#refused || this.#waiting > HIGH_WATER / 2 || this.#ending) return;
    this.#refused = false;
    this.#events?.onDrain();
    this.#followEnd();
  }

  // A peer that says no more (`printf … | nc -N`) still gets all of its replies.
  #followEnd(): void {
    if (this.#peerEnded && !this.#refused && this.#events?.onEnd === undefined) this.close();
  }

  #end(error: unknown): void {
    if (this.#over) return;
    this.#over = this.#ending = true;
    // After the ends of both sides it would drop what TLS has not sent.
    if (!this.#ended || !this.#peerEnded) this.#socket.close().catch(() => {});
    this.resume();
    const cause = error instanceof Error ? error : null;
    void Promise.resolve().then(() => this.#events?.onClosed(cause));
  }
}
