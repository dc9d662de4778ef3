import type { Clock } from '../../io/clock.ts';
import type { CallOptions } from '../memcache-options.ts';

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
  within<Options extends CallOptions>(options: Options, most: number = Infinity): Options {
    const timeout = Math.min(this.left, most);
    // No time at all is no valid timeout; the call that is given it ends at once.
    return timeout === Infinity ? options : { ...options, timeout: Math.max(timeout, 1e-3) };
  }
}
