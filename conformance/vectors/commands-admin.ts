// Command vectors: administration.
import type { CommandVector } from './command-vector.ts';

const noreply = false;

/** Vectors of commands about a server, of logins, and of unknown commands. */
export const adminCommands: readonly CommandVector[] = [
  { name: 'stats', command: { verb: 'stats', words: [] }, bytes: 'stats\r\n' },
  {
    name: 'stats with arguments',
    command: { verb: 'stats', words: ['cachedump', '1', '0'] },
    bytes: 'stats cachedump 1 0\r\n',
  },
  { name: 'version', command: { verb: 'version' }, bytes: 'version\r\n' },
  {
    name: 'verbosity',
    command: { verb: 'verbosity', level: 1, noreply },
    bytes: 'verbosity 1\r\n',
  },
  {
    name: 'flush_all',
    command: { verb: 'flush_all', delay: 0, noreply },
    bytes: 'flush_all 0\r\n',
  },
  {
    name: 'flush_all later, without a reply',
    command: { verb: 'flush_all', delay: 30, noreply: true },
    bytes: 'flush_all 30 noreply\r\n',
  },
  {
    name: 'cache_memlimit',
    command: { verb: 'cache_memlimit', megabytes: 100, noreply },
    bytes: 'cache_memlimit 100\r\n',
  },
  { name: 'shutdown', command: { verb: 'shutdown', graceful: false }, bytes: 'shutdown\r\n' },
  {
    name: 'shutdown, gracefully',
    command: { verb: 'shutdown', graceful: true },
    bytes: 'shutdown graceful\r\n',
  },
  { name: 'quit', command: { verb: 'quit' }, bytes: 'quit\r\n' },
  {
    name: 'slabs',
    command: { verb: 'slabs', words: ['reassign', '1', '2'] },
    bytes: 'slabs reassign 1 2\r\n',
  },
  {
    name: 'lru',
    command: { verb: 'lru', words: ['tune', '10', '25', '0.1', '2.0'] },
    bytes: 'lru tune 10 25 0.1 2.0\r\n',
  },
  {
    name: 'extstore',
    command: { verb: 'extstore', words: ['item_size', '512'] },
    bytes: 'extstore item_size 512\r\n',
  },
  {
    name: 'lru_crawler',
    command: { verb: 'lru_crawler', words: ['crawl', '1,2'] },
    bytes: 'lru_crawler crawl 1,2\r\n',
  },
  {
    name: 'lru_crawler metadump',
    command: { verb: 'lru_crawler metadump', words: ['all'] },
    bytes: 'lru_crawler metadump all\r\n',
  },
  {
    name: 'lru_crawler mgdump',
    command: { verb: 'lru_crawler mgdump', words: ['hash'] },
    bytes: 'lru_crawler mgdump hash\r\n',
  },
  { name: 'watch', command: { verb: 'watch', words: [] }, bytes: 'watch\r\n' },
  {
    name: 'watch of several logs',
    command: { verb: 'watch', words: ['fetchers', 'mutations'] },
    bytes: 'watch fetchers mutations\r\n',
  },
  { name: 'refresh_certs', command: { verb: 'refresh_certs' }, bytes: 'refresh_certs\r\n' },
  {
    name: 'config get',
    command: { verb: 'config get', words: ['cluster'] },
    bytes: 'config get cluster\r\n',
  },
  {
    name: 'auth',
    command: { verb: 'auth', username: 'user', password: 'pässword' },
    bytes: 'set auth 0 -1 14\r\nuser p\xc3\xa4ssword\r\n',
  },
  {
    name: 'raw',
    command: { verb: 'raw', line: 'debugtime p  x', value: null, reply: 'line' },
    bytes: 'debugtime p  x\r\n',
  },
  {
    name: 'raw with a value',
    command: { verb: 'raw', line: 'future k 5', value: 'value', reply: 'lines' },
    bytes: 'future k 5\r\nvalue\r\n',
    decoded: { verb: 'raw', line: 'future k 5', value: null, reply: 'line' },
  },
];
