// Timers, deadlines, backoff, and the work of a turn of the event loop.
import type { ExecuteOptions } from './executor.ts';
import { Queue } from '../../wire/queue.ts';
import type { Clock } from '../../io/clock.ts';

/** The longest that timers can be set for; longer ones would go off at once. */
const MAX_TIMER = 0x7fff_ffff;

/** One timer for many deadlines: it goes off at the earliest that it was set to. */
export class Alarm {
  /** The time of its deadlines: the clock's, less the pauses. It stands still while it is paused. */
  time: Pick<Clock, 'elapsed'>;
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #isIdle: boolean;
  #at = Infinity;
  #pausedAt: number | null = null;
  #pausedFor = 0;
  #cancel: () => void = () => {};

  /** @param isIdle The process may end before it goes off. */
  constructor(clock: Clock, ring: () => void, isIdle = false) {
    this.time = clock;
    this.#clock = clock;
    this.#ring = ring;
    this.#isIdle = isIdle;
  }

  /** Milliseconds that its time is behind the clock, but for a pause that is not over. */
  get pausedFor(): number {
    return this.#pausedFor;
  }

  /** Makes sure that it goes off at this moment of its time, or before. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.#cancel();
    this.#at = at;
    if (this.#pausedAt !== null) return;
    const wait = Math.min(Math.max(0, at - this.time.elapsed()), MAX_TIMER);
    this.#cancel = this.#clock.after(wait, () => {
      this.#at = Infinity;
      this.#ring();
    }, this.#isIdle);
  }

  /**
   * Cancels the timer, which would keep the process alive; `set` sets another. Where nothing is due for
   * a moment, it costs less to leave it.
   */
  clear(): void {
    if (this.#at === -Infinity) return;
    this.#cancel();
    this.#at = Infinity;
  }

  /** Does not go off, and its time does not go on, until `resume`. */
  pause(): void {
    if (this.#pausedAt !== null) return;
    this.#cancel();
    this.#pausedAt = this.#clock.elapsed();
    const now = this.time.elapsed();
    this.time = { elapsed: () => now };
  }

  resume(): void {
    if (this.#pausedAt === null) return;
    this.#pausedFor += this.#clock.elapsed() - this.#pausedAt;
    this.#pausedAt = null;
    this.time = { elapsed: () => this.#clock.elapsed() - this.#pausedFor };
    const at = this.#at;
    this.#at = Infinity;
    this.set(at);
  }

  /** Cancels the timer; `set` has no effect any more. */
  stop(): void {
    this.#cancel();
    this.#pausedAt = null;
    this.#at = -Infinity;
  }
}

/** The deadline of a call that sends more than one command: each gets the time that is left. */
export class Deadline {
  readonly #clock: Clock;
  readonly #at: number;

  /** @param timeout Milliseconds from now; Infinity for never. */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#at = timeout === Infinity ? Infinity : clock.elapsed() + timeout;
  }

  /** Milliseconds that are left; 0 when it has passed. */
  get left(): number {
    return this.#at === Infinity ? Infinity : Math.max(0, this.#at - this.#clock.elapsed());
  }

  /** The options of a call with no more time than is left, and no more than `most`. */
  within<Options extends Pick<ExecuteOptions, 'timeout'>>(
    options: Options,
    most: number = Infinity,
  ): Options {
    const timeout = Math.min(this.left, most);
    // 0 is no valid timeout. A call that is given this one ends at once.
    return timeout === Infinity ? options : { ...options, timeout: Math.max(timeout, 1e-3) };
  }
}

/**
 * Milliseconds to wait after a number of failures in a row: the first wait, doubled with each
 * further failure, up to the longest. Half of it is random, so that many clients of a server that
 * was restarted do not all come back at the same moment.
 *
 * @param random A number from 0 to 1.
 */
export function backoff(
  failures: number,
  first: number,
  longest: number,
  random: () => number,
): number {
  // Nothing times Infinity would be no number, and neither end a wait nor begin one.
  const doublings = Math.min(failures - 1, MAX_DOUBLINGS);
  return Math.min(first * 2 ** doublings, longest) * (0.5 + random() / 2);
}

/** Enough to double any wait past the longest one, and 2 to this power is still finite. */
const MAX_DOUBLINGS = 1000;

/**
 * Measures the work that is done in one turn of the event loop, for all who share the budget. Once
 * it is spent, the rest is queued for the next turn, so that sockets and timers are not kept
 * waiting.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #slice: number;
  // When the work of this turn began; NaN before it did.
  #from = NaN;
  // Queued for the next turn, in order.
  readonly #left: Queue<() => void> = new Queue();
  #isDue = false;

  /** @param slice The budget: milliseconds of work in one turn. */
  constructor(clock: Clock, slice = 4) {
    this.#clock = clock;
    this.#slice = slice;
  }

  /** Starts the measurement, unless it has been started in this turn. */
  begin(): void {
    if (!Number.isNaN(this.#from)) return;
    this.#from = this.#clock.elapsed();
    this.#turn();
  }

  /** Whether the budget of this turn is spent. */
  get isOver(): boolean {
    return !Number.isNaN(this.#from) && this.#clock.elapsed() - this.#from >= this.#slice;
  }

  /** Queues work for the next turn. */
  leave(work: () => void): void {
    this.#left.push(work);
    this.#turn();
  }

  #turn(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.yield(() => {
      this.#isDue = false;
      this.#from = NaN;
      if (this.#left.length === 0) return;
      this.begin();
      do this.#left.shift()!(); while (this.#left.length > 0 && !this.isOver);
    });
  }
}
