import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { FlagError } from './flags.ts';
import { quoteBytes } from './quote.ts';
import { splitLine, wordBytes } from './split-line.ts';

const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261121);
const lines = suite('memwire console: words of a line');

lines('what is quoted reads back as the bytes that it was, all printable', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = quoteBytes(bytes);
      assert.not.match(text, /[\p{Cc}\p{Cf}\p{Cs}]/u);
      const words = splitLine(text);
      assert.is(words.length, 1);
      assert.equal(Buffer.from(wordBytes(words[0] ?? '')), Buffer.from(bytes));
    }),
    { seed },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(splitLine(quoteBytes(Buffer.from(text))), [text]);
    }),
    { seed },
  );
});

const split: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['', []],
  ['  get\ta  ', ['get', 'a']],
  [`set a "b c" 'd "e"'`, ['set', 'a', 'b c', 'd "e"']],
  [`set a "" ''`, ['set', 'a', '', '']],
  [`a"b"'c'd`, ['abcd']],
  [String.raw`"\n\r\t\0\\\"\'\x41\u00e9\u{1f600}"`, ['\n\r\t\0\\"\'Aé😀']],
  [String.raw`'\n' \n`, ['\\n', '\\n']],
];

for (const [line, words] of split) {
  lines(`${JSON.stringify(line)} is ${words.length} words`, () => {
    assert.equal(splitLine(line), words);
  });
}

for (
  const line of [
    '"',
    `a 'b`,
    '"a\\"',
    String.raw`"\q"`,
    String.raw`"\xg0"`,
    String.raw`"\u{110000}"`,
  ]
) {
  lines(`${line} is refused`, () => {
    assert.throws(() => splitLine(line), (error: unknown) => error instanceof FlagError);
  });
}

lines.run();
