// Reply vectors: administration.
import { bytes } from '../assert.ts';
import { admin, facts, type ReplyVector, stats, status } from './reply-vector.ts';
import type { Command } from '../../core/wire/command.ts';

const noreply = false;
const metadump: Command = { verb: 'lru_crawler metadump', words: ['all'] };
const mgdump: Command = { verb: 'lru_crawler mgdump', words: ['all'] };
const watch: Command = { verb: 'watch', words: ['fetchers'] };
const config: Command = { verb: 'config get', words: ['cluster'] };

/** Vectors of replies about a server: its state, settings, dumps and logs. */
export const adminReplies: readonly ReplyVector[] = [
  status({ verb: 'verbosity', level: 1, noreply }, 'OK'),
  status({ verb: 'flush_all', delay: 0, noreply }, 'OK'),
  status({ verb: 'cache_memlimit', megabytes: 100, noreply }, 'OK'),
  status({ verb: 'auth', username: 'u', password: 'p' }, 'STORED'),
  status({ verb: 'refresh_certs' }, 'OK'),
  status({ verb: 'lru', words: ['mode', 'flat'] }, 'OK'),
  status({ verb: 'lru_crawler', words: ['enable'] }, 'OK'),
  status({ verb: 'extstore', words: ['item_size', '512'] }, 'OK'),
  status(stats('reset'), 'RESET'),
  status(stats('detail', 'on'), 'OK'),
  status(admin('automove', '1'), 'OK'),
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
    request: admin('reassign', '1', '2'),
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
    // Since 1.6.24 with flags and a space at the line's end, since 1.6.43 with OK first.
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
  ...['BADCLASS invalid class id', 'BUSY currently processing crawler request'].flatMap((message) =>
    [metadump, mgdump].map((request): ReplyVector => ({
      name: `${request.verb}: ${message}`,
      request,
      bytes: `${message}\r\n`,
      reply: { type: 'refused', message },
    }))
  ),
  {
    name: 'watch: WATCHER_FAILED',
    request: watch,
    bytes: 'WATCHER_FAILED failed to add log watcher\r\n',
    reply: { type: 'refused', message: 'WATCHER_FAILED failed to add log watcher' },
  },
  {
    name: 'metadump: client flags past 32 bits',
    request: metadump,
    bytes: 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63 flags=4294967296 \nEND\r\n',
    items: [{ type: 'metadump', key: 'a', ...facts, flags: 2 ** 32 }],
    reply: { type: 'END' },
  },
];
