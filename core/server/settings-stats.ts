import type { Engine } from './engine.ts';
import type { StatPairs } from './stats.ts';

const yes = (is: boolean): string => (is ? 'yes' : 'no');

/** `stats settings`, by memcached's names and in its order, for what this server has. */
export function settingsStats(engine: Engine): StatPairs {
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
