import { FlagError } from './flags.ts';
import { toText } from './quote.ts';

/**
 * The words of a line of the console: parted by white space; in double quotes with the escapes of
 * JavaScript, where `\xff` is a byte; in single quotes as they are.
 *
 * @throws FlagError where a quote is not closed, or an escape is unknown.
 */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  const token = /\s+|"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']+)/gsuy;
  let bytes: Buffer | null = null;
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
    const more = double === undefined ? Buffer.from(piece ?? '') : unescape(double);
    bytes = bytes === null ? more : Buffer.concat([bytes, more]);
  }
  if (end < line.length) throw new FlagError('a quote is not closed');
  if (bytes !== null) words.push(fromBytes(bytes));
  return words;
}

/** The bytes that a word stands for. */
export function wordBytes(word: string): Uint8Array {
  return /\p{Cs}/u.test(word) ? Buffer.from(word, 'latin1') : Buffer.from(word);
}

// Words are strings, as those of a shell. One whose bytes are no UTF-8 has a lone surrogate for
// each byte that is not ASCII, as Python has it: no other word has any.
function fromBytes(bytes: Buffer): string {
  return toText(bytes) ??
    bytes.toString('latin1').replaceAll(
      /[\x80-\xff]/g,
      (byte) => String.fromCharCode(0xdc00 + byte.charCodeAt(0)),
    );
}

const escapes: ReadonlyMap<string, string> = new Map([
  ...([['n', '\n'], ['r', '\r'], ['t', '\t'], ['0', '\0']] as const),
  ...([['\\', '\\'], ['"', '"'], [`'`, `'`]] as const),
]);

function unescape(text: string): Buffer {
  const pieces: Buffer[] = [];
  const token = /\\x([\da-f]{2})|\\u\{([\da-f]{1,6})\}|\\u([\da-f]{4})|\\(.)|[^\\]+/gisu;
  for (const [piece, byte, point, unit, letter] of text.matchAll(token)) {
    if (byte !== undefined) pieces.push(Buffer.of(Number.parseInt(byte, 16)));
    else if (letter !== undefined) pieces.push(Buffer.from(named(letter)));
    else {
      const code = point ?? unit;
      pieces.push(Buffer.from(code === undefined ? piece : character(code)));
    }
  }
  return Buffer.concat(pieces);
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
