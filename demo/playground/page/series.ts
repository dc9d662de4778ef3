/** The result of one command. */
export interface Sample {
  /** Milliseconds. */
  readonly duration: number;
  readonly hits: number;
  readonly misses: number;
}

/** The summary of the commands of a period; null for a figure without data. */
export interface Summary {
  readonly commands: number;
  /** Milliseconds, as is `slowest`, the 99th percentile. */
  readonly median: number | null;
  readonly slowest: number | null;
  /** From 0 to 1. */
  readonly hitRate: number | null;
}

/** How many durations of a slot are kept: as many as a page can draw. */
const MAX_DURATIONS = 1000;

/** The results of recent commands, in slots of time. Older ones are dropped. */
export class Series {
  readonly #width: number;
  // The latest last.
  #slots: Slot[];
  // The number of the latest slot since the start of time.
  #latest = 0;

  /**
   * @param width Milliseconds of a slot.
   * @param count How many slots there are.
   */
  constructor(width: number, count: number) {
    this.#width = width;
    this.#slots = Array.from({ length: count }, () => new Slot());
  }

  /** @param now Milliseconds by a clock that only goes forward. */
  add(now: number, sample: Sample): void {
    this.#advance(now);
    this.#slots.at(-1)?.add(sample);
  }

  /** Each slot until now, the oldest first. */
  slots(now: number): Summary[] {
    this.#advance(now);
    return this.#slots.map((slot) => summarize([slot]));
  }

  /** All slots until now together. */
  total(now: number): Summary {
    this.#advance(now);
    return summarize(this.#slots);
  }

  #advance(now: number): void {
    const latest = Math.floor(now / this.#width);
    const passed = Math.min(latest - this.#latest, this.#slots.length);
    if (passed <= 0) return;
    const fresh = Array.from({ length: passed }, () => new Slot());
    this.#slots = [...this.#slots.slice(passed), ...fresh];
    this.#latest = latest;
  }
}

class Slot {
  commands = 0;
  hits = 0;
  misses = 0;
  readonly durations: number[] = [];

  add({ duration, hits, misses }: Sample): void {
    this.commands++;
    this.hits += hits;
    this.misses += misses;
    if (this.durations.length < MAX_DURATIONS) this.durations.push(duration);
  }
}

function summarize(slots: readonly Slot[]): Summary {
  const durations = slots.flatMap((slot) => slot.durations).sort((a, b) => a - b);
  const sum = (of: (slot: Slot) => number): number =>
    slots.reduce((all, slot) => all + of(slot), 0);
  const hits = sum((slot) => slot.hits);
  const asked = hits + sum((slot) => slot.misses);
  return {
    commands: sum((slot) => slot.commands),
    median: quantile(durations, 0.5),
    slowest: quantile(durations, 0.99),
    hitRate: asked === 0 ? null : hits / asked,
  };
}

/** The quantile of numbers: the smallest that this share of them does not exceed. */
function quantile(sorted: readonly number[], part: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null;
}
