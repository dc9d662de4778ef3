// The log lines of `watch`.
import { uriKey } from '../wire/item-lines.ts';
import { itemSize, slabClass } from './slab-classes.ts';
import type { Store, StoreLog, StoreMode, StoreStatus } from './store.ts';

/** The logs that `watch` can name, and what this server writes to each. */
export const logNames: ReadonlySet<string> = new Set([
  'fetchers',
  'mutations',
  'evictions',
  'connevents',
  'deletions',
  'rawcmds',
  'sysevents',
  'proxyreqs',
  'proxyevents',
  'proxyuser',
]);

/** memcached's limit. */
const MAX_WATCHERS = 20;

/** A connection that watches. */
export interface Watcher {
  readonly logs: ReadonlySet<string>;
  /** Takes a line; returns false if the watcher is too slow and the line is lost. */
  readonly write: (line: string) => boolean;
  /** How many lines it has lost since the last report of that. */
  skipped: number;
}

/** Writes memcached's log lines to the connections that watch. */
export class Watchers implements StoreLog {
  /** The connection whose command is being executed, for `cfd` in the lines. */
  connection = 0;
  readonly #store: Store;
  readonly #clock: () => number;
  #watchers: Watcher[] = [];
  #gid = 0;

  constructor(store: Store, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  get count(): number {
    return this.#watchers.length;
  }

  /** Adds a watcher; false when there are too many. */
  add(watcher: Watcher): boolean {
    if (this.#watchers.length >= MAX_WATCHERS) return false;
    this.#watchers.push(watcher);
    this.#listen();
    return true;
  }

  remove(watcher: Watcher): void {
    this.#watchers = this.#watchers.filter((other) => other !== watcher);
    this.#listen();
  }

  fetched(key: Uint8Array, status: string, item: number): void {
    const store = this.#store;
    const size = item === 0 ? 0 : store.items.length(item);
    const cls = item === 0 ? 0 : slabClass(store.sizeOf(item));
    const what = `type=item_get key=${uriKey(key)} status=${status} clsid=${cls}`;
    this.write('fetchers', `${what} cfd=${this.connection} size=${size}`);
  }

  stored(
    key: Uint8Array,
    status: StoreStatus | 'too_large',
    mode: StoreMode,
    expire: number,
    flags: number,
    size: number,
  ): void {
    const ttl = expire === 0 ? 0 : expire - this.#store.now;
    const known = status !== 'too_large' && status !== 'no_memory';
    const cls = known ? slabClass(itemSize(key.length, flags, size, true)) : 0;
    const what = `type=item_store key=${uriKey(key)} status=${status} cmd=${mode} ttl=${ttl}`;
    this.write(
      'mutations',
      `${what} clsid=${cls} cfd=${this.connection} size=${known ? size : 0}`,
    );
  }

  evicted(item: number): void {
    const { items, now } = this.#store;
    const expire = items.expire(item);
    const ttl = expire === 0 ? -1 : expire - now;
    const fetch = this.#store.wasFetched(item) ? 'yes' : 'no';
    const what = `type=eviction key=${uriKey(items.key(item))} fetch=${fetch} ttl=${ttl}`;
    this.write('evictions', `${what} la=${now - items.time(item)} ${this.#sizes(item)}`);
  }

  deleted(item: number, verb: 'delete' | 'md'): void {
    const key = uriKey(this.#store.items.key(item));
    this.write('deletions', `type=deleted key=${key} cmd=${verb} ${this.#sizes(item)}`);
  }

  /** Writes a line to the connections that watch this log. */
  write(log: string, what: string): void {
    // As in memcached, lines that no connection watches are not numbered.
    if (!this.#watchers.some(({ logs }) => logs.has(log))) return;
    const now = this.#clock();
    const seconds = Math.floor(now / 1000);
    const microseconds = Math.floor((now - seconds * 1000) * 1000);
    const line = `ts=${seconds}.${microseconds} gid=${++this.#gid} ${what}`;
    const { counters } = this.#store;
    for (const watcher of this.#watchers) {
      if (!watcher.logs.has(log)) continue;
      // The first line after a gap is preceded by the number of lost lines.
      if (watcher.skipped > 0 && watcher.write(`skipped=${watcher.skipped}`)) watcher.skipped = 0;
      if (watcher.skipped === 0 && watcher.write(line)) counters.log_watcher_sent++;
      else {
        watcher.skipped++;
        counters.log_watcher_skipped++;
      }
    }
  }

  #sizes(item: number): string {
    const { items } = this.#store;
    return `clsid=${slabClass(this.#store.sizeOf(item))} size=${items.length(item)}`;
  }

  // The store only reports events while there are watchers.
  #listen(): void {
    this.#store.log = this.#watchers.length === 0 ? null : this;
  }
}
