// The table of models of older servers and proxies.
import type { MetaModel, ServerModel } from './model.ts';

// Observed on the servers themselves, except Pelikan and mcrouter, whose sources were read.

const stores = ['set', 'add', 'replace', 'append', 'prepend', 'cas'];
const proxied = ['get', 'gets', ...stores, 'delete', 'incr', 'decr', 'touch'];
const administration = [
  ...['version', 'verbosity', 'flush_all', 'cache_memlimit', 'shutdown', 'quit'],
  ...['stats', 'watch', 'slabs', 'lru', 'lru_crawler'],
];
const classic = [...proxied, 'gat', 'gats', ...administration];
const meta = ['mg', 'ms', 'md', 'ma', 'me', 'mn'];

const error = ['ERROR\r\n'] as const;
const badFormat = ['CLIENT_ERROR bad command line format\r\n'] as const;
const invalidFlag = ['CLIENT_ERROR invalid or duplicate flag\r\n'] as const;
const hangUp = ['', 'drop'] as const;

// The features that 1.6.18 and earlier lack.
const noMgdump = [/^lru_crawler mgdump/, error] as const;
const noNewFlags = [
  [/^m[gs] \S+ (.* )?E\d/, ['CLIENT_ERROR invalid flag\r\n']],
  [/^m[da] \S+ (.* )?(E\d|x( |$))/, invalidFlag],
] as const;

/** From 1.6.10 to 1.6.17. */
const bareMeta: MetaModel = { bareMiss: true, spaced: ['md HD', 'md NF', 'md EX', 'ma NF'] };

/** 1.4 to 1.4.39: no meta commands and no `gat`. */
const memcached1_4: ServerModel = {
  name: 'memcached 1.4',
  version: '1.4.39',
  verbs: [...proxied, ...administration],
  unknown: error,
  tooLargeQuietData: 'is run',
  answers: [[/^lru_crawler metadump/, ['CLIENT_ERROR lru crawler disabled\r\n']], noMgdump],
  lacks: ['meta', 'gat', 'gats', 'fence', 'metadump', 'mgdump', 'watch'],
};

/**
 * 1.5.22, the last before today's meta commands: it has a first draft, whose replies end with EN
 * and whose flags are one word. A hit of its `mg` is not modelled.
 */
const memcached1_5: ServerModel = {
  name: 'memcached 1.5',
  version: '1.5.22',
  verbs: classic,
  unknown: error,
  tooLargeQuietData: 'is run',
  answers: [
    [/^mn$/, ['EN\r\n']],
    [/^mg \S+ [a-z]+ \S/, ['CLIENT_ERROR incorrect number of tokens supplied\r\n']],
    [/^mg \S+ \S*[^a-z\s]/, invalidFlag],
    [/^m[ge] \S+/, ['EN\r\n']],
    [/^md \S+ q$/, ['']],
    [/^m[ds] \S+ \S/, invalidFlag],
    [/^md \S+$/, ['NF \r\n']],
    [/^ms \S+$/, badFormat],
    noMgdump,
  ],
  lacks: ['meta', 'fence', 'mgdump'],
};

/** 1.6.0 to 1.6.9: MN and EN as today, but the length of a value is a flag, and success is OK. */
const memcached1_6_9: ServerModel = {
  name: 'memcached 1.6.9',
  version: '1.6.9',
  verbs: [...classic, ...meta],
  unknown: error,
  answers: [
    [/^mg \S+$/, badFormat],
    [/^me \S+ b$/, ['EN\r\n']],
    [/^m[gs] \S+ (.* )?b( |$)/, ['CLIENT_ERROR invalid flag\r\n']],
    [/^m[da] \S+ (.* )?b( |$)/, invalidFlag],
    ...noNewFlags,
    noMgdump,
  ],
  meta: {
    ...{ ...bareMeta, done: 'OK', lengthFlag: true },
    spaced: ['ms OK', 'ms EX', 'ms NS', 'ms NF', 'md OK', 'md NF', 'md EX', 'ma NF'],
  },
  lacks: ['meta', 'mgdump'],
};

/** 1.6.10 to 1.6.17: all meta commands, but a miss of `mg` returns neither opaque nor key. */
const memcached1_6_12: ServerModel = {
  name: 'memcached 1.6.12',
  version: '1.6.12',
  verbs: [...classic, ...meta],
  unknown: error,
  answers: [[/^mg \S+$/, badFormat], ...noNewFlags, noMgdump],
  meta: bareMeta,
  lacks: ['meta', 'mgdump'],
};

const memcached1_6_18: ServerModel = {
  name: 'memcached 1.6.18',
  version: '1.6.18',
  verbs: [...classic, ...meta],
  unknown: error,
  answers: [...noNewFlags, noMgdump],
  lacks: ['mgdump'],
};

/** Since 1.6.40 a new parser skips the value behind a refused line. */
const memcached1_6_45: ServerModel = {
  name: 'memcached 1.6.45',
  version: '1.6.45',
  verbs: [...classic, ...meta],
  unknown: error,
  malformedData: 'is skipped',
  answers: [
    [/^.?$|^(get|gets|mg|verbosity)$/, badFormat],
    [/^gets? (.* )?\S{251}/, ['CLIENT_ERROR bad command line format\r\n\r\n']],
    [/^me \S+ b$/, ['EN\r\n']],
    [/^shutdown/, ['SERVER_ERROR: shutdown not enabled\r\n']],
  ],
  lacks: [],
};

/** A server with all commands that hides its version, as some managed services do. */
const unknownVersion: ServerModel = {
  ...memcached1_6_18,
  name: 'a server whose version is UNKNOWN',
  version: 'UNKNOWN',
};

const parsing = ['CLIENT_ERROR parsing request\r\n'] as const;

/**
 * memcached as a proxy of memcached 1.6.18: it passes on commands with a key. A quiet delete
 * reaches its server mangled, is not executed, and causes an unsolicited error.
 */
const proxy1_6_39: ServerModel = {
  name: "memcached's proxy 1.6.39",
  version: '1.6.39',
  verbs: [...proxied, 'gat', 'gats', ...meta, 'version', 'quit', 'stats', 'watch'],
  unknown: parsing,
  malformedData: 'is skipped',
  answers: [
    [/^(|get|gets|mg|ms \S+|ms \S+ \D.*)$/, parsing],
    [/^(set|add|replace|append|prepend|cas) \S+ \S+ \S+ (?!\d+( |$))/, parsing],
    ...noNewFlags,
    [
      /^delete \S+( 0)? noreply$/,
      ['CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n'],
    ],
  ],
  lacks: ['admin', 'flushAll', 'verbosity', 'cacheMemlimit', 'metadump', 'mgdump'],
};

/** With the parser of 1.6.40 it closes at an unknown word without a reply. */
const proxy1_6_45: ServerModel = {
  ...proxy1_6_39,
  name: "memcached's proxy 1.6.45",
  version: '1.6.45',
  unknown: hangUp,
  answers: [
    [/^.$/, parsing],
    [/^(set|add|replace|append|prepend|cas) \S+ \S+ \S+ (?!\d+( |$))/, hangUp],
    ...proxy1_6_39.answers ?? [],
  ],
};

/**
 * twemproxy 0.5 in front of two servers: `version` goes to one of them; a line that it cannot parse
 * closes the connection with all commands in flight.
 */
const twemproxy0_5: ServerModel = {
  name: 'twemproxy 0.5',
  version: '1.6.18',
  verbs: [...proxied, 'version', 'quit'],
  unknown: hangUp,
  malformed: hangUp,
  answers: [
    [/^(set|add|replace|append|prepend|cas) \S+ \d+ -/, hangUp],
    [/^delete \S+ 0/, hangUp],
    [/^(get|gets|delete|incr|decr|touch)$|\S{251}/, hangUp],
  ],
  shards: 2,
  lacks: ['meta', 'gat', 'gats', 'fence', 'admin', 'stats', 'flushAll'],
};

/** Before 0.5 it did not know `version`. */
const twemproxy0_4: ServerModel = {
  ...twemproxy0_5,
  name: 'twemproxy 0.4',
  verbs: proxied.filter((verb) => verb !== 'touch').concat('quit'),
  lacks: [...twemproxy0_5.lacks, 'touch', 'version'],
};

/**
 * Pelikan before July 2026, segcache: it closes at unknown words, `version` and `touch` among them,
 * and accepts words that it does not execute.
 */
const pelikan: ServerModel = {
  name: 'Pelikan',
  version: '0.3.1',
  verbs: ['get', 'gets', ...stores, 'delete', 'incr', 'decr', 'quit'],
  unknown: ['', 'close'],
  malformed: ['', 'close'],
  answers: [
    [/^(append|prepend|flush_all)\b/, error],
    [/^delete \S+ 0/, ['', 'close']],
  ],
  lacks: [
    ...['meta', 'gat', 'gats', 'touch', 'append', 'prepend', 'fence', 'version'],
    ...['admin', 'stats', 'flushAll'],
  ],
};

const malformedRequest = ['CLIENT_ERROR malformed request\r\n', 'close'] as const;

/** mcrouter in front of healthy servers. */
const mcrouter: ServerModel = {
  name: 'mcrouter',
  version: '1.0.0 mcrouter',
  verbs: [...proxied, 'gat', 'gats', 'version', 'quit', 'stats'],
  unknown: malformedRequest,
  malformed: malformedRequest,
  answers: [[/^flush_all/, ['SERVER_ERROR Command disabled\r\n']]],
  lacks: ['meta', 'fence', 'admin', 'flushAll'],
};

/** mcrouter whose writes have no route: it gives its default replies, and no error. */
const mcrouterNowhere: ServerModel = {
  ...mcrouter,
  name: 'mcrouter, its writes going nowhere',
  keeps: false,
  answers: [
    [/^(set|add|replace|append|prepend|cas) /, ['NOT_STORED\r\n']],
    [/^(delete|incr|decr|touch) /, ['NOT_FOUND\r\n']],
    ...mcrouter.answers ?? [],
  ],
};

/** mcrouter that cannot reach a server. */
const mcrouterDown: ServerModel = {
  ...mcrouterNowhere,
  name: 'mcrouter, its servers unavailable',
  answers: [
    [/^(get|gets|gat|gats|delete|incr|decr|touch) /, ['SERVER_ERROR unavailable\r\n']],
    [/^(set|add|replace|append|prepend|cas) /, ['SERVER_ERROR connection timeout\r\n']],
    ...mcrouter.answers ?? [],
  ],
};

/** A server that is no cache, answers each line with ERROR and reads on. */
const errors: ServerModel = {
  name: 'ERROR to every line',
  version: '',
  verbs: [],
  unknown: error,
  keeps: false,
  lacks: [...mcrouter.lacks, 'version'],
};

/** Older servers and proxies, as far as a client can distinguish them. */
export const serverModels: readonly ServerModel[] = [
  ...[memcached1_4, memcached1_5, memcached1_6_9, memcached1_6_12, memcached1_6_18],
  ...[memcached1_6_45, unknownVersion, proxy1_6_39, proxy1_6_45, twemproxy0_4, twemproxy0_5],
  ...[pelikan, mcrouter, mcrouterNowhere, mcrouterDown, errors],
];

/** The model with this name. */
export function serverModel(name: string): ServerModel {
  const found = serverModels.find((model) => model.name === name);
  if (found === undefined) throw new RangeError(`there is no model of ${name}`);
  return found;
}
