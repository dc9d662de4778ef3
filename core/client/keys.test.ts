import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { latin1, utf8 } from '../wire/bytes.ts';
import type { Key } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';
import { type KeyPolicy, Keys } from './keys.ts';

const policy = suite('key policy');

const plain: KeyPolicy = { prefix: '', unicode: false, binary: false };

/** A key on the wire as text, with an asterisk where it goes as base64. */
function wire(options: Partial<KeyPolicy>, key: Key): string {
  const { key: out, base64 } = new Keys({ ...plain, ...options }).toWire(key);
  return `${typeof out === 'string' ? out : latin1(out)}${base64 ? ' *' : ''}`;
}

const bytes = latin1(utf8('é'));

for (
  const [name, options, key, expected] of [
    ['plain text', {}, 'key', 'key'],
    ['plain text with a prefix', { prefix: 'p:' }, 'key', 'p:key'],
    ['bytes with a prefix', { prefix: 'p:' }, utf8('key'), 'p:key'],
    [
      'bytes with a prefix that is not ASCII',
      { prefix: 'é', unicode: true },
      utf8('k'),
      `${bytes}k`,
    ],
    ['text that is not ASCII', { unicode: true }, 'é', bytes],
    ['text that is not ASCII, as binary', { binary: true }, 'é', bytes],
    ['plain text, as binary', { binary: true }, 'key', 'key'],
    ['text with a space, as binary', { binary: true }, 'a b', 'a b *'],
    ['text with a line end, as binary', { binary: true }, 'a\r\n', 'a\r\n *'],
    ['a prefix with a space, as binary', { prefix: 'a ', binary: true }, 'b', 'a b *'],
    ['bytes with a NUL, as binary', { binary: true }, new Uint8Array([97, 0]), 'a\0 *'],
    ['bytes with a NUL, not binary', {}, new Uint8Array([97, 0]), 'a\0'],
  ] as [string, Partial<KeyPolicy>, Key, string][]
) {
  policy(name, () => assert.is(wire(options, key), expected));
}

policy('two keys that UTF-8 would make one are refused', () => {
  for (const key of ['\ud800', 'a\udc00', '\udc00\ud800']) {
    assert.throws(
      () => wire({ unicode: true }, key),
      (error: unknown) => error instanceof UsageError && error.argument === 'key',
    );
  }
  assert.is(wire({ unicode: true }, '🍺').length, 4);
});

for (
  const [name, make] of [
    ['a Uint8Array', () => new Uint8Array([97, 98])],
    ['a Buffer', () => Buffer.from('ab')],
  ] as [string, () => Uint8Array][]
) {
  policy(`${name} is copied: it may change before it is sent`, () => {
    for (const prefix of ['', 'p:']) {
      const key = make();
      const out = new Keys({ ...plain, prefix }).toWire(key).key;
      key.fill(0);
      assert.is(latin1(out as Uint8Array), `${prefix}ab`);
    }
  });
}

policy('a prefix must be a string that can be sent', () => {
  for (
    const prefix of [undefined, null, 5, '\ud800', 'a b', 'a\r\nb', 'x'.repeat(250)] as string[]
  ) {
    assert.throws(
      () => new Keys({ ...plain, prefix }),
      (error: unknown) => error instanceof UsageError && error.argument === 'keyPrefix',
    );
  }
});

policy.run();
