import { readFileSync } from 'node:fs';

/** How often it is looked, in milliseconds. */
const EVERY = 1;

/**
 * Measures how long the event loop is held: how late a timer of a millisecond is. Where other
 * programs want the processor, too, a timer is also late because of them; so it measures beside that
 * what of the time this thread was computing, where the system tells (Linux).
 */
export class Hold {
  #timer: NodeJS.Timeout | null = null;
  #last = 0;
  #lastComputed = 0;
  #held = 0;
  #end = 0;
  #computed = 0;

  /** Begins, before or right after something that is synchronous. */
  start(): void {
    this.#last = performance.now();
    this.#lastComputed = computing();
    this.#timer = setTimeout(() => this.#turn(), EVERY);
  }

  /** Ends; what was held until now counts, too. */
  stop(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#end = performance.now();
    this.#look();
  }

  /** When it ended, by `performance.now`. */
  get end(): number {
    return this.#end;
  }

  /** The longest times that it was held, and that it was held and computing, in milliseconds. */
  get longest(): { readonly held: number; readonly computed: number } {
    return { held: this.#held, computed: this.#computed };
  }

  #turn(): void {
    this.#look();
    this.#timer = setTimeout(() => this.#turn(), EVERY);
  }

  #look(): void {
    const now = performance.now();
    const computed = computing();
    this.#held = Math.max(this.#held, now - this.#last - EVERY);
    this.#computed = Math.max(this.#computed, computed - this.#lastComputed);
    this.#last = performance.now();
    this.#lastComputed = computed;
  }
}

/** Milliseconds of processor time of the main thread; NaN where the system does not tell. */
function computing(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return NaN;
  }
}
