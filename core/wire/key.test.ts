// The law: a key is refused for what is wrong with it, wherever it is checked, and otherwise stands on
// the wire as it is.
import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1, latin1 } from './bytes.ts';
import { encodeCommand, putCommand } from './encode-command.ts';
import type { Command, Key } from './command.ts';
import { UsageError } from './errors.ts';
import {
  checkBase64Key,
  checkBytes,
  checkKey,
  checkMetaKey,
  keyText,
  putBase64Key,
  putKey,
} from './key.ts';
import { drain, Output } from './output.ts';

const keys = suite('keys');

/** Why it is refused; empty if it is not. */
function refusal(run: () => void): string {
  try {
    run();
    return '';
  } catch (error) {
    assert.instance(error, UsageError);
    assert.is((error as UsageError).argument, 'key');
    return (error as UsageError).rule;
  }
}

const type = 'must be a string or a Uint8Array';
const empty = 'must not be empty';
const ascii = 'must be ASCII: unicode keys are an option, or pass bytes';
const long = (length: number): string => `must be at most 250 bytes on the wire, it has ${length}`;
const control = (code: string): string => `must not contain the control character 0x${code}`;

const rows: readonly (readonly [key: unknown, plain: string, base64: string])[] = [
  ['k', '', ''],
  ['!~', '', ''],
  ['x'.repeat(187), '', long(252)],
  ['x'.repeat(186), '', ''],
  ['x'.repeat(250), '', long(336)],
  ['x'.repeat(251), long(251), long(336)],
  ['', empty, empty],
  ['a b', 'must not contain a space', ''],
  ['a\0', 'must not contain NUL', ''],
  ['a\n', 'must not contain LF', ''],
  ['\ra', 'must not contain CR', ''],
  ['a\x01', control('01'), ''],
  ['a\x1f', control('1f'), ''],
  ['a\x7f', control('7f'), ''],
  ['a\x80', ascii, ascii],
  ['\xff', ascii, ascii],
  ['\u20ac', ascii, ascii],
  [fromLatin1('k'), '', ''],
  [fromLatin1('!~\x80\xff'), '', ''],
  [fromLatin1('x'.repeat(250)), '', long(336)],
  [fromLatin1('x'.repeat(251)), long(251), long(336)],
  [fromLatin1(''), empty, empty],
  [fromLatin1('a b'), 'must not contain a space', ''],
  [fromLatin1('\0'), 'must not contain NUL', ''],
  [fromLatin1('\x1f'), control('1f'), ''],
  [fromLatin1('\x7f'), control('7f'), ''],
  [null, type, type],
  [5, type, type],
  [['k'], type, type],
  [Object.create(Uint8Array.prototype), type, type],
];

for (const [given, plain, base64] of rows) {
  const key = given as Key;
  keys(`${JSON.stringify(given)?.slice(0, 40)}: ${plain || 'a key'}, ${base64 || 'a key'}`, () => {
    const target = new Uint8Array(400).fill(0x21);
    assert.is(refusal(() => checkKey(key)), plain);
    assert.is(refusal(() => checkMetaKey(key, false)), plain);
    assert.is(refusal(() => putKey(target, 3, key)), plain);
    if (plain === '') assert.is(latin1(target), `!!!${keyText(key)}`.padEnd(400, '!'));
    assert.is(refusal(() => checkBase64Key(key)), base64);
    assert.is(refusal(() => checkMetaKey(key, true)), base64);
    assert.is(refusal(() => putBase64Key(target, 0, key)), base64);
    if (typeof given !== 'string') {
      const isArray = given instanceof Uint8Array && ArrayBuffer.isView(given);
      assert.is(refusal(() => checkBytes(key as Uint8Array)), isArray ? '' : type);
    }
  });
}

/** The argument that an error of a command names that was not checked, and what was written. */
function put(command: Command): string {
  const output = new Output();
  try {
    putCommand(output, command, 1);
  } catch (error) {
    assert.instance(error, UsageError);
    assert.match((error as UsageError).rule, /changed between being checked and being sent|must/);
    assert.is(output.length, 0);
    return (error as UsageError).argument;
  }
  return latin1(drain(output));
}

const mg = { verb: 'mg', key: 'k', base64: false } as const;
const set = { verb: 'set', key: 'k', flags: 0, expire: 0, value: 'v', noreply: false } as const;

keys('a command that was changed after its check is refused for what has changed', () => {
  assert.is(put({ ...mg, flags: ['L!~'] }), 'mg k L!~ O1\r\n');
  assert.is(put({ ...mg, flags: ['La b'] }), 'flags');
  assert.is(put({ ...mg, flags: ['La\x1f'] }), 'flags');
  assert.is(put({ ...mg, flags: ['La\x7f'] }), 'flags');
  assert.is(put({ ...mg, flags: ['Laé'] }), 'flags');
  assert.is(put({ ...mg, flags: [5 as never] }), 'command');
  assert.is(put({ ...mg, key: 'a b', flags: [] }), 'key');
  assert.is(put({ verb: 'get', keys: [] }), 'keys');
  assert.is(put({ verb: 'get', keys: ['a b'] }), 'key');
  assert.is(put({ verb: 'gat', expire: 0.5, keys: ['a'] }), 'expire');
  assert.is(put({ ...set, flags: -1 }), 'flags');
  assert.is(put({ ...set, expire: 2 ** 31 }), 'expire');
  assert.is(put({ ...set, value: 5 as never }), 'value');
  assert.is(put({ verb: 'raw', line: 'a\nb', value: null, reply: 'line' }), 'line');
  assert.is(put({ ...set, verb: 'cas', cas: -1n }), 'cas');
});

keys('a line is as long as servers take it, and no longer', () => {
  const line = (length: number): Command => {
    const first = 'mg k L O1\r\n'.length;
    return { ...mg, flags: [`L${'x'.repeat(length - first)}`] };
  };
  assert.is(put(line(2048)).length, 2048);
  assert.is(put(line(2049)), 'command');
  const many = Array.from({ length: 300 }, () => 'key');
  const lying = Object.assign([...many], { 5: { length: 0, charCodeAt: () => 0x61 } });
  assert.is(put({ verb: 'get', keys: lying }), 'key');
});

keys('seconds are written as they are', () => {
  for (const expire of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.is(latin1(encodeCommand({ ...set, expire })), `set k 0 ${expire} 1\r\nv\r\n`);
    assert.is(latin1(encodeCommand({ verb: 'gat', expire, keys: ['k'] })), `gat ${expire} k\r\n`);
  }
});

keys('a value of text is its bytes, at any length, beside another', () => {
  for (const character of ['x', 'é', '€', '\ud83d\ude00']) {
    for (const length of [0, 1, 31, 32, 33, 34, 85, 86, 10_922, 10_923, 20_000, 33_000]) {
      const text = character.repeat(length);
      const other = `${character.repeat(length)}!`;
      const output = new Output();
      let expected = '';
      for (const value of [text, other]) {
        putCommand(output, { ...set, value }, -1);
        const bytes = new TextEncoder().encode(value);
        expected += `set k 0 0 ${bytes.length}\r\n${latin1(bytes)}\r\n`;
      }
      assert.ok(latin1(drain(output)) === expected, `${length} of ${character}`);
    }
  }
});

keys.run();
