// Notes on each verb for documentation; no code depends on them.
import type { Verb } from './verbs.ts';

/** Documentation of a verb. */
export interface VerbNote {
  /** The request line, as the protocol's own documentation writes it. */
  readonly syntax: string;
  /** The server version that brought it. */
  readonly since: string;
}

const note = (since: string, syntax: string): VerbNote => ({ syntax, since });
const storing = '<key> <flags> <exptime> <bytes> [noreply]';

/** Kept out of the table of verbs, so that bundles of programs that do not show them lack them. */
export const verbNotes: Readonly<Record<Verb, VerbNote>> = {
  get: note('1.2', 'get <key>+'),
  gets: note('1.2.4', 'gets <key>+'),
  gat: note('1.5.3', 'gat <exptime> <key>+'),
  gats: note('1.5.3', 'gats <exptime> <key>+'),
  set: note('1.2', `set ${storing}`),
  add: note('1.2', `add ${storing}`),
  replace: note('1.2', `replace ${storing}`),
  append: note('1.2.4', `append ${storing}`),
  prepend: note('1.2.4', `prepend ${storing}`),
  cas: note('1.2.4', 'cas <key> <flags> <exptime> <bytes> <cas> [noreply]'),
  delete: note('1.2', 'delete <key> [noreply]'),
  incr: note('1.2', 'incr <key> <delta> [noreply]'),
  decr: note('1.2', 'decr <key> <delta> [noreply]'),
  touch: note('1.4.8', 'touch <key> <exptime> [noreply]'),
  mg: note('1.6.0', 'mg <key> <flag>*'),
  ms: note('1.6.0', 'ms <key> <bytes> <flag>*'),
  md: note('1.6.0', 'md <key> <flag>*'),
  ma: note('1.6.0', 'ma <key> <flag>*'),
  mn: note('1.6.0', 'mn'),
  me: note('1.6.0', 'me <key> [b]'),
  stats: note('1.2', 'stats [<word>*]'),
  version: note('1.2', 'version'),
  verbosity: note('1.2', 'verbosity <level> [noreply]'),
  flush_all: note('1.2', 'flush_all [<delay>] [noreply]'),
  cache_memlimit: note('1.4.27', 'cache_memlimit <megabytes> [noreply]'),
  shutdown: note('1.4.16', 'shutdown [graceful]'),
  quit: note('1.2', 'quit'),
  slabs: note('1.4.11', 'slabs <word>+'),
  lru: note('1.4.35', 'lru <word>+'),
  extstore: note('1.5.4', 'extstore <word>+'),
  lru_crawler: note('1.4.18', 'lru_crawler <word>+'),
  'lru_crawler metadump': note('1.4.31', 'lru_crawler metadump <classid>[,<classid>]*|all|hash'),
  'lru_crawler mgdump': note('1.6.19', 'lru_crawler mgdump <classid>[,<classid>]*|all|hash'),
  watch: note('1.4.26', 'watch [<log>*]'),
  refresh_certs: note('1.5.13', 'refresh_certs'),
  'config get': note('ElastiCache 1.4.14', 'config get <name>'),
  auth: note('1.5.15', 'set <any> <any> <any> <bytes>'),
  raw: note('1.2', '<line>'),
};
