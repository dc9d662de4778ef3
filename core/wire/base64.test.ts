// The law: what is written is standard base64; what is read is what memcached's own
// decoder makes of it, which forgives more than others.
import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { base64Length, fromBase64, putBase64 } from './base64.ts';
import { fromLatin1, latin1 } from './bytes.ts';

const base64 = suite('base64');

function write(bytes: Uint8Array): string {
  const target = new Uint8Array(base64Length(bytes.length) + 4).fill(0x21);
  const end = putBase64(target, 2, bytes);
  assert.is(latin1(target, 0, 2) + latin1(target, end), '!!!!', 'nothing is written around it');
  return latin1(target, 2, end);
}

function read(text: string): string | null {
  const found = fromBase64(fromLatin1(text));
  return found === null ? null : latin1(found);
}

base64('every byte at every place of a group, and every length', () => {
  for (let length = 0; length <= 9; length++) {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (byte + index * 85) & 255);
      const text = write(bytes);
      assert.is(text, Buffer.from(bytes).toString('base64'));
      assert.is(text.length, base64Length(length));
      assert.is(read(text), length === 0 ? null : latin1(bytes));
    }
  }
});

const readings: readonly (readonly [string, string, string | null])[] = [
  ['nothing', '', null],
  ['the letters of the alphabet that differ', '+/+/', '\xfb\xff\xbf'],
  ['the other alphabet: its letters are no letters here', '-_-_', null],
  ['one letter', 'Y', null],
  ['two letters', 'YQ', null],
  ['three letters', 'YWI', null],
  ['padding of one', 'YWI=', 'ab'],
  ['padding of two', 'YQ==', 'a'],
  ['padding of three', 'Y===', null],
  ['padding alone', '====', null],
  ['bits that the padding cuts off', 'YX==', 'a'],
  ['padding in the middle of a group', 'Y=Q=', '`'],
  ['more after the padding', 'YQ==YWJj', 'a'],
  ['more after a padding of one', 'YWI=YWJj', 'ab'],
  ['padding at the start of a group', '=AAA', '\0\0'],
  ['bytes between the letters', 'Y W\tJ\xffj', 'abc'],
  ['such bytes alone', '!!!!', null],
  ['a byte too many', 'YWJjY', null],
];

for (const [name, text, expected] of readings) {
  base64(`reads ${name}`, () => assert.is(read(text), expected));
}

base64.run();
