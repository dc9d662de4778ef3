// The WebSocket of a page, on the bridge's side.
import type { Transport, TransportEvents } from '../io/transport.ts';
import { endCause } from '../io/web-socket.ts';
import {
  BINARY,
  CLOSE,
  closeCode,
  closePayload,
  encodeFrame,
  frameHead,
  FrameReader,
  PING,
  PONG,
} from './frames.ts';
import type { BridgeSettings } from './options.ts';
import { type BridgeSession, type BridgeSocket, LINGER } from './session.ts';
import { TokenBucket } from './token-bucket.ts';

/** How much is still read after the bridge's close frame, for that of the page, in bytes. */
const LAST_WORDS = 16 * 1024;

/** The minimum wait of a page over a rate limit, in milliseconds: one timer for many frames. */
const BATCH = 20;

/** The largest payload that is copied behind its head, in bytes: one write is cheaper than two. */
const COPIED = 16 * 1024;

/**
 * The WebSocket of a page, on the connection that was upgraded.
 *
 * It is `open`, then `closing`, then `gone`. While it is open, frames are read one at a time, as
 * long as the session takes more and no rate is exceeded; otherwise they wait, and the connection is
 * paused. It is closing once either side has sent a close frame: no further frame is obeyed, a few
 * bytes are searched for the page's own close frame, and after a second the connection is cut off in
 * any case. It is gone when the connection has closed.
 */
export class PageSocket implements BridgeSocket, TransportEvents {
  readonly #transport: Transport;
  readonly #settings: BridgeSettings;
  readonly #reader: FrameReader;
  readonly #frames: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #controls: TokenBucket;
  readonly #goneListeners: (() => void)[] = [];
  #state: 'open' | 'closing' | 'gone' = 'open';
  #session: BridgeSession | null = null;
  // Bytes that the connection has not taken. While there are any, the session waits (backpressure).
  #unsent: Uint8Array[] = [];
  #isOwedDrain = false;
  // Whether the session is paused, and whether the connection is.
  #paused = false;
  #held = false;
  #reading = false;
  // The last frame, or the last bytes, used up a rate limit. The limits are checked only then.
  #mayWait = true;
  #cancelWait: (() => void) | null = null;
  #cancelLinger: () => void = () => {};
  // How many more bytes are searched for a close frame.
  #lastWords = LAST_WORDS;

  constructor(transport: Transport, settings: BridgeSettings) {
    const { clock, messageRate, byteRate, controlRate } = settings;
    const now = clock.elapsed();
    this.#transport = transport;
    this.#settings = settings;
    this.#reader = new FrameReader(settings);
    this.#frames = new TokenBucket(messageRate, messageRate, now);
    this.#bytes = new TokenBucket(byteRate, byteRate, now);
    this.#controls = new TokenBucket(controlRate, controlRate, now);
  }

  /** Sets the handler of its events. Call it before anything arrives. */
  attach(session: BridgeSession): void {
    this.#session = session;
  }

  onData(chunk: Uint8Array): void {
    this.#receive(chunk, false);
  }

  /** The bytes of the next frame are masked, so they are never asked for elsewhere. */
  onLent(chunk: Uint8Array): null {
    this.#receive(chunk, true);
    this.#reader.keep();
    return null;
  }

  #receive(chunk: Uint8Array, isLent: boolean): void {
    if (this.#state === 'gone') return;
    this.#reader.push(chunk, isLent);
    if (this.#state === 'closing') return this.#seekClose(chunk.length);
    if (!this.#bytes.spend(chunk.length, this.#settings.clock.elapsed())) this.#mayWait = true;
    this.#read();
  }

  onDrain(): void {
    for (let next = this.#unsent.shift(); next !== undefined; next = this.#unsent.shift()) {
      const taken = this.#transport.send(next);
      if (taken === next.length) continue;
      this.#unsent.unshift(next.subarray(taken));
      return;
    }
    if (!this.#isOwedDrain) return;
    this.#isOwedDrain = false;
    this.#session?.onDrain();
  }

  /** A WebSocket has no half-close: a page that ends its side without a close frame is gone. */
  onEnd(): void {
    this.#finish(null);
  }

  onClosed(cause: Error | null): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#cancelWait?.();
    this.#cancelLinger();
    this.#unsent = [];
    this.#session?.onClosed(cause);
    for (const listener of this.#goneListeners) listener();
  }

  send(bytes: Uint8Array): number {
    if (this.#state !== 'open') return bytes.length;
    if (this.#unsent.length > 0) {
      this.#isOwedDrain = true;
      return 0;
    }
    if (bytes.length <= COPIED) {
      this.#write(encodeFrame(BINARY, bytes));
    } else {
      this.#write(frameHead(BINARY, bytes.length));
      this.#write(bytes);
    }
    return bytes.length;
  }

  pause(): void {
    this.#paused = true;
    this.#regulate();
  }

  resume(): void {
    this.#paused = false;
    this.#read();
  }

  /** Sends a ping, whose pong goes to the session; not while the page does not read. */
  ping(): void {
    if (this.#state === 'open' && this.#unsent.length === 0) {
      this.#write(encodeFrame(PING, new Uint8Array(0)));
    }
  }

  close(): void {
    this.refuse(1000, '');
  }

  refuse(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#sayClose(closePayload(code, reason));
    if (code === 1000 || code === 1001) this.#lingerInOrder();
    else this.#linger(() => this.#transport.abort());
    this.#seekClose(this.#reader.pending);
  }

  abort(): void {
    this.#cancelLinger();
    this.#transport.abort();
  }

  onGone(call: () => void): void {
    this.#goneListeners.push(call);
  }

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#state === 'open' && !this.#paused && !(this.#mayWait && this.#mustWait())) {
      if (this.#reader.pending === 0) break;
      const event = this.#reader.next();
      if (event === null) break;
      switch (event.type) {
        case 'frame':
          if (!this.#frames.spend(1, this.#settings.clock.elapsed())) this.#mayWait = true;
          break;
        case 'data':
          if (this.#reader.isLent) this.#session?.onLent(event.bytes);
          else this.#session?.onData(event.bytes);
          break;
        case 'close':
          this.#answerClose(event.payload);
          break;
        case 'error':
          this.#giveUp(event.code, event.reason);
          break;
        default:
          this.#onControl(event);
      }
    }
    this.#reading = false;
    this.#regulate();
  }

  // Whether a rate limit is exceeded; if so, reading continues after a wait.
  #mustWait(): boolean {
    if (this.#cancelWait !== null) return true;
    const { clock } = this.#settings;
    const now = clock.elapsed();
    const frameWait = this.#frames.wait(now);
    const byteWait = this.#bytes.wait(now);
    this.#mayWait = frameWait > 0 || byteWait > 0;
    const wait = this.#reader.isAmidFrame ? byteWait : Math.max(frameWait, byteWait);
    if (wait === 0) return false;
    this.#cancelWait = clock.after(Math.max(wait, BATCH), () => {
      this.#cancelWait = null;
      this.#read();
    });
    return true;
  }

  #onControl({ type, payload }: { type: 'ping' | 'pong'; payload: Uint8Array }): void {
    // Browsers send only pongs for the bridge's own pings, which are few.
    if (!this.#controls.take(this.#settings.clock.elapsed())) {
      return this.#giveUp(1008, 'too many control frames');
    }
    this.#session?.onAlive();
    if (type === 'ping' && this.#unsent.length === 0) this.#write(encodeFrame(PONG, payload));
  }

  #answerClose(payload: Uint8Array): void {
    const code = closeCode(payload);
    if (code === null) return this.#giveUp(1002, 'a bad close frame');
    this.#sayClose(payload.subarray(0, 2));
    this.#finish(endCause({ code, reason: '' }));
  }

  // The page broke a rule of the bridge: nothing more is read.
  #giveUp(code: number, reason: string): void {
    this.#lastWords = 0;
    this.refuse(code, reason);
    this.#session?.onClosed(new Error(`the WebSocket was given up with ${code}: ${reason}`));
  }

  #sayClose(payload: Uint8Array): void {
    this.#write(encodeFrame(CLOSE, payload));
    this.#state = 'closing';
    this.#cancelWait?.();
    this.#cancelWait = null;
  }

  // Looks for the page's own close frame in the bytes that have arrived since ours was sent.
  #seekClose(arrived: number): void {
    this.#lastWords -= arrived;
    if (this.#lastWords > 0) {
      this.#hold(false);
      for (let event = this.#reader.next(); event !== null; event = this.#reader.next()) {
        if (event.type === 'close') return this.#finish(null);
        if (event.type === 'error') this.#lastWords = 0;
      }
    }
    if (this.#lastWords <= 0) this.#hold(true);
  }

  // Both sides have sent a close frame.
  #finish(cause: Error | null): void {
    this.#state = 'closing';
    this.#lastWords = 0;
    this.#linger(() => this.#transport.abort());
    this.#transport.close();
    this.#session?.onClosed(cause);
  }

  // After an orderly close the page still gets its unread replies, unless the session gives it up.
  #lingerInOrder(): void {
    this.#linger(() => {
      if (this.#unsent.length > 0) this.#lingerInOrder();
      else this.#transport.close();
    });
  }

  #linger(end: () => void): void {
    this.#cancelLinger();
    this.#cancelLinger = this.#settings.clock.after(LINGER, end);
  }

  #write(bytes: Uint8Array): void {
    const taken = this.#unsent.length > 0 ? 0 : this.#transport.send(bytes);
    if (taken < bytes.length) this.#unsent.push(bytes.subarray(taken));
  }

  #regulate(): void {
    const held = this.#paused || this.#cancelWait !== null;
    if (this.#state === 'open' && held !== this.#held) this.#hold(held);
  }

  #hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    if (held) this.#transport.pause();
    else this.#transport.resume();
  }
}
