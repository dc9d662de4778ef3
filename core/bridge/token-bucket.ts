/** The rounding error of sums of fractions, in milliseconds: without it a caller would wait twice. */
const EPSILON = 1e-3;

/** A rate limit: a token bucket of `capacity`, which is refilled at `perSecond`. */
export class TokenBucket {
  readonly #capacity: number;
  // Milliseconds in which one token is added.
  readonly #interval: number;
  // The time at which it was empty, or will be: its tokens have been added since then.
  #emptyAt: number;

  /** @param now The time in milliseconds, on the same clock as in later calls. */
  constructor(capacity: number, perSecond: number, now: number) {
    this.#capacity = capacity;
    this.#interval = 1000 / perSecond;
    this.#emptyAt = now - capacity * this.#interval;
  }

  /** Takes a token, if there is one. */
  take(now: number): boolean {
    if (this.wait(now) > 0) return false;
    this.spend(1, now);
    return true;
  }

  /**
   * Takes so many tokens, even if they are missing: `wait` then includes the time until they are added.
   * Returns whether a token is left; as long as it does, `wait` is 0.
   */
  spend(amount: number, now: number): boolean {
    const full = now - this.#capacity * this.#interval;
    this.#emptyAt = Math.max(this.#emptyAt, full) + amount * this.#interval;
    return this.#emptyAt + this.#interval - now <= EPSILON;
  }

  /** Milliseconds until there is a token. */
  wait(now: number): number {
    return Math.max(0, Math.ceil(this.#emptyAt + this.#interval - now - EPSILON));
  }
}
