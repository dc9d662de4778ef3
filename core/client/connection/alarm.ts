import type { Clock } from '../../io/clock.ts';

/** The longest that timers can be set for; longer ones would go off at once. */
const MAX_TIMER = 0x7fff_ffff;

/** One timer for many deadlines: it goes off at the earliest that it was set to. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Infinity;
  #cancel: () => void = () => {};

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Makes sure that it goes off at this time of the clock's `elapsed`, or before. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.#cancel();
    this.#at = at;
    const wait = Math.min(Math.max(0, at - this.#clock.elapsed()), MAX_TIMER);
    this.#cancel = this.#clock.after(wait, () => {
      this.#at = Infinity;
      this.#ring();
    });
  }

  /** Never goes off any more, whatever it is set to. */
  stop(): void {
    this.#cancel();
    this.#at = -Infinity;
  }
}
