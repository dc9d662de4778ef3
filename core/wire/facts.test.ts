// The law: the small tables and checks of the protocol are as the docs state them, at their edges too.
import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1, latin1, standardCodec } from './bytes.ts';
import { checkEntry, checkKnown, checkMilliseconds, checkObject, checkU64 } from './check.ts';
import { clientConnectionOptions } from './client-connection-options.ts';
import { readClusterConfig } from './cluster-config.ts';
import { isIdempotent, isQuiet } from './command-facts.ts';
import type { Command } from './command.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { isGranted, sameText } from './credentials.ts';
import { encodeCommand } from './encode-command.ts';
import {
  ConnectionError,
  ProtocolError,
  SerdeError,
  ServerReplyError,
  UsageError,
} from './errors.ts';
import { type FlagArgument, isMeta, metaFlags } from './meta-flags.ts';
import { checkOpaque, LAST_OPAQUE } from './opaque.ts';
import type { Reply } from './reply.ts';
import { toText } from './to-text.ts';
import { rowOf, verbs } from './verbs.ts';
import { overloaded, withoutStack } from './without-stack.ts';

const facts = suite('facts');

const mg = { verb: 'mg', key: 'k', base64: false } as const;

/** The rule that a check names; empty where it passes. */
function rule(run: () => unknown): string {
  try {
    run();
    return '';
  } catch (error) {
    assert.instance(error, UsageError);
    return (error as UsageError).rule;
  }
}

facts('the defaults of a client’s connection are those that its options state', () => {
  assert.equal(clientConnectionOptions, {
    serverName: 'the server',
    maxPending: 262144,
    maxPendingBytes: 268435456,
    stallAfter: 2000,
    dialect: 'auto',
    closesAtProbe: false,
    fence: undefined,
    fenceEvery: 256,
    textCodec: standardCodec,
  });
  assert.is(LAST_OPAQUE, 1_000_000);
});

/** What a flag may have behind its letter, and what not, by the kind of its argument. */
const samples: Readonly<Record<FlagArgument, readonly [good: string[], bad: string[]]>> = {
  none: [[''], ['1', 'x']],
  seconds: [['0', '-1', '2147483647', '-2147483648'], [
    '',
    'x',
    '2147483648',
    '-2147483649',
    '1.5',
  ]],
  u32: [['0', '4294967295'], ['', '-1', '4294967296', 'x', '000000000000000000001']],
  u64: [['0', '18446744073709551615'], ['', '-1', '18446744073709551616', 'x']],
  mode: [['S'], ['', 'SS', 'é', ' ']],
  opaque: [['1', '~', 'x'.repeat(31)], ['', 'x'.repeat(32), 'a b', 'é']],
  free: [['', 'anything', '!~'], ['a b', 'é']],
};

const flagTable: Readonly<Record<string, FlagArgument>> = {
  ...Object.fromEntries([...'cfhklqstuvxI'].map((letter) => [letter, 'none'])),
  ...Object.fromEntries([...'CDEJ'].map((letter) => [letter, 'u64'])),
  ...Object.fromEntries([...'LP'].map((letter) => [letter, 'free'])),
  ...Object.fromEntries([...'NRT'].map((letter) => [letter, 'seconds'])),
  F: 'u32',
  M: 'mode',
  O: 'opaque',
};

facts('each meta flag takes what it is documented to take', () => {
  assert.equal([...metaFlags.keys()].sort(), [...Object.keys(flagTable), 'b'].sort());
  for (const [letter, argument] of Object.entries(flagTable)) {
    const [good, bad] = samples[argument];
    const send = (text: string): string =>
      rule(() => encodeCommand({ ...mg, flags: [letter + text] }));
    for (const text of good) assert.is(send(text), '', letter + text);
    for (const text of bad) assert.match(send(text), `${letter} takes `, letter + text);
  }
  assert.match(rule(() => encodeCommand({ ...mg, flags: ['b'] })), /must not hold b: set base64/);
  assert.match(
    rule(() => encodeCommand({ ...mg, flags: ['z'] })),
    /must be known meta flags, not "z"/,
  );
  assert.match(
    rule(() => encodeCommand({ ...mg, flags: [''] })),
    /must be known meta flags, not ""/,
  );
});

facts('a meta line has so many words, and so many bytes', () => {
  const letters = [...'cfhklqstuvxI', ...['C1', 'D1', 'E1', 'F1', 'J1', 'L', 'P']];
  const words = (command: Command): string => rule(() => encodeCommand(command));
  // Of 19 words two are verb and key, and one the opaque that the connection adds.
  assert.is(words({ ...mg, flags: letters.slice(0, 16) }), '');
  assert.match(words({ ...mg, flags: letters.slice(0, 17) }), /servers take 19 words/);
  assert.is(words({ ...mg, flags: ['O1', ...letters.slice(0, 16)] }), '');
  assert.match(words({ ...mg, flags: ['O1', ...letters.slice(0, 17)] }), /servers take 19 words/);
  assert.is(words({ ...mg, base64: true, flags: letters.slice(0, 15) }), '');
  assert.match(words({ ...mg, base64: true, flags: letters.slice(0, 16) }), /servers take 19/);
  const ms = { ...mg, verb: 'ms', value: '' } as const;
  assert.is(words({ ...ms, flags: letters.slice(0, 15) }), '');
  assert.match(words({ ...ms, flags: letters.slice(0, 16) }), /servers take 19 words/);
  const frame = 'ms  1073741824 b O1000000\r\n'.length;
  for (const key of ['k', 'k'.repeat(250)]) {
    const spelled = Math.ceil(key.length / 3) * 4;
    const long = 2048 - frame - spelled - ' L'.length;
    assert.is(words({ ...mg, key, flags: [`L${'x'.repeat(long)}`] }), '');
    assert.match(words({ ...mg, key, flags: [`L${'x'.repeat(long + 1)}`] }), /line of 2048 bytes/);
  }
});

facts('a line of keys or words fits what servers read', () => {
  const keys = (
    length: number,
  ): string[] => [
    ...Array.from({ length: 8 }, () => 'k'.repeat(249)),
    'k'.repeat(length - 8 * 250 - 1),
  ];
  const room = 2048 - 'gats -2147483648\r\n'.length;
  const gat = (length: number): Command => ({ verb: 'gat', expire: 0, keys: keys(length) });
  assert.is(rule(() => encodeCommand(gat(room))), '');
  assert.match(rule(() => encodeCommand(gat(room + 1))), /must fit a line of 2048 bytes/);
  const raw = { verb: 'raw', value: null } as const;
  for (const reply of ['line', 'lines', 'values', 'stats', 'none'] as const) {
    assert.is(rule(() => encodeCommand({ ...raw, line: 'x'.repeat(2046), reply })), '');
  }
  const long = { ...raw, line: 'x'.repeat(2047), reply: 'line' } as const;
  assert.match(rule(() => encodeCommand(long)), /must be at most 2046 bytes/);
  const stats = (length: number): Command => ({ verb: 'stats', words: ['x'.repeat(length)] });
  assert.is(rule(() => encodeCommand(stats(2048 - 'stats \r\n'.length))), '');
  assert.match(rule(() => encodeCommand(stats(2049 - 'stats \r\n'.length))), /must fit a line/);
});

facts('messages quote what they are about, shortened', () => {
  const refusal = (verb: unknown): string => rule(() => encodeCommand({ verb } as Command));
  assert.match(refusal('x'.repeat(40)), new RegExp(`not "x{40}"$`));
  assert.match(refusal('x'.repeat(41)), new RegExp(`not "x{40}…"$`));
  assert.match(refusal(5), /not a number$/);
  assert.match(refusal(undefined), /not a undefined$/);
  const word = (text: string): string =>
    rule(() => encodeCommand({ verb: 'stats', words: [text] }));
  assert.is(word('!~'), '');
  for (const text of [' ', '\x1f', '\x7f', '\x80', '']) assert.match(word(text), /printable ASCII/);
  const dump = { verb: 'lru_crawler', words: ['metadump', 'all'] } as const;
  assert.match(rule(() => encodeCommand(dump)), /lru_crawler metadump is a verb/);
  const none = { verb: 'lru', words: [] } as const;
  assert.match(rule(() => encodeCommand(none)), /of lru must not be empty/);
});

facts('options are objects, entries of tables, and times', () => {
  for (const value of [null, [], 5, 'x', undefined]) {
    assert.match(rule(() => checkObject('o', value)), /must be an object/);
  }
  assert.is(rule(() => checkObject('o', {})), '');
  assert.is(checkEntry('o', { a: 1 }, 'a'), 1);
  assert.match(
    rule(() => checkEntry<string, number>('o', { a: 1, b: 2 }, 'c')),
    /must be one of a, b/,
  );
  for (const time of [0.5, 1, 2 ** 31 - 1]) assert.is(rule(() => checkMilliseconds('t', time)), '');
  for (const time of [0, -1, 2 ** 31, NaN, '5' as never]) {
    assert.match(rule(() => checkMilliseconds('t', time)), /milliseconds, more than 0/);
  }
  assert.is(rule(() => checkMilliseconds('t', 100, 100)), '');
  assert.is(rule(() => checkMilliseconds('t', Infinity, Infinity)), '');
  assert.match(rule(() => checkMilliseconds('t', 101, 100)), /milliseconds/);
  assert.match(rule(() => checkU64('n', 2 ** 53)), /must be a bigint from 0/);
  assert.match(rule(() => checkU64('n', 2 ** 53 - 1, 'number')), /must be a number from 0/);
  assert.match(rule(() => checkU64('n', `${2 ** 53}`, 'number')), /must be a number from 0/);
  assert.match(rule(() => checkU64('n', 2n ** 64n)), /must be a bigint from 0/);
  assert.is(checkU64('n', 2n ** 64n - 1n), 2n ** 64n - 1n);
});

/** Names in other clients, and ours. */
const synonyms: readonly (readonly [theirs: string, ours: string])[] = [
  ...['ttl', 'ex', 'exptime', 'duration'].map((name) => [name, 'expire'] as const),
  ...['request_timeout', 'deadline'].map((name) => [name, 'timeout'] as const),
  ['dialTimeout', 'connectTimeout'],
  ['abortSignal', 'signal'],
  ['default_noreply', 'noreply'],
  ['failSilently', 'ignoreErrors'],
  ['namespace', 'keyPrefix'],
  ['allow_unicode_keys', 'unicodeKeys'],
  ['serializer', 'serde'],
  ['ssl', 'tls'],
  ['password', 'auth'],
  ['tcp-no-delay', 'noDelay'],
  ['socketKeepAlive', 'keepAlive'],
  ['connect', 'dial'],
  ['hashing', 'scheme'],
  ['maxConnections', 'maxPoolSize'],
  ['poolIdleTimeout', 'idleTimeout'],
  ['max_retries', 'attempts'],
  ['backoff', 'delay'],
  ['minCompressLen', 'threshold'],
  ['compressor', 'codec'],
  ['item_size_max', 'maxValue'],
  ['cafile', 'ca'],
  ['hostname', 'host'],
];

facts('an option of another client is refused with the name that it has here', () => {
  const known = new Set(synonyms.map(([, ours]) => ours));
  for (const [theirs, ours] of synonyms) {
    const why = rule(() => checkKnown('options', { [theirs]: 1 }, known));
    assert.is(why, `is no option; did you mean ${ours}?`);
  }
});

facts('a typing error is known by its distance: one letter in three, two at most', () => {
  const known = new Set(['abc', 'abcdef', 'zyxwvutsr']);
  const rows: readonly (readonly [string, string | null])[] = [
    ['abd', 'abc'],
    ['ab', null],
    ['bc', null],
    ['add', null],
    ['abcd', 'abc'],
    ['abcdeg', 'abcdef'],
    ['abcdgg', 'abcdef'],
    ['abcggg', null],
    ['bcdef', 'abcdef'],
    ['abcdefg', 'abcdef'],
    ['abxcdef', 'abcdef'],
    ['zyxwvuts', 'zyxwvutsr'],
    ['zyxwvut', 'zyxwvutsr'],
    ['zyxwvu', null],
    ['zyxwvutsrqp', 'zyxwvutsr'],
    ['zyxwvutsrqpo', null],
  ];
  for (const [name, likely] of rows) {
    const why = rule(() => checkKnown('options', { [name]: 1 }, known));
    const hint = likely === null
      ? '; there are abc, abcdef, zyxwvutsr'
      : `; did you mean ${likely}?`;
    assert.is(why, `is no option${hint}`, name);
  }
  const near = new Set(['option-bb', 'option-a', 'option-ab']);
  assert.match(rule(() => checkKnown('o', { 'option-ac': 1 }, near)), /mean option-a\?/);
  const names = (count: number): Set<string> =>
    new Set(Array.from({ length: count }, (_, i) => `name number ${i}`));
  assert.match(rule(() => checkKnown('o', { zzz: 1 }, names(12))), /is no option; there are name/);
  assert.is(rule(() => checkKnown('o', { zzz: 1 }, names(13))), 'is no option');
});

facts('a login is granted to a name with its own password', () => {
  const users = new Map([['ann', 'secret'], ['bob', 'hidden']]);
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['ann', 'secret', true],
    ['bob', 'hidden', true],
    ['ann', 'hidden', false],
    ['bob', 'secret', false],
    ['ann', 'secre', false],
    ['ann', 'secretx', false],
    ['ann', 'xecret', false],
    ['ann', '', false],
    ['an', 'secret', false],
    ['', '', false],
  ];
  for (const [name, password, granted] of rows) {
    assert.is(isGranted(users, name, password), granted);
  }
  assert.is(isGranted(new Map(), '', ''), false);
  assert.ok(sameText('', ''));
  assert.not(sameText('ab', 'a'));
  assert.not(sameText('a', 'ab'));
  assert.not(sameText('aa', 'a`'));
});

facts('ports of a cluster are from 1 to 65535, and an error shows what came', () => {
  const nodes = (text: string): number[] =>
    readClusterConfig(fromLatin1(text)).nodes.map(({ port }) => port);
  assert.equal(nodes('1\na||1 b||65535\n'), [1, 65535]);
  for (const length of [100, 101]) {
    try {
      readClusterConfig(fromLatin1('x'.repeat(length)));
      assert.unreachable();
    } catch (error) {
      assert.instance(error, ProtocolError);
      const shown = length === 100 ? `"${'x'.repeat(100)}"` : `"${'x'.repeat(100)}…"`;
      assert.ok((error as Error).message.endsWith(shown));
    }
  }
});

facts('which commands ask for no reply', () => {
  const raw = { verb: 'raw', line: 'x', value: null } as const;
  const set = { verb: 'set', key: 'k', flags: 0, expire: 0, value: 'v' } as const;
  const rows: readonly (readonly [Command, boolean])[] = [
    [{ ...raw, reply: 'none' }, true],
    [{ ...raw, reply: 'line' }, false],
    [{ verb: 'version' }, false],
    [{ verb: 'get', keys: ['k'] }, false],
    [{ ...set, noreply: true }, true],
    [{ ...set, noreply: false }, false],
    [{ ...mg, flags: ['v', 'q'] }, true],
    [{ ...mg, flags: ['v'] }, false],
    [mg as never, false],
    [{ ...mg, flags: 'q' as never }, false],
  ];
  for (const [command, quiet] of rows) assert.is(isQuiet(command), quiet);
});

facts('what may be done twice beside items', () => {
  const rows: readonly (readonly [Command, boolean])[] = [
    [{ verb: 'flush_all', delay: 0, noreply: false }, true],
    [{ verb: 'cache_memlimit', megabytes: 64, noreply: false }, true],
    [{ verb: 'refresh_certs' }, true],
    [{ verb: 'auth', username: 'u', password: 'p' }, true],
    [{ verb: 'shutdown', graceful: false }, false],
    [{ verb: 'verbosity', level: 1, noreply: false }, false],
    [{ verb: 'raw', line: 'x', value: null, reply: 'line' }, false],
  ];
  for (const [command, twice] of rows) assert.is(isIdempotent(command), twice, command.verb);
});

facts('a row belongs to a verb, and to nothing else', () => {
  assert.is(rowOf('get'), verbs.get);
  for (const verb of ['toString', '', null, undefined, 5, ['get'], {}]) {
    assert.is(rowOf(verb), undefined);
  }
});

facts('only meta replies have flags', () => {
  const rows: readonly (readonly [Reply, boolean])[] = [
    [{ type: 'HD', flags: [] }, true],
    [{ type: 'MN' }, false],
    [{ type: 'CONFIG', name: 'cluster', flags: 0, value: new Uint8Array(0) }, false],
  ];
  for (const [reply, meta] of rows) assert.is(isMeta(reply), meta);
});

facts('a reply has the opaque of its command, and no other', () => {
  const command = { ...mg, flags: ['Omine'] };
  const reply: Reply = { type: 'HD', flags: ['f0'] };
  const found = (opaque: number) => ({ opaque, opaqueIndex: 1 });
  assert.equal(checkOpaque(7, command, reply, found(7)), { type: 'HD', flags: ['f0', 'Omine'] });
  assert.equal(checkOpaque(0, command, reply, found(0)), { type: 'HD', flags: ['f0', 'Omine'] });
  assert.is(checkOpaque(-1, command, reply, found(5)), reply);
  for (const [sent, came] of [[7, 8], [0, -1], [0, 1], [7, -1]] as const) {
    assert.throws(
      () => checkOpaque(sent, command, reply, found(came)),
      /opaque of another command/,
    );
  }
});

facts('the classic command for a meta command', () => {
  const ms = { ...mg, verb: 'ms', value: 'v' } as const;
  const line = (command: Parameters<typeof toText>[0]): string =>
    latin1(encodeCommand(toText(command))).split('\r\n')[0] ?? '';
  const rows: readonly (readonly [Parameters<typeof toText>[0], string])[] = [
    [{ ...ms, flags: [] }, 'set k 0 0 1'],
    [{ ...ms, flags: ['F5', 'T9', 'MS'] }, 'set k 5 9 1'],
    [{ ...ms, flags: ['Mx'] }, 'set k 0 0 1'],
    [{ ...ms, flags: ['ME'] }, 'add k 0 0 1'],
    [{ ...ms, flags: ['MR'] }, 'replace k 0 0 1'],
    [{ ...ms, flags: ['MA'] }, 'append k 0 0 1'],
    [{ ...ms, flags: ['MP'] }, 'prepend k 0 0 1'],
    [{ ...ms, flags: ['C7', 'ME'] }, 'cas k 0 0 1 7'],
    [{ ...mg, verb: 'ma', flags: [] }, 'incr k 1'],
    [{ ...mg, verb: 'ma', flags: ['D5', 'MI'] }, 'incr k 5'],
    [{ ...mg, verb: 'ma', flags: ['MD'] }, 'decr k 1'],
    [{ ...mg, verb: 'ma', flags: ['M-', 'D0'] }, 'decr k 0'],
    [{ ...mg, verb: 'md', flags: ['q'] }, 'delete k'],
    [{ ...mg, flags: ['v', 'c'] }, 'gets k'],
    [{ ...mg, flags: ['v', 'T5'] }, 'gat 5 k'],
    [{ ...mg, flags: ['v', 'c', 'T5'] }, 'gats 5 k'],
    [{ ...mg, flags: ['T5'] }, 'touch k 5'],
  ];
  for (const [command, expected] of rows) assert.is(line(command), expected);
});

facts('errors say what they are about', () => {
  const values = new Map([['a', 1]]);
  const error = new SerdeError('k', new Error('why'), values);
  assert.equal([error.name, error.key, error.values], ['SerdeError', 'k', values]);
  assert.is(error.message, 'the value of "k" cannot be read: why');
  assert.is(
    new SerdeError(fromLatin1('\0k'), 'why').message,
    'the value of "\\u0000k" cannot be read: why',
  );
  const codes = ['out of memory storing object', 'out of memory', 'object too large for cache']
    .map((message) => new ServerReplyError('SERVER_ERROR', message).code);
  assert.equal(codes, ['out-of-memory', 'out-of-memory', 'too-large']);
});

facts('errors that come in thousands have no stack, and others still do', () => {
  const errors = Error as { stackTraceLimit?: number | undefined };
  const before = errors.stackTraceLimit;
  const error = overloaded(5, 7);
  assert.instance(error, ConnectionError);
  assert.equal([error.code, error.outcome], ['overloaded', 'not-sent']);
  assert.is(error.message, '5 commands of 7 bytes are pending already');
  // Where the runtime has no such limit there is nothing to switch off.
  if (typeof before === 'number') {
    assert.not(/\n\s+at /.test(error.stack ?? ''));
    assert.is(withoutStack(() => new Error(String(errors.stackTraceLimit))).message, '0');
    assert.is(errors.stackTraceLimit, before);
  }
  try {
    errors.stackTraceLimit = undefined;
    assert.is(withoutStack(() => new Error('made')).message, 'made');
    assert.is(errors.stackTraceLimit, undefined);
  } finally {
    errors.stackTraceLimit = before;
  }
});

facts('memory is kept for as many connections as are likely to need it at once', () => {
  const memory = new ConnectionMemory();
  const outputs = Array.from({ length: 20 }, () => memory.lend());
  for (const output of outputs) memory.restore(output);
  const again = Array.from({ length: 20 }, () => memory.lend());
  assert.is(again.filter((output) => outputs.includes(output)).length, 16);
});

facts.run();
