import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1 } from './bytes.ts';
import { classOf } from './command-facts.ts';
import type { Command } from './command.ts';
import {
  isPlainRead,
  type PlainRead,
  prefixCommand,
  prefixRead,
  unprefixReply,
  withOpaque,
} from './prefix.ts';
import type { Reply, ValueItem } from './reply.ts';
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

/** Why it is left to the check of all commands, or its line. */
function plainRead(
  key: string | Uint8Array,
  flags: readonly string[],
  own = 'app:',
): string | null {
  const read = prefixRead({ verb: 'mg', key, base64: false, flags }, own);
  return read === null ? null : `${read.key as string} ${read.opaque ?? '-'}`;
}

confine('a read is plain to the last byte of its key and its opaque', () => {
  const long = 'k'.repeat(246);
  const opaque = `O${'x'.repeat(31)}`;
  assert.is(plainRead('!~', ['v', 'f']), 'app:!~ -');
  assert.is(plainRead(fromLatin1('!~'), ['v', 'f']), 'app:!~ -');
  assert.is(plainRead(long, ['v', 'f', opaque]), `app:${long} ${opaque}`);
  assert.is(plainRead('', ['v', 'f']), 'app: -');
  assert.is(plainRead('abcd', ['v', 'f']), 'app:abcd -');
  assert.is(plainRead('', ['v', 'f'], ''), null);
  for (const key of [`${long}k`, 'a b', 'a\x1f', 'a\x7f', 'a\x80']) {
    assert.is(plainRead(key, ['v', 'f']), null);
    assert.is(plainRead(fromLatin1(key), ['v', 'f']), null);
  }
  const lists = [
    ['v'],
    ['f', 'v'],
    ['v', 'v'],
    ['f', 'f'],
    ['v', 'f', 'O'],
    ['v', 'f', `${opaque}x`],
    ['v', 'f', 'Oa b'],
    ['v', 'f', 'k'],
    ['v', 'f', 'xO1'],
    ['v', 'f', 'O1', 'k'],
    ['v', 'f', 'O1', 'O2'],
  ];
  for (const flags of lists) assert.is(plainRead('k', flags), null, flags.join(' '));
});

confine('the reply to a plain read has the opaque where the client put it', () => {
  const read = (opaque: string | null): PlainRead => {
    const flags = opaque === null ? ['v', 'f'] : ['v', 'f', opaque];
    return prefixRead({ verb: 'mg', key: 'a', base64: false, flags }, 'app:')!;
  };
  const value = { type: 'VA', flags: ['f5', 'W'], value: fromLatin1('v') } as const;
  assert.equal(withOpaque(value, read('O1')), { ...value, flags: ['f5', 'O1', 'W'] });
  assert.equal(withOpaque({ type: 'EN', flags: [] }, read('O1')), { type: 'EN', flags: ['O1'] });
  assert.equal(withOpaque({ type: 'EN', flags: ['W'] }, read('O1')), {
    type: 'EN',
    flags: ['O1', 'W'],
  });
  assert.is(withOpaque(value, read(null)), value);
  const error = { type: 'SERVER_ERROR', message: 'busy' } as const;
  assert.is(withOpaque(error, read('O1')), error);
});

confine('only what is quiet is changed, and only its flag for that', () => {
  const set = { verb: 'set', key: 'a', flags: 5, expire: 0, value: 'v', noreply: false } as const;
  const mg = { verb: 'mg', key: 'a', base64: false, flags: ['v', 'Oq'] } as const;
  const none = fromLatin1('');
  assert.is(prefixCommand(set, none).verb, 'set');
  assert.equal(prefixCommand(set, none), set);
  assert.equal(prefixCommand({ ...set, noreply: true }, none), set);
  assert.equal(prefixCommand(mg, none), mg);
  assert.is((prefixCommand(mg, none) as typeof mg).flags, mg.flags);
  assert.equal(prefixCommand({ ...mg, flags: ['q', 'v', 'Oq'] }, none), mg);
  assert.equal(prefixCommand({ verb: 'me', key: 'a', base64: false }, none).verb, 'me');
});

confine('each value comes back under its own key, in any order', () => {
  const own: readonly (string | Uint8Array)[] = ['a', 'b', fromLatin1('c'), 'a'];
  const item = (key: string): ValueItem => ({
    key,
    flags: 0,
    value: fromLatin1(key),
    cas: undefined,
  });
  const released = (...keys: string[]): unknown[] => {
    const reply: Reply = { type: 'values', items: keys.map((key) => item(`app:${key}`)) };
    const found = unprefixReply(reply, { verb: 'get', keys: own }, prefix);
    return found.type === 'values' ? found.items.map(({ key }) => key) : [];
  };
  assert.equal(released('a', 'b', 'c', 'a'), ['a', 'b', fromLatin1('c'), 'a']);
  // The very key that was asked for, bytes or text, and each once.
  const twice = { verb: 'get', keys: ['a', fromLatin1('a')] } as const;
  const both = unprefixReply(
    { type: 'values', items: [item('app:a'), item('app:a')] },
    twice,
    prefix,
  );
  assert.equal(both.type === 'values' && both.items.map(({ key }) => key), twice.keys);
  assert.is(released('c')[0], own[2]);
  assert.equal(released('b', 'c'), ['b', fromLatin1('c')]);
  assert.equal(released('b', 'a'), ['b', 'a']);
  assert.equal(released('c', 'b'), [fromLatin1('c'), 'b']);
  assert.equal(released('x'), ['x']);
  const bare = unprefixReply({ type: 'values', items: [item('app:a')] }, { verb: 'mn' }, prefix);
  assert.equal(bare.type === 'values' && bare.items[0]?.key, 'a');
});

confine('a meta reply is changed only where it names the key', () => {
  const mg = { verb: 'mg', key: 'a', base64: false, flags: ['k', 'v'] } as const;
  const reply: Reply = { type: 'HD', flags: ['f1', 'kapp:a', 's1'] };
  assert.equal(unprefixReply(reply, mg, prefix), { type: 'HD', flags: ['f1', 'ka', 's1'] });
  for (const other of [{ type: 'HD', flags: ['f1'] }, { type: 'HD', flags: [] }, { type: 'MN' }]) {
    assert.is(unprefixReply(other as Reply, mg, prefix), other);
  }
  assert.is(unprefixReply(reply, { verb: 'mn' }, prefix), reply);
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
