// Reply vectors: classic commands.
import { bytes } from '../assert.ts';
import { get, item, type ReplyVector, set, status } from './reply-vector.ts';
import type { Command } from '../../core/wire/command.ts';

const noreply = false;
const cas: Command = { ...set, verb: 'cas', cas: 1n } as Command;
const remove: Command = { verb: 'delete', key: 'k', noreply };
const touch: Command = { verb: 'touch', key: 'k', expire: 0, noreply };
const incr: Command = { verb: 'incr', key: 'k', delta: 1n, noreply };
const decr: Command = { verb: 'decr', key: 'k', delta: 1n, noreply };

/** Vectors of replies to the classic commands on items. */
export const classicReplies: readonly ReplyVector[] = [
  ...(['set', 'add', 'replace', 'append', 'prepend'] as const).flatMap((verb) =>
    ['STORED', 'NOT_STORED'].map((word) => status({ ...set, verb } as Command, word))
  ),
  status(cas, 'STORED'),
  status(cas, 'EXISTS'),
  status(cas, 'NOT_FOUND'),
  status(remove, 'DELETED'),
  status(remove, 'NOT_FOUND'),
  status(touch, 'TOUCHED'),
  status(touch, 'NOT_FOUND'),
  status(incr, 'NOT_FOUND'),
  status(decr, 'NOT_FOUND'),
  {
    name: 'incr: a number',
    request: incr,
    bytes: '18446744073709551615\r\n',
    reply: { type: 'number', value: 18446744073709551615n },
  },
  {
    name: 'decr: a number past 2^53',
    request: decr,
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
    // As twemproxy answers, which distributes the keys over its servers.
    name: 'get: values in another order',
    request: get('a', 'b', 'a', 'c'),
    bytes: 'VALUE b 0 1\r\nb\r\nVALUE a 0 1\r\n1\r\nVALUE a 0 1\r\n2\r\nEND\r\n',
    reply: { type: 'values', items: [item('b', 'b'), item('a', '1'), item('a', '2')] },
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
  {
    name: 'lines that end with LF alone',
    request: get('k'),
    bytes: 'VALUE k 0 1\nx\r\nEND\n',
    reply: { type: 'values', items: [item('k', 'x')] },
    readOnly: true,
  },
  {
    // A server may be built for flags of 64 bits; past 2^53 they are rounded.
    name: 'get: client flags past 32 bits',
    request: get('a', 'b'),
    bytes: 'VALUE a 4294967296 1\r\nx\r\nVALUE b 9223372036854775808 1\r\ny\r\nEND\r\n',
    reply: { type: 'values', items: [item('a', 'x', 2 ** 32), item('b', 'y', 2 ** 63)] },
  },
  {
    name: 'get: the largest client flags',
    request: get('a'),
    bytes: 'VALUE a 18446744073709551615 1\r\nx\r\nEND\r\n',
    reply: { type: 'values', items: [item('a', 'x', 2 ** 64)] },
  },
  {
    // ElastiCache before 1.4.14 has its cluster under this key (protocol.md 2.5).
    name: 'get: the cluster of an old ElastiCache',
    request: get('AmazonElastiCache:cluster'),
    bytes: 'VALUE AmazonElastiCache:cluster 0 17\r\n1\nhost|ip|11211\n\n\r\nEND\r\n',
    reply: {
      type: 'values',
      items: [item('AmazonElastiCache:cluster', '1\nhost|ip|11211\n\n')],
    },
  },
];
