/** Time, as this package sees it: injected everywhere, so that tests can own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some moment of its own, in fractions; never goes back, whatever is set. */
  elapsed(): number;
  /**
   * Calls back once after so many milliseconds; what it returns takes the call back. Where the
   * program was busy, or asleep, for longer than that, what came meanwhile is to be read first: who
   * has answered in time is not late because nobody looked.
   */
  after(milliseconds: number, call: () => void): () => void;
  /** Calls back once, in no time, when whatever else is ready has had its turn: sockets, too. */
  yield(call: () => void): void;
}

declare const performance: { now(): number };
declare const setTimeout: (call: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
declare const setImmediate: ((call: () => void) => unknown) | undefined;

/** Milliseconds by which a timer is late when the program had no time for it. */
const LATE = 10;

/** The clock of the runtime. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(milliseconds, call) {
    const late = performance.now() + milliseconds + LATE;
    let timer = setTimeout(() => {
      // Sockets have their turn between two turns of the timers, on every runtime.
      if (performance.now() < late) call();
      else timer = setTimeout(call, 0);
    }, milliseconds);
    return () => clearTimeout(timer);
  },
  yield(call) {
    // Pages have timers alone, which let a millisecond or more go by.
    if (typeof setImmediate === 'undefined') setTimeout(call, 0);
    else setImmediate(call);
  },
};

/** A clock that stands still until it is told to move. */
export class VirtualClock implements Clock {
  #now: number;
  #timers: { at: number; call: () => void }[] = [];

  /** @param now Where it starts, in milliseconds since 1970. */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.#now + milliseconds, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  yield(call: () => void): void {
    void Promise.resolve().then(call);
  }

  /** Moves on, calling what falls due on the way, in order and at its time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      let due: { at: number; call: () => void } | null = null;
      for (const timer of this.#timers) {
        if (timer.at <= end && (due === null || timer.at < due.at)) due = timer;
      }
      if (due === null) break;
      const { at, call } = due;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, at);
      call();
    }
    this.#now = end;
  }
}
