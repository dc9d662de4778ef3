// The clock of a client in a test that decides when time goes on.
import type { Clock } from '../../core/io/clock.ts';

/** The time of all clients. */
interface StageTime {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What is to be called in the next turn. */
  readonly turns: (() => void)[];
}

/** A timer of a client. */
export interface Timer {
  readonly clock: MemberClock;
  readonly at: number;
  readonly call: () => void;
}

export class MemberClock implements Clock {
  timers: Timer[] = [];
  readonly #time: StageTime;

  constructor(time: StageTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.now;
  }

  elapsed(): number {
    return this.#time.now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer = { clock: this, at: this.#time.now + milliseconds, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  yield(call: () => void): void {
    this.#time.turns.push(call);
  }
}
