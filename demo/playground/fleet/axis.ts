// The time axis: every moment has room, and long waits are short.

/** The least space between two moments, in pixels. */
const LEAST = 4;
/** How much more space a wait gets when it is ten times as long. */
const PER_TENFOLD = 7;

/** Where each moment is drawn. */
export class Axis {
  readonly #times: readonly number[];
  readonly #places: Float64Array;
  /** How wide all is, in pixels. */
  readonly width: number;

  /** @param times The microseconds of each moment, in their order. @param zoom 1 by default. */
  constructor(times: readonly number[], zoom: number = 1) {
    this.#times = times;
    this.#places = new Float64Array(times.length);
    let place = 0;
    for (let i = 1; i < times.length; i++) {
      const wait = times[i]! - times[i - 1]!;
      place += zoom * (LEAST + PER_TENFOLD * Math.log10(1 + wait));
      this.#places[i] = place;
    }
    this.width = place;
  }

  /** The place of a moment, which may lie between two. */
  place(index: number): number {
    const low = Math.floor(index);
    const from = this.#places[low] ?? 0;
    return from + (index - low) * ((this.#places[low + 1] ?? from) - from);
  }

  /** The first moment at a place or behind it. */
  indexAt(place: number): number {
    let low = 0;
    let high = this.#places.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#places[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Labels between two places, with some space between them. */
  ticks(from: number, to: number, apart: number): { place: number; at: number }[] {
    const found: { place: number; at: number }[] = [];
    // The same labels, whatever part is drawn.
    for (let cell = Math.max(0, Math.floor(from / apart)); cell * apart <= to; cell++) {
      const index = this.indexAt(cell * apart);
      const place = this.place(index);
      if (place >= cell * apart && place < (cell + 0.5) * apart) {
        found.push({ place, at: this.#times[index] ?? 0 });
      }
    }
    return found;
  }

  /** The waits between two moments that are longer than all that happens while there is traffic. */
  waits(first: number, last: number): { from: number; to: number; wait: number }[] {
    const found: { from: number; to: number; wait: number }[] = [];
    for (let i = Math.max(1, first); i <= last; i++) {
      const wait = this.#times[i]! - this.#times[i - 1]!;
      if (wait >= LONG) found.push({ from: this.place(i - 1), to: this.place(i), wait });
    }
    return found;
  }
}

/** Microseconds. */
const LONG = 20_000;
