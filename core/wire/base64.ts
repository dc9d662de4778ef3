// Base64, as memcached writes and reads the keys of meta commands.
import { latin1 } from './bytes.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const PAD = 0x3d;
// The six bits that each character stands for, or -1.
const values: Int8Array = /* @__PURE__ */ (() => {
  const table = new Int8Array(256).fill(-1);
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  table[PAD] = 0;
  return table;
})();

/** How many characters the base64 of `length` bytes has. */
export function base64Length(length: number): number {
  return Math.ceil(length / 3) * 4;
}

/** The base64 of `bytes`. */
export function toBase64(bytes: Uint8Array): string {
  const target = new Uint8Array(base64Length(bytes.length));
  putBase64(target, 0, bytes);
  return latin1(target);
}

/** Writes the base64 of `bytes` into `target` at `at`; returns the position after it. */
export function putBase64(target: Uint8Array, at: number, bytes: Uint8Array): number {
  let p = at;
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    target[p++] = alphabet.charCodeAt(group >> 18);
    target[p++] = alphabet.charCodeAt((group >> 12) & 63);
    target[p++] = left > 1 ? alphabet.charCodeAt((group >> 6) & 63) : PAD;
    target[p++] = left > 2 ? alphabet.charCodeAt(group & 63) : PAD;
  }
  return p;
}

/**
 * The bytes that are spelled in base64, or null when none are.
 *
 * As forgiving as memcached's own decoder, byte for byte: characters outside the alphabet are
 * skipped, anything after the padding is ignored, an empty result is a failure.
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
