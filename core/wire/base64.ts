import { latin1 } from './bytes.ts';
import { putAscii } from './output.ts';

// Not in the language itself; every runtime has it.
declare const btoa: (latin1: string) => string;

/** How many characters the base64 of `length` bytes has. */
export function base64Length(length: number): number {
  return Math.ceil(length / 3) * 4;
}

/** The base64 of `bytes`. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(latin1(bytes));
}

/** Writes the base64 of `bytes` into `target` at `at`; returns the position after it. */
export function putBase64(target: Uint8Array, at: number, bytes: Uint8Array): number {
  return putAscii(target, at, toBase64(bytes));
}

const PAD = 0x3d;
// The six bits that each character stands for, or -1.
const values: Int8Array = /* @__PURE__ */ (() => {
  const table = new Int8Array(256).fill(-1);
  for (let i = 0; i < 64; i++) table[btoa(String.fromCharCode(i << 2)).charCodeAt(0)] = i;
  table[PAD] = 0;
  return table;
})();

/**
 * The bytes that are spelled in base64, or null when none are.
 *
 * As forgiving as memcached's own decoder, byte for byte: characters outside the alphabet are
 * skipped, what follows the padding is ignored, an empty result is a failure.
 */
export function fromBase64(spelled: Uint8Array): Uint8Array | null {
  const bytes = new Uint8Array(base64Length(spelled.length));
  let length = 0;
  let group = 0;
  let digits = 0;
  let padding = 0;
  let over = false;
  for (let i = 0; i < spelled.length; i++) {
    const byte = spelled[i]!;
    const value = values[byte]!;
    if (value < 0) continue;
    digits++;
    if (over) continue;
    if (byte === PAD) padding++;
    group = (group << 6) | value;
    if (digits % 4 !== 0) continue;
    bytes[length++] = group >> 16;
    bytes[length++] = group >> 8;
    bytes[length++] = group;
    over = padding > 0;
  }
  if (length === 0 || digits % 4 !== 0 || padding > 2) return null;
  return bytes.subarray(0, length - padding);
}
