// Reply vectors: meta commands.
import { bytes } from '../assert.ts';
import { facts, mg, type ReplyVector, status } from './reply-vector.ts';
import type { Command } from '../../core/wire/command.ts';

const base64 = false;
const ms: Command = { verb: 'ms', key: 'k', base64, value: '', flags: [] };
const touch: Command = { verb: 'mg', key: 'k', base64, flags: ['T30'] };
const md: Command = { verb: 'md', key: 'k', base64, flags: [] };
const ma: Command = { verb: 'ma', key: 'k', base64, flags: ['v'] };

/** Vectors of replies to the meta commands. */
export const metaReplies: readonly ReplyVector[] = [
  status({ verb: 'mn' }, 'MN'),
  { name: 'mg: HD', request: touch, bytes: 'HD\r\n', reply: { type: 'HD', flags: [] } },
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
    name: 'mg: a stub that was made for the miss, won',
    request: mg,
    bytes: 'VA 0 c2 W\r\n\r\n',
    reply: { type: 'VA', flags: ['c2', 'W'], value: bytes('') },
  },
  {
    name: 'mg: a stale value, won',
    request: mg,
    bytes: 'VA 1 X W\r\nx\r\n',
    reply: { type: 'VA', flags: ['X', 'W'], value: bytes('x') },
  },
  {
    name: 'mg: more spaces than one',
    request: mg,
    bytes: 'VA 1  f1  t-1 \r\nx\r\n',
    reply: { type: 'VA', flags: ['f1', 't-1'], value: bytes('x') },
    readOnly: true,
  },
  {
    name: 'ms: the size stored',
    request: ms,
    bytes: 'HD s5\r\n',
    reply: { type: 'HD', flags: ['s5'] },
  },
  { name: 'md: NS', request: md, bytes: 'NS\r\n', reply: { type: 'NS', flags: [] } },
  ...(['HD', 'NS', 'EX'] as const).map((type): ReplyVector => ({
    name: `ma: ${type}`,
    request: ma,
    bytes: `${type} kk\r\n`,
    reply: { type, flags: ['kk'] },
  })),
  ...[touch, ms, md, ma].map((request): ReplyVector => ({
    // The first meta dialect, as ElastiCache 1.6.6 speaks it (protocol.md 3.8).
    name: `${request.verb}: OK, an old word for HD`,
    request,
    bytes: 'OK c7\r\n',
    reply: { type: 'HD', flags: ['c7'] },
    readOnly: true,
  })),
  {
    name: 'me: a binary key that is asked for as it is stored',
    request: { verb: 'me', key: 'AAEgDQr/', base64 },
    bytes: 'ME AAEgDQr/ exp=-1 la=5 cas=7 fetch=no cls=1 size=63\r\n',
    reply: { type: 'ME', key: 'AAEgDQr/', base64, ...facts, fetch: false },
  },
];
