// The arithmetic of `memwire top`: rates from two readings of `stats`.
import type { StatValue } from '../core/client/results.ts';

/** One reading of `stats`, and its time. */
export interface Reading {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly stats: ReadonlyMap<string, StatValue>;
}

/** The activity of a server between two readings, and its state at the second. */
export interface Rates {
  /** From 0 to 1; null if nothing was read. */
  readonly hitRate: number | null;
  /** The following, each a second. */
  readonly hits: number;
  readonly misses: number;
  readonly operations: number;
  readonly gets: number;
  readonly sets: number;
  readonly evictions: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes used by items. */
  readonly memory: number;
  /** Bytes available to items. */
  readonly memoryLimit: number;
  readonly items: number;
  readonly connections: number;
}

/** The counters that together count every operation on a key. */
const operations = [
  ...['cmd_get', 'cmd_set', 'cmd_touch', 'delete_hits', 'delete_misses'],
  ...['incr_hits', 'incr_misses', 'decr_hits', 'decr_misses'],
];

/** The difference between two readings of one server. */
export function ratesBetween(before: Reading, after: Reading): Rates {
  const seconds = Math.max(after.at - before.at, 1) / 1000;
  // After a restart, or `stats reset`, the counters start from 0.
  const grown = (name: string): number => {
    const [from, to] = [count(before, name), count(after, name)];
    return to < from ? to : to - from;
  };
  const rate = (...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + grown(name), 0) / seconds;
  const [hits, misses] = [rate('get_hits'), rate('get_misses')];
  return {
    hitRate: hitRate(hits, misses),
    hits,
    misses,
    operations: rate(...operations),
    gets: rate('cmd_get'),
    sets: rate('cmd_set'),
    evictions: rate('evictions'),
    bytesIn: rate('bytes_read'),
    bytesOut: rate('bytes_written'),
    memory: count(after, 'bytes'),
    memoryLimit: count(after, 'limit_maxbytes'),
    items: count(after, 'curr_items'),
    connections: count(after, 'curr_connections'),
  };
}

/** The activity of several servers together. */
export function totalRates(all: readonly Rates[]): Rates {
  const sum = (name: Exclude<keyof Rates, 'hitRate'>): number =>
    all.reduce((total, rates) => total + rates[name], 0);
  const [hits, misses] = [sum('hits'), sum('misses')];
  return {
    hitRate: hitRate(hits, misses),
    hits,
    misses,
    operations: sum('operations'),
    gets: sum('gets'),
    sets: sum('sets'),
    evictions: sum('evictions'),
    bytesIn: sum('bytesIn'),
    bytesOut: sum('bytesOut'),
    memory: sum('memory'),
    memoryLimit: sum('memoryLimit'),
    items: sum('items'),
    connections: sum('connections'),
  };
}

function hitRate(hits: number, misses: number): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}

const BARS = '▁▂▃▄▅▆▇█';

/**
 * The last values as a row of bars, the newest at the right; a gap is a space.
 *
 * @param width At most so many are drawn.
 * @param most The value of the highest bar; by default the highest of the values.
 */
export function sparkline(
  values: readonly (number | null)[],
  width: number,
  most: number = Math.max(0, ...values.slice(-width).map((value) => value ?? 0)),
): string {
  if (width < 1) return '';
  return values.slice(-width).map((value) => {
    if (value === null) return ' ';
    const height = most === 0 ? 0 : Math.ceil(value / most * (BARS.length - 1));
    return BARS[Math.min(height, BARS.length - 1)];
  }).join('');
}

function count({ stats }: Reading, name: string): number {
  const value = stats.get(name);
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}
