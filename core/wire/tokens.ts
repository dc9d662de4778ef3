// The words of a request line, and the flags of a meta request, split as memcached splits them.
import { fromBase64 } from './base64.ts';
import { EMPTY, latin1, spells } from './bytes.ts';
import { MAX_OPAQUE, metaFlags } from './meta-flags.ts';
import { digits, int32, uint32, uint64 } from './numbers.ts';

/** memcached splits a line into this many words at most; the rest is left unsplit. */
export const MAX_TOKENS = 23;

const SPACE = 0x20;

/** The words of one request line, split at spaces as memcached splits them. */
export class Tokens {
  bytes: Uint8Array = EMPTY;
  /** The number of words, `MAX_TOKENS` at most. */
  count = 0;
  /** Where the unsplit rest starts, or the end of the line. */
  rest = 0;
  /** The end of the line. */
  to = 0;
  /** Where each word starts, and where it ends. */
  readonly starts: Int32Array = new Int32Array(MAX_TOKENS);
  readonly ends: Int32Array = new Int32Array(MAX_TOKENS);

  /** Splits a new line. */
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
        this.starts[this.count] = start;
        this.ends[this.count++] = at;
      }
      // The server works on C strings: a NUL ends the line for it.
      if (at < to && bytes[at] === 0) to = at;
    }
    this.rest = at;
    this.to = to;
  }

  length(index: number): number {
    return this.ends[index]! - this.starts[index]!;
  }

  /** The word's bytes: a view. */
  view(index: number): Uint8Array {
    return this.bytes.subarray(this.starts[index], this.ends[index]);
  }

  text(index: number): string {
    return latin1(this.bytes, this.starts[index], this.ends[index]);
  }

  /** The words from this one on. */
  texts(index: number): string[] {
    const texts: string[] = [];
    for (let i = index; i < this.count; i++) texts.push(this.text(i));
    return texts;
  }

  is(index: number, word: string): boolean {
    return index < this.count &&
      spells(this.bytes, this.starts[index]!, this.ends[index]!, word);
  }

  /** Whether the last word is `noreply`. */
  get noreply(): boolean {
    return this.is(this.count - 1, 'noreply');
  }

  int32(index: number): number | null {
    const plain = digits(this.bytes, this.starts[index]!, this.ends[index]!);
    return plain >= 0 && plain <= 0x7fff_ffff ? plain : int32(this.text(index));
  }

  uint32(index: number): number | null {
    const plain = digits(this.bytes, this.starts[index]!, this.ends[index]!);
    return plain >= 0 && plain <= 0xffff_ffff ? plain : uint32(this.text(index));
  }

  uint64(index: number): bigint | null {
    const plain = digits(this.bytes, this.starts[index]!, this.ends[index]!);
    return plain >= 0 ? BigInt(plain) : uint64(this.text(index));
  }
}

/** The key and the flags of a meta request, as memcached reads them. */
export interface KeyAndFlags {
  /** The second word, decoded if it is base64. */
  readonly key: Uint8Array;
  readonly base64: boolean;
  /** All but `b`, in order. */
  readonly flags: readonly string[];
  /** Whether an opaque is longer than servers take. */
  readonly hasLongOpaque: boolean;
  /** The message of the `CLIENT_ERROR` that refuses them, or null. */
  readonly fault: string | null;
}

// One-letter flags are the rule: each of these strings exists once.
const letters: readonly string[] = /* @__PURE__ */ Array.from(
  { length: 127 },
  (_, code) => String.fromCharCode(code),
);
const flagArguments: readonly (string | undefined)[] = /* @__PURE__ */ letters.map(
  (letter) => metaFlags.get(letter),
);
const NONE: readonly string[] = [];

/** The server's messages about a malformed argument, where a flag has one of its own. */
const faults: ReadonlyMap<string, string> = new Map([
  ['J', 'invalid numeric initial value'],
  ['D', 'invalid numeric delta value'],
  ['M', 'incorrect length for M token'],
]);

/**
 * Reads the key, and the flags from word `first` on.
 *
 * A repeated or unknown flag ends the reading; of several bad arguments the last one is reported.
 * memcached does both.
 */
export function readMetaFlags(tokens: Tokens, first: number): KeyAndFlags {
  let key = tokens.view(1);
  if (tokens.count <= first) {
    return { key, base64: false, flags: NONE, hasLongOpaque: false, fault: null };
  }
  const flags: string[] = [];
  let base64 = false;
  let hasLongOpaque = false;
  let fault: string | null = null;
  let seenLow = 0;
  let seenHigh = 0;
  for (let i = first; i < tokens.count; i++) {
    const start = tokens.starts[i]!;
    const length = tokens.ends[i]! - start;
    const code = tokens.bytes[start]!;
    if (code >= 127) return refused('duplicate flag');
    const argument = flagArguments[code];
    if (argument === undefined) return refused('invalid flag');
    // Known letters lie from 0x41 to 0x7a, so two masks of 32 bits record which were seen.
    const bit = 1 << (code & 31);
    const isLow = code < 0x60;
    if (((isLow ? seenLow : seenHigh) & bit) !== 0) return refused('duplicate flag');
    if (isLow) seenLow |= bit;
    else seenHigh |= bit;
    const flag = length === 1 ? letters[code]! : latin1(tokens.bytes, start, start + length);
    if (flag[0] === 'b') {
      base64 = true;
      const decoded = decodeKey(tokens);
      if (decoded === null) fault = 'error decoding key';
      else key = decoded;
      continue;
    }
    flags.push(flag);
    if (argument === 'none') continue;
    if (argument === 'opaque') {
      hasLongOpaque = length > MAX_OPAQUE + 1;
      continue;
    }
    if (readable(argument, flag)) continue;
    // The server has no message for bad client flags, and keeps its message about another flag.
    if (flag[0] === 'F') fault ??= 'bad command line format';
    else fault = faults.get(flag[0]!) ?? 'bad token in command line format';
  }
  return { key, base64, flags, hasLongOpaque, fault };
}

/** The key of a request that spells it in base64, or null when it spells none. */
export function decodeKey(tokens: Tokens): Uint8Array | null {
  return fromBase64(tokens.view(1));
}

function refused(fault: string): KeyAndFlags {
  return { key: EMPTY, base64: false, flags: NONE, hasLongOpaque: false, fault };
}

function readable(argument: string, flag: string): boolean {
  switch (argument) {
    case 'seconds':
      return int32(flag.slice(1)) !== null;
    case 'u32':
      return uint32(flag.slice(1)) !== null;
    case 'u64':
      return uint64(flag.slice(1)) !== null;
    case 'mode':
      return flag.length === 2;
    default:
      return true;
  }
}
