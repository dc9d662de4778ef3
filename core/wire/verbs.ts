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
  readonly reply: ReplyShape;
  /** The fixed words this verb may be answered with, the likeliest first. */
  readonly statuses: readonly StatusWord[];
  readonly keys: 'none' | 'one' | 'many';
  readonly class: 'read' | 'write' | 'admin';
  /** How a reply is asked to be left out: the word `noreply`, the meta flag `q`, or not at all. */
  readonly quiet: 'noreply' | 'q' | 'never';
  /** The reply types that `q` leaves out; `noreply` leaves out everything. */
  readonly nominal: readonly ('HD' | 'VA' | 'EN')[];
  /** The meta replies that this verb may be answered with; none for classic verbs. */
  readonly codes: readonly ('HD' | 'VA' | 'EN' | 'NF' | 'NS' | 'EX')[];
  /** A data block follows the line, so a refused line leaves bytes that read as commands. */
  readonly data: boolean;
  /** Doing it twice leaves what doing it once leaves, its flags aside: see `isIdempotent`. */
  readonly idempotent: boolean;
  /**
   * `CLIENT_ERROR` may speak of the stored value, not of a malformed line, so the connection is
   * still good after one.
   */
  readonly clientErrorKeepsConnection: boolean;
  /** May not share the connection with other commands while it runs. */
  readonly exclusive: boolean;
}

const row = (reply: ReplyShape, rest: Partial<VerbRow> = {}): VerbRow => ({
  reply,
  statuses: [],
  keys: 'none',
  class: 'admin',
  quiet: 'never',
  nominal: [],
  codes: [],
  data: false,
  idempotent: false,
  clientErrorKeepsConnection: false,
  exclusive: false,
  ...rest,
});

const read = { class: 'read', idempotent: true } as const;
const write = { class: 'write', keys: 'one', quiet: 'noreply' } as const;
const store = { ...write, data: true, statuses: ['STORED', 'NOT_STORED'] } as const;
const metaWrite = { class: 'write', keys: 'one', quiet: 'q' } as const;

/**
 * THE table of the protocol: all that parsers, encoders, quiet handling, retry, policies, docs and
 * tests know of a verb. To add a verb is to add a row here, its note and its encoder.
 */
export const verbs: Readonly<Record<Verb, VerbRow>> = {
  get: row('values', { ...read, keys: 'many' }),
  gets: row('values', { ...read, keys: 'many' }),
  gat: row('values', { class: 'write', keys: 'many', idempotent: true }),
  gats: row('values', { class: 'write', keys: 'many', idempotent: true }),
  set: row('status', { ...store, idempotent: true }),
  add: row('status', store),
  replace: row('status', { ...store, idempotent: true }),
  append: row('status', store),
  prepend: row('status', store),
  cas: row('status', { ...store, statuses: ['STORED', 'EXISTS', 'NOT_FOUND'] }),
  delete: row('status', { ...write, statuses: ['DELETED', 'NOT_FOUND'], idempotent: true }),
  incr: row('number', { ...write, statuses: ['NOT_FOUND'], clientErrorKeepsConnection: true }),
  decr: row('number', { ...write, statuses: ['NOT_FOUND'], clientErrorKeepsConnection: true }),
  touch: row('status', { ...write, statuses: ['TOUCHED', 'NOT_FOUND'], idempotent: true }),
  // As a plain read: T touches, N and R hand out a win.
  mg: row('meta', { ...read, keys: 'one', quiet: 'q', nominal: ['EN'], codes: ['VA', 'HD', 'EN'] }),
  ms: row('meta', { ...metaWrite, nominal: ['HD'], data: true, codes: ['HD', 'NS', 'EX', 'NF'] }),
  md: row('meta', {
    ...metaWrite,
    nominal: ['HD'],
    idempotent: true,
    codes: ['HD', 'NF', 'EX', 'NS'],
  }),
  ma: row('meta', {
    ...metaWrite,
    nominal: ['HD', 'VA'],
    clientErrorKeepsConnection: true,
    codes: ['VA', 'HD', 'NF', 'NS', 'EX'],
  }),
  mn: row('status', { ...read, statuses: ['MN'] }),
  me: row('debug', { ...read, keys: 'one' }),
  stats: row('stats', { statuses: ['RESET', 'OK'] }),
  version: row('version', read),
  verbosity: row('status', { statuses: ['OK'], quiet: 'noreply' }),
  flush_all: row('status', { statuses: ['OK'], quiet: 'noreply', idempotent: true }),
  cache_memlimit: row('admin', { quiet: 'noreply', idempotent: true }),
  shutdown: row('closed'),
  quit: row('closed', { class: 'read', idempotent: true }),
  slabs: row('admin'),
  lru: row('admin'),
  extstore: row('admin'),
  lru_crawler: row('admin'),
  'lru_crawler metadump': row('metadump', { exclusive: true }),
  'lru_crawler mgdump': row('mgdump', { exclusive: true }),
  watch: row('watch', { exclusive: true }),
  refresh_certs: row('admin', { idempotent: true }),
  'config get': row('config', read),
  auth: row('status', { statuses: ['STORED'], data: true, idempotent: true, exclusive: true }),
  raw: row('line'),
};
