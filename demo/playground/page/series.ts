/** What one command came to. */
export interface Sample {
  /** Milliseconds. */
  readonly duration: number;
  readonly hits: number;
  readonly misses: number;
}

/** What the commands of some time came to; null where none says anything of it. */
export interface Summary {
  readonly commands: number;
  /** Milliseconds, as is `slowest`, the 99th percentile. */
  readonly median: number | null;
  readonly slowest: number | null;
  /** From 0 to 1. */
  readonly hitRate: number | null;
}

/** So many durations of a slot are kept. More would be more than a page can draw. */
const MAX_DURATIONS = 1000;

/** What commands came to, lately, in slots of time. What is older than all slots is forgotten. */
export class Series {
  readonly #width: number;
  // The latest last.
  #slots: Slot[];
  // Which slot of all time the latest is.
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

/** The smallest number that so large a part of them does not exceed. */
function quantile(sorted: readonly number[], part: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null;
}
