// Invalid arguments of commands.
import { oddBytes } from './odd-bytes.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Invalid keys, with the reason. */
export const badKeys: readonly [string, unknown, RegExp][] = [
  ['empty', '', /not be empty/],
  ['of 251 bytes', 'k'.repeat(251), /at most 250 bytes/],
  ['with a space', 'a b', /space/],
  ['with CR LF and a command', 'a\r\nset b 0 0 1', /CR/],
  ['with LF', 'a\nb', /LF/],
  ['with NUL', 'a\0b', /NUL/],
  ['with a tab', 'a\tb', /control character 0x09/],
  ['with DEL', 'a\x7fb', /control character 0x7f/],
  ['that is not ASCII', 'é', /unicode keys are an option/],
  ['that is a surrogate', '\ud83c', /ASCII/],
  ['of bytes, empty', bytes(), /not be empty/],
  ['of bytes, with a space', bytes(97, 32, 98), /space/],
  ['of bytes, with LF', bytes(10), /LF/],
  ['of bytes, 251 of them', new Uint8Array(251).fill(97), /at most 250 bytes/],
  ['that is a number', 5, /string or a Uint8Array/],
  ['that is undefined', undefined, /string or a Uint8Array/],
  ['that is null', null, /string or a Uint8Array/],
  ['that is an object', { toString: () => 'k' }, /string or a Uint8Array/],
  ['that is an array', ['k'], /string or a Uint8Array/],
  ['of 100 MB', 'k'.repeat(1e8), /at most 250 bytes/],
  ...oddBytes.map(([name, odd]): [string, unknown, RegExp] => [
    `that is ${name}`,
    odd,
    /string or a Uint8Array/,
  ]),
];

/** Invalid unsigned numbers of 32 bits. */
export const badNumbers: readonly [string, unknown][] = [
  ['negative', -1],
  ['a fraction', 1.5],
  ['NaN', NaN],
  ['infinite', Infinity],
  ['past 32 bits', 4294967296],
  ['a string', '1'],
  ['a string with a command', '0 0 1\r\nx\r\nflush_all'],
  ['a bigint', 1n],
  ['undefined', undefined],
  ['null', null],
  ['an array', [1]],
];

/** Invalid seconds. */
export const badSeconds: readonly [string, unknown][] = badNumbers.filter(([name]) =>
  name !== 'negative'
);

/** Invalid unsigned bigints of 64 bits. */
export const badBig: readonly [string, unknown][] = [
  ['negative', -1n],
  ['past 64 bits', 18446744073709551616n],
  ['a number', 1],
  ['a string', '1'],
  ['undefined', undefined],
];
