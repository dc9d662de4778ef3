// The suboptions of `memwire serve -o`.
import { FlagError, showWord, whole } from './console/flags.ts';

/** The value of a suboption: nothing, any text, a number, one of a few words. */
type Value =
  | 'nothing'
  | 'text'
  | { readonly from: number; readonly to: number; readonly optional?: boolean }
  | { readonly above: number; readonly most: number }
  | readonly string[];

const MAX = 2 ** 31 - 1;
const COUNT = { from: 0, to: MAX } as const;

/** Suboptions with an effect. */
const own: Readonly<Record<string, Value>> = {
  idle_timeout: COUNT,
  track_sizes: 'nothing',
  ssl_chain_cert: 'text',
  ssl_key: 'text',
  ssl_ca_cert: 'text',
  ssl_verify_mode: { from: 0, to: 3 },
};

/** Suboptions that tune memcached's internals: checked as memcached does, without effect. */
const tuning: Readonly<Record<string, Value>> = {
  maxconns_fast: 'nothing',
  no_maxconns_fast: 'nothing',
  modern: 'nothing',
  no_modern: 'nothing',
  hashpower: { from: 12, to: 32 },
  no_hashexpand: 'nothing',
  hash_algorithm: ['jenkins', 'murmur3', 'xxh3'],
  lru_crawler: 'nothing',
  no_lru_crawler: 'nothing',
  lru_crawler_sleep: { from: 0, to: 1_000_000 },
  lru_crawler_tocrawl: { from: 0, to: 2 ** 32 - 1 },
  lru_maintainer: 'nothing',
  no_lru_maintainer: 'nothing',
  hot_lru_pct: { from: 1, to: 79 },
  warm_lru_pct: { from: 1, to: 79 },
  hot_max_factor: { above: 0, most: MAX },
  warm_max_factor: { above: 0, most: MAX },
  temporary_ttl: COUNT,
  slab_reassign: 'nothing',
  no_slab_reassign: 'nothing',
  slab_automove: { from: 0, to: 2, optional: true },
  no_slab_automove: 'nothing',
  slab_automove_ratio: { above: 0, most: 1 },
  slab_automove_window: { from: 3, to: 1800 },
  slab_sizes: 'text',
  slab_chunk_max: { from: 1, to: 1024 },
  no_chunked_items: 'nothing',
  tail_repair_time: { from: 10, to: MAX },
  inline_ascii_resp: 'nothing',
  no_inline_ascii_resp: 'nothing',
  resp_obj_mem_limit: COUNT,
  read_buf_mem_limit: COUNT,
  watcher_logbuf_size: COUNT,
  worker_logbuf_size: COUNT,
  drop_privileges: 'nothing',
  no_drop_privileges: 'nothing',
  relaxed_privileges: 'nothing',
  ssl_keyformat: { from: 1, to: 1 },
  ssl_wbuf_size: COUNT,
  ssl_session_cache: 'nothing',
  ssl_kernel_tls: 'nothing',
  // The lowest version of TLS that the runtime speaks is 1.2.
  ssl_min_version: { from: 0, to: 2 },
};

/** Suboptions whose effect is not supported. */
const missing: readonly (readonly [names: RegExp, why: string])[] = [
  [/^ext_/, 'there is no extstore here: items are in memory alone'],
  [/^proxy_/, 'there is no proxy mode here'],
  [/^ssl_ciphers$/, "the runtime's own ciphers are spoken, and no others"],
];

/**
 * Reads the suboptions of `-o`: `idle_timeout=60,track_sizes`.
 *
 * @returns The values by name; an empty text for a suboption without one.
 * @throws FlagError that names the suboption.
 */
export function parseExtended(lists: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of lists.flatMap((list) => list.split(',')).filter((part) => part !== '')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const text = equals < 0 ? null : part.slice(equals + 1);
    const [, why] = missing.find(([names]) => names.test(name)) ?? [];
    if (why !== undefined) throw new FlagError(`-o ${name}: ${why}`);
    const value = valueOf(name);
    if (value === undefined) throw new FlagError(`-o: illegal suboption "${showWord(name)}"`);
    checkValue(`-o ${name}`, value, text);
    found.set(name, text ?? '');
  }
  return found;
}

/**
 * Checks `-o slab_chunk_max` against `-I`, as memcached does.
 *
 * @param maxItem Bytes.
 * @throws FlagError
 */
export function checkChunks(extended: ReadonlyMap<string, string>, maxItem: number): void {
  const chunk = Number(extended.get('slab_chunk_max') ?? 0) * 1024;
  if (chunk === 0) return;
  if (chunk > maxItem) throw new FlagError('-o slab_chunk_max: cannot be larger than -I');
  if (maxItem % chunk !== 0) throw new FlagError('-o slab_chunk_max: must divide -I evenly');
  if (1024 ** 2 % chunk !== 0) throw new FlagError('-o slab_chunk_max: must divide 1024 evenly');
}

function valueOf(name: string): Value | undefined {
  for (const table of [own, tuning]) if (Object.hasOwn(table, name)) return table[name];
  return undefined;
}

function checkValue(flag: string, value: Value, text: string | null): void {
  if (value === 'nothing') {
    if (text !== null) throw new FlagError(`${flag}: takes no value`);
    return;
  }
  if (text === null || text === '') {
    if (typeof value === 'object' && 'optional' in value && text === null) return;
    throw new FlagError(`${flag}: its value is missing`);
  }
  if (value === 'text') return;
  if ('from' in value) {
    whole(flag, text, value.from, value.to);
  } else if ('above' in value) {
    const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (number > value.above && number <= value.most) return;
    const range = `more than ${value.above}, and at most ${value.most}`;
    throw new FlagError(`${flag}: "${showWord(text)}" is not a number that is ${range}`);
  } else if (!value.includes(text)) {
    throw new FlagError(`${flag}: "${showWord(text)}" is not one of ${value.join(', ')}`);
  }
}
