// One call that waits for something it shares with others: its deadline and its signal.
import type { Clock } from '../../io/clock.ts';
import type { AbortSignalLike } from '../../io/transport.ts';
import { AbortError, TimeoutError } from '../../wire/errors.ts';
import { AbortListeners } from '../connection/abort-listeners.ts';
import type { CallOptions } from '../options.ts';
import { Deadline } from '../connection/timing.ts';

/** What `Caller.wait` resolves with when its own time is over before the promise has settled. */
export const LATE: unique symbol = Symbol('late');

export interface CallerOptions {
  /** Milliseconds that the call has, and how many are left. */
  readonly timeout: number;
  readonly left: number;
  readonly signal: AbortSignalLike | undefined;
  /** Milliseconds that a command has in any case. */
  readonly commandTimeout: number;
}

/** A caller: how long it waits, and what ends its wait. */
export class Caller {
  readonly deadline: Deadline;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #signal: AbortSignalLike | undefined;
  readonly #signals: AbortListeners;
  readonly #commandTimeout: number;

  constructor(clock: Clock, signals: AbortListeners, options: CallerOptions) {
    const { timeout, left, signal, commandTimeout } = options;
    this.deadline = new Deadline(clock, left);
    this.#commandTimeout = commandTimeout;
    this.#clock = clock;
    this.#timeout = timeout;
    this.#signal = signal;
    this.#signals = signals;
  }

  /** The options of a command that it waits for. */
  get options(): CallOptions | undefined {
    const isLong = this.deadline.left >= this.#commandTimeout;
    const signal = this.#signal;
    if (isLong) return signal === undefined ? undefined : { signal };
    const options: CallOptions = signal === undefined ? {} : { signal };
    return this.deadline.within(options);
  }

  /** Whether the caller itself has given up, by its signal or its deadline. */
  get isOver(): boolean {
    return this.#signal?.aborted === true || this.deadline.left === 0;
  }

  /** The error of a caller that has given up. */
  get error(): AbortError | TimeoutError {
    if (this.#signal?.aborted === true) return new AbortError('not-sent', this.#signal.reason);
    return new TimeoutError(`no value within ${this.#timeout} ms`, 'not-sent');
  }

  /**
   * Waits for a promise.
   *
   * @param milliseconds After these it resolves with `LATE`.
   * @throws AbortError or TimeoutError, when the caller gives up before.
   */
  wait<Result>(
    promise: Promise<Result>,
    milliseconds: number = Infinity,
  ): Promise<Result | typeof LATE> {
    if (this.isOver) return Promise.reject(this.error);
    return new Promise((resolve, reject) => {
      const { left } = this.deadline;
      const time = Math.min(left, milliseconds);
      const cancel = time === Infinity
        ? undefined
        : this.#clock.after(Math.min(time, LONGEST), () => {
          unlisten?.();
          if (milliseconds < left) resolve(LATE);
          else reject(this.error);
        });
      const unlisten = this.#signal && this.#signals.add(this.#signal, () => {
        cancel?.();
        unlisten?.();
        reject(this.error);
      });
      promise.then((result) => {
        cancel?.();
        unlisten?.();
        resolve(result);
      }, (error: Error) => {
        cancel?.();
        unlisten?.();
        reject(error);
      });
    });
  }
}

/** The longest that timers can be set for. */
const LONGEST = 0x7fff_ffff;
