// Command vectors.
import { bytes } from '../assert.ts';
import type { CommandVector } from './command-vector.ts';
import { adminCommands } from './commands-admin.ts';

export type { CommandVector } from './command-vector.ts';

const noreply = false;
const store = { key: 'k', flags: 0, expire: 0, value: 'value', noreply };
const base64 = false;
const binary = bytes('\0\x01 \r\n\xff');

/** Vectors of commands whose bytes the protocol fixes, one or more for every verb. */
export const commandVectors: readonly CommandVector[] = [
  { name: 'get', command: { verb: 'get', keys: ['k'] }, bytes: 'get k\r\n' },
  {
    name: 'get of many keys',
    command: { verb: 'get', keys: ['a', 'b', 'noreply', bytes('caf\xc3\xa9')] },
    bytes: 'get a b noreply caf\xc3\xa9\r\n',
  },
  {
    name: 'get of more keys than memcached cuts words',
    command: { verb: 'get', keys: Array.from({ length: 60 }, (_, i) => `key${i}`) },
    bytes: `get ${Array.from({ length: 60 }, (_, i) => `key${i}`).join(' ')}\r\n`,
  },
  { name: 'gets', command: { verb: 'gets', keys: ['k', 'l'] }, bytes: 'gets k l\r\n' },
  {
    // ElastiCache before 1.4.14 has its cluster under this key (protocol.md 2.5).
    name: 'get of the cluster of an old ElastiCache',
    command: { verb: 'get', keys: ['AmazonElastiCache:cluster'] },
    bytes: 'get AmazonElastiCache:cluster\r\n',
  },
  {
    name: 'a key of 250 bytes',
    command: { verb: 'get', keys: ['k'.repeat(250)] },
    bytes: `get ${'k'.repeat(250)}\r\n`,
  },
  {
    name: 'gat',
    command: { verb: 'gat', expire: 60, keys: ['k', 'l'] },
    bytes: 'gat 60 k l\r\n',
  },
  {
    name: 'gats, at once',
    command: { verb: 'gats', expire: -1, keys: ['k'] },
    bytes: 'gats -1 k\r\n',
  },
  { name: 'set', command: { verb: 'set', ...store }, bytes: 'set k 0 0 5\r\nvalue\r\n' },
  {
    name: 'set of a value that looks like commands',
    command: { verb: 'set', ...store, value: 'a\r\ndelete b\r\nEND\r\n' },
    bytes: 'set k 0 0 18\r\na\r\ndelete b\r\nEND\r\n\r\n',
  },
  {
    name: 'set of nothing',
    command: { verb: 'set', ...store, value: '' },
    bytes: 'set k 0 0 0\r\n\r\n',
  },
  {
    name: 'set of text that is not ASCII',
    command: { verb: 'set', ...store, value: 'é🍺' },
    bytes: 'set k 0 0 6\r\n\xc3\xa9\xf0\x9f\x8d\xba\r\n',
    decoded: { verb: 'set', ...store, value: bytes('\xc3\xa9\xf0\x9f\x8d\xba') },
  },
  {
    name: 'set of bytes, with the largest numbers',
    command: {
      verb: 'set',
      key: bytes('k\x80'),
      flags: 4294967295,
      expire: 2147483647,
      value: binary,
      noreply: true,
    },
    bytes: 'set k\x80 4294967295 2147483647 6 noreply\r\n\0\x01 \r\n\xff\r\n',
  },
  { name: 'add', command: { verb: 'add', ...store }, bytes: 'add k 0 0 5\r\nvalue\r\n' },
  {
    name: 'replace',
    command: { verb: 'replace', ...store, expire: -1 },
    bytes: 'replace k 0 -1 5\r\nvalue\r\n',
  },
  { name: 'append', command: { verb: 'append', ...store }, bytes: 'append k 0 0 5\r\nvalue\r\n' },
  {
    name: 'prepend',
    command: { verb: 'prepend', ...store },
    bytes: 'prepend k 0 0 5\r\nvalue\r\n',
  },
  {
    name: 'prepend in silence',
    command: { verb: 'prepend', ...store, noreply: true },
    bytes: 'prepend k 0 0 5 noreply\r\nvalue\r\n',
  },
  {
    name: 'cas',
    command: { verb: 'cas', ...store, cas: 18446744073709551615n },
    bytes: 'cas k 0 0 5 18446744073709551615\r\nvalue\r\n',
  },
  {
    name: 'cas without a reply',
    command: { verb: 'cas', ...store, cas: 0n, noreply: true },
    bytes: 'cas k 0 0 5 0 noreply\r\nvalue\r\n',
  },
  { name: 'delete', command: { verb: 'delete', key: 'k', noreply }, bytes: 'delete k\r\n' },
  {
    name: 'delete without a reply',
    command: { verb: 'delete', key: 'k', noreply: true },
    bytes: 'delete k noreply\r\n',
  },
  {
    // A bare `delete noreply` is never answered by servers since 1.6.40 (protocol.md 4.4).
    name: 'delete of the key noreply',
    command: { verb: 'delete', key: 'noreply', noreply },
    bytes: 'delete noreply 0\r\n',
  },
  {
    name: 'delete of the key noreply, as bytes, without a reply',
    command: { verb: 'delete', key: bytes('noreply'), noreply: true },
    bytes: 'delete noreply 0 noreply\r\n',
  },
  {
    name: 'incr',
    command: { verb: 'incr', key: 'k', delta: 18446744073709551615n, noreply },
    bytes: 'incr k 18446744073709551615\r\n',
  },
  {
    name: 'decr',
    command: { verb: 'decr', key: 'k', delta: 1n, noreply },
    bytes: 'decr k 1\r\n',
  },
  {
    name: 'decr without a reply',
    command: { verb: 'decr', key: 'k', delta: 0n, noreply: true },
    bytes: 'decr k 0 noreply\r\n',
  },
  {
    name: 'touch',
    command: { verb: 'touch', key: 'k', expire: 2592000, noreply },
    bytes: 'touch k 2592000\r\n',
  },
  {
    name: 'mg without flags',
    command: { verb: 'mg', key: 'k', base64, flags: [] },
    bytes: 'mg k\r\n',
  },
  {
    name: 'mg with every flag it knows',
    command: {
      verb: 'mg',
      key: 'k',
      base64,
      flags: ['c', 'f', 'h', 'k', 'l', 'Oabc', 'q', 's', 't', 'u', 'v', 'E5', 'N30', 'R10', 'T-1'],
    },
    bytes: 'mg k c f h k l Oabc q s t u v E5 N30 R10 T-1\r\n',
  },
  {
    name: 'mg with a cas to compare and hints for proxies',
    command: { verb: 'mg', key: 'k', base64, flags: ['v', 'C7', 'Phint', 'Lhint/x'] },
    bytes: 'mg k v C7 Phint Lhint/x\r\n',
  },
  {
    name: 'mg of a binary key',
    command: { verb: 'mg', key: binary, base64: true, flags: ['v', 'k'] },
    bytes: 'mg AAEgDQr/ b v k\r\n',
  },
  {
    name: 'mg of the longest binary key',
    command: { verb: 'mg', key: new Uint8Array(186), base64: true, flags: [] },
    bytes: `mg ${'A'.repeat(248)} b\r\n`,
  },
  {
    name: 'ms',
    command: { verb: 'ms', key: 'k', base64, value: 'value', flags: [] },
    bytes: 'ms k 5\r\nvalue\r\n',
  },
  {
    name: 'ms with every flag it knows',
    command: {
      verb: 'ms',
      key: 'k',
      base64,
      value: binary,
      flags: ['c', 'C18446744073709551615', 'E1', 'F4294967295', 'I', 'k', 'O1', 'q', 's', 'T60'],
    },
    bytes: 'ms k 6 c C18446744073709551615 E1 F4294967295 I k O1 q s T60\r\n\0\x01 \r\n\xff\r\n',
  },
  ...['E', 'A', 'P', 'R', 'S'].map((mode): CommandVector => ({
    name: `ms in mode ${mode}, vivifying, of a binary key`,
    command: { verb: 'ms', key: binary, base64: true, value: '', flags: [`M${mode}`, 'N0'] },
    bytes: `ms AAEgDQr/ 0 b M${mode} N0\r\n\r\n`,
  })),
  {
    name: 'md',
    command: { verb: 'md', key: 'k', base64, flags: [] },
    bytes: 'md k\r\n',
  },
  {
    name: 'md with every flag it knows',
    command: {
      verb: 'md',
      key: 'k',
      base64,
      flags: ['C1', 'E2', 'I', 'k', 'Oopaque', 'q', 'T30', 'x'],
    },
    bytes: 'md k C1 E2 I k Oopaque q T30 x\r\n',
  },
  {
    name: 'ma',
    command: { verb: 'ma', key: 'k', base64, flags: [] },
    bytes: 'ma k\r\n',
  },
  {
    name: 'ma with every flag it knows',
    command: {
      verb: 'ma',
      key: 'k',
      base64,
      flags: ['C1', 'E2', 'N0', 'J13', 'D2', 'T30', 'MD', 'O1', 'q', 't', 'c', 'v', 'k'],
    },
    bytes: 'ma k C1 E2 N0 J13 D2 T30 MD O1 q t c v k\r\n',
  },
  ...['I', '+', '-'].map((mode): CommandVector => ({
    name: `ma in mode ${mode}`,
    command: { verb: 'ma', key: 'k', base64, flags: [`M${mode}`] },
    bytes: `ma k M${mode}\r\n`,
  })),
  ...([
    ['add', { verb: 'add', ...store, noreply: true }, 'add k 0 0 5 noreply\r\nvalue\r\n'],
    [
      'replace',
      { verb: 'replace', ...store, noreply: true },
      'replace k 0 0 5 noreply\r\nvalue\r\n',
    ],
    ['append', { verb: 'append', ...store, noreply: true }, 'append k 0 0 5 noreply\r\nvalue\r\n'],
    ['incr', { verb: 'incr', key: 'k', delta: 1n, noreply: true }, 'incr k 1 noreply\r\n'],
    ['touch', { verb: 'touch', key: 'k', expire: -1, noreply: true }, 'touch k -1 noreply\r\n'],
    ['verbosity', { verb: 'verbosity', level: 0, noreply: true }, 'verbosity 0 noreply\r\n'],
    [
      'cache_memlimit',
      { verb: 'cache_memlimit', megabytes: 8, noreply: true },
      'cache_memlimit 8 noreply\r\n',
    ],
  ] as const).map(([verb, command, line]): CommandVector => ({
    name: `${verb} in silence`,
    command,
    bytes: line,
  })),
  {
    name: 'set with zeros that are negative',
    command: { verb: 'set', ...store, flags: -0, expire: -0 },
    bytes: 'set k 0 0 5\r\nvalue\r\n',
    decoded: { verb: 'set', ...store },
  },
  {
    name: 'set of half a character: U+FFFD, as everywhere text becomes bytes',
    command: { verb: 'set', ...store, value: 'a\ud83c' },
    bytes: 'set k 0 0 4\r\na\xef\xbf\xbd\r\n',
    decoded: { verb: 'set', ...store, value: bytes('a\xef\xbf\xbd') },
  },
  { name: 'mn', command: { verb: 'mn' }, bytes: 'mn\r\n' },
  { name: 'me', command: { verb: 'me', key: 'k', base64 }, bytes: 'me k\r\n' },
  {
    // 1.6.45 finds a binary key only if the flag is given twice (protocol.md 3.6).
    name: 'me of a binary key',
    command: { verb: 'me', key: binary, base64: true },
    bytes: 'me AAEgDQr/ b b\r\n',
  },
  ...adminCommands,
];
