import * as assert from 'uvu/assert';
import { scene } from '../../test/support/server-peer.ts';
import { suite } from '../../test/runner/suite.ts';

const stats = suite('stats settings');

stats('settings: what it was told, and what it is', () => {
  const usual = {
    maxbytes: '67108864',
    maxconns: '1024',
    tcpport: '0',
    udpport: '0',
    inter: 'NULL',
    verbosity: '0',
    evictions: 'on',
    domain_socket: 'NULL',
    umask: '700',
    shutdown_command: 'no',
    num_threads: '1',
    stat_key_prefix: ':',
    detail_enabled: 'no',
    reqs_per_event: '1024',
    cas_enabled: 'yes',
    binding_protocol: 'ascii',
    auth_enabled_sasl: 'no',
    auth_enabled_ascii: 'no',
    item_size_max: '1048576',
    maxconns_fast: 'yes',
    lru_crawler: 'yes',
    lru_crawler_sleep: '100',
    lru_crawler_tocrawl: '0',
    flush_enabled: 'yes',
    dump_enabled: 'yes',
    hash_algorithm: 'siphash',
    lru_segmented: 'no',
    temp_lru: 'no',
    idle_timeout: '0',
    track_sizes: 'no',
    ssl_enabled: 'no',
  };
  assert.equal(scene().table(' settings'), usual);
  const { ask, table } = scene({
    memory: 8 * 1024 * 1024,
    maxConnections: 7,
    evict: false,
    allowShutdown: true,
    prefixDelimiter: '/',
    requestsPerEvent: 20,
    useCas: false,
    maxItem: 2048,
    allowFlush: false,
    allowDump: false,
    idleTimeout: 30,
    trackSizes: true,
    refreshCertificates: () => null,
    settings: { tcpport: '11211', domain_socket: '/tmp/s' },
  });
  ask('verbosity 9\r\ncache_memlimit 16\r\nlru_crawler sleep 5\r\nlru_crawler tocrawl 6\r\n');
  ask('lru_crawler disable\r\n');
  assert.equal(table(' settings'), {
    ...usual,
    maxbytes: String(16 * 1024 * 1024),
    maxconns: '7',
    tcpport: '11211',
    verbosity: '2',
    evictions: 'off',
    domain_socket: '/tmp/s',
    shutdown_command: 'yes',
    stat_key_prefix: '/',
    reqs_per_event: '20',
    cas_enabled: 'no',
    item_size_max: '2048',
    lru_crawler: 'no',
    lru_crawler_sleep: '5',
    lru_crawler_tocrawl: '6',
    flush_enabled: 'no',
    dump_enabled: 'no',
    idle_timeout: '30',
    track_sizes: 'yes',
    ssl_enabled: 'yes',
  });
});

stats.run();
