// `stats` and all its arguments.
import { latin1 } from '../wire/bytes.ts';
import { uint32 } from '../wire/numbers.ts';
import { clientError, ERROR, OK, type Reply, RESET, type StatLine } from '../wire/reply.ts';
import { type ClassCounters, newClassCounters } from './counters.ts';
import type { Engine } from './engine.ts';
import { BASE64 } from './items.ts';
import { fitsLine } from './meta-reply.ts';
import { slabClass, slabSizes } from './slab-classes.ts';

/** Names and values for `STAT` lines, in their order. */
type StatPairs = [name: string, value: string | number][];

/** `stats` and all that may follow the word. */
export function stats(engine: Engine, words: readonly string[]): Reply {
  const { store } = engine;
  switch (words[0]) {
    case undefined:
      return statLines(generalStats(engine));
    case 'settings':
      return statLines(settingsStats(engine));
    case 'items':
      return statLines(itemsStats(engine));
    case 'slabs':
      return statLines(slabsStats(engine));
    case 'sizes':
      return statLines(
        store.sizes === null
          ? [['sizes_status', 'disabled']]
          : [...store.sizes].sort(([left], [right]) => left - right).map(
            ([size, count]) => [String(size), count],
          ),
      );
    case 'conns':
      return statLines(connectionStats(engine));
    case 'reset':
      store.resetCounters();
      engine.prefixes.clear();
      return RESET;
    case 'detail':
      return detail(engine, words[1]);
    case 'cachedump':
      return cachedump(engine, words);
    case 'extstore':
      return statLines([]);
    default:
      return ERROR;
  }
}

function statLines(pairs: StatPairs): Reply {
  return {
    type: 'stats',
    lines: pairs.map(([name, value]) => ({ type: 'STAT', name, value: String(value) })),
  };
}

// memcached's own names in its own order. Statistics of threads, slabs and buffers that do not exist
// here are left out, so that no number is made up.
function generalStats(engine: Engine): StatPairs {
  const { store, options, connections, watchers } = engine;
  const { counters: c, items } = store;
  const facts = options.processFacts();
  const total = sum(store.classes.values());
  const pairs: StatPairs = [
    ['pid', facts.pid],
    ['uptime', store.now - 2],
    ['time', store.now + store.started],
    ['version', options.version],
    ['pointer_size', 64],
    ['rusage_user', facts.user.toFixed(6)],
    ['rusage_system', facts.system.toFixed(6)],
    ['max_connections', options.maxConnections],
    ['curr_connections', connections.size],
    ['total_connections', c.total_connections],
    ['rejected_connections', c.rejected_connections],
    ['connection_structures', connections.size],
    ['cmd_get', c.cmd_get],
    ['cmd_set', c.cmd_set],
    ['cmd_flush', c.cmd_flush],
    ['cmd_touch', c.cmd_touch],
    ['cmd_meta', c.cmd_meta],
    ['get_hits', c.get_hits],
    ['get_misses', c.get_misses],
    ['get_expired', c.get_expired],
    ['get_flushed', c.get_flushed],
    ['delete_misses', c.delete_misses],
    ['delete_hits', c.delete_hits],
    ['incr_misses', c.incr_misses],
    ['incr_hits', c.incr_hits],
    ['decr_misses', c.decr_misses],
    ['decr_hits', c.decr_hits],
    ['cas_misses', c.cas_misses],
    ['cas_hits', c.cas_hits],
    ['cas_badval', c.cas_badval],
    ['touch_hits', c.touch_hits],
    ['touch_misses', c.touch_misses],
    ['store_too_large', c.store_too_large],
    ['store_no_memory', c.store_no_memory],
    ['auth_cmds', c.auth_cmds],
    ['auth_errors', c.auth_errors],
  ];
  if (options.idleTimeout > 0) pairs.push(['idle_kicks', c.idle_kicks]);
  pairs.push(
    ['bytes_read', c.bytes_read],
    ['bytes_written', c.bytes_written],
    ['limit_maxbytes', engine.memory],
    ['accepting_conns', 1],
    ['listen_disabled_num', 0],
    ['threads', 1],
    ['conn_yields', c.conn_yields],
    ['lru_crawler_running', 0],
    ['lru_crawler_starts', c.lru_crawler_starts],
    ['log_watcher_skipped', c.log_watcher_skipped],
    ['log_watcher_sent', c.log_watcher_sent],
    ['log_watchers', watchers.count],
    ['bytes', store.bytes],
    ['curr_items', items.count],
    ['total_items', c.total_items],
    ['expired_unfetched', total.expired_unfetched],
    ['evicted_unfetched', total.evicted_unfetched],
    ['evicted_active', total.evicted_active],
    ['evictions', total.evicted],
    ['reclaimed', total.reclaimed],
    ['crawler_reclaimed', total.crawler_reclaimed],
    ['crawler_items_checked', total.crawler_items_checked],
  );
  return pairs;
}

const yes = (is: boolean): string => (is ? 'yes' : 'no');

// By memcached's names and in its order, for the settings that this server has.
function settingsStats(engine: Engine): StatPairs {
  const { options, store } = engine;
  const own: StatPairs = [
    ['maxbytes', engine.memory],
    ['maxconns', options.maxConnections],
    ['tcpport', 0],
    ['udpport', 0],
    ['inter', 'NULL'],
    ['verbosity', engine.verbosity],
    ['evictions', options.evict ? 'on' : 'off'],
    ['domain_socket', 'NULL'],
    ['umask', '700'],
    ['shutdown_command', yes(options.allowShutdown)],
    ['num_threads', 1],
    ['stat_key_prefix', options.prefixDelimiter],
    ['detail_enabled', yes(engine.detail)],
    ['reqs_per_event', options.requestsPerEvent],
    ['cas_enabled', yes(options.useCas)],
    ['binding_protocol', 'ascii'],
    ['auth_enabled_sasl', 'no'],
    ['auth_enabled_ascii', options.credentials === null ? 'no' : 'yes'],
    ['item_size_max', options.maxItem],
    ['maxconns_fast', 'yes'],
    ['lru_crawler', yes(engine.crawler)],
    ['lru_crawler_sleep', engine.crawlerSleep],
    ['lru_crawler_tocrawl', engine.crawlerTocrawl],
    ['flush_enabled', yes(options.allowFlush)],
    ['dump_enabled', yes(options.allowDump)],
    ['hash_algorithm', 'siphash'],
    ['lru_segmented', 'no'],
    ['temp_lru', 'no'],
    ['idle_timeout', options.idleTimeout],
    ['track_sizes', yes(store.sizes !== null)],
    ['ssl_enabled', yes(options.refreshCertificates !== null)],
  ];
  return own.map(([name, value]) => [name, options.settings[name] ?? value]);
}

function itemsStats(engine: Engine): StatPairs {
  const { store } = engine;
  const { items } = store;
  const classes = new Map<number, { number: number; age: number; bytes: number }>();
  for (let item = items.scan(1); item !== 0; item = items.scan(item + 1)) {
    const size = store.sizeOf(item);
    const cls = slabClass(size);
    const seen = classes.get(cls) ?? { number: 0, age: 0, bytes: 0 };
    classes.set(cls, seen);
    seen.number++;
    seen.age = Math.max(seen.age, store.now - items.time(item));
    seen.bytes += size;
  }
  const pairs: StatPairs = [];
  for (const [cls, { number, age, bytes }] of [...classes].sort(([a], [b]) => a - b)) {
    const c = store.classes.get(cls) ?? newClassCounters();
    const values: StatPairs = [
      ['number', number],
      ['age', age],
      ['mem_requested', bytes],
      ['evicted', c.evicted],
      ['evicted_nonzero', c.evicted_nonzero],
      ['evicted_time', c.evicted_time],
      ['outofmemory', c.outofmemory],
      ['tailrepairs', 0],
      ['reclaimed', c.reclaimed],
      ['expired_unfetched', c.expired_unfetched],
      ['evicted_unfetched', c.evicted_unfetched],
      ['evicted_active', c.evicted_active],
      ['crawler_reclaimed', c.crawler_reclaimed],
      ['crawler_items_checked', c.crawler_items_checked],
      ['lrutail_reflocked', 0],
    ];
    for (const [name, value] of values) pairs.push([`items:${cls}:${name}`, value]);
  }
  return pairs;
}

// There are no slabs here; these are the chunks and pages memcached would need for the same items.
function slabsStats(engine: Engine): StatPairs {
  const { store } = engine;
  const { items } = store;
  const used = new Map<number, number>();
  for (let item = items.scan(1); item !== 0; item = items.scan(item + 1)) {
    const cls = slabClass(store.sizeOf(item));
    used.set(cls, (used.get(cls) ?? 0) + 1);
  }
  const pairs: StatPairs = [];
  for (const [cls, count] of [...used].sort(([a], [b]) => a - b)) {
    const chunk = slabSizes[cls] ?? 0;
    const perPage = Math.floor((1024 * 1024) / chunk);
    const pages = Math.ceil(count / perPage);
    pairs.push(
      [`${cls}:chunk_size`, chunk],
      [`${cls}:chunks_per_page`, perPage],
      [`${cls}:total_pages`, pages],
      [`${cls}:total_chunks`, pages * perPage],
      [`${cls}:used_chunks`, count],
      [`${cls}:free_chunks`, pages * perPage - count],
      [`${cls}:free_chunks_end`, 0],
    );
  }
  pairs.push(['active_slabs', used.size], ['total_malloced', items.arena.top * 64]);
  return pairs;
}

function connectionStats(engine: Engine): StatPairs {
  const now = engine.clock.elapsed();
  return [...engine.connections].flatMap(({ id, address, lastCommand }): StatPairs => [
    [`${id}:addr`, address],
    [`${id}:state`, 'conn_parse_cmd'],
    [`${id}:secs_since_last_cmd`, Math.floor((now - lastCommand) / 1000)],
  ]);
}

function detail(engine: Engine, word: string | undefined): Reply {
  if (!engine.options.allowDump) return clientError('stats detail not allowed');
  switch (word) {
    case 'on':
      engine.detail = true;
      return OK;
    case 'off':
      engine.detail = false;
      return OK;
    case 'dump':
      return { type: 'stats', lines: engine.prefixes.lines() };
    default:
      return clientError('usage: stats detail on|off|dump');
  }
}

/** The largest cachedump, in bytes; memcached's limit. */
const CACHEDUMP_SIZE = 2 * 1024 * 1024 - 'END\r\n\0'.length;

function cachedump(engine: Engine, words: readonly string[]): Reply {
  if (!engine.options.allowDump) return clientError('stats cachedump not allowed');
  if (words.length < 3) return clientError('bad command line');
  const wanted = uint32(words[1]!);
  const limit = uint32(words[2]!);
  if (wanted === null || limit === null) return clientError('bad command line format');
  if (wanted >= 64) return clientError('Illegal slab id');
  const { store } = engine;
  const { items } = store;
  const lines: StatLine[] = [];
  let room = CACHEDUMP_SIZE;
  // From the most recently used on, as memcached lists them.
  for (let item = items.newest; item !== 0; item = items.olderThan(item)) {
    if (limit > 0 && lines.length >= limit) break;
    if (slabClass(store.sizeOf(item)) !== wanted) continue;
    // memcached leaves out binary keys, which could break its lines.
    const key = items.key(item);
    if (items.has(item, BASE64) || !fitsLine(key)) continue;
    const expire = items.expire(item);
    const at = expire === 0 ? 0 : expire + store.started;
    const value = `[${items.length(item)} b; ${at} s]`;
    room -= `ITEM ${value} \r\n`.length + key.length;
    if (room < 0) break;
    lines.push({ type: 'ITEM', name: latin1(key), value });
  }
  return { type: 'stats', lines };
}

function sum(all: Iterable<ClassCounters>): ClassCounters {
  const total = newClassCounters();
  for (const one of all) {
    for (const name of Object.keys(total) as (keyof ClassCounters)[]) total[name] += one[name];
  }
  return total;
}
