// Memory for large texts, on their way to bytes and back.

/** The largest array that is kept, in bytes. */
export const LARGEST_SPARE: number = 4 * 1024 * 1024;

/** How many are kept. */
const MOST = 2;

/**
 * Arrays that are used again. A text of a megabyte becomes bytes in a tenth of the time if they are
 * written into memory that was written to before: the system clears each page at its first use.
 *
 * It is for bytes that nobody sees but the transport, or who reads a text. What a caller is given
 * has memory of its own, which nobody else can see.
 */
class SpareMemory {
  readonly #arrays: Uint8Array[] = [];

  /** An array of this size or more, with any content; null if there is none. */
  take(size: number): Uint8Array | null {
    const index = this.#arrays.findIndex((array) => array.length >= size);
    return index < 0 ? null : this.#arrays.splice(index, 1)[0]!;
  }

  /** Takes an array that nobody reads or writes any more. */
  put(array: Uint8Array): void {
    if (array.length > LARGEST_SPARE) return;
    // The one that came first may be too small for what there is now.
    if (this.#arrays.push(array) > MOST) this.#arrays.shift();
  }
}

/** Shared by all connections: an idle one keeps none of it. */
export const spareMemory: SpareMemory = /* @__PURE__ */ new SpareMemory();
