// An open WebSocket as a transport.
import { type Clock, systemClock } from './clock.ts';
import { guardEvents, type Transport, type TransportEvents } from './transport.ts';
import { closeWith, endCause, unshared, type WebSocketLike } from './web-socket.ts';

/** The bytes that may be buffered before `send` takes no more; bridges accept larger messages. */
const MAX_BUFFERED = 1024 * 1024;

/** The bytes that are buffered while it is paused, if the socket itself cannot pause. */
const MAX_HELD = 16 * 1024 * 1024;

/** The interval of checks for room, in milliseconds: a WebSocket has no drain event. */
const POLL = 4;

const OPEN = 1;

/** An open WebSocket as a transport: its binary messages are pieces of one stream. */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocketLike;
  readonly #clock: Clock;
  #events: TransportEvents | null = null;
  // Chunks that arrived while it was paused.
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #paused = false;
  #refused = false;
  #over = false;

  constructor(socket: WebSocketLike, clock: Clock = systemClock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => this.#onMessage(data));
    socket.addEventListener('close', (end) => this.#finish(endCause(end)));
    // An error event has no details; the close event that follows it does.
    socket.addEventListener('error', () => {});
  }

  /** Sets the handler of its events. Call it in the turn of the event loop in which it opened. */
  attach(events: TransportEvents): void {
    this.#events = guardEvents(this, events);
  }

  send(bytes: Uint8Array): number {
    const socket = this.#socket;
    if (this.#over || socket.readyState !== OPEN) return bytes.length;
    const { bufferedAmount = 0 } = socket;
    const taken = Math.min(bytes.length, Math.max(0, MAX_BUFFERED - bufferedAmount));
    if (taken > 0) socket.send(unshared(bytes.subarray(0, taken)));
    if (taken < bytes.length && !this.#refused) this.#awaitRoom();
    return taken;
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause?.();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume?.();
    while (!this.#paused && !this.#over && this.#held.length > 0) {
      const chunk = this.#held.shift()!;
      this.#heldBytes -= chunk.length;
      this.#events?.onData(chunk);
    }
  }

  close(): void {
    this.#end(1000, '');
  }

  abort(): void {
    if (this.#over) return;
    // A socket without `terminate` still sends what it has buffered, but `onClosed` does not wait.
    this.#socket.terminate?.();
    this.#socket.close();
    void Promise.resolve().then(() => this.#finish(null));
  }

  // Sends the bytes that were taken, then closes with a reason.
  #end(code: number, reason: string): void {
    if (this.#over) return;
    // A paused socket would not report its end.
    this.#socket.resume?.();
    closeWith(this.#socket, code, reason);
  }

  #awaitRoom(): void {
    this.#refused = true;
    this.#clock.after(POLL, () => {
      if (this.#over) return;
      if ((this.#socket.bufferedAmount ?? 0) > MAX_BUFFERED / 2) return this.#awaitRoom();
      this.#refused = false;
      this.#events?.onDrain();
    });
  }

  #onMessage(data: unknown): void {
    if (this.#over) return;
    if (!(data instanceof ArrayBuffer)) return this.#giveUp(1003, 'binary messages only');
    const chunk = new Uint8Array(data);
    if (!this.#paused) return this.#events?.onData(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > MAX_HELD) this.#giveUp(1009, 'too much at once');
  }

  #giveUp(code: number, reason: string): void {
    this.#end(code, reason);
    this.#finish(new Error(`the WebSocket was given up with ${code}: ${reason}`));
  }

  #finish(cause: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#held = [];
    this.#events?.onClosed(cause);
  }
}
