import type { Case } from '../case.ts';
import { type ServerContext, talk } from './server-case.ts';

// memcached's limit is on all that it keeps of an item: 48 bytes of header, 8 of cas, the key and a
// NUL, 4 of flags if there are any, the value and CR LF.
const LIMIT = 1024 * 1024;
const largest = (keyLength: number): number => LIMIT - 48 - 8 - keyLength - 1 - 2;
const key = 'limit';
const fits = largest(key.length);
const value = (length: number): string => 'x'.repeat(length);
const tooLarge = 'SERVER_ERROR object too large for cache\r\n';

/** Sizes, times and what becomes of the old. For a server that was started with the defaults. */
export const limitCases: readonly Case<ServerContext>[] = [
  talk(
    'the largest value is taken, one byte more is not',
    [`set ${key} 0 0 ${fits}\r\n${value(fits)}\r\n`, 'STORED\r\n'],
    [`mg ${key} s\r\n`, `HD s${fits}\r\n`],
    [`set ${key} 0 0 ${fits + 1}\r\n${value(fits + 1)}\r\n`, tooLarge],
    [`get ${key}\r\n`, 'END\r\n'],
  ),
  talk(
    'flags take their room too',
    [`set ${key} 1 0 ${fits - 4}\r\n${value(fits - 4)}\r\n`, 'STORED\r\n'],
    [`set ${key} 1 0 ${fits}\r\n${value(fits)}\r\n`, tooLarge],
  ),
  talk(
    'what is too large is thrown away as it comes, also where it looks like commands',
    [`set {k} 0 0 ${LIMIT}\r\n${'flush_all\r\n'.padEnd(16).repeat(LIMIT / 16)}\r\n`, tooLarge],
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
  talk(
    'an ms that is too large drops the old value, and is answered in spite of q',
    ['set {k} 0 0 1\r\nx\r\n', 'STORED\r\n'],
    [`ms {k} ${LIMIT} q\r\n${value(LIMIT)}\r\n`, tooLarge],
    ['mg {k}\r\n', 'EN\r\n'],
  ),
  talk(
    'a set that is too large is silent with noreply',
    [`set {k} 0 0 ${LIMIT} noreply\r\n${value(LIMIT)}\r\n`, ''],
  ),
  talk(
    'append does not grow a value past the limit',
    [`set ${key} 0 0 ${fits}\r\n${value(fits)}\r\n`, 'STORED\r\n'],
    [`append ${key} 0 0 1\r\ny\r\n`, 'NOT_STORED\r\n'],
    [`mg ${key} s\r\n`, `HD s${fits}\r\n`],
    [`delete ${key}\r\n`, 'DELETED\r\n'],
  ),
  talk(
    'a negative time, and a Unix time that is past, mean at once',
    ['set {k} 0 -1 1\r\nx\r\nget {k}\r\n', 'STORED\r\nEND\r\n'],
    ['set {k} 0 2592001 1\r\nx\r\nget {k}\r\n', 'STORED\r\nEND\r\n'],
    ['set {k} 0 0 1\r\nx\r\ntouch {k} -1\r\nget {k}\r\n', 'STORED\r\nTOUCHED\r\nEND\r\n'],
    ['ms {k} 1 T-1\r\nx\r\nmg {k}\r\n', 'HD\r\nEN\r\n'],
  ),
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
  {
    name: 'items expire, flush_all can be delayed, and what is read is known',
    async run(context) {
      const step = async (
        ...steps: Parameters<typeof talk> extends [string, ...infer S] ? S : []
      ) => await talk('step', ...steps).run({ ...context, unique: () => name });
      const name = context.unique();
      await step(
        [
          'set {k}a 0 1 1\r\nx\r\nset {k}b 0 100 1\r\nx\r\nset {k}c 0 0 1\r\nx\r\n',
          /(STORED\r\n){3}/,
        ],
        ['ma {k}d N1\r\n', 'HD\r\n'],
        ['get {k}a {k}b\r\n', /VALUE [^]*VALUE [^]*END\r\n/],
        ['mg {k}c l\r\n', /HD l[01]\r\n/],
      );
      await context.pass(3);
      await step(
        ['get {k}a {k}d\r\n', 'END\r\n'],
        ['mg {k}b t\r\n', /HD t9[678]\r\n/],
        ['add {k}a 0 0 1\r\ny\r\n', 'STORED\r\n'],
        ['mg {k}c l\r\n', /HD l[2345]\r\n/],
        ['flush_all 2\r\n', 'OK\r\n'],
        ['mg {k}c\r\n', 'HD\r\n'],
      );
      await context.pass(4);
      await step(['get {k}a {k}b {k}c\r\n', 'END\r\n'], [
        'set {k}a 0 0 1\r\nz\r\nget {k}a\r\n',
        'STORED\r\nVALUE {k}a 0 1\r\nz\r\nEND\r\n',
      ]);
    },
  },
];
