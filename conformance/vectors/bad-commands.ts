// Vectors of invalid commands.
import { badBig, badKeys, badNumbers, badSeconds } from './bad-arguments.ts';
import { oddBytes } from './odd-bytes.ts';

/** An invalid command, its invalid argument, and a part of the rule that it breaks. */
export interface BadCommandVector {
  readonly name: string;
  /** Untyped, as a caller in JavaScript may pass it. */
  readonly command: unknown;
  readonly argument: string;
  readonly rule: RegExp;
}

const noreply = false;
const base64 = false;
const set = { verb: 'set', key: 'k', flags: 0, expire: 0, value: 'x', noreply };
const mg = { verb: 'mg', key: 'k', base64, flags: ['v'] };

const boom = (): never => {
  throw new Error('boom');
};

const bad = (
  name: string,
  command: unknown,
  argument: string,
  rule: RegExp,
): BadCommandVector => ({ name, command, argument, rule });

/** Commands that must be refused before a byte is written. */
export const badCommandVectors: readonly BadCommandVector[] = [
  bad('undefined', undefined, 'command', /object with a verb/),
  bad('null', null, 'command', /object with a verb/),
  bad('a string', 'get k\r\n', 'command', /object with a verb/),
  bad('an unknown verb', { verb: 'flush_al' }, 'verb', /must be one of/),
  bad('a verb that objects have', { verb: 'constructor' }, 'verb', /must be one of/),
  bad('another verb that objects have', { verb: '__proto__' }, 'verb', /must be one of/),
  bad('a verb with a line end', { verb: 'version\r\nquit' }, 'verb', /must be one of/),
  ...badKeys.flatMap(([name, key, rule]) => [
    bad(`get of a key ${name}`, { verb: 'get', keys: ['a', key] }, 'key', rule),
    bad(`gat of a key ${name}`, { verb: 'gat', expire: 0, keys: [key] }, 'key', rule),
    bad(`set of a key ${name}`, { ...set, key }, 'key', rule),
    bad(`delete of a key ${name}`, { verb: 'delete', key, noreply }, 'key', rule),
    bad(`incr of a key ${name}`, { verb: 'incr', key, delta: 1n, noreply }, 'key', rule),
    bad(`touch of a key ${name}`, { verb: 'touch', key, expire: 0, noreply }, 'key', rule),
    bad(`mg of a key ${name}`, { ...mg, key }, 'key', rule),
    bad(`ms of a key ${name}`, { ...mg, verb: 'ms', key, value: '' }, 'key', rule),
    bad(`me of a key ${name}`, { verb: 'me', key, base64 }, 'key', rule),
  ]),
  bad(
    'a base64 key of 187 bytes: 252 on the wire',
    { ...mg, key: new Uint8Array(187), base64: true },
    'key',
    /at most 250 bytes on the wire, it has 252/,
  ),
  bad('a base64 key that is empty', { ...mg, key: '', base64: true }, 'key', /not be empty/),
  ...oddBytes.map(([name, key]) =>
    bad(`a base64 key that is ${name}`, { ...mg, key, base64: true }, 'key', /Uint8Array/)
  ),
  bad(
    'a base64 key of text that is not ASCII',
    { ...mg, key: 'é', base64: true },
    'key',
    /ASCII/,
  ),
  bad('a base64 key that is no key', { ...mg, key: 7, base64: true }, 'key', /Uint8Array/),
  bad('base64 that is no boolean', { ...mg, base64: 'yes' }, 'base64', /true or false/),
  bad('get of no key', { verb: 'get', keys: [] }, 'keys', /at least one/),
  bad('get of a string', { verb: 'get', keys: 'k' }, 'keys', /array/),
  bad('get of nothing', { verb: 'get' }, 'keys', /array/),
  bad('get of a set', { verb: 'get', keys: new Set(['k']) }, 'keys', /array/),
  bad('get of keys with a hole', { verb: 'get', keys: Array(2) }, 'key', /string or a Uint8Array/),
  bad(
    'a command that throws when it is read',
    {
      ...set,
      get flags(): number {
        return boom();
      },
    },
    'command',
    /plain data/,
  ),
  bad('a Proxy that throws', new Proxy({}, { get: boom }), 'command', /plain data/),
  bad(
    'keys that throw when they are read',
    { verb: 'get', keys: new Proxy(['k'], { get: boom }) },
    'command',
    /plain data/,
  ),
  bad(
    'gat of more keys than fit its line',
    { verb: 'gat', expire: 0, keys: Array.from({ length: 50 }, () => 'k'.repeat(50)) },
    'keys',
    /2048/,
  ),
  ...badNumbers.flatMap(([name, value]) => [
    bad(`set with flags: ${name}`, { ...set, flags: value }, 'flags', /0 to 4294967295/),
    bad(`verbosity: ${name}`, { verb: 'verbosity', level: value, noreply }, 'level', /4294967295/),
    bad(
      `cache_memlimit: ${name}`,
      { verb: 'cache_memlimit', megabytes: value, noreply },
      'megabytes',
      /4294967295/,
    ),
  ]),
  ...badSeconds.flatMap(([name, value]) => [
    bad(`set with expire: ${name}`, { ...set, expire: value }, 'expire', /32 bits/),
    bad(
      `touch with expire: ${name}`,
      { verb: 'touch', key: 'k', expire: value, noreply },
      'expire',
      /32 bits/,
    ),
    bad(
      `gat with expire: ${name}`,
      { verb: 'gat', expire: value, keys: ['k'] },
      'expire',
      /32 bits/,
    ),
    bad(`flush_all: ${name}`, { verb: 'flush_all', delay: value, noreply }, 'delay', /32 bits/),
  ]),
  bad('expire past 32 bits', { ...set, expire: 2147483648 }, 'expire', /32 bits/),
  bad('expire below 32 bits', { ...set, expire: -2147483649 }, 'expire', /32 bits/),
  ...badBig.flatMap(([name, value]) => [
    bad(`cas: ${name}`, { ...set, verb: 'cas', cas: value }, 'cas', /0 to 18446744073709551615/),
    bad(
      `incr: ${name}`,
      { verb: 'incr', key: 'k', delta: value, noreply },
      'delta',
      /0 to 18446744073709551615/,
    ),
  ]),
  ...([
    ...oddBytes,
    ['a number', 5],
    ['null', null],
    ['undefined', undefined],
    ['an object', {}],
    ['a buffer', new ArrayBuffer(1)],
  ] as const).flatMap(([name, value]) =>
    [
      set,
      { ...set, verb: 'cas', cas: 1n },
      { ...mg, verb: 'ms' },
      ...(value === null ? [] : [{ verb: 'raw', line: 'x', reply: 'line' }]),
    ].map((command) =>
      bad(
        `${command.verb} of a value that is ${name}`,
        { ...command, value },
        'value',
        /string or a Uint8Array/,
      )
    )
  ),
  ...[
    set,
    { verb: 'delete', key: 'k' },
    { verb: 'incr', key: 'k', delta: 1n },
    { verb: 'touch', key: 'k', expire: 0 },
    { verb: 'verbosity', level: 1 },
    { verb: 'flush_all', delay: 0 },
    { verb: 'cache_memlimit', megabytes: 8 },
  ].flatMap((command) =>
    [1, 'false', undefined, null].map((value) =>
      bad(
        `${command.verb} with noreply: ${value}`,
        { ...command, noreply: value },
        'noreply',
        /true or false/,
      )
    )
  ),
  bad('shutdown with a mode', { verb: 'shutdown', graceful: 'now' }, 'graceful', /true or false/),
  ...[
    ['no list', 'v', /array/],
    ['no strings', [5], /array of strings/],
    ['an empty flag', [''], /known meta flags/],
    ['an unknown flag', ['Z'], /known meta flags/],
    ['a flag twice', ['v', 'f', 'v'], /not repeat/],
    ['the flag of base64', ['b'], /set base64 instead/],
    ['a flag with a needless argument', ['vx'], /takes no argument/],
    ['a line end', ['v\r\nflush_all'], /takes no argument/],
    ['a time to live that is no number', ['Tx'], /whole number of seconds/],
    ['a time to live with a line end', ['T1\r\nquit'], /whole number of seconds/],
    ['a time to live past 32 bits', ['T2147483648'], /32 bits/],
    ['a time to live without a number', ['T'], /whole number of seconds/],
    ['client flags past 32 bits', ['F4294967296'], /4294967295/],
    ['negative client flags', ['F-1'], /4294967295/],
    ['a cas past 64 bits', ['C18446744073709551616'], /18446744073709551615/],
    ['a cas that is no number', ['C1e5'], /18446744073709551615/],
    ['a mode of two letters', ['MAP'], /one letter/],
    ['an opaque of 32 bytes', [`O${'x'.repeat(32)}`], /1 to 31/],
    ['an empty opaque', ['O'], /1 to 31/],
    ['an opaque with a space', ['Oa b'], /1 to 31/],
    ['a hint with a line end', ['P\n'], /printable/],
    [
      'too many words',
      [...'cfhkqstuvIl'].concat('T1', 'N1', 'R1', 'E1', 'C1', 'P', 'L'),
      /19 words/,
    ],
    ['more than a line', [`P${'x'.repeat(2048)}`], /2048/],
    ['a hole', Array(2), /array of strings/],
    ['a symbol', [Symbol('v')], /array of strings/],
    ['a boxed string', [Object('v')], /array of strings/],
    ['a letter that is no byte', ['\u0176'], /known meta flags/],
    ['a megabyte of one flag', [`T${'9'.repeat(1e6)}`], /^.{0,200}$/],
  ].map(([name, flags, rule]) =>
    bad(`mg with ${String(name)}`, { ...mg, flags }, 'flags', rule as RegExp)
  ),
  ...[
    ['no list', 'settings', /array/],
    ['no strings', [1], /printable/],
    ['an empty word', [''], /printable/],
    ['a word with a space', ['a b'], /printable/],
    ['a word with a line end', ['settings\r\nquit'], /printable/],
    ['a hole', Array(2), /printable/],
    ['the word noreply', ['detail', 'noreply'], /not be noreply/],
    ['more than a line', ['x'.repeat(2048)], /2048/],
  ].map(([name, words, rule]) =>
    bad(`stats with ${String(name)}`, { verb: 'stats', words }, 'words', rule as RegExp)
  ),
  ...['X', 'e', 'I'].map((mode) =>
    bad(
      `ms of the mode ${mode}`,
      { ...mg, verb: 'ms', value: '', flags: [`M${mode}`] },
      'flags',
      /one letter of EAPRS/,
    )
  ),
  ...['X', 'i', 'E'].map((mode) =>
    bad(
      `ma of the mode ${mode}`,
      { ...mg, verb: 'ma', flags: [`M${mode}`] },
      'flags',
      /one letter of I\+D-/,
    )
  ),
  // They are verbs of their own, because their replies differ.
  ...['metadump', 'mgdump'].map((word) =>
    bad(
      `lru_crawler with the word ${word}`,
      { verb: 'lru_crawler', words: [word, 'all'] },
      'words',
      /is a verb/,
    )
  ),
  ...['lru_crawler metadump', 'lru_crawler mgdump', 'config get'].flatMap((verb) => [
    bad(`${verb} without a word`, { verb, words: [] }, 'words', /must not be empty/),
    bad(`${verb} of two words`, { verb, words: ['a', 'b'] }, 'words', /must be one/),
  ]),
  bad('slabs without a word', { verb: 'slabs', words: [] }, 'words', /must not be empty/),
  bad('auth without a name', { verb: 'auth', username: '', password: 'p' }, 'username', /empty/),
  bad('auth with a space', { verb: 'auth', username: 'u', password: 'p w' }, 'password', /white/),
  bad(
    'auth with a line end',
    { verb: 'auth', username: 'u\n', password: 'p' },
    'username',
    /white/,
  ),
  bad(
    'auth with half a character',
    { verb: 'auth', username: 'u', password: 'p\ud83c' },
    'password',
    /surrogate/,
  ),
  bad(
    'auth with a very long name',
    { verb: 'auth', username: 'u'.repeat(256), password: 'p' },
    'username',
    /255/,
  ),
  bad('auth of a number', { verb: 'auth', username: 'u', password: 5 }, 'password', /string/),
  bad('raw without a line', { verb: 'raw', line: '', value: null, reply: 'line' }, 'line', /empty/),
  bad(
    'raw of two lines',
    { verb: 'raw', line: 'a\r\nb', value: null, reply: 'line' },
    'line',
    /CR/,
  ),
  bad(
    'raw that is no text',
    { verb: 'raw', line: 'é☃', value: null, reply: 'line' },
    'line',
    /byte/,
  ),
  bad(
    'raw with a character whose low byte is LF',
    { verb: 'raw', line: 'a\u010aquit', value: null, reply: 'line' },
    'line',
    /byte/,
  ),
  bad(
    'raw with a NUL',
    { verb: 'raw', line: 'a\0', value: null, reply: 'line' },
    'line',
    /NUL/,
  ),
  bad('raw of a number', { verb: 'raw', line: 5, value: null, reply: 'line' }, 'line', /string/),
  bad(
    'raw of a shape that is none',
    { verb: 'raw', line: 'a', value: null, reply: 'x' },
    'reply',
    /must be one of line, lines/,
  ),
  bad(
    'raw longer than a line',
    { verb: 'raw', line: 'x'.repeat(2047), value: null, reply: 'line' },
    'line',
    /2046/,
  ),
];
