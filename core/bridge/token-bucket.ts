/** The rounding error of sums of fractions, in milliseconds: without it a caller would wait twice. */
const EPSILON = 1e-3;

/** A rate limit: a burst of `capacity`, which flows back evenly at `perSecond`. */
export class TokenBucket {
  readonly #capacity: number;
  // Milliseconds in which one flows back.
  readonly #interval: number;
  // When it was empty, or will be: the tokens that it holds have flowed back since then.
  #emptyAt: number;

  /** @param now Milliseconds, on the clock of the later calls. */
  constructor(capacity: number, perSecond: number, now: number) {
    this.#capacity = capacity;
    this.#interval = 1000 / perSecond;
    this.#emptyAt = now - capacity * this.#interval;
  }

  /** Takes one, if there is one. */
  take(now: number): boolean {
    if (this.wait(now) > 0) return false;
    this.spend(1, now);
    return true;
  }

  /**
   * Takes so many, even if they are missing: `wait` then includes the time until they have flowed
   * back. Returns whether there is one left; as long as it does, `wait` is 0.
   */
  spend(amount: number, now: number): boolean {
    const full = now - this.#capacity * this.#interval;
    this.#emptyAt = Math.max(this.#emptyAt, full) + amount * this.#interval;
    return this.#emptyAt + this.#interval - now <= EPSILON;
  }

  /** Milliseconds until there is one. */
  wait(now: number): number {
    return Math.max(0, Math.ceil(this.#emptyAt + this.#interval - now - EPSILON));
  }
}
