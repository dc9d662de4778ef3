/** A rate limit: a burst of `capacity`, which flows back evenly at `perSecond`. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perSecond: number;
  #level: number;
  #at: number;

  /** @param now Milliseconds, on the clock of the later calls. */
  constructor(capacity: number, perSecond: number, now: number) {
    this.#capacity = this.#level = capacity;
    this.#perSecond = perSecond;
    this.#at = now;
  }

  /** Takes one, if there is one. */
  take(now: number): boolean {
    this.#refill(now);
    if (this.#level < 1) return false;
    this.#level--;
    return true;
  }

  /** Takes so many, there or not: what is missing is owed, and `wait` counts it. */
  spend(amount: number, now: number): void {
    this.#refill(now);
    this.#level -= amount;
  }

  /** Milliseconds until there is one. */
  wait(now: number): number {
    this.#refill(now);
    return this.#level >= 1 ? 0 : Math.ceil((1 - this.#level) * 1000 / this.#perSecond);
  }

  #refill(now: number): void {
    const flown = (now - this.#at) * this.#perSecond / 1000;
    this.#level = Math.min(this.#capacity, this.#level + flown);
    this.#at = now;
  }
}
