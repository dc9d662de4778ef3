/** The counters of the store and the sessions; `stats` shows them by these names. */
export interface Counters {
  cmd_get: number;
  cmd_set: number;
  cmd_flush: number;
  cmd_touch: number;
  cmd_meta: number;
  get_hits: number;
  get_misses: number;
  get_expired: number;
  get_flushed: number;
  delete_misses: number;
  delete_hits: number;
  incr_misses: number;
  incr_hits: number;
  decr_misses: number;
  decr_hits: number;
  cas_misses: number;
  cas_hits: number;
  cas_badval: number;
  touch_hits: number;
  touch_misses: number;
  store_too_large: number;
  store_no_memory: number;
  auth_cmds: number;
  auth_errors: number;
  idle_kicks: number;
  conn_yields: number;
  bytes_read: number;
  bytes_written: number;
  total_items: number;
  total_connections: number;
  rejected_connections: number;
  lru_crawler_starts: number;
  log_watcher_skipped: number;
  log_watcher_sent: number;
}

/** All at zero. */
export function newCounters(): Counters {
  return {
    cmd_get: 0,
    cmd_set: 0,
    cmd_flush: 0,
    cmd_touch: 0,
    cmd_meta: 0,
    get_hits: 0,
    get_misses: 0,
    get_expired: 0,
    get_flushed: 0,
    delete_misses: 0,
    delete_hits: 0,
    incr_misses: 0,
    incr_hits: 0,
    decr_misses: 0,
    decr_hits: 0,
    cas_misses: 0,
    cas_hits: 0,
    cas_badval: 0,
    touch_hits: 0,
    touch_misses: 0,
    store_too_large: 0,
    store_no_memory: 0,
    auth_cmds: 0,
    auth_errors: 0,
    idle_kicks: 0,
    conn_yields: 0,
    bytes_read: 0,
    bytes_written: 0,
    total_items: 0,
    total_connections: 0,
    rejected_connections: 0,
    lru_crawler_starts: 0,
    log_watcher_skipped: 0,
    log_watcher_sent: 0,
  };
}

/** The counters of a slab class; `stats items` shows them. */
export interface ClassCounters {
  evicted: number;
  evicted_nonzero: number;
  evicted_time: number;
  outofmemory: number;
  reclaimed: number;
  expired_unfetched: number;
  evicted_unfetched: number;
  evicted_active: number;
  crawler_reclaimed: number;
  crawler_items_checked: number;
}

/** All at zero. */
export function newClassCounters(): ClassCounters {
  return {
    evicted: 0,
    evicted_nonzero: 0,
    evicted_time: 0,
    outofmemory: 0,
    reclaimed: 0,
    expired_unfetched: 0,
    evicted_unfetched: 0,
    evicted_active: 0,
    crawler_reclaimed: 0,
    crawler_items_checked: 0,
  };
}
