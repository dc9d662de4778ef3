// A bounded tier of values in the process.
import type { Clock } from '../../io/clock.ts';

interface Entry {
  readonly value: unknown;
  /** By the clock's `elapsed`. */
  readonly end: number;
}

/** The values that were used last, each for a limited time. */
export class LocalTier {
  readonly #clock: Clock;
  readonly #maxItems: number;
  readonly #milliseconds: number;
  // The value that was used longest ago comes first.
  readonly #entries: Map<string, Entry> = new Map();

  /** @param ttl Seconds. */
  constructor(clock: Clock, maxItems: number, ttl: number) {
    this.#clock = clock;
    this.#maxItems = maxItems;
    this.#milliseconds = ttl * 1000;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): { readonly value: unknown } | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    if (entry.end <= this.#clock.elapsed()) return undefined;
    this.#entries.set(id, entry);
    return entry;
  }

  set(id: string, value: unknown): void {
    this.#entries.delete(id);
    this.#entries.set(id, { value, end: this.#clock.elapsed() + this.#milliseconds });
    if (this.#entries.size <= this.#maxItems) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }
}
