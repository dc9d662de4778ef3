/** The source of time, injected everywhere so that tests can control it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Monotonic time in fractional milliseconds, from an arbitrary origin. */
  elapsed(): number;
  /**
   * Calls back once after so many milliseconds; returns a function that cancels the timer. Where the
   * program was busy, or the machine asleep, for longer than that, sockets are read first: a reply
   * that arrived in time must not be late because the event loop was blocked.
   *
   * @param isIdle The timer is no reason to keep the process alive, where the runtime can do that.
   */
  after(milliseconds: number, call: () => void, isIdle?: boolean): () => void;
  /** Calls back once, in the next turn of the event loop: after everything that is ready, sockets too. */
  yield(call: () => void): void;
}

declare const performance: { now(): number };
declare const setTimeout: (call: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
declare const setImmediate: ((call: () => void) => unknown) | undefined;

// The runtime's timers at the time when this module is loaded: if a test replaces them later with fake
// ones for its own code, connections and deadlines go on. Each is called without a receiver, since
// browsers refuse a wrong one.
const startTimer = setTimeout;
const stopTimer = clearTimeout;
// Pages only have timers, which take a millisecond or more.
const startTurn = typeof setImmediate === 'undefined'
  ? (call: () => void) => startTimer(call, 0)
  : setImmediate;
const elapsed = performance.now.bind(performance);
const now = Date.now.bind(Date);

/** A timer that is late by so many milliseconds was delayed by other work. */
const LATE = 10;

/**
 * The clock of the runtime. It takes the runtime's timers when it is loaded, so that fake timers
 * that a test installs later do not reach it.
 */
export const systemClock: Clock = {
  now,
  elapsed,
  after(milliseconds, call) {
    const late = elapsed() + milliseconds + LATE;
    let timer = startTimer(() => {
      // Sockets have their turn between two turns of the timers, on every runtime.
      if (elapsed() < late) call();
      else timer = startTimer(call, 0);
    }, milliseconds);
    return () => stopTimer(timer);
  },
  yield(call) {
    startTurn(call);
  },
};

/** A clock that stands still until `advance` is called. */
export class VirtualClock implements Clock {
  #now: number;
  #timers: { at: number; call: () => void }[] = [];

  /**
   * Makes a clock that stands still.
   *
   * @param now Its initial time, in milliseconds since 1970.
   */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  /** The Unix time in milliseconds. */
  now(): number {
    return this.#now;
  }

  /** Milliseconds since it was made. */
  elapsed(): number {
    return this.#now;
  }

  /** Calls back once the time has been advanced so far; returns a function that cancels it. */
  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.#now + milliseconds, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Calls back in a later turn of the event loop, without the time going on. */
  yield(call: () => void): void {
    void Promise.resolve().then(call);
  }

  /** Advances the time, and calls the timers that become due, in order and at their times. */
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
