import type { Command } from '../../core/wire/command.ts';
import type { Reply, ReplyItem } from '../../core/wire/reply.ts';
import { bytes } from '../assert.ts';

/** What a server says to a command, and what that means. */
export interface ReplyVector {
  readonly name: string;
  readonly request: Command;
  readonly bytes: string;
  /** The parts that come before the reply, where its verb has them. */
  readonly items?: readonly ReplyItem[];
  /** The reply, or null where it never ends. */
  readonly reply: Reply | null;
  /** The bytes are not those that this package would write; only reading is fixed. */
  readonly readOnly?: true;
}

const noreply = false;
const base64 = false;
const get = (...keys: string[]): Command => ({ verb: 'get', keys });
const set: Command = { verb: 'set', key: 'k', flags: 0, expire: 0, value: '', noreply };
const cas: Command = { ...set, verb: 'cas', cas: 1n };
const mg: Command = { verb: 'mg', key: 'k', base64, flags: ['v'] };
const ms: Command = { verb: 'ms', key: 'k', base64, value: '', flags: [] };
const md: Command = { verb: 'md', key: 'k', base64, flags: [] };
const ma: Command = { verb: 'ma', key: 'k', base64, flags: ['v'] };
const admin = (words: string[]): Command => ({ verb: 'slabs', words });
const stats = (...words: string[]): Command => ({ verb: 'stats', words });
const metadump: Command = { verb: 'lru_crawler metadump', words: ['all'] };
const mgdump: Command = { verb: 'lru_crawler mgdump', words: ['all'] };
const watch: Command = { verb: 'watch', words: ['fetchers'] };
const config: Command = { verb: 'config get', words: ['cluster'] };
const raw = (reply: 'line' | 'lines' | 'values' | 'stats'): Command => ({
  verb: 'raw',
  line: 'future',
  value: null,
  reply,
});

const status = (request: Command, word: string): ReplyVector => ({
  name: `${request.verb}: ${word}`,
  request,
  bytes: `${word}\r\n`,
  reply: { type: word } as Reply,
});

const item = (key: string, value: string, flags = 0) => ({
  key,
  flags,
  value: bytes(value),
  cas: undefined,
});

const facts = { exp: -1, la: 5, cas: 7n, fetch: true, cls: 1, size: 63, flags: undefined };

/** Replies whose meaning is fixed by the protocol, or by what servers do. */
export const replyVectors: readonly ReplyVector[] = [
  status(set, 'STORED'),
  status(set, 'NOT_STORED'),
  status(cas, 'STORED'),
  status(cas, 'EXISTS'),
  status(cas, 'NOT_FOUND'),
  status({ verb: 'delete', key: 'k', noreply }, 'DELETED'),
  status({ verb: 'delete', key: 'k', noreply }, 'NOT_FOUND'),
  status({ verb: 'touch', key: 'k', expire: 0, noreply }, 'TOUCHED'),
  status({ verb: 'touch', key: 'k', expire: 0, noreply }, 'NOT_FOUND'),
  status({ verb: 'incr', key: 'k', delta: 1n, noreply }, 'NOT_FOUND'),
  status({ verb: 'verbosity', level: 1, noreply }, 'OK'),
  status({ verb: 'flush_all', delay: 0, noreply }, 'OK'),
  status({ verb: 'auth', username: 'u', password: 'p' }, 'STORED'),
  status({ verb: 'mn' }, 'MN'),
  status(stats('reset'), 'RESET'),
  status(stats('detail', 'on'), 'OK'),
  status(admin(['automove', '1']), 'OK'),
  {
    name: 'incr: a number',
    request: { verb: 'incr', key: 'k', delta: 1n, noreply },
    bytes: '18446744073709551615\r\n',
    reply: { type: 'number', value: 18446744073709551615n },
  },
  {
    name: 'decr: a number past 2^53',
    request: { verb: 'decr', key: 'k', delta: 1n, noreply },
    bytes: '9007199254740993\r\n',
    reply: { type: 'number', value: 9007199254740993n },
  },
  {
    name: 'get: a miss',
    request: get('k'),
    bytes: 'END\r\n',
    reply: { type: 'values', items: [] },
  },
  {
    name: 'get: a hit',
    request: get('k'),
    bytes: 'VALUE k 16 5\r\nvalue\r\nEND\r\n',
    reply: { type: 'values', items: [item('k', 'value', 16)] },
  },
  {
    name: 'get: a value that holds the end of a reply, and nothing',
    request: get('a', 'b', 'c'),
    bytes: 'VALUE a 0 12\r\n\r\nEND\r\nEND\r\n\r\nVALUE c 4294967295 0\r\n\r\nEND\r\n',
    reply: {
      type: 'values',
      items: [item('a', '\r\nEND\r\nEND\r\n'), item('c', '', 4294967295)],
    },
  },
  {
    name: 'get: a key asked for twice is answered twice',
    request: get('a', 'b', 'a'),
    bytes: 'VALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n2\r\nVALUE a 0 1\r\n1\r\nEND\r\n',
    reply: { type: 'values', items: [item('a', '1'), item('b', '2'), item('a', '1')] },
  },
  {
    name: 'get: a binary value',
    request: get('k'),
    bytes: 'VALUE k 0 6\r\n\0\r\n\n\xff\x80\r\nEND\r\n',
    reply: { type: 'values', items: [item('k', '\0\r\n\n\xff\x80')] },
  },
  {
    name: 'get: a value of 3000 bytes',
    request: get('k'),
    bytes: `VALUE k 0 3000\r\n${'x'.repeat(3000)}\r\nEND\r\n`,
    reply: { type: 'values', items: [item('k', 'x'.repeat(3000))] },
  },
  {
    name: 'gets: with the cas',
    request: { verb: 'gets', keys: ['k'] },
    bytes: 'VALUE k 0 1 18446744073709551615\r\nx\r\nEND\r\n',
    reply: {
      type: 'values',
      items: [{ key: 'k', flags: 0, value: bytes('x'), cas: 18446744073709551615n }],
    },
  },
  {
    name: 'gat: a hit',
    request: { verb: 'gat', expire: 0, keys: ['k'] },
    bytes: 'VALUE k 0 1\r\nx\r\nEND\r\n',
    reply: { type: 'values', items: [item('k', 'x')] },
  },
  {
    name: 'gats: a hit',
    request: { verb: 'gats', expire: 0, keys: ['k'] },
    bytes: 'VALUE k 0 1 3\r\nx\r\nEND\r\n',
    reply: { type: 'values', items: [{ key: 'k', flags: 0, value: bytes('x'), cas: 3n }] },
  },
  { name: 'mg: HD', request: mg, bytes: 'HD\r\n', reply: { type: 'HD', flags: [] } },
  { name: 'mg: EN', request: mg, bytes: 'EN\r\n', reply: { type: 'EN', flags: [] } },
  {
    name: 'mg: a value with flags',
    request: mg,
    bytes: 'VA 5 f16 c7 t-1 s5 l0 h1 kkey W\r\nvalue\r\n',
    reply: {
      type: 'VA',
      flags: ['f16', 'c7', 't-1', 's5', 'l0', 'h1', 'kkey', 'W'],
      value: bytes('value'),
    },
  },
  {
    name: 'mg: a stale value, won by another',
    request: mg,
    bytes: 'VA 0 Z X\r\n\r\n',
    reply: { type: 'VA', flags: ['Z', 'X'], value: bytes('') },
  },
  {
    name: 'mg: a binary key and an opaque that is no number',
    request: mg,
    bytes: 'EN kAAEgDQr/ b Oabc\r\n',
    reply: { type: 'EN', flags: ['kAAEgDQr/', 'b', 'Oabc'] },
  },
  { name: 'ms: HD', request: ms, bytes: 'HD c9\r\n', reply: { type: 'HD', flags: ['c9'] } },
  { name: 'ms: NS', request: ms, bytes: 'NS\r\n', reply: { type: 'NS', flags: [] } },
  { name: 'ms: EX', request: ms, bytes: 'EX kk\r\n', reply: { type: 'EX', flags: ['kk'] } },
  { name: 'ms: NF', request: ms, bytes: 'NF\r\n', reply: { type: 'NF', flags: [] } },
  { name: 'md: HD', request: md, bytes: 'HD\r\n', reply: { type: 'HD', flags: [] } },
  { name: 'md: NF', request: md, bytes: 'NF kk\r\n', reply: { type: 'NF', flags: ['kk'] } },
  { name: 'md: EX', request: md, bytes: 'EX\r\n', reply: { type: 'EX', flags: [] } },
  {
    name: 'ma: a number',
    request: ma,
    bytes: 'VA 2 t-1\r\n10\r\n',
    reply: { type: 'VA', flags: ['t-1'], value: bytes('10') },
  },
  { name: 'ma: NF', request: ma, bytes: 'NF\r\n', reply: { type: 'NF', flags: [] } },
  {
    name: 'me: an item',
    request: { verb: 'me', key: 'k', base64 },
    bytes: 'ME k exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\r\n',
    reply: { type: 'ME', key: 'k', base64: false, ...facts },
  },
  {
    name: 'me: an item with a binary key',
    request: { verb: 'me', key: bytes('\0\x01 \r\n\xff'), base64: true },
    bytes: 'ME AAEgDQr/ exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\r\n',
    reply: { type: 'ME', key: bytes('\0\x01 \r\n\xff'), base64: true, ...facts },
  },
  {
    name: 'me: a miss',
    request: { verb: 'me', key: 'k', base64 },
    bytes: 'EN\r\n',
    reply: { type: 'EN', flags: [] },
  },
  {
    name: 'version',
    request: { verb: 'version' },
    bytes: 'VERSION 1.6.18\r\n',
    reply: { type: 'VERSION', version: '1.6.18' },
  },
  {
    name: 'stats: values with spaces and without any, and a name that objects have',
    request: stats(),
    bytes: 'STAT pid 1\r\nSTAT __proto__ a b c\r\nSTAT empty \r\nEND\r\n',
    reply: {
      type: 'stats',
      lines: [
        { type: 'STAT', name: 'pid', value: '1' },
        { type: 'STAT', name: '__proto__', value: 'a b c' },
        { type: 'STAT', name: 'empty', value: '' },
      ],
    },
  },
  {
    name: 'stats: a name alone',
    request: stats(),
    bytes: 'STAT empty\r\nEND\r\n',
    reply: { type: 'stats', lines: [{ type: 'STAT', name: 'empty', value: '' }] },
    readOnly: true,
  },
  {
    name: 'stats detail dump',
    request: stats('detail', 'dump'),
    bytes: 'PREFIX p get 2 hit 1 set 1 del 1\r\nEND\r\n',
    reply: {
      type: 'stats',
      lines: [{ type: 'PREFIX', name: 'p', value: 'get 2 hit 1 set 1 del 1' }],
    },
  },
  {
    name: 'stats cachedump',
    request: stats('cachedump', '1', '0'),
    bytes: 'ITEM a [1 b; 0 s]\r\nEND\r\n',
    reply: { type: 'stats', lines: [{ type: 'ITEM', name: 'a', value: '[1 b; 0 s]' }] },
  },
  ...[
    'BUSY currently processing reassign request',
    'BADCLASS invalid src or dst class id',
    'NOSPARE source class has no spare pages',
    'NOTFULL dest class not full',
    'UNSAFE unsafe',
    'SAME src and dst class are identical',
    'NOTSTARTED no items to crawl',
    'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m',
    'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes',
    'Error TLS not enabled',
  ].map((message): ReplyVector => ({
    name: `an administrative command: ${message.split(' ')[0]}`,
    request: admin(['reassign', '1', '2']),
    bytes: `${message}\r\n`,
    reply: { type: 'refused', message },
  })),
  {
    name: 'metadump of 1.6.18',
    request: metadump,
    bytes: 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n' +
      'key=%00%20%FF exp=1795253728 la=1795253718 cas=8 fetch=no cls=2 size=100\nEND\r\n',
    items: [
      { type: 'metadump', key: 'a', ...facts },
      {
        type: 'metadump',
        key: bytes('\0 \xff'),
        exp: 1795253728,
        la: 1795253718,
        cas: 8n,
        fetch: false,
        cls: 2,
        size: 100,
        flags: undefined,
      },
    ],
    reply: { type: 'END' },
  },
  {
    // Since 1.6.24 with flags, since 1.6.43 with OK first, and with a space at the line's end.
    name: 'metadump of 1.6.45',
    request: metadump,
    bytes: 'OK\r\nkey=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63 flags=16 \nEND\r\n',
    items: [{ type: 'metadump', key: 'a', ...facts, flags: 16 }],
    reply: { type: 'END' },
    readOnly: true,
  },
  { name: 'metadump of nothing', request: metadump, bytes: 'END\r\n', reply: { type: 'END' } },
  {
    name: 'metadump while another runs',
    request: metadump,
    bytes: 'BUSY currently processing crawler request\r\n',
    reply: { type: 'refused', message: 'BUSY currently processing crawler request' },
  },
  {
    name: 'metadump that was pipelined',
    request: metadump,
    bytes: 'ERROR cannot pipeline other commands before metadump\r\n',
    reply: { type: 'ERROR', message: 'cannot pipeline other commands before metadump' },
  },
  {
    name: 'mgdump',
    request: mgdump,
    bytes: 'mg a\r\nmg AAEgDQr/ b\r\nEN\r\n',
    items: [{ type: 'mgdump', key: 'a' }, { type: 'mgdump', key: bytes('\0\x01 \r\n\xff') }],
    reply: { type: 'EN', flags: [] },
  },
  {
    name: 'mgdump of 1.6.45',
    request: mgdump,
    bytes: 'OK\r\nmg a\r\nEN\r\n',
    items: [{ type: 'mgdump', key: 'a' }],
    reply: { type: 'EN', flags: [] },
    readOnly: true,
  },
  {
    name: 'watch',
    request: watch,
    bytes: 'OK\r\nts=1.2 gid=1 type=item_get key=a status=found clsid=1 cfd=5 size=1\n',
    items: [
      { type: 'opened' },
      {
        type: 'watch',
        line: 'ts=1.2 gid=1 type=item_get key=a status=found clsid=1 cfd=5 size=1',
      },
    ],
    reply: null,
  },
  {
    name: 'watch refused',
    request: watch,
    bytes: 'WATCHER_TOO_MANY log watcher limit reached\r\n',
    reply: { type: 'refused', message: 'WATCHER_TOO_MANY log watcher limit reached' },
  },
  {
    name: 'config get',
    request: config,
    bytes: 'CONFIG cluster 0 34\r\n12\nhost|10.0.0.1|11211 b||11212 x\n\r\nEND\r\n',
    reply: {
      type: 'CONFIG',
      name: 'cluster',
      flags: 0,
      value: bytes('12\nhost|10.0.0.1|11211 b||11212 x\n'),
    },
  },
  { name: 'config get: none', request: config, bytes: 'END\r\n', reply: { type: 'END' } },
  {
    name: 'raw: a line',
    request: raw('line'),
    bytes: 'PAUSED\r\n',
    reply: { type: 'line', line: 'PAUSED' },
  },
  {
    name: 'raw: lines',
    request: raw('lines'),
    bytes: 'a b\r\n\r\nc\r\nEND\r\n',
    reply: { type: 'lines', lines: ['a b', '', 'c'] },
  },
  {
    name: 'raw: values',
    request: raw('values'),
    bytes: 'VALUE a 0 1\r\nx\r\nEND\r\n',
    reply: { type: 'values', items: [item('a', 'x')] },
  },
  {
    name: 'raw: stats',
    request: raw('stats'),
    bytes: 'STAT a 1\r\nEND\r\n',
    reply: { type: 'stats', lines: [{ type: 'STAT', name: 'a', value: '1' }] },
  },
  ...[get('k'), set, mg, admin(['x']), stats(), raw('lines'), watch, config].map((
    request,
  ): ReplyVector => ({
    name: `${request.verb}: an error of the server`,
    request,
    bytes: 'SERVER_ERROR out of memory\r\n',
    reply: { type: 'SERVER_ERROR', message: 'out of memory' },
  })),
  {
    name: 'get: an error after a value',
    request: get('a', 'b'),
    bytes: 'VALUE a 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\n',
    reply: { type: 'SERVER_ERROR', message: 'out of memory writing get response' },
    readOnly: true,
  },
  {
    name: 'an unknown command',
    request: raw('line'),
    bytes: 'ERROR\r\n',
    reply: { type: 'ERROR', message: '' },
  },
  {
    name: 'an error with a word glued to it',
    request: { verb: 'shutdown', graceful: false },
    bytes: 'ERROR: shutdown not enabled\r\n',
    reply: { type: 'ERROR', message: ': shutdown not enabled' },
  },
  {
    name: 'the same of newer servers',
    request: { verb: 'shutdown', graceful: false },
    bytes: 'SERVER_ERROR: shutdown not enabled\r\n',
    reply: { type: 'SERVER_ERROR', message: ': shutdown not enabled' },
  },
  {
    name: 'quit refused',
    request: { verb: 'quit' },
    bytes: 'CLIENT_ERROR unauthenticated\r\n',
    reply: { type: 'CLIENT_ERROR', message: 'unauthenticated' },
  },
  {
    name: 'lines that end with LF alone',
    request: get('k'),
    bytes: 'VALUE k 0 1\nx\r\nEND\n',
    reply: { type: 'values', items: [item('k', 'x')] },
    readOnly: true,
  },
];
