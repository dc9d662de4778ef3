// Scripted stand-ins for a network, a clock and a signal.
import { type Clock, VirtualClock } from '../../core/io/clock.ts';
import type {
  AbortSignalLike,
  Dialer,
  Endpoint,
  Transport,
  TransportEvents,
} from '../../core/io/transport.ts';
import { fromLatin1, latin1 } from '../../core/wire/bytes.ts';

/** A virtual clock that counts its pending timers. */
export class CountingClock implements Clock {
  readonly #clock = new VirtualClock();
  readonly #pending = new Set<object>();
  #slept = 0;

  /** How many timers are set. */
  get timers(): number {
    return this.#pending.size;
  }

  now(): number {
    return this.#clock.now() + this.#slept;
  }

  elapsed(): number {
    return this.#clock.elapsed() + this.#slept;
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer = {};
    this.#pending.add(timer);
    const cancel = this.#clock.after(milliseconds, () => {
      this.#pending.delete(timer);
      call();
    });
    return () => {
      this.#pending.delete(timer);
      cancel();
    };
  }

  yield(call: () => void): void {
    this.#clock.yield(call);
  }

  advance(milliseconds: number): void {
    this.#clock.advance(milliseconds);
  }

  /** Advances the time without running timers, as when a machine sleeps. */
  sleep(milliseconds: number): void {
    this.#slept += milliseconds;
  }
}

/** A clock where the test decides when the event loop turns. */
export class TurnClock extends CountingClock {
  readonly turns: (() => void)[] = [];

  override yield(call: () => void): void {
    this.turns.push(call);
  }

  turn(): void {
    for (const call of this.turns.splice(0)) call();
  }
}

/** A signal that counts its listeners. */
export class CountedSignal implements AbortSignalLike {
  readonly listeners = new Set<() => void>();
  aborted = false;
  reason: unknown;

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) listener();
  }
}

/** A dial of a client, which the test answers. */
export class ScriptedDial {
  readonly to: Endpoint;
  readonly events: TransportEvents;
  readonly signal: AbortSignalLike;
  /** `answersProbes` of the resulting connection. */
  answersProbes = true;
  #resolve: (transport: Transport) => void;
  #reject: (error: unknown) => void;

  constructor(
    to: Endpoint,
    events: TransportEvents,
    signal: AbortSignalLike,
    resolve: (transport: Transport) => void,
    reject: (error: unknown) => void,
  ) {
    this.to = to;
    this.events = events;
    this.signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Connects. */
  async accept(room = Infinity): Promise<ScriptedTransport> {
    const transport = new ScriptedTransport(this.events, room);
    transport.answersProbes = this.answersProbes;
    this.#resolve(transport);
    await settled();
    return transport;
  }

  async refuse(error: unknown = new Error('ECONNREFUSED')): Promise<void> {
    this.#reject(error);
    await settled();
  }
}

const PROBES = /(?:(mg memwire-probe k O0\r\n)(get memwire-probe\r\n)?|^(get memwire-probe\r\n))/;

/**
 * A connection whose far end is the test: `take` returns the bytes that were sent, `reply` and
 * `deliver` let text arrive. Every dial of a `ScriptedNetwork` gives one, and it can be passed to
 * anything that accepts a transport: a server, a bridge, a `ServerLink`.
 */
export class ScriptedTransport implements Transport {
  /** The owner's callbacks. An owner that accepts a transport returns them later. */
  events: TransportEvents | null;
  /** How many more bytes it takes before it must be drained. */
  room: number;
  paused = false;
  /** The owner's calls of `close` and `abort`, in order. */
  readonly ends: string[] = [];
  /** The bytes that were sent since `take`. */
  received = '';
  /** How often `send` was called since `take`. */
  sends = 0;
  /** Answers the probes at the start of a connection, and leaves them out of the sent bytes. */
  answersProbes = true;
  #isLost = false;
  #refused = false;

  constructor(events: TransportEvents | null = null, room = Infinity) {
    this.events = events;
    this.room = room;
  }

  send(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room);
    this.room -= taken;
    this.#refused = taken < bytes.length;
    const text = latin1(bytes, 0, taken);
    const probes = this.answersProbes ? PROBES.exec(text) : null;
    const rest = probes === null ? text : text.replace(PROBES, '');
    if (probes === null || rest !== '') {
      this.received += rest;
      this.sends++;
    }
    if (probes === null) return taken;
    const [, meta = '', get = '', opening = ''] = probes;
    const answer = (meta && 'EN kmemwire-probe O0\r\n') + (get + opening && 'END\r\n');
    void Promise.resolve().then(() => this.deliver(answer));
    return taken;
  }

  /** The bytes that were sent since the last call. */
  take(): string {
    const text = this.received;
    this.received = '';
    this.sends = 0;
    return text;
  }

  /** Lets text arrive at once. */
  deliver(text: string): void {
    this.events?.onData(fromLatin1(text));
  }

  /** Lets text arrive, and waits for everything that follows from it. */
  async reply(text: string): Promise<void> {
    this.deliver(text);
    await settled();
  }

  /** Has room for so many bytes from now on, and calls `onDrain`. */
  async drain(room: number): Promise<void> {
    this.room = room;
    this.#refused = false;
    this.events?.onDrain();
    await settled();
  }

  /** Takes so many more bytes, and calls `onDrain` if some were refused. */
  read(count: number): void {
    this.room += count;
    if (!this.#refused) return;
    this.#refused = false;
    this.events?.onDrain();
  }

  /** The far end half-closes. */
  end(): void {
    this.events?.onEnd?.();
  }

  /** The connection is lost; if the cause is null, the far end has closed it. */
  hangUp(cause: Error | null = null): void {
    this.#isLost = true;
    this.events?.onClosed(cause);
  }

  /** The same, and everything that follows from it. */
  async lose(cause: Error | null = null): Promise<void> {
    this.hangUp(cause);
    await settled();
  }

  /** Whether one of the two ends has closed or lost it. */
  get closed(): boolean {
    return this.#isLost || this.ends.length > 0;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(): void {
    this.ends.push('close');
  }

  abort(): void {
    this.ends.push('abort');
  }
}

/** A network whose dials the test answers. */
export class ScriptedNetwork {
  readonly dials: ScriptedDial[] = [];

  /** It ignores its signal, as a client may not rely on dialers to obey it. */
  readonly dial: Dialer = (to, events, signal) =>
    new Promise((resolve, reject) => {
      this.dials.push(new ScriptedDial(to, events, signal, resolve, reject));
    });

  /** The newest dial. */
  get last(): ScriptedDial {
    const dial = this.dials.at(-1);
    if (dial === undefined) throw new Error('nobody has dialed');
    return dial;
  }
}

/**
 * The state of a promise: its value, its error, or `pending`. Handles the rejection.
 */
export class Watched<T> {
  state: 'pending' | 'resolved' | 'rejected' = 'pending';
  value: T | undefined;
  error: Error | undefined;

  constructor(promise: Promise<T>) {
    promise.then(
      (value) => {
        this.state = 'resolved';
        this.value = value;
      },
      (error: Error) => {
        this.state = 'rejected';
        this.error = error;
      },
    );
  }

  /**
   * `pending`, `resolved`, or the error's name, code and outcome: `TimeoutError timeout unknown`.
   */
  get brief(): string {
    if (this.state !== 'rejected') return this.state;
    const { name, code, outcome } = this.error as {
      name?: string;
      code?: string;
      outcome?: string;
    };
    return [name, code, outcome].join(' ');
  }
}

/** Resolves after all callbacks that do not wait for a timer. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
