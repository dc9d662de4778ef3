// A pipe in memory: two transports that are each other's peer.
import {
  type Accept,
  type Dialer,
  guardEvents,
  type Transport,
  type TransportEvents,
} from './transport.ts';

/** The bytes that may wait in one direction before `send` takes no more. */
const PIPE_SIZE = 1024 * 1024;

/** Connects to a server in this process; the endpoint is ignored. */
export function memoryDialer(server: { readonly accept: Accept }): Dialer {
  return async (_to, events, signal) => {
    if (signal.aborted) throw signal.reason;
    const [near, far] = pipe();
    near.attach(events);
    far.attach(server.accept(far, 'memory'));
    return await Promise.resolve(near);
  };
}

/** Two transports that are each other's peer. */
export function pipe(): [PipeEnd, PipeEnd] {
  const near = new PipeEnd();
  const far = new PipeEnd();
  near.peer = far;
  far.peer = near;
  return [near, far];
}

/** One end of a pipe. Bytes arrive in a later microtask, in order. */
export class PipeEnd implements Transport {
  peer: PipeEnd | null = null;
  #events: TransportEvents | null = null;
  // Bytes of the peer that this end has not delivered.
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #paused = false;
  #scheduled = false;
  // The peer's `send` took less than it was given, and it waits for `onDrain`.
  #full = false;
  #ended = false;
  #closed = false;

  /** Sets the handler of its events. */
  attach(events: TransportEvents): void {
    this.#events = guardEvents(this, events);
    this.#schedule();
  }

  send(bytes: Uint8Array): number {
    const { peer } = this;
    if (peer === null || this.#closed || this.#ended) return bytes.length;
    const room = PIPE_SIZE - peer.#waiting;
    const taken = Math.max(0, Math.min(room, bytes.length));
    if (taken > 0) {
      peer.#chunks.push(bytes.subarray(0, taken));
      peer.#waiting += taken;
      peer.#schedule();
    }
    if (taken < bytes.length) peer.#full = true;
    return taken;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.peer !== null) this.peer.#schedule();
    this.#schedule();
  }

  abort(): void {
    this.#ended = true;
    this.#chunks.length = 0;
    const { peer } = this;
    if (peer !== null) {
      peer.#chunks.length = 0;
      peer.#schedule();
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    void Promise.resolve().then(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const events = this.#events;
    if (events === null || this.#closed) return;
    while (!this.#paused && !this.#ended) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      this.#waiting -= chunk.length;
      events.onData(chunk);
    }
    if (this.#full && this.#waiting < PIPE_SIZE) {
      this.#full = false;
      if (this.peer !== null && !this.peer.#closed) this.peer.#events?.onDrain();
    }
    const peerGone = this.peer !== null && this.peer.#ended && this.#chunks.length === 0;
    if (!this.#ended && !peerGone) return;
    this.#closed = true;
    this.#ended = true;
    events.onClosed(null);
    if (this.peer !== null) this.peer.#schedule();
  }
}
