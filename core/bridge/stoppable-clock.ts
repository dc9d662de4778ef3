import type { Clock } from '../io/clock.ts';

/** A clock that can be stopped: who waits by it waits so much longer. */
export class StoppableClock implements Clock {
  readonly #clock: Clock;
  // How long it has stood still, and since when it does now.
  #lost = 0;
  #stoppedAt: number | null = null;
  // What fell due while it stood still.
  readonly #waiting: Set<() => void> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  elapsed(): number {
    return (this.#stoppedAt ?? this.#clock.elapsed()) - this.#lost;
  }

  after(milliseconds: number, call: () => void): () => void {
    const due = this.elapsed() + milliseconds;
    let cancel: () => void;
    const wait = (): void => {
      const lost = this.#lost;
      cancel = this.#clock.after(Math.max(0, due - this.elapsed()), () => {
        if (this.#stoppedAt !== null) this.#waiting.add(wait);
        else if (this.#lost > lost) wait();
        else call();
      });
    };
    wait();
    return () => {
      cancel();
      this.#waiting.delete(wait);
    };
  }

  yield(call: () => void): void {
    this.#clock.yield(call);
  }

  stop(): void {
    this.#stoppedAt ??= this.#clock.elapsed();
  }

  start(): void {
    if (this.#stoppedAt === null) return;
    this.#lost += this.#clock.elapsed() - this.#stoppedAt;
    this.#stoppedAt = null;
    for (const wait of this.#waiting) wait();
    this.#waiting.clear();
  }
}
