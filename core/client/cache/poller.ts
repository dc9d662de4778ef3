// Waits in this process for a value that another process loads: one read at a time for each key.
import type { Clock } from '../../io/clock.ts';

/** The first wait before a read, in milliseconds. */
const FIRST = 5;
/** How much longer each wait is than the one before. */
const GROWTH = 1.5;
/** The longest wait: a caller has the value at most so much later than it is stored. */
const LONGEST = 25;

/** A caller of the next read. */
interface Wait<Found> {
  resolve: (found: Found) => void;
  hasLeft: boolean;
}

/** Reads a key again and again for as long as anybody waits. */
export class Poller<Found> {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #look: () => Promise<Found>;
  readonly #drop: (found: Found) => void;
  readonly #onIdle: () => void;
  // A read answers only those who asked before it began.
  #waits: Wait<Found>[] = [];
  #delay = FIRST;
  #cancel: (() => void) | null = null;
  #isReading = false;

  /**
   * @param look Reads the key; never rejects.
   * @param drop Called with a result for which nobody waits any more.
   * @param onIdle Called when nobody waits.
   */
  constructor(
    clock: Clock,
    random: () => number,
    look: () => Promise<Found>,
    drop: (found: Found) => void,
    onIdle: () => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#look = look;
    this.#drop = drop;
    this.#onIdle = onIdle;
  }

  /** The result of the next read; `leave` must be called at the end of the wait for it. */
  next(): { readonly found: Promise<Found>; readonly leave: () => void } {
    const wait: Wait<Found> = { resolve: () => {}, hasLeft: false };
    const found = new Promise<Found>((resolve) => {
      wait.resolve = resolve;
    });
    this.#waits.push(wait);
    this.#plan();
    const leave = (): void => {
      wait.hasLeft = true;
      if (!this.#waits.includes(wait)) return;
      this.#waits = this.#waits.filter((other) => other !== wait);
      this.#rest();
    };
    return { found, leave };
  }

  #plan(): void {
    if (this.#cancel !== null || this.#isReading) return;
    // Earlier at random, so that the processes do not all read at once.
    const delay = this.#delay * (1 - this.#random() * 0.2);
    this.#delay = Math.min(this.#delay * GROWTH, LONGEST);
    this.#cancel = this.#clock.after(delay, () => {
      this.#cancel = null;
      void this.#read();
    });
  }

  async #read(): Promise<void> {
    const waits = this.#waits;
    this.#waits = [];
    this.#isReading = true;
    const found = await this.#look();
    this.#isReading = false;
    if (waits.every(({ hasLeft }) => hasLeft)) this.#drop(found);
    for (const { resolve } of waits) resolve(found);
    // Most of them wait for the next one.
    this.#clock.yield(() => this.#rest());
    if (this.#waits.length > 0) this.#plan();
  }

  #rest(): void {
    if (this.#waits.length > 0 || this.#isReading) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#onIdle();
  }
}
