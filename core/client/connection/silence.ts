// How long a connection has been silent.

/** The share of the timeout that counts as all of it. */
const ALMOST = 0.99;

/**
 * The silence of a connection while calls wait there, which counts once it has lasted for the timeout
 * of the client. A call with less time of its own says nothing about a server that is slower than
 * that; several of them add up. A firewall may have dropped such a connection.
 */
export class Silence {
  readonly #timeout: number;
  // When the first of the calls began that have timed out since the last bytes came.
  #since = Infinity;
  #isTold = false;

  constructor(timeout: number) {
    // The first command of a call that may send several has what is left of it after a few steps.
    this.#timeout = timeout * ALMOST;
  }

  /** Bytes have come. */
  end(): void {
    this.#since = Infinity;
  }

  /** Whether it has lasted for the timeout, now that a call has waited for so long; true once. */
  isTooLong(waited: number, now: number): boolean {
    this.#since = Math.min(this.#since, now - waited);
    if (this.#isTold || (waited < this.#timeout && now - this.#since < this.#timeout)) return false;
    return this.#isTold = true;
  }
}
