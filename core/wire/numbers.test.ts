// The law: replies are read strictly, digits alone; requests are read as C's strtol family reads
// them, cut to the width of the field; what is written is what is read.
import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1, latin1 } from './bytes.ts';
import {
  bigDecimal,
  bigDigits,
  digits,
  flagNumber,
  int32,
  putNumber,
  uint32,
  uint64,
  wholeNumber,
  wideDigits,
} from './numbers.ts';

const numbers = suite('numbers');

const read = <T>(reader: (bytes: Uint8Array, from: number, to: number) => T, text: string): T =>
  // With digits around it that are none of its business.
  reader(fromLatin1(`7${text}7`), 1, text.length + 1);

const strict: readonly (readonly [string, number, bigint | null, number])[] = [
  ['0', 0, 0n, 0],
  ['9', 9, 9n, 9],
  ['10', 10, 10n, 10],
  ['007', 7, 7n, 7],
  ['999999999999999', 999999999999999, 999999999999999n, 999999999999999],
  ['1000000000000000', -1, 1000000000000000n, 1000000000000000],
  ['9007199254740993', -1, 9007199254740993n, 9007199254740992],
  ['18446744073709551615', -1, 18446744073709551615n, 2 ** 64],
  ['18446744073709551616', -1, null, -1],
  ['99999999999999999999', -1, null, -1],
  ['000000000000000000001', -1, null, -1],
  ['', -1, null, -1],
  ['-1', -1, null, -1],
  ['+1', -1, null, -1],
  [' 1', -1, null, -1],
  ['1 ', -1, null, -1],
  ['1.5', -1, null, -1],
  ['1e3', -1, null, -1],
  ['0x10', -1, null, -1],
  ['/', -1, null, -1],
  [':', -1, null, -1],
  ['100000000000000000a', -1, null, -1],
  ['1000000000000000/', -1, null, -1],
];

for (const [text, small, big, wide] of strict) {
  numbers(`"${text}" in a reply`, () => {
    assert.is(read(digits, text), small);
    assert.is(read(bigDigits, text), big);
    assert.is(read(wideDigits, text), wide);
  });
}

const texts: readonly (readonly [string, bigint | null, number | bigint | undefined])[] = [
  ['0', 0n, 0],
  ['007', 7n, 7],
  ['-7', null, -7],
  ['9007199254740991', 9007199254740991n, 9007199254740991],
  ['9007199254740992', 9007199254740992n, 9007199254740992n],
  ['-9007199254740992', null, -9007199254740992n],
  ['18446744073709551615', 18446744073709551615n, 18446744073709551615n],
  ['18446744073709551616', null, 18446744073709551616n],
  ['', null, undefined],
  ['-', null, undefined],
  ['+1', null, undefined],
  ['1.5', null, undefined],
  ['1\n', null, undefined],
];

for (const [text, big, whole] of texts) {
  numbers(`${JSON.stringify(text)} as a text`, () => {
    assert.is(bigDecimal(text), big);
    assert.is(wholeNumber(text), whole);
  });
}

const asC: readonly (readonly [string, number | null, number | null, bigint | null])[] = [
  ['0', 0, 0, 0n],
  ['-0', 0, 0, 0n],
  ['+5', 5, 5, 5n],
  [' \t\n\v\f\r5', 5, 5, 5n],
  ['5\tx', 5, 5, 5n],
  ['5\0x', 5, 5, 5n],
  ['5x', null, null, null],
  ['x', null, null, null],
  ['', null, null, null],
  ['-', null, null, null],
  ['+-5', null, null, null],
  ['5.0', null, null, null],
  ['2147483647', 2147483647, 2147483647, 2147483647n],
  ['2147483648', -2147483648, 2147483648, 2147483648n],
  ['4294967295', -1, 4294967295, 4294967295n],
  ['4294967296', 0, 0, 4294967296n],
  ['-1', -1, null, null],
  ['-2147483649', 2147483647, null, null],
  ['9223372036854775807', -1, 4294967295, 9223372036854775807n],
  ['9223372036854775808', null, 0, 9223372036854775808n],
  ['-9223372036854775808', 0, null, null],
  ['-9223372036854775809', null, 4294967295, 9223372036854775807n],
  ['18446744073709551615', null, 4294967295, 18446744073709551615n],
  ['18446744073709551616', null, null, null],
  // Negative, and yet small once it has wrapped: the server looks for the sign too late.
  ['-18446744073709551615', null, 1, 1n],
];

for (const [text, signed, unsigned, wide] of asC) {
  numbers(`${JSON.stringify(text)} in a request`, () => {
    assert.is(int32(text), signed);
    assert.is(uint32(text), unsigned);
    assert.is(uint64(text), wide);
  });
}

numbers('the number behind a letter has at most 20 digits', () => {
  const rows: readonly (readonly [string, number])[] = [
    ['f', NaN],
    ['f0', 0],
    ['f9', 9],
    ['f10', 10],
    ['f18446744073709551615', 2 ** 64],
    ['f000000000000000000001', NaN],
    ['f1:', NaN],
    ['f/1', NaN],
    ['f-1', NaN],
  ];
  for (const [flag, number] of rows) assert.ok(Object.is(flagNumber(flag), number), flag);
});

numbers('what is written is the number, and nothing beside it', () => {
  const edges = [0, 1, 9, 10, 99, 100, 2 ** 31, 2 ** 32 - 1, 10 ** 15 - 1, 10 ** 15];
  for (const value of [...edges, 2 ** 53 - 1, 2 ** 53 - 2, 8999999999999999]) {
    const target = new Uint8Array(20).fill(0x21);
    const end = putNumber(target, 2, value);
    assert.is(latin1(target), `!!${value}`.padEnd(20, '!'));
    assert.is(end, 2 + String(value).length);
  }
});

numbers.run();
