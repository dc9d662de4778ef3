// The law: bytes and text are turned into each other as the standard's encoder does, whatever their
// length, and words are compared whole.
import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import {
  fromLatin1,
  fromUtf8,
  isBytes,
  joined,
  latin1,
  matches,
  spells,
  standardCodec,
  startsWith,
  utf8,
  utf8At,
  utf8Length,
  wordEnd,
} from './bytes.ts';

const bytes = suite('bytes');

// The first and the last character of each length in UTF-8, and halves of characters.
const units = ['\0', '\x7f', '\x80', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff'];
const pairs = ['\ud800\udc00', '\udbff\udfff', '\ud800\udfff', '\udbff\udc00'];
const halves = ['\ud800', '\udbff', '\udc00', '\udfff'];
const characters = [...units, ...pairs, ...halves];

bytes('the length of text in UTF-8 is that of its bytes', () => {
  for (const one of characters) {
    for (const other of characters) {
      for (const text of [one, one + other, `x${one}x${other}`, `${one}${other}x`]) {
        assert.is(utf8Length(text), utf8(text).length, JSON.stringify(text));
      }
    }
  }
  assert.is(utf8Length(''), 0);
});

bytes('text is written where it is wanted, and nothing beside it', () => {
  for (const length of [0, 1, 23, 24, 25, 26, 100]) {
    for (const end of ['', ...characters]) {
      const text = 'x'.repeat(length) + end;
      const target = new Uint8Array(3 * text.length + 4).fill(0x21);
      const written = utf8At(standardCodec, text, target, 2);
      assert.equal(target.slice(2, 2 + written), utf8(text));
      assert.is(latin1(target.slice(0, 2)), '!!');
      assert.ok(target.slice(2 + written).every((byte) => byte === 0x21));
    }
  }
});

bytes('short text of ASCII does not go through the encoder', () => {
  const calls: string[] = [];
  const codec = {
    ...standardCodec,
    write(text: string, target: Uint8Array, at: number): number {
      calls.push(text);
      return standardCodec.write(text, target, at);
    },
  };
  const target = new Uint8Array(100);
  for (const text of ['', '\x7f', 'x'.repeat(24), 'x'.repeat(25), '\x80', 'xé']) {
    utf8At(codec, text, target, 0);
  }
  assert.equal(calls, ['x'.repeat(25), '\x80', 'xé']);
});

bytes('a part of an array is read as text, with the mark that begins it', () => {
  const all = utf8('\ufeffaé\ud83d\ude00');
  assert.is(standardCodec.read(all, 0, all.length), '\ufeffaé\ud83d\ude00');
  assert.is(standardCodec.read(all, 3, 6), 'aé');
  assert.is(standardCodec.read(all, 4, 6), 'é');
  assert.is(fromUtf8(all), '\ufeffaé\ud83d\ude00');
});

bytes('bytes are characters, and back, at any length', () => {
  for (const length of [0, 1, 63, 64, 65, 66, 4095, 4096, 4097, 9000]) {
    const array = Uint8Array.from({ length }, (_, i) => (i * 7) % 256);
    const text = latin1(array);
    assert.is(text.length, length);
    assert.equal(fromLatin1(text), array);
    if (length > 2) assert.equal(fromLatin1(latin1(array, 1, length - 1)), array.slice(1, -1));
  }
});

bytes('a word is compared whole, as text and as bytes', () => {
  const line = fromLatin1('xxSTATxx');
  const rows: readonly (readonly [string, boolean, boolean])[] = [
    // begins with, is
    ['STAT', true, true],
    ['STA', true, false],
    ['', true, false],
    ['STATx', false, false],
    ['xTAT', false, false],
    ['STAx', false, false],
    ['SxAT', false, false],
  ];
  for (const [word, begins, is] of rows) {
    assert.is(startsWith(line, 2, 6, word), begins, word);
    assert.is(spells(line, 2, 6, word), is, word);
    assert.is(matches(line, 2, 6, word), is, word);
    assert.is(matches(line, 2, 6, fromLatin1(word)), is, word);
  }
  assert.is(startsWith(line, 7, 8, 'xx'), false);
  assert.is(wordEnd(fromLatin1('a bc d'), 2, 6), 4);
  assert.is(wordEnd(fromLatin1('a bc'), 2, 4), 4);
});

bytes('two arrays make one', () => {
  assert.equal(joined(fromLatin1('ab'), fromLatin1('cde')), fromLatin1('abcde'));
  assert.equal(joined(fromLatin1(''), fromLatin1('')), new Uint8Array(0));
});

bytes('only what can be read is bytes', () => {
  const transferred = new Uint8Array(0);
  structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
  const proxied = new Proxy(new Uint8Array(1), {});
  const rows: readonly (readonly [unknown, boolean])[] = [
    [new Uint8Array(0), true],
    [new Uint8Array(1), true],
    [fromLatin1('x').subarray(1), true],
    [transferred, false],
    [new Uint16Array(1), false],
    [new DataView(new ArrayBuffer(1)), false],
    [proxied, false],
    [Object.create(Uint8Array.prototype), false],
    ['x', false],
    [null, false],
  ];
  for (const [value, is] of rows) assert.is(isBytes(value), is);
});

bytes.run();
