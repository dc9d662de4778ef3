import { type Clock, VirtualClock } from '../../core/io/clock.ts';
import type {
  AbortSignalLike,
  Dialer,
  Endpoint,
  Transport,
  TransportEvents,
} from '../../core/io/transport.ts';
import { fromLatin1, latin1 } from '../../core/wire/bytes.ts';

/** A virtual clock that knows how many calls it owes. */
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

  /** Time goes by in which no timer is looked at, as when a machine sleeps. */
  sleep(milliseconds: number): void {
    this.#slept += milliseconds;
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

/** One dial that a client made, to be answered by the test. */
export class ScriptedDial {
  readonly to: Endpoint;
  readonly events: TransportEvents;
  readonly signal: AbortSignalLike;
  /** As of the connection that is made of it. */
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

  /** The connection is there. */
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

/** A connection whose far end is the test. */
export class ScriptedTransport implements Transport {
  /** What the client did to it, in order: `close`, `abort`. */
  readonly ends: string[] = [];
  paused = false;
  /** Answers the probes that a connection opens with, which then are not among what was sent. */
  answersProbes = true;
  readonly #events: TransportEvents;
  #room: number;
  #sent: string[] = [];

  /** @param room How many bytes it takes before it must be drained. */
  constructor(events: TransportEvents, room: number) {
    this.#events = events;
    this.#room = room;
  }

  send(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.#room);
    this.#room -= taken;
    const text = latin1(bytes.subarray(0, taken));
    const probes = text.match(PROBES);
    if (!this.answersProbes || probes === null) this.#sent.push(text);
    else {
      const rest = text.replace(PROBES, '');
      if (rest !== '') this.#sent.push(rest);
      const [, meta = '', get = '', opening = ''] = probes;
      const answer = (meta && 'EN kmemwire-probe O0\r\n') + (get + opening && 'END\r\n');
      void Promise.resolve().then(() => this.#events.onData(fromLatin1(answer)));
    }
    return taken;
  }

  /** What was sent since it was asked last. */
  take(): string {
    return this.#sent.splice(0).join('');
  }

  /** How often `send` was called since `take`. */
  get sends(): number {
    return this.#sent.length;
  }

  /** Makes room and says so. */
  async drain(room: number): Promise<void> {
    this.#room = room;
    this.#events.onDrain();
    await settled();
  }

  /** Lets the client receive text. */
  async reply(text: string): Promise<void> {
    this.#events.onData(fromLatin1(text));
    await settled();
  }

  /** The connection is lost; null: the server closed it. */
  async lose(cause: Error | null = null): Promise<void> {
    this.#events.onClosed(cause);
    await settled();
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

/** A network where each dial waits for the test. */
export class ScriptedNetwork {
  readonly dials: ScriptedDial[] = [];

  /** Does not heed its signal: a client may not rely on that. */
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

/** What a promise came to: its value, its error, or `pending`. Never leaves a rejection unhandled. */
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

  /** `pending`, `resolved`, or the error's name, code and outcome: `TimeoutError timeout unknown`. */
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

/** Lets everything happen that waits for no timer. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
