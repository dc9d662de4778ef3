import { fromLatin1, latin1 } from './bytes.ts';
import { putAscii } from './output.ts';

// Not in the language itself; every runtime has them.
declare const atob: (base64: string) => string;
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

/**
 * The bytes that a text spells in base64, or null when it spells none.
 *
 * As forgiving as memcached's own decoder, byte for byte: characters outside the alphabet are
 * skipped, what follows the padding is ignored, an empty result is a failure.
 */
export function fromBase64(spelled: string): Uint8Array | null {
  const text = spelled.replace(/[^A-Za-z\d+/=]/g, '');
  if (text === '' || text.length % 4 !== 0) return null;
  const pad = text.indexOf('=');
  if (pad < 0) return fromLatin1(atob(text));
  // Padding ends the text with its group of four, in which it stands for no bits.
  const group = text.slice(0, pad - pad % 4 + 4);
  const padding = group.split('=').length - 1;
  const bytes = fromLatin1(atob(group.replaceAll('=', 'A')));
  return padding > 2 ? null : bytes.subarray(0, bytes.length - padding);
}
