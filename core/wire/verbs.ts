import type { Command } from './command.ts';

/** The verb of a command: its first words on the wire, but for `auth` and `raw`. */
export type Verb = Command['verb'];

/**
 * What a reply to a command looks like, and so how it is read.
 *
 * - `status`: one line, one of the row's `statuses`.
 * - `number`: one line, an unsigned 64-bit decimal, or one of the row's `statuses`.
 * - `values`: any number of `VALUE` lines with data, then `END`.
 * - `meta`: `HD`, `VA` with data, `EN`, `NF`, `NS` or `EX`, with flags.
 * - `debug`: one `ME` line, or `EN`.
 * - `version`: one `VERSION` line.
 * - `stats`: `STAT`, `PREFIX` or `ITEM` lines, then `END`; or one of the row's `statuses`.
 * - `admin`: `OK`, or a line that says why not (`BUSY …`).
 * - `metadump`, `mgdump`: a line for each item, then `END` or `EN`.
 * - `watch`: `OK`, then lines for as long as the connection lives.
 * - `config`: a `CONFIG` line with data, then `END`.
 * - `closed`: nothing; the server closes the connection.
 * - `line`, `lines`, `none`: for `raw` alone: one line; lines up to `END`; nothing.
 */
export type ReplyShape =
  | 'status'
  | 'number'
  | 'values'
  | 'meta'
  | 'debug'
  | 'version'
  | 'stats'
  | 'admin'
  | 'metadump'
  | 'mgdump'
  | 'watch'
  | 'config'
  | 'closed'
  | 'line'
  | 'lines'
  | 'none';

/** A reply line of one fixed word. */
export type StatusWord =
  | 'STORED'
  | 'NOT_STORED'
  | 'EXISTS'
  | 'NOT_FOUND'
  | 'DELETED'
  | 'TOUCHED'
  | 'OK'
  | 'RESET'
  | 'MN';

export interface VerbRow {
  /** The request line, as the protocol's own documentation writes it. */
  readonly syntax: string;
  readonly reply: ReplyShape;
  /** The fixed words this verb may be answered with, the likeliest first. */
  readonly statuses: readonly StatusWord[];
  readonly keys: 'none' | 'one' | 'many';
  readonly class: 'read' | 'write' | 'admin';
  /** How a reply is asked to be left out: the word `noreply`, the meta flag `q`, or not at all. */
  readonly quiet: 'noreply' | 'q' | 'never';
  /** The reply types that `q` leaves out; `noreply` leaves out everything. */
  readonly nominal: readonly ('HD' | 'VA' | 'EN')[];
  /** A data block follows the line, so a refused line leaves bytes that read as commands. */
  readonly data: boolean;
  /** Doing it twice leaves what doing it once leaves, its flags aside: see `isIdempotent`. */
  readonly idempotent: boolean;
  /**
   * `CLIENT_ERROR` may speak of the stored value, not of a malformed line, so the connection is
   * still good after one.
   */
  readonly judgesValue: boolean;
  /** May not share the connection with other commands while it runs. */
  readonly alone: boolean;
  /** The server version that brought it. */
  readonly since: string;
}

const row = (syntax: string, reply: ReplyShape, rest: Partial<VerbRow>): VerbRow => ({
  syntax,
  reply,
  statuses: [],
  keys: 'none',
  class: 'admin',
  quiet: 'never',
  nominal: [],
  data: false,
  idempotent: false,
  judgesValue: false,
  alone: false,
  since: '1.2',
  ...rest,
});

const read = { class: 'read', idempotent: true } as const;
const write = { class: 'write', keys: 'one', quiet: 'noreply' } as const;
const store = { ...write, data: true, statuses: ['STORED', 'NOT_STORED'] } as const;
const metaWrite = { class: 'write', keys: 'one', quiet: 'q', since: '1.6.0' } as const;
const storing = '<key> <flags> <exptime> <bytes> [noreply]';

/**
 * THE table of the protocol: all that parsers, encoders, quiet handling, retry, policies, docs and
 * tests know of a verb. To add a verb is to add a row here and its encoder.
 */
export const verbs: Readonly<Record<Verb, VerbRow>> = {
  get: row('get <key>+', 'values', { ...read, keys: 'many' }),
  gets: row('gets <key>+', 'values', { ...read, keys: 'many', since: '1.2.4' }),
  gat: row('gat <exptime> <key>+', 'values', {
    class: 'write',
    keys: 'many',
    idempotent: true,
    since: '1.5.3',
  }),
  gats: row('gats <exptime> <key>+', 'values', {
    class: 'write',
    keys: 'many',
    idempotent: true,
    since: '1.5.3',
  }),
  set: row(`set ${storing}`, 'status', { ...store, idempotent: true }),
  add: row(`add ${storing}`, 'status', store),
  replace: row(`replace ${storing}`, 'status', { ...store, idempotent: true }),
  append: row(`append ${storing}`, 'status', { ...store, since: '1.2.4' }),
  prepend: row(`prepend ${storing}`, 'status', { ...store, since: '1.2.4' }),
  cas: row('cas <key> <flags> <exptime> <bytes> <cas> [noreply]', 'status', {
    ...store,
    statuses: ['STORED', 'EXISTS', 'NOT_FOUND'],
    since: '1.2.4',
  }),
  delete: row('delete <key> [noreply]', 'status', {
    ...write,
    statuses: ['DELETED', 'NOT_FOUND'],
    idempotent: true,
  }),
  incr: row('incr <key> <delta> [noreply]', 'number', {
    ...write,
    statuses: ['NOT_FOUND'],
    judgesValue: true,
  }),
  decr: row('decr <key> <delta> [noreply]', 'number', {
    ...write,
    statuses: ['NOT_FOUND'],
    judgesValue: true,
  }),
  touch: row('touch <key> <exptime> [noreply]', 'status', {
    ...write,
    statuses: ['TOUCHED', 'NOT_FOUND'],
    idempotent: true,
    since: '1.4.8',
  }),
  // As a plain read: T touches, N and R hand out a win.
  mg: row('mg <key> <flag>*', 'meta', {
    ...read,
    keys: 'one',
    quiet: 'q',
    nominal: ['EN'],
    since: '1.6.0',
  }),
  ms: row('ms <key> <bytes> <flag>*', 'meta', { ...metaWrite, nominal: ['HD'], data: true }),
  md: row('md <key> <flag>*', 'meta', { ...metaWrite, nominal: ['HD'], idempotent: true }),
  ma: row('ma <key> <flag>*', 'meta', {
    ...metaWrite,
    nominal: ['HD', 'VA'],
    judgesValue: true,
  }),
  mn: row('mn', 'status', { ...read, statuses: ['MN'], since: '1.6.0' }),
  me: row('me <key> [b]', 'debug', { ...read, keys: 'one', since: '1.6.0' }),
  stats: row('stats [<word>*]', 'stats', { statuses: ['RESET', 'OK'] }),
  version: row('version', 'version', read),
  verbosity: row('verbosity <level> [noreply]', 'status', { statuses: ['OK'], quiet: 'noreply' }),
  flush_all: row('flush_all [<delay>] [noreply]', 'status', {
    statuses: ['OK'],
    quiet: 'noreply',
    idempotent: true,
  }),
  cache_memlimit: row('cache_memlimit <megabytes> [noreply]', 'admin', {
    quiet: 'noreply',
    idempotent: true,
    since: '1.4.27',
  }),
  shutdown: row('shutdown [graceful]', 'closed', { since: '1.4.16' }),
  quit: row('quit', 'closed', { class: 'read', idempotent: true }),
  slabs: row('slabs <word>+', 'admin', { since: '1.4.11' }),
  lru: row('lru <word>+', 'admin', { since: '1.4.35' }),
  extstore: row('extstore <word>+', 'admin', { since: '1.5.4' }),
  lru_crawler: row('lru_crawler <word>+', 'admin', { since: '1.4.18' }),
  'lru_crawler metadump': row('lru_crawler metadump <classid>[,<classid>]*|all|hash', 'metadump', {
    alone: true,
    since: '1.4.31',
  }),
  'lru_crawler mgdump': row('lru_crawler mgdump <classid>[,<classid>]*|all|hash', 'mgdump', {
    alone: true,
    since: '1.6.19',
  }),
  watch: row('watch [<log>*]', 'watch', { alone: true, since: '1.4.26' }),
  refresh_certs: row('refresh_certs', 'admin', { idempotent: true, since: '1.5.13' }),
  'config get': row('config get <name>', 'config', { ...read, since: 'ElastiCache 1.4.14' }),
  auth: row('set <any> <any> <any> <bytes>', 'status', {
    statuses: ['STORED'],
    data: true,
    idempotent: true,
    alone: true,
    since: '1.5.15',
  }),
  raw: row('<line>', 'line', {}),
};
