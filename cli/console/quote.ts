// Quoting of bytes and text for a terminal.
import { fromUtf8, matches, utf8 } from '../../core/wire/bytes.ts';

/** Characters that a terminal could obey, or that change the order of letters. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text that is safe to show: control characters are escaped. */
export function printable(text: string): string {
  return text.replaceAll(hidden, escape);
}

/** Text in double quotes, which the console can read again. */
export function quote(text: string): string {
  return `"${printable(text.replaceAll(/["\\]/g, '\\$&'))}"`;
}

/**
 * Bytes in double quotes, which the console can read again: as text if they are UTF-8.
 *
 * @param limit How many bytes are shown.
 */
export function quoteBytes(bytes: Uint8Array, limit: number = Infinity): string {
  const shown = bytes.length > limit ? bytes.subarray(0, limit) : bytes;
  const text = toText(shown);
  if (text !== null) return quote(text);
  return `"${
    [...shown].map((byte) =>
      byte < 0x80 ? quote(String.fromCharCode(byte)).slice(1, -1) : hex(byte)
    ).join('')
  }"`;
}

/** The text whose UTF-8 these bytes are, or null. */
export function toText(bytes: Uint8Array): string | null {
  const text = fromUtf8(bytes);
  // The bytes differ only if something was ill-formed.
  return matches(bytes, 0, bytes.length, utf8(text)) ? text : null;
}

const named: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return named.get(character) ?? (code < 0x80 ? hex(code) : `\\u{${code.toString(16)}}`);
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
