/** Something that is no command, the argument at fault, and a part of the rule it breaks. */
export interface BadCommandVector {
  readonly name: string;
  /** As a caller in JavaScript may pass it. */
  readonly command: unknown;
  readonly argument: string;
  readonly rule: RegExp;
}

const noreply = false;
const base64 = false;
const set = { verb: 'set', key: 'k', flags: 0, expire: 0, value: 'x', noreply };
const mg = { verb: 'mg', key: 'k', base64, flags: ['v'] };
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const badKeys: readonly [string, unknown, RegExp][] = [
  ['empty', '', /not be empty/],
  ['of 251 bytes', 'k'.repeat(251), /at most 250 bytes/],
  ['with a space', 'a b', /space/],
  ['with CR LF and a command', 'a\r\nset b 0 0 1', /CR/],
  ['with LF', 'a\nb', /LF/],
  ['with NUL', 'a\0b', /NUL/],
  ['with a tab', 'a\tb', /control character 0x09/],
  ['with DEL', 'a\x7fb', /control character 0x7f/],
  ['that is not ASCII', 'é', /unicode keys are an option/],
  ['that is a surrogate', '\ud83c', /ASCII/],
  ['of bytes, empty', bytes(), /not be empty/],
  ['of bytes, with a space', bytes(97, 32, 98), /space/],
  ['of bytes, with LF', bytes(10), /LF/],
  ['of 251 bytes', new Uint8Array(251).fill(97), /at most 250 bytes/],
  ['that is a number', 5, /string or a Uint8Array/],
  ['that is undefined', undefined, /string or a Uint8Array/],
  ['that is null', null, /string or a Uint8Array/],
  ['that is an object', { toString: () => 'k' }, /string or a Uint8Array/],
  ['that is an array', ['k'], /string or a Uint8Array/],
];

const badNumbers: readonly [string, unknown][] = [
  ['negative', -1],
  ['a fraction', 1.5],
  ['NaN', NaN],
  ['infinite', Infinity],
  ['past 32 bits', 4294967296],
  ['a string', '1'],
  ['a string with a command', '0 0 1\r\nx\r\nflush_all'],
  ['a bigint', 1n],
  ['undefined', undefined],
  ['null', null],
  ['an array', [1]],
];

const badSeconds = badNumbers.filter(([name]) => name !== 'negative');

const badBig: readonly [string, unknown][] = [
  ['negative', -1n],
  ['past 64 bits', 18446744073709551616n],
  ['a number', 1],
  ['a string', '1'],
  ['undefined', undefined],
];

const bad = (
  name: string,
  command: unknown,
  argument: string,
  rule: RegExp,
): BadCommandVector => ({ name, command, argument, rule });

/** Everything that must be refused before a byte of it is written. */
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
  bad('a base64 key that is no key', { ...mg, key: 7, base64: true }, 'key', /Uint8Array/),
  bad('base64 that is no boolean', { ...mg, base64: 'yes' }, 'base64', /true or false/),
  bad('get of no key', { verb: 'get', keys: [] }, 'keys', /at least one/),
  bad('get of a string', { verb: 'get', keys: 'k' }, 'keys', /array/),
  bad('get of nothing', { verb: 'get' }, 'keys', /array/),
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
  ...[5, null, undefined, {}, ['x'], new ArrayBuffer(1), new Uint16Array(1)].flatMap((value) => [
    bad(`set of the value ${String(value)}`, { ...set, value }, 'value', /string or a Uint8Array/),
    bad(
      `ms of the value ${String(value)}`,
      { ...mg, verb: 'ms', value },
      'value',
      /string or a Uint8Array/,
    ),
  ]),
  bad('noreply that is no boolean', { ...set, noreply: 1 }, 'noreply', /true or false/),
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
  ].map(([name, flags, rule]) =>
    bad(`mg with ${String(name)}`, { ...mg, flags }, 'flags', rule as RegExp)
  ),
  ...[
    ['no list', 'settings', /array/],
    ['no strings', [1], /printable/],
    ['an empty word', [''], /printable/],
    ['a word with a space', ['a b'], /printable/],
    ['a word with a line end', ['settings\r\nquit'], /printable/],
    ['the word noreply', ['detail', 'noreply'], /not be noreply/],
    ['more than a line', ['x'.repeat(2048)], /2048/],
  ].map(([name, words, rule]) =>
    bad(`stats with ${String(name)}`, { verb: 'stats', words }, 'words', rule as RegExp)
  ),
  bad('slabs without a word', { verb: 'slabs', words: [] }, 'words', /must not be empty/),
  bad('auth without a name', { verb: 'auth', username: '', password: 'p' }, 'username', /empty/),
  bad('auth with a space', { verb: 'auth', username: 'u', password: 'p w' }, 'password', /white/),
  bad(
    'auth with a line end',
    { verb: 'auth', username: 'u\n', password: 'p' },
    'username',
    /white/,
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
    'raw of a shape that is none',
    { verb: 'raw', line: 'a', value: null, reply: 'x' },
    'reply',
    /must be line/,
  ),
  bad(
    'raw longer than a line',
    { verb: 'raw', line: 'x'.repeat(2047), value: null, reply: 'line' },
    'line',
    /2046/,
  ),
];
