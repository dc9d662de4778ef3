// The table of verbs: all properties of a verb that the rest of the code uses.
import type { Command } from './command.ts';

/** The verb of a command: its first words on the wire, except for `auth` and `raw`. */
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
 * - `admin`: `OK`, or a line with the reason of a refusal (`BUSY …`).
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

/** A row of the table of verbs. */
export interface VerbRow {
  /** The shape of its reply. */
  readonly reply: ReplyShape;
  /** The fixed words this verb may be answered with, the likeliest first. */
  readonly statuses: readonly StatusWord[];
  /** How many keys it takes. */
  readonly keys: 'none' | 'one' | 'many';
  /** A meta command: only a server that speaks meta knows it. */
  readonly meta: boolean;
  /** What it does: reads items, changes items, or changes the server. */
  readonly class: 'read' | 'write' | 'admin';
  /** How a command asks for no reply: by the word `noreply`, by the meta flag `q`, or not at all. */
  readonly quiet: 'noreply' | 'q' | 'never';
  /** The reply types that `q` leaves out; `noreply` leaves out everything. */
  readonly nominal: readonly ('HD' | 'VA' | 'EN')[];
  /** The meta replies that this verb may be answered with; none for classic verbs. */
  readonly codes: readonly ('HD' | 'VA' | 'EN' | 'NF' | 'NS' | 'EX')[];
  /** A data block follows the line, so a refused line leaves bytes that read as commands. */
  readonly data: boolean;
  /** Doing it twice has the effect of doing it once, flags aside: see `isIdempotent`. */
  readonly idempotent: boolean;
  /**
   * `CLIENT_ERROR` may speak of the stored value, not of a malformed line, so the connection is
   * still good after one.
   */
  readonly clientErrorKeepsConnection: boolean;
  /** May not share the connection with other commands while it runs. */
  readonly exclusive: boolean;
  /** Has no effect, and reports a miss, where its key is not there. */
  readonly needsItem: boolean;
  /** The credentials of a connection, which a server with logins demands before anything else. */
  readonly login: boolean;
  /** The client's last command on a connection: the server reads nothing that follows it. */
  readonly final: boolean;
}

const row = (reply: ReplyShape, rest: Partial<VerbRow> = {}): VerbRow => ({
  reply,
  statuses: [],
  keys: 'none',
  meta: false,
  class: 'admin',
  quiet: 'never',
  nominal: [],
  codes: [],
  data: false,
  idempotent: false,
  clientErrorKeepsConnection: false,
  exclusive: false,
  needsItem: false,
  login: false,
  final: false,
  ...rest,
});

const read = { class: 'read', idempotent: true } as const;
const write = { class: 'write', keys: 'one', quiet: 'noreply' } as const;
const store = { ...write, data: true, statuses: ['STORED', 'NOT_STORED'] } as const;
const arithmetic = {
  ...write,
  statuses: ['NOT_FOUND'],
  clientErrorKeepsConnection: true,
  needsItem: true,
} as const;
const retrieval = { keys: 'many', needsItem: true } as const;
const meta = { meta: true, keys: 'one', quiet: 'q' } as const;
const metaWrite = { ...meta, class: 'write', nominal: ['HD'] } as const;

/**
 * THE table of the protocol: all that parsers, encoders, quiet handling, retry, policies, docs and
 * tests know of a verb. To add a verb is to add a row here, its note and its encoder.
 */
export const verbs: Readonly<Record<Verb, VerbRow>> = {
  get: row('values', { ...read, ...retrieval }),
  gets: row('values', { ...read, ...retrieval }),
  gat: row('values', { ...retrieval, class: 'write', idempotent: true }),
  gats: row('values', { ...retrieval, class: 'write', idempotent: true }),
  set: row('status', { ...store, idempotent: true }),
  add: row('status', store),
  replace: row('status', { ...store, idempotent: true }),
  append: row('status', store),
  prepend: row('status', store),
  cas: row('status', {
    ...store,
    statuses: ['STORED', 'EXISTS', 'NOT_FOUND'],
    needsItem: true,
  }),
  delete: row('status', {
    ...write,
    statuses: ['DELETED', 'NOT_FOUND'],
    idempotent: true,
    needsItem: true,
  }),
  incr: row('number', arithmetic),
  decr: row('number', arithmetic),
  touch: row('status', {
    ...write,
    statuses: ['TOUCHED', 'NOT_FOUND'],
    idempotent: true,
    needsItem: true,
  }),
  // As a plain read: T touches, N and R hand out a win.
  mg: row('meta', {
    ...meta,
    ...read,
    nominal: ['EN'],
    codes: ['VA', 'HD', 'EN'],
    needsItem: true,
  }),
  ms: row('meta', { ...metaWrite, data: true, codes: ['HD', 'NS', 'EX', 'NF'] }),
  md: row('meta', {
    ...metaWrite,
    idempotent: true,
    codes: ['HD', 'NF', 'EX', 'NS'],
    needsItem: true,
  }),
  ma: row('meta', {
    ...metaWrite,
    nominal: ['HD', 'VA'],
    clientErrorKeepsConnection: true,
    codes: ['VA', 'HD', 'NF', 'NS', 'EX'],
    needsItem: true,
  }),
  mn: row('status', { ...read, meta: true, statuses: ['MN'] }),
  me: row('debug', { ...read, meta: true, keys: 'one', needsItem: true }),
  stats: row('stats', { statuses: ['RESET', 'OK'] }),
  version: row('version', read),
  verbosity: row('status', { statuses: ['OK'], quiet: 'noreply' }),
  flush_all: row('status', { statuses: ['OK'], quiet: 'noreply', idempotent: true }),
  cache_memlimit: row('admin', { quiet: 'noreply', idempotent: true }),
  shutdown: row('closed'),
  quit: row('closed', { ...read, final: true }),
  slabs: row('admin'),
  lru: row('admin'),
  extstore: row('admin'),
  lru_crawler: row('admin'),
  'lru_crawler metadump': row('metadump', { exclusive: true }),
  'lru_crawler mgdump': row('mgdump', { exclusive: true }),
  watch: row('watch', { exclusive: true }),
  refresh_certs: row('admin', { idempotent: true }),
  'config get': row('config', read),
  auth: row('status', {
    statuses: ['STORED'],
    data: true,
    idempotent: true,
    exclusive: true,
    login: true,
  }),
  raw: row('line'),
};

/** The row of a verb; undefined for anything that is no verb. */
export function rowOf(verb: unknown): VerbRow | undefined {
  return typeof verb === 'string' && Object.hasOwn(verbs, verb) ? verbs[verb as Verb] : undefined;
}
