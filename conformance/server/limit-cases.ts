// Server cases: limits.
import { type Case, needing } from '../case.ts';
import { type ServerContext, talk, withTime } from './server-case.ts';

// memcached limits the whole item: 48 bytes of header, 8 of cas, the key and a NUL, 4 of flags if
// there are any, the value and CR LF.
const LIMIT = 1024 * 1024;
const largest = (keyLength: number): number => LIMIT - 48 - 8 - keyLength - 1 - 2;
// `{k}` stands for eight.
const fits = largest(8);
const value = (length: number): string => 'x'.repeat(length);
const tooLarge = 'SERVER_ERROR object too large for cache\r\n';

// Values of a mebibyte may evict other items.
const sizeCases: readonly Case<ServerContext>[] = [
  talk(
    'the largest value is taken, one byte more is not',
    [`set {k} 0 0 ${fits}\r\n${value(fits)}\r\n`, 'STORED\r\n'],
    ['get {k}\r\n', `VALUE {k} 0 ${fits}\r\n${value(fits)}\r\nEND\r\n`],
    [`set {k} 0 0 ${fits + 1}\r\n${value(fits + 1)}\r\n`, tooLarge],
    ['get {k}\r\n', 'END\r\n'],
  ),
  talk(
    'flags take their room too',
    [`set {k} 1 0 ${fits - 4}\r\n${value(fits - 4)}\r\n`, 'STORED\r\n'],
    [`set {k} 1 0 ${fits}\r\n${value(fits)}\r\n`, tooLarge],
  ),
  talk(
    'what is too large is thrown away as it comes, also where it looks like commands',
    [`set {k} 0 0 ${LIMIT}\r\n${'version\r\n'.padEnd(16).repeat(LIMIT / 16)}\r\n`, tooLarge],
  ),
  talk(
    'a set that is too large drops the old value; add, replace and append leave it',
    ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
    [`add {k} 0 0 ${LIMIT}\r\n${value(LIMIT)}\r\n`, tooLarge],
    [`replace {k} 0 0 ${LIMIT}\r\n${value(LIMIT)}\r\n`, tooLarge],
    [`append {k} 0 0 ${LIMIT}\r\n${value(LIMIT)}\r\n`, tooLarge],
    ['get {k}\r\n', 'VALUE {k} 0 1\r\nx\r\nEND\r\n'],
    [`set {k} 0 0 ${LIMIT}\r\n${value(LIMIT)}\r\n`, tooLarge],
    ['get {k}\r\n', 'END\r\n'],
  ),
  ...needing(
    ['meta'],
    talk(
      'an ms that is too large drops the old value, and is answered in spite of q',
      ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
      [`ms {k} ${LIMIT} q\r\n${value(LIMIT)}\r\n`, tooLarge],
      ['mg {k}\r\n', 'EN\r\n'],
    ),
  ),
  talk(
    'a set that is too large is silent with noreply',
    [`set {k} 0 0 ${LIMIT} noreply\r\n${value(LIMIT)}\r\n`, ''],
  ),
  talk(
    'a number in a value that memcached keeps in pieces is none',
    [`set {k} 0 0 600000\r\n${'5'.padEnd(600_000)}\r\n`, 'STORED\r\n'],
    ['incr {k} 1\r\n', 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n'],
  ),
  talk(
    'append does not grow a value past the limit',
    [`set {k} 0 0 ${fits}\r\n${value(fits)}\r\n`, 'STORED\r\n'],
    ['append {k} 0 0 1\r\ny\r\n', 'NOT_STORED\r\n'],
    ['get {k}\r\n', `VALUE {k} 0 ${fits}\r\n${value(fits)}\r\nEND\r\n`],
    ['delete {k}\r\n', 'DELETED\r\n'],
  ),
];

/** Requirements on a server: sizes, times and eviction. */
export const limitCases: readonly Case<ServerContext>[] = [
  ...needing(['limits', 'empty'], ...sizeCases),
  talk(
    'a negative time, and a Unix time that is past, mean at once',
    ['set {k} 0 -1 1\r\nx\r\nget {k}\r\n', 'STORED\r\nEND\r\n'],
    ['set {k} 0 -2000000000 1\r\nx\r\nget {k}\r\n', 'STORED\r\nEND\r\n'],
    ['set {k} 0 2592001 1\r\nx\r\nget {k}\r\n', 'STORED\r\nEND\r\n'],
    ['set {k} 0 0 1\r\nx\r\ntouch {k} -1\r\nget {k}\r\n', 'STORED\r\nTOUCHED\r\nEND\r\n'],
  ),
  ...needing(
    ['meta'],
    talk('a negative time of an ms means at once', [
      'ms {k} 1 T-1\r\nx\r\nmg {k}\r\n',
      'HD\r\nEN\r\n',
    ]),
    talk(
      'up to 30 days a time is relative',
      ['set {k} 0 2592000 1\r\nx\r\n', 'STORED\r\n'],
      ['mg {k} t\r\n', /HD t(2592000|2591999)\r\n/],
    ),
    talk(
      'beyond, it is a Unix time',
      ['set {k} 0 2147483647 1\r\nx\r\n', 'STORED\r\n'],
      ['mg {k} t\r\n', /HD t\d{8,9}\r\n/],
    ),
    withTime(
      'what is left of a time, and since the last read, is told as it goes by',
      [
        ['set {k}b 0 100 1\r\nx\r\nset {k}c 0 0 1\r\nx\r\n', 'STORED\r\nSTORED\r\n'],
        ['ma {k}d N1\r\nget {k}c\r\n', 'HD\r\nVALUE {k}c 0 1\r\nx\r\nEND\r\n'],
        ['mg {k}c l\r\n', /HD l[01]\r\n/],
      ],
      3,
      [
        ['mg {k}b t\r\nmg {k}d\r\n', /HD t9[678]\r\nEN\r\n/],
        ['mg {k}c l\r\n', /HD l[2345]\r\n/],
      ],
    ),
  ),
  withTime(
    'items expire',
    [
      ['set {k}a 0 3 1\r\nx\r\nset {k}b 0 100 1\r\nx\r\n', 'STORED\r\nSTORED\r\n'],
      ['get {k}a {k}b\r\n', /VALUE [^]*VALUE [^]*END\r\n/],
    ],
    4,
    [
      ['get {k}a {k}b\r\n', 'VALUE {k}b 0 1\r\nx\r\nEND\r\n'],
      ['add {k}a 0 0 1\r\ny\r\n', 'STORED\r\n'],
    ],
  ),
  ...needing(
    ['empty'],
    withTime(
      'flush_all can be delayed',
      [
        ['set {k}a 0 0 1\r\nx\r\n', 'STORED\r\n'],
        ['flush_all 3\r\n', 'OK\r\n'],
        ['get {k}a\r\n', 'VALUE {k}a 0 1\r\nx\r\nEND\r\n'],
      ],
      5,
      [
        ['get {k}a\r\n', 'END\r\n'],
        ['set {k}a 0 0 1\r\nz\r\nget {k}a\r\n', 'STORED\r\nVALUE {k}a 0 1\r\nz\r\nEND\r\n'],
      ],
    ),
  ),
];
