import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1 } from './bytes.ts';
import { classOf } from './command-facts.ts';
import type { Command } from './command.ts';
import { isPlainRead, prefixCommand, prefixRead, unprefixReply } from './prefix.ts';
import { encodeCommand } from './encode-command.ts';
import { encodeReply } from './encode-reply.ts';
import { UsageError } from './errors.ts';

const confine = suite('confine: commands and replies of a proxy');
const prefix = fromLatin1('app:');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const get: Command = { verb: 'get', keys: ['a', 'b'] };
const binary: Command = { verb: 'md', key: fromLatin1('\0'), base64: true, flags: [] };

const commands: readonly (readonly [command: Command, line: string])[] = [
  [get, 'get app:a app:b\r\n'],
  [{ verb: 'delete', key: 'a', noreply: true }, 'delete app:a\r\n'],
  [{ verb: 'mg', key: 'a', base64: false, flags: ['v', 'q'] }, 'mg app:a v\r\n'],
  [binary, 'md YXBwOgA= b\r\n'],
];

for (const [command, line] of commands) {
  confine(`${command.verb} goes out as ${JSON.stringify(line)}`, () => {
    assert.is(text(encodeCommand(prefixCommand(command, prefix))), line);
  });
}

confine('an empty prefix changes no key', () => {
  const command: Command = { verb: 'touch', key: 'a', expire: 1, noreply: true };
  assert.is(text(encodeCommand(prefixCommand(command, fromLatin1('')))), 'touch a 1\r\n');
});

confine('a key that is too long with its prefix is refused', () => {
  const command: Command = { verb: 'get', keys: ['k'.repeat(247)] };
  assert.throws(() => prefixCommand(command, prefix), (error: unknown) => {
    return error instanceof UsageError && error.argument === 'key';
  });
});

confine('values come back under the keys that were asked for', () => {
  const item = { key: 'app:a', flags: 0, value: fromLatin1('1'), cas: undefined };
  const reply = unprefixReply({ type: 'values', items: [item] }, get, prefix);
  assert.is(text(encodeReply(reply)), 'VALUE a 0 1\r\n1\r\nEND\r\n');
});

confine('a meta reply names the key as it was asked for', () => {
  const flags = ['kYXBwOgA=', 'b'];
  const reply = unprefixReply({ type: 'HD', flags }, binary, prefix);
  assert.equal(reply, { type: 'HD', flags: ['kAA==', 'b'] });
});

const keys = [
  'a',
  'é',
  'a b',
  '',
  'k'.repeat(247),
  fromLatin1('b'),
  fromLatin1('\0'),
  fromLatin1('\xff'),
];
const flagLists = [
  [],
  ['O1'],
  ['Oé'],
  ['O'],
  ['O a'],
  [`O${'x'.repeat(31)}`],
  [`O${'x'.repeat(32)}`],
  ['q'],
  ['k'],
];

for (const own of ['', 'app:', 'p'.repeat(240)]) {
  confine(
    `a read is plain only where it is the same command with prefix ${own.slice(0, 9)}`,
    () => {
      let plain = 0;
      for (const key of keys) {
        for (const more of flagLists) {
          for (const flags of [['v', 'f', ...more], ['f', 'v', ...more], [...more, 'v', 'f']]) {
            const command: Command = { verb: 'mg', key, base64: false, flags };
            const read = prefixRead(command, own);
            if (read === null) continue;
            plain++;
            const whole = { ...read, flags: [...read.flags, ...more] };
            const general = encodeCommand(prefixCommand(command, fromLatin1(own)));
            assert.is(text(encodeCommand(whole)), text(general));
            assert.is(read.opaque, more[0] ?? null);
            assert.is(isPlainRead(read), true);
            assert.is(isPlainRead(command), false);
          }
        }
      }
      assert.ok(plain >= 4, `${plain} were plain`);
    },
  );
}

confine('what no read can be is left to the check of all commands', () => {
  const read = { verb: 'mg', key: 'a', base64: false, flags: ['v', 'f'] } as const;
  assert.is(prefixRead({ ...read, flags: Object.freeze([...read.flags]) }, 'app:')?.key, 'app:a');
  for (
    const command of [
      { ...read, base64: true },
      { ...read, orText: true },
      { ...read, verb: 'md' },
      { ...read, flags: 'vf' },
      { ...read, flags: ['v', 'f', 1] },
      { ...read, key: 1 },
      { ...read, key: null },
      { verb: 'mn' },
    ]
  ) {
    assert.is(prefixRead(command as unknown as Command, 'app:'), null, JSON.stringify(command));
  }
});

confine('an mg that touches, marks or wins an item is a write', () => {
  const classes = ['v', 'k', 'T30', 'N30', 'R30', 'E9'].map((flag) =>
    classOf({ verb: 'mg', key: 'a', base64: false, flags: ['f', flag] })
  );
  assert.equal(classes, ['read', 'read', 'write', 'write', 'write', 'write']);
  assert.is(classOf({ verb: 'gat', expire: 1, keys: ['a'] }), 'write');
  assert.is(classOf({ verb: 'stats', words: [] }), 'admin');
});

confine.run();
