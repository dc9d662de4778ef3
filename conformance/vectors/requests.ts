// Request vectors: bytes as servers read them.
import type { Command } from '../../core/wire/command.ts';
import { bytes } from '../assert.ts';

/** Request bytes other than one well-formed command, and how a server reads them. */
export interface RequestVector {
  readonly name: string;
  readonly bytes: string;
  /** In order: commands; error lines for malformed requests; null for a malformed quiet one. */
  readonly reads: readonly (Command | string | null)[];
  /** The reason to disconnect the peer afterwards. */
  readonly dead?: RegExp | undefined;
  /** Whether a login is required first. */
  readonly auth?: true | undefined;
}

const noreply = false;
const key = 'k';
const set: Command = { verb: 'set', key, flags: 0, expire: 0, value: bytes('x'), noreply };
const version: Command = { verb: 'version' };
const badFormat = 'CLIENT_ERROR bad command line format';
const badChunk = 'CLIENT_ERROR bad data chunk';
const mg = (...flags: string[]): Command => ({ verb: 'mg', key, base64: false, flags });
const ms = (value: string, ...flags: string[]): Command => ({
  verb: 'ms',
  key,
  base64: false,
  value: bytes(value),
  flags,
});

const request = (
  name: string,
  text: string,
  ...reads: (Command | string | null)[]
): RequestVector => ({ name, bytes: text, reads });

/** Longer values than this are refused in these vectors. */
export const REQUEST_LIMIT = 1000;

/**
 * Requests as real clients, broken clients and attackers send them; read as memcached 1.6.39 does.
 */
export const requestVectors: readonly RequestVector[] = [
  request('a line that ends with LF alone', 'get k\n', { verb: 'get', keys: [key] }),
  request('many spaces', '  get   k  \r\n', { verb: 'get', keys: [key] }),
  request('a tab is part of a key', 'get a\tb\r\n', { verb: 'get', keys: [bytes('a\tb')] }),
  request('a NUL ends the line', 'get k\0j l\r\n', { verb: 'get', keys: [key] }),
  request(
    'a NUL among more keys than memcached cuts words',
    `get ${'a '.repeat(30)}b\0c d\r\n`,
    { verb: 'get', keys: [...Array.from({ length: 30 }, () => 'a'), 'b'] },
  ),
  request('a value that ends with LF alone', 'set k 0 0 1\r\nx\nversion\r\n', badChunk, {
    verb: 'raw',
    line: 'ersion',
    value: null,
    reply: 'line',
  }),
  request(
    'commands one after the other',
    'version\r\nmn\r\nversion\n',
    version,
    { verb: 'mn' },
    version,
  ),
  request('words after a command that takes none', 'version 1 2\r\nmn x\r\n', version, {
    verb: 'mn',
  }),
  request('an empty line', '\r\nversion\r\n', 'ERROR', version),
  request('an empty line without CR', '\n', 'ERROR'),
  request('one letter', 'x\r\n', 'ERROR'),
  request('an unknown command', 'foo bar\r\n', {
    verb: 'raw',
    line: 'foo bar',
    value: null,
    reply: 'line',
  }),
  request('a command in upper case', 'GET k\r\n', {
    verb: 'raw',
    line: 'GET k',
    value: null,
    reply: 'line',
  }),
  request('words that objects have', 'constructor\r\n__proto__ x\r\n', {
    verb: 'raw',
    line: 'constructor',
    value: null,
    reply: 'line',
  }, { verb: 'raw', line: '__proto__ x', value: null, reply: 'line' }),
  request('get without a key', 'get\r\n', 'ERROR'),
  request('get of a key of 251 bytes among others', `get a ${'k'.repeat(251)} b\r\n`, badFormat),
  request('gat without a time', 'gat\r\n', 'ERROR'),
  request('gat of a time that is none', 'gat x k\r\n', 'CLIENT_ERROR invalid exptime argument'),
  request('gat without a key', 'gat 0\r\n', { verb: 'gat', expire: 0, keys: [] }),
  request('set of nothing', 'set k 0 0 0\r\n\r\n', { ...set, value: '' }),
  request('set with numbers as C reads them', 'set k +0 -0 +1\r\nx\r\n', set),
  request('set with white space after a number', 'set k 0\tz 0 1\r\nx\r\n', set),
  request('set with flags past 32 bits', 'set k 4294967296 0 1\r\nx\r\n', set),
  request('set with a time past 32 bits', 'set k 0 4294967296 1\r\nx\r\n', set),
  request('set with words missing', 'set k 0 0\r\n', 'ERROR'),
  request('set with words to spare', 'set k 0 0 1 a b\r\n', 'ERROR'),
  request('set with a sixth word that is not noreply', 'set k 0 0 1 yes\r\nx\r\n', set),
  request(
    // The block of a refused set is discarded if its length can be parsed (protocol.md 4.1).
    'set of a key of 251 bytes',
    `set ${'k'.repeat(251)} 0 0 7\r\nversion\r\nversion\r\n`,
    badFormat,
    version,
  ),
  request(
    'set with flags that are no number',
    'set k x 0 2\r\nmn\r\nversion\r\n',
    badFormat,
    version,
  ),
  request('set with a word too many', 'set k 0 0 2 a b\r\nmn\r\nversion\r\n', 'ERROR', version),
  request('cas without its number', 'cas k 0 0 2\r\nmn\r\nversion\r\n', 'ERROR', version),
  request('set of a length that is none', 'set k 0 0 x\r\nmn\r\n', badFormat, { verb: 'mn' }),
  request(
    'ms of a key of 251 bytes',
    `ms ${'k'.repeat(251)} 2\r\nmn\r\nversion\r\n`,
    badFormat,
    version,
  ),
  request('ms of a length that is none', 'ms k x\r\nmn\r\n', badFormat, { verb: 'mn' }),
  request('set with negative flags', 'set k -1 0 1\r\n', badFormat),
  request('set of a negative length', 'set k 0 0 -1\r\n', badFormat),
  request('set of a length past all memory', 'set k 0 0 2147483647\r\n', badFormat),
  request('set that is refused in silence', 'set k x 0 1 noreply\r\n', null),
  request('set whose value is too long', 'set k 0 0 1\r\nxyz\r\n', badChunk, 'ERROR'),
  request('set whose value is too short', 'set k 0 0 5\r\nx\r\nversion\r\n', badChunk, {
    verb: 'raw',
    line: 'ion',
    value: null,
    reply: 'line',
  }),
  request(
    'set whose value is too long, in silence',
    'set k 0 0 1 noreply\r\nxyz\r\n',
    null,
    'ERROR',
  ),
  request(
    'set of more than the limit',
    `set k 0 0 1001\r\n${'x'.repeat(1001)}\r\nversion\r\n`,
    'SERVER_ERROR object too large for cache',
    version,
  ),
  request(
    'set of more than the limit, in silence',
    `set k 0 0 1001 noreply\r\n${'x'.repeat(1001)}\r\nversion\r\n`,
    null,
    version,
  ),
  request(
    'ms of more than the limit, quietly',
    `ms k 1001 q\r\n${'x'.repeat(1001)}\r\nversion\r\n`,
    'SERVER_ERROR object too large for cache',
    version,
  ),
  request('cas without its cas', 'cas k 0 0 1\r\n', 'ERROR'),
  request('cas of what is no number', 'cas k 0 0 1 x\r\n', badFormat),
  request(
    'incr past 64 bits',
    'incr k 18446744073709551616\r\n',
    'CLIENT_ERROR invalid numeric delta argument',
  ),
  request(
    'incr of a negative number',
    'incr k -1\r\n',
    'CLIENT_ERROR invalid numeric delta argument',
  ),
  request('incr without a number', 'incr k\r\n', 'ERROR'),
  request('touch of a time that is none', 'touch k x\r\n', 'CLIENT_ERROR invalid exptime argument'),
  request('delete with its old argument', 'delete k 0\r\n', { verb: 'delete', key, noreply }),
  request(
    'delete with another argument',
    'delete k 5\r\n',
    'CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]',
  ),
  request('version and get take no noreply', 'version noreply\r\nget k noreply\r\n', version, {
    verb: 'get',
    keys: [key, 'noreply'],
  }),
  request('delete of the key noreply', 'delete noreply\r\n', {
    verb: 'delete',
    key: 'noreply',
    noreply,
  }),
  request('verbosity without a level, in silence', 'verbosity noreply\r\n', null),
  request(
    'flush_all',
    'flush_all\r\nflush_all noreply\r\nflush_all -1\r\n',
    {
      verb: 'flush_all',
      delay: 0,
      noreply,
    },
    { verb: 'flush_all', delay: 0, noreply: true },
    { verb: 'flush_all', delay: -1, noreply },
  ),
  request(
    'flush_all of what is no number',
    'flush_all x\r\n',
    'CLIENT_ERROR invalid exptime argument',
  ),
  ...[
    'incr k 1 a b',
    'touch k 1 a b',
    'delete k 0 noreply x',
    'verbosity 1 a b',
    'flush_all 1 a b',
    'cache_memlimit 8 a b',
  ].map((line) => request(`${line}: words to spare`, `${line}\r\n`, 'ERROR')),
  request('cache_memlimit of what is no number', 'cache_memlimit x\r\n', 'ERROR'),
  request('mg without a key', 'mg\r\n', 'ERROR'),
  request('mg with an unknown flag', 'mg k Z\r\n', 'CLIENT_ERROR invalid flag'),
  request('mg with a flag twice', 'mg k v v\r\n', 'CLIENT_ERROR duplicate flag'),
  request('mg with a flag that is not ASCII', 'mg k \xff\r\n', 'CLIENT_ERROR duplicate flag'),
  request('mg with the flag DEL', 'mg k \x7f\r\n', 'CLIENT_ERROR duplicate flag'),
  request(
    'mg with a time that is none',
    'mg k Tx\r\n',
    'CLIENT_ERROR bad token in command line format',
  ),
  request('mg of a key that is no base64', 'mg !!! b v\r\n', 'CLIENT_ERROR error decoding key'),
  request(
    'mg with an opaque of 32 bytes',
    `mg k O${'x'.repeat(32)}\r\n`,
    'CLIENT_ERROR opaque token too long',
  ),
  request('mg with an opaque of 31 bytes', `mg k O${'x'.repeat(31)}\r\n`, mg(`O${'x'.repeat(31)}`)),
  request(
    'mg with 19 words',
    'mg k c f h k l q s t u v I Oa P L T0 N0 R0\r\n',
    mg('c', 'f', 'h', 'k', 'l', 'q', 's', 't', 'u', 'v', 'I', 'Oa', 'P', 'L', 'T0', 'N0', 'R0'),
  ),
  request(
    'mg with 20 words',
    'mg k c f h k l q s t u v I Oa P L T0 N0 R0 F0\r\n',
    'CLIENT_ERROR options flags are too long',
  ),
  request('ms without a length', 'ms k\r\nms k S1\r\n', badFormat, badFormat),
  request(
    'ms whose flags are bad throws its value away',
    'ms k 2 Tx\r\nab\r\nmn\r\n',
    'CLIENT_ERROR bad token in command line format',
    { verb: 'mn' },
  ),
  request(
    'ms of a mode that is none',
    'ms k 2 MX\r\nab\r\nmn\r\n',
    'CLIENT_ERROR invalid mode for ms M token',
    { verb: 'mn' },
  ),
  request(
    'ms of a mode of no letter',
    'ms k 2 M\r\nab\r\nmn\r\n',
    'CLIENT_ERROR incorrect length for M token',
    { verb: 'mn' },
  ),
  request('ms whose value is too long, quietly', 'ms k 1 q\r\nxyz\r\n', badChunk, 'ERROR'),
  request('ms of nothing', 'ms k 0\r\n\r\n', ms('')),
  request('md with an unknown flag', 'md k Z\r\n', 'CLIENT_ERROR invalid or duplicate flag'),
  request('ma of a mode that is none', 'ma k Mx\r\n', 'CLIENT_ERROR invalid mode for ma M token'),
  request('me without a key', 'me\r\n', badFormat),
  request('me of what is no base64', 'me !!! b\r\n', badFormat),
  request('shutdown of an unknown kind', 'shutdown now\r\n', {
    verb: 'raw',
    line: 'shutdown now',
    value: null,
    reply: 'line',
  }),
  {
    name: 'a line without end',
    bytes: `set ${'k'.repeat(2100)}`,
    reads: [],
    dead: /no end/,
  },
  {
    name: 'a get of 60 kB',
    bytes: `get ${Array.from({ length: 6000 }, (_, i) => `key${10000 + i}`).join(' ')}\r\n`,
    reads: [{ verb: 'get', keys: Array.from({ length: 6000 }, (_, i) => `key${10000 + i}`) }],
  },
  { name: 'a post to its port', bytes: 'POST / HTTP/1.1\r\n', reads: [], dead: /HTTP/ },
  {
    name: 'a post that starts like a command',
    bytes: 'delete / HTTP/1.1\r\n',
    reads: ['CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]'],
  },
  { name: 'the binary protocol', bytes: '\x80\x0b\0\0', reads: [], dead: /binary/ },
  {
    name: 'a login',
    auth: true,
    bytes: 'set auth 0 0 9\r\nuser pass\r\n',
    reads: [{ verb: 'auth', username: 'user', password: 'pass' }],
  },
  {
    name: 'a login that asks for no reply, which it gets all the same',
    auth: true,
    bytes: 'set a b c 9 noreply\r\nuser pass\r\n',
    reads: [{ verb: 'auth', username: 'user', password: 'pass' }],
  },
  {
    name: 'anything else before a login',
    auth: true,
    bytes: 'version\r\nset a b\r\n',
    reads: ['CLIENT_ERROR unauthenticated', 'CLIENT_ERROR unauthenticated'],
  },
  {
    name: 'a login whose block is too long',
    auth: true,
    bytes: 'set a 0 0 3\r\nu pxx',
    reads: ['CLIENT_ERROR bad command line termination'],
  },
  {
    name: 'a login without a password',
    auth: true,
    bytes: 'set a 0 0 4\r\nuser\r\n',
    reads: ['CLIENT_ERROR bad authentication token format'],
  },
  {
    name: 'a login of a megabyte',
    auth: true,
    bytes: 'set a 0 0 1048576\r\n',
    reads: [],
    dead: /too long/,
  },
];
