const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const PAD = 0x3d;
const NONE = 0xff;
const values = /* @__PURE__ */ (() => {
  const table = new Uint8Array(256).fill(NONE);
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  return table;
})();

/** How many characters the base64 of `length` bytes has. */
export function base64Length(length: number): number {
  return Math.ceil(length / 3) * 4;
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
 * The bytes that `source[from, to)` spells in base64, or null when it spells none.
 *
 * As forgiving as memcached's own decoder, byte for byte: characters outside the alphabet are
 * skipped, what follows the padding is ignored, an empty result is a failure.
 */
export function fromBase64(source: Uint8Array, from: number, to: number): Uint8Array | null {
  let counted = 0;
  for (let i = from; i < to; i++) {
    if (source[i] === PAD || values[source[i]!] !== NONE) counted++;
  }
  if (counted === 0 || counted % 4 !== 0) return null;
  const target = new Uint8Array((counted / 4) * 3);
  let length = 0;
  let group = 0;
  let digits = 0;
  let padding = 0;
  for (let i = from; i < to; i++) {
    const byte = source[i]!;
    const value = values[byte]!;
    if (byte === PAD) padding++;
    else if (value === NONE) continue;
    group = (group << 6) | (byte === PAD ? 0 : value);
    if (++digits < 4) continue;
    target[length++] = (group >> 16) & 255;
    target[length++] = (group >> 8) & 255;
    target[length++] = group & 255;
    group = 0;
    digits = 0;
    if (padding > 2) return null;
    if (padding > 0) {
      length -= padding;
      break;
    }
  }
  return length === 0 ? null : target.subarray(0, length);
}
