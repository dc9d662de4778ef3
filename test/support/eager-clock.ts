// A clock that does not wait.
import { type Clock, systemClock } from '../../core/io/clock.ts';

/**
 * A clock for clients and servers in memory, whose time goes on to the next timer as soon as there is
 * nothing else to do.
 */
export class EagerClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers: Set<{ readonly at: number; readonly call: () => void }> = new Set();
  #turns = 0;
  #isScheduled = false;

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.#now + milliseconds, call };
    this.#timers.add(timer);
    this.#schedule();
    return () => void this.#timers.delete(timer);
  }

  yield(call: () => void): void {
    this.#turns++;
    systemClock.yield(() => {
      this.#turns--;
      call();
    });
  }

  // Between two turns of the event loop all microtasks are run, and with them all pipes in memory.
  #schedule(): void {
    if (this.#isScheduled || this.#timers.size === 0) return;
    this.#isScheduled = true;
    systemClock.yield(() => {
      this.#isScheduled = false;
      if (this.#turns === 0) this.#goOn();
      this.#schedule();
    });
  }

  #goOn(): void {
    const [first, ...others] = this.#timers;
    if (first === undefined) return;
    const due = others.reduce((soonest, timer) => timer.at < soonest.at ? timer : soonest, first);
    this.#timers.delete(due);
    this.#now = Math.max(this.#now, due.at);
    due.call();
  }
}
