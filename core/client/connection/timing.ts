import type { ExecuteOptions } from './executor.ts';
import type { Clock } from '../../io/clock.ts';

/** The longest that timers can be set for; longer ones would go off at once. */
const MAX_TIMER = 0x7fff_ffff;

/** One timer for many deadlines: it goes off at the earliest that it was set to. */
export class Alarm {
  /** The time of its deadlines: the clock's, less the pauses. It stands still while it is paused. */
  time: Pick<Clock, 'elapsed'>;
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Infinity;
  #pausedAt: number | null = null;
  #pausedFor = 0;
  #cancel: () => void = () => {};

  constructor(clock: Clock, ring: () => void) {
    this.time = clock;
    this.#clock = clock;
    this.#ring = ring;
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
    });
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

  /** Never goes off any more, whatever it is set to. */
  stop(): void {
    this.#cancel();
    this.#pausedAt = null;
    this.#at = -Infinity;
  }
}

/** The end of a call that asks more than once: what each asks may take what is left of its time. */
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
    // No time at all is no valid timeout; the call that is given it ends at once.
    return timeout === Infinity ? options : { ...options, timeout: Math.max(timeout, 1e-3) };
  }
}

/**
 * Milliseconds to wait after so many failures in a row: the first wait, doubled with each more, up
 * to the longest. Half of it is random, so that many clients of a server that was restarted do not
 * all come back at the same moment.
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

/** So many double any wait past the longest, and 2 to their power is finite. */
const MAX_DOUBLINGS = 1000;

/**
 * How long this turn of the event loop has been worked in, for those who share the work. When it has
 * gone on for long enough, they leave the rest to the next turn, and have it one after the other.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #slice: number;
  // When the work of this turn began; NaN before it did.
  #from = NaN;
  // What was left to the next turn, in the order in which it is done.
  readonly #left: (() => void)[] = [];
  #isDue = false;

  /** @param slice Milliseconds of work after which the event loop is to have its turn. */
  constructor(clock: Clock, slice = 4) {
    this.#clock = clock;
    this.#slice = slice;
  }

  /** Says that work begins, unless it has before. */
  begin(): void {
    if (!Number.isNaN(this.#from)) return;
    this.#from = this.#clock.elapsed();
    this.#turn();
  }

  /** Whether work has gone on for long enough since it began. */
  get isOver(): boolean {
    return this.#clock.elapsed() - this.#from >= this.#slice;
  }

  /** Does something in a turn to come. */
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
