import { latin1, spells } from './bytes.ts';
import { digits, int32, uint32, uint64 } from './numbers.ts';

/** memcached cuts a line into this many words at most; what follows the last is left uncut. */
export const MAX_TOKENS = 23;

const SPACE = 0x20;

/** The words of one request line, cut at spaces as memcached cuts them. */
export class Tokens {
  bytes: Uint8Array = new Uint8Array(0);
  /** How many words there are, `MAX_TOKENS` at most. */
  count = 0;
  /** Where the uncut rest starts, or the end of the line. */
  rest = 0;
  /** The end of the line. */
  to = 0;
  readonly #starts: Int32Array = new Int32Array(MAX_TOKENS);
  readonly #ends: Int32Array = new Int32Array(MAX_TOKENS);

  /** Cuts a new line. */
  cut(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.count = 0;
    let at = from;
    while (at < to && this.count < MAX_TOKENS) {
      if (bytes[at] === SPACE) {
        at++;
        continue;
      }
      const start = at;
      while (at < to && bytes[at] !== SPACE && bytes[at] !== 0) at++;
      if (at > start) {
        this.#starts[this.count] = start;
        this.#ends[this.count++] = at;
      }
      // The server works on C strings: a NUL ends the line for it.
      if (at < to && bytes[at] === 0) to = at;
    }
    this.rest = at;
    this.to = to;
  }

  /** Where a word starts. */
  start(index: number): number {
    return this.#starts[index]!;
  }

  length(index: number): number {
    return this.#ends[index]! - this.#starts[index]!;
  }

  /** The word's bytes: a view. */
  view(index: number): Uint8Array {
    return this.bytes.subarray(this.#starts[index], this.#ends[index]);
  }

  text(index: number): string {
    return latin1(this.bytes, this.#starts[index], this.#ends[index]);
  }

  /** The words from this one on. */
  texts(index: number): string[] {
    const texts: string[] = [];
    for (let i = index; i < this.count; i++) texts.push(this.text(i));
    return texts;
  }

  is(index: number, word: string): boolean {
    return index < this.count &&
      spells(this.bytes, this.#starts[index]!, this.#ends[index]!, word);
  }

  /** Whether the last word asks for no reply. */
  get noreply(): boolean {
    return this.is(this.count - 1, 'noreply');
  }

  int32(index: number): number | null {
    const plain = digits(this.bytes, this.#starts[index]!, this.#ends[index]!);
    return plain >= 0 && plain <= 0x7fff_ffff ? plain : int32(this.text(index));
  }

  uint32(index: number): number | null {
    const plain = digits(this.bytes, this.#starts[index]!, this.#ends[index]!);
    return plain >= 0 && plain <= 0xffff_ffff ? plain : uint32(this.text(index));
  }

  uint64(index: number): bigint | null {
    const plain = digits(this.bytes, this.#starts[index]!, this.#ends[index]!);
    return plain >= 0 ? BigInt(plain) : uint64(this.text(index));
  }
}
