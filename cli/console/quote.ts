// Quoting of bytes and text for a terminal.
import { fromUtf8, latin1, matches, utf8 } from '../../core/wire/bytes.ts';

/** Characters that a terminal could obey, or that change the order of letters. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text that is safe to show: control characters are escaped. */
export function printable(text: string): string {
  return text.replaceAll(hidden, escape);
}

/** JSON that is safe to show, and means the same. */
export function printableJson(json: string): string {
  return json.replaceAll(
    hidden,
    (character) =>
      character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join(''),
  );
}

/** A value that is safe to show. Its line breaks and tabs stay, and what is no UTF-8 is escaped. */
export function printableValue(bytes: Uint8Array): string {
  const text = toText(bytes) ??
    latin1(bytes).replaceAll(/[\x80-\xff]/g, (byte) => hex(byte.charCodeAt(0)));
  const pieces = text.split(/(\r?\n|\t)/);
  return pieces.map((piece, index) => index % 2 === 0 ? printable(piece) : piece).join('');
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
