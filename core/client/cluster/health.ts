/** When a server that failed is tried again, and when it is given up. */
export interface HealthOptions {
  /**
   * How often a server that failed is tried again before its keys go to others. With 0 they go at
   * its first failure, with Infinity never.
   *
   * @default 2
   */
  readonly retryAttempts: number;
  /**
   * Milliseconds from a failure to the next try.
   *
   * @default 1000
   */
  readonly retryTimeout: number;
  /**
   * Milliseconds from one try to the next of a server that was given up.
   *
   * @default 60000
   */
  readonly deadTimeout: number;
}

/**
 * `up`: it takes commands; after a failure on probation, until one of them is answered. `failing`:
 * commands for it fail at once, until a try shows that it is back. `dead`: the same, and other
 * servers have its keys meanwhile.
 */
export type HealthState = 'up' | 'failing' | 'dead';

/** Whether one of many servers is to be used. It knows no clock: time is told to it. */
export class Health {
  readonly #options: HealthOptions;
  readonly #random: () => number;
  #state: HealthState = 'up';
  #cause: Error | null = null;
  #failures = 0;
  #failedAt = 0;
  #spread = 1;
  #trying = false;

  /** @param random A number from 0 to 1, for jitter. */
  constructor(options: HealthOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  get state(): HealthState {
    return this.#state;
  }

  /** Why it is not up, or null. */
  get cause(): Error | null {
    return this.#cause;
  }

  /** Whether it may be tried again. */
  isDue(now: number, wait: 'retryTimeout' | 'deadTimeout'): boolean {
    if (this.#state === 'up' || this.#trying) return false;
    return now - this.#failedAt >= this.#options[wait] * this.#spread;
  }

  /** A try begins. There is no other until `answer` or `fail` says how it ended. */
  try(): void {
    this.#trying = true;
  }

  /** Whether it is up, and has answered no command since it failed. */
  get onProbation(): boolean {
    return this.#state === 'up' && this.#failures > 0;
  }

  /** The try was none: there may be another. */
  leave(): void {
    this.#trying = false;
  }

  /** A try was answered: it is up, on probation. The next failure counts on from the last. */
  answer(): void {
    this.#state = 'up';
    this.#cause = null;
    this.#trying = false;
  }

  /** A command was answered. */
  confirm(): void {
    if (this.#state === 'up') this.#failures = 0;
  }

  /** It has failed: a connection while it was up, a try afterwards. */
  fail(cause: Error, now: number): void {
    this.#trying = false;
    this.#failures++;
    this.#cause = cause;
    this.#failedAt = now;
    // Up to a tenth longer, so that the clients of a server do not all come at the same moment.
    this.#spread = 1 + this.#random() / 10;
    this.#state = this.#failures > this.#options.retryAttempts ? 'dead' : 'failing';
  }
}
