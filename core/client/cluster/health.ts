/** When a failed server is probed, and when it is given up. */
export interface HealthOptions {
  /**
   * The number of failed probes after which a server's keys move to others. With 0 they move at its
   * first failure, with Infinity never.
   *
   * @default 2
   */
  readonly retryAttempts: number;
  /**
   * Milliseconds from a failure to the next probe.
   *
   * @default 1000
   */
  readonly retryTimeout: number;
  /**
   * Milliseconds between two probes of a server that was given up.
   *
   * @default 60000
   */
  readonly deadTimeout: number;
}

/**
 * `up`: it gets commands; after a failure it is on probation until one of them is answered.
 * `failing`: commands for it fail at once, until a probe is answered. `dead`: the same, and other
 * servers have its keys meanwhile.
 */
export type HealthState = 'up' | 'failing' | 'dead';

/** The state of one of many servers, without a clock: the time is an argument. */
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

  /** The error for which it is not up, or null. */
  get cause(): Error | null {
    return this.#cause;
  }

  /** Whether it may be probed now. */
  isDue(now: number, wait: 'retryTimeout' | 'deadTimeout'): boolean {
    if (this.#state === 'up' || this.#trying) return false;
    return now - this.#failedAt >= this.#options[wait] * this.#spread;
  }

  /** A probe begins. There is no other until `answer` or `fail` reports its result. */
  try(): void {
    this.#trying = true;
  }

  /** Whether it is up, and has answered no command since it failed. */
  get onProbation(): boolean {
    return this.#state === 'up' && this.#failures > 0;
  }

  /** The probe was not sent: another may begin. */
  leave(): void {
    this.#trying = false;
  }

  /** A probe was answered: it is up, on probation. A further failure adds to the earlier ones. */
  answer(): void {
    this.#state = 'up';
    this.#cause = null;
  }

  /** A command was answered. */
  confirm(): void {
    if (this.#state === 'up') this.#failures = 0;
  }

  /** It has failed: a connection if it was up, else a probe. */
  fail(cause: Error, now: number): void {
    this.#trying = false;
    this.#failures++;
    this.#cause = cause;
    this.#failedAt = now;
    // Up to a tenth longer, so that the clients of a server do not all probe at the same moment.
    this.#spread = 1 + this.#random() / 10;
    this.#state = this.#failures > this.#options.retryAttempts ? 'dead' : 'failing';
  }
}
