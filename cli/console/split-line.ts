// Splits a line of the console into words.
import { fromLatin1, latin1, utf8 } from '../../core/wire/bytes.ts';
import { FlagError } from './flags.ts';
import { toText } from './quote.ts';

/**
 * The words of a line of the console, separated by white space. Double quotes allow the escapes of
 * JavaScript, where `\xff` is a byte; single quotes take everything literally.
 *
 * @throws FlagError when a quote is not closed, or an escape is unknown.
 */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  const token = /\s+|"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']+)/gsuy;
  // One character for each byte.
  let bytes: string | null = null;
  let end = 0;
  for (const found of line.matchAll(token)) {
    end = found.index + found[0].length;
    const [, double, single, plain] = found;
    const piece = double === undefined ? single ?? plain : undefined;
    if (double === undefined && piece === undefined) {
      if (bytes !== null) words.push(fromBytes(bytes));
      bytes = null;
      continue;
    }
    bytes = (bytes ?? '') + (double === undefined ? latin1(utf8(piece ?? '')) : unescape(double));
  }
  if (end < line.length) throw new FlagError('a quote is not closed');
  if (bytes !== null) words.push(fromBytes(bytes));
  return words;
}

/** The bytes of a word. */
export function wordBytes(word: string): Uint8Array {
  return /\p{Cs}/u.test(word) ? fromLatin1(word) : utf8(word);
}

// Words are strings, as in a shell. If the bytes of a word are not UTF-8, each non-ASCII byte
// becomes a lone surrogate, as in Python's surrogateescape: no other word has any.
function fromBytes(bytes: string): string {
  return toText(fromLatin1(bytes)) ??
    bytes.replaceAll(
      /[\x80-\xff]/g,
      (byte) => String.fromCharCode(0xdc00 + byte.charCodeAt(0)),
    );
}

const escapes: ReadonlyMap<string, string> = new Map([
  ...([['n', '\n'], ['r', '\r'], ['t', '\t'], ['0', '\0']] as const),
  ...([['\\', '\\'], ['"', '"'], [`'`, `'`]] as const),
]);

function unescape(text: string): string {
  let bytes = '';
  const token = /\\x([\da-f]{2})|\\u\{([\da-f]{1,6})\}|\\u([\da-f]{4})|\\(.)|[^\\]+/gisu;
  for (const [piece, byte, point, unit, letter] of text.matchAll(token)) {
    if (byte !== undefined) bytes += String.fromCharCode(Number.parseInt(byte, 16));
    else if (letter !== undefined) bytes += named(letter);
    else {
      const code = point ?? unit;
      bytes += latin1(utf8(code === undefined ? piece : character(code)));
    }
  }
  return bytes;
}

function named(letter: string): string {
  const found = escapes.get(letter);
  if (found === undefined) throw new FlagError(`there is no escape \\${letter}`);
  return found;
}

function character(code: string): string {
  const point = Number.parseInt(code, 16);
  if (point > 0x10ffff) throw new FlagError(`there is no character \\u{${code}}`);
  return String.fromCodePoint(point);
}
