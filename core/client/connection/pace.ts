import type { Clock } from '../../io/clock.ts';

/**
 * How long this turn of the event loop has been worked in, for those who share the work. When it has
 * gone on for long enough, they leave the rest to the next turn, and have it one after the other.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #slice: number;
  // When the work of this turn began; NaN before it did.
  #from = NaN;
  // What was left to the next turn, in the order in which it is done.
  readonly #left: (() => void)[] = [];
  #isDue = false;

  /** @param slice Milliseconds of work after which the event loop is to have its turn. */
  constructor(clock: Clock, slice = 4) {
    this.#clock = clock;
    this.#slice = slice;
  }

  /** Says that work begins, unless it has before. */
  begin(): void {
    if (!Number.isNaN(this.#from)) return;
    this.#from = this.#clock.elapsed();
    this.#turn();
  }

  /** Whether work has gone on for long enough since it began. */
  get isOver(): boolean {
    return this.#clock.elapsed() - this.#from >= this.#slice;
  }

  /** Does something in a turn to come. */
  leave(work: () => void): void {
    this.#left.push(work);
    this.#turn();
  }

  #turn(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.yield(() => {
      this.#isDue = false;
      this.#from = NaN;
      if (this.#left.length === 0) return;
      this.begin();
      do this.#left.shift()!(); while (this.#left.length > 0 && !this.isOver);
    });
  }
}
