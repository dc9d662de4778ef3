import * as assert from 'uvu/assert';
import { scene } from '../../test/support/server-peer.ts';
import { suite } from '../../test/runner/suite.ts';

const stats = suite('stats: what each says');

stats("general: everything by memcached's names, in its order", () => {
  const { ask, table, pass, peer } = scene({
    processFacts: () => ({ pid: 77, user: 1.5, system: 0.25 }),
    maxConnections: 2,
    idleTimeout: 100,
  });
  const other = peer();
  peer();
  pass(5000);
  ask('set a 0 0 1\r\n5\r\nget a\r\nget no\r\nincr a 1\r\ndecr a 1\r\nincr no 1\r\ndecr no 1\r\n');
  ask('touch a 0\r\ntouch no 0\r\ndelete no\r\ncas no 0 0 1 1\r\nx\r\ncas a 0 0 1 9\r\nx\r\n');
  ask('cas a 0 0 1 3\r\n7\r\nmg a\r\nmg a T0\r\nmg no\r\nme a\r\nma no\r\nma no MD\r\nmd no\r\n');
  ask('ma a\r\nma a MD\r\nset b 0 5 1\r\nx\r\ngat 0 a no\r\nset big 0 0 2000000\r\n');
  ask('x'.repeat(2_000_000) + '\r\n');
  pass(5000);
  ask('get b\r\nset c 0 0 1\r\nx\r\n');
  pass(1000);
  ask('flush_all\r\nget a\r\nget c\r\nset d 0 0 1\r\nx\r\nmd d\r\nset e 0 0 1\r\nx\r\n');
  other.hangUp();
  const all = table();
  const { bytes_read: read, bytes_written: written, time, ...rest } = all;
  assert.ok(Number(read) > 2_000_000 && Number(written) > 0 && Number(time) > 1e9);
  assert.equal(rest, {
    pid: '77',
    uptime: '11',
    version: '1.6.39',
    pointer_size: '64',
    rusage_user: '1.500000',
    rusage_system: '0.250000',
    max_connections: '2',
    curr_connections: '1',
    total_connections: '2',
    rejected_connections: '1',
    connection_structures: '1',
    cmd_get: '7',
    cmd_set: '8',
    cmd_flush: '1',
    cmd_touch: '5',
    cmd_meta: '1',
    get_hits: '2',
    get_misses: '5',
    get_expired: '1',
    get_flushed: '2',
    delete_misses: '2',
    delete_hits: '1',
    incr_misses: '2',
    incr_hits: '2',
    decr_misses: '2',
    decr_hits: '2',
    cas_misses: '1',
    cas_hits: '1',
    cas_badval: '1',
    touch_hits: '3',
    touch_misses: '2',
    store_too_large: '1',
    store_no_memory: '0',
    auth_cmds: '0',
    auth_errors: '0',
    idle_kicks: '0',
    limit_maxbytes: String(64 * 1024 * 1024),
    accepting_conns: '1',
    listen_disabled_num: '0',
    threads: '1',
    conn_yields: '0',
    lru_crawler_running: '0',
    lru_crawler_starts: '0',
    log_watcher_skipped: '0',
    log_watcher_sent: '0',
    log_watchers: '0',
    bytes: '61',
    curr_items: '1',
    total_items: '6',
    expired_unfetched: '0',
    evicted_unfetched: '0',
    evicted_active: '0',
    evictions: '0',
    reclaimed: '0',
    crawler_reclaimed: '0',
    crawler_items_checked: '0',
  });
  assert.not('idle_kicks' in scene().table());
});

stats('logins are counted, and those that failed', () => {
  const { ask, table } = scene({ credentials: new Map([['user', 'pass']]) });
  ask('set auth 0 0 9\r\nuser nope\r\n');
  assert.is(ask('set auth 0 0 9\r\nuser pass\r\n'), 'STORED\r\n');
  const { auth_cmds, auth_errors } = table();
  assert.equal([auth_cmds, auth_errors], ['2', '1']);
  assert.is(table(' settings')['auth_enabled_ascii'], 'yes');
});

stats('reset sets to zero what is counted, and leaves what there is', () => {
  const { ask, table } = scene();
  ask('stats detail on\r\nset a:b 0 0 1\r\nx\r\nget a:b\r\n');
  assert.is(ask('stats reset\r\n'), 'RESET\r\n');
  const { cmd_get, cmd_set, total_items, curr_items } = table();
  assert.equal([cmd_get, cmd_set, total_items, curr_items], ['0', '0', '0', '1']);
  assert.is(ask('stats detail dump\r\n'), 'END\r\n');
});

stats('items: by slab class, with what was evicted, reclaimed and crawled', () => {
  const { ask, table, pass } = scene({ memory: 64 * 60 });
  const set = (key: string, expire: number, length: number): string =>
    ask(`set ${key} 0 ${expire} ${length}\r\n${'x'.repeat(length)}\r\n`);
  // 9 blocks each, 17 for 1000 bytes.
  set('old', 2, 500);
  pass(3000);
  set('b', 0, 500);
  set('c', 1000, 500);
  set('read', 0, 500);
  ask('get read\r\nget read\r\n');
  pass(7000);
  // Takes the place of the one that has expired, the next one that of b and c.
  set('d', 0, 1000);
  set('e', 0, 500);
  set('f', 0, 1000);
  set('g', 1, 1);
  pass(2000);
  assert.is(ask('lru_crawler crawl all\r\n'), 'OK\r\n');
  set('h', 0, 2);
  assert.is(set('large', 0, 4000), 'SERVER_ERROR out of memory storing object\r\n');
  const none = {
    number: '0',
    age: '0',
    mem_requested: '0',
    evicted: '0',
    evicted_nonzero: '0',
    evicted_time: '0',
    outofmemory: '0',
    tailrepairs: '0',
    reclaimed: '0',
    expired_unfetched: '0',
    evicted_unfetched: '0',
    evicted_active: '0',
    crawler_reclaimed: '0',
    crawler_items_checked: '0',
    lrutail_reflocked: '0',
  };
  const expected = {
    1: { ...none, number: '1', mem_requested: '62', ...G_WAS_CRAWLED },
    9: { ...none, ...OLD_WAS_RECLAIMED },
    12: { ...none, number: '2', age: '2', mem_requested: '2120', crawler_items_checked: '2' },
  };
  assert.equal(
    Object.entries(table(' items')),
    Object.entries(expected).flatMap(([cls, values]) =>
      Object.entries(values).map(([name, value]) => [`items:${cls}:${name}`, value])
    ),
  );
  const { evictions, reclaimed, expired_unfetched, evicted_unfetched, ...all } = table();
  assert.equal([evictions, reclaimed, expired_unfetched, evicted_unfetched], ['2', '1', '2', '2']);
  assert.equal([all['crawler_reclaimed'], all['crawler_items_checked']], ['1', '5']);
  assert.is(all['lru_crawler_starts'], '1');
});

const G_WAS_CRAWLED = {
  crawler_reclaimed: '1',
  expired_unfetched: '1',
  crawler_items_checked: '1',
};
const OLD_WAS_RECLAIMED = {
  number: '2',
  age: '9',
  mem_requested: '1123',
  evicted: '2',
  evicted_nonzero: '1',
  evicted_time: '7',
  reclaimed: '1',
  expired_unfetched: '1',
  evicted_unfetched: '2',
  crawler_items_checked: '2',
};

stats('slabs: what memcached would need', () => {
  const { ask, table } = scene();
  for (let i = 0; i < 3; i++) ask(`set k${i} 0 0 1\r\nx\r\n`);
  ask(`set large 0 0 600000\r\n${'x'.repeat(600_000)}\r\n`);
  ask(`set large2 0 0 500000\r\n${'x'.repeat(500_000)}\r\n`);
  assert.equal(table(' slabs'), {
    '1:chunk_size': '96',
    '1:chunks_per_page': '10922',
    '1:total_pages': '1',
    '1:total_chunks': '10922',
    '1:used_chunks': '3',
    '1:free_chunks': '10919',
    '1:free_chunks_end': '0',
    '39:chunk_size': '524288',
    '39:chunks_per_page': '2',
    '39:total_pages': '1',
    '39:total_chunks': '2',
    '39:used_chunks': '2',
    '39:free_chunks': '0',
    '39:free_chunks_end': '0',
    active_slabs: '2',
    total_malloced: '1100416',
  });
});

stats('conns: each connection, and how long it has said nothing', () => {
  const { table, pass, peer } = scene();
  peer();
  pass(2500);
  assert.equal(table(' conns'), {
    '1:addr': 'tcp:10.0.0.1:4000',
    '1:state': 'conn_parse_cmd',
    '1:secs_since_last_cmd': '0',
    '2:addr': 'tcp:10.0.0.1:4000',
    '2:state': 'conn_parse_cmd',
    '2:secs_since_last_cmd': '2',
  });
});

stats('sizes: from the start on, or not at all', () => {
  assert.is(scene().ask('stats sizes\r\n'), 'STAT sizes_status disabled\r\nEND\r\n');
  const { ask } = scene({ trackSizes: true });
  ask(
    `set b 0 0 100\r\n${'x'.repeat(100)}\r\nset a 0 0 1\r\nx\r\nset c 0 0 1\r\nx\r\ndelete c\r\n`,
  );
  assert.is(ask('stats sizes\r\n'), 'STAT 64 1\r\nSTAT 160 1\r\nEND\r\n');
  // Gone since 1.6.25.
  assert.is(ask('stats sizes_enable\r\nstats sizes_disable\r\n'), 'ERROR\r\n'.repeat(2));
});

stats('detail: by prefix, while it is on', () => {
  const { ask } = scene();
  ask('set a:x 0 0 1\r\nx\r\nstats detail on\r\n');
  ask('get :x\r\nset a:x 0 0 1\r\nx\r\nget a:x a:y b:z plain\r\ndelete a:y\r\nms a:m 1\r\nx\r\n');
  ask(`set c:x 0 0 2000000\r\n${'x'.repeat(2_000_000)}\r\n`);
  ask(`ms d:x 2000000\r\n${'x'.repeat(2_000_000)}\r\n`);
  assert.is(
    ask('stats detail dump\r\n'),
    'PREFIX  get 1 hit 0 set 0 del 0\r\nPREFIX a get 2 hit 1 set 2 del 1\r\nPREFIX b get 1 hit 0 set 0 del 0\r\n' +
      'PREFIX c get 0 hit 0 set 1 del 0\r\nEND\r\n',
  );
  assert.is(
    ask('stats detail off\r\nget a:x\r\nstats detail dump\r\n').match(/get 2 hit 1/g)?.length,
    1,
  );
  const usage = 'CLIENT_ERROR usage: stats detail on|off|dump\r\n';
  assert.is(ask('stats detail\r\nstats detail x\r\n'), usage.repeat(2));
});

stats('a dump that is forbidden', () => {
  const { ask } = scene({ allowDump: false });
  assert.is(ask('stats detail on\r\n'), 'CLIENT_ERROR stats detail not allowed\r\n');
  assert.is(ask('stats cachedump 1 0\r\n'), 'CLIENT_ERROR stats cachedump not allowed\r\n');
  assert.is(ask('lru_crawler metadump all\r\n'), 'ERROR metadump not allowed\r\n');
  assert.is(ask('lru_crawler mgdump all\r\n'), 'ERROR key dump not allowed\r\n');
});

stats('cachedump: the items of a class, the newest first', () => {
  const { ask, pass } = scene();
  ask('set a 0 0 1\r\nx\r\nset b 0 100 2\r\nxy\r\nms YwA= 1 b\r\nx\r\nset c\rd 0 0 1\r\nx\r\n');
  ask(`set other 0 0 200\r\n${'x'.repeat(200)}\r\n`);
  pass(1000);
  assert.match(
    ask('stats cachedump 1 0\r\n'),
    /^ITEM b \[2 b; \d{10} s\]\r\nITEM a \[1 b; 0 s\]\r\nEND\r\n$/,
  );
  assert.match(ask('stats cachedump 1 1\r\n'), /^ITEM b [^\r]*\r\nEND\r\n$/);
  assert.is(ask('stats cachedump 63 0\r\n'), 'END\r\n');
  assert.is(ask('stats cachedump 64 0\r\n'), 'CLIENT_ERROR Illegal slab id\r\n');
  const format = 'CLIENT_ERROR bad command line format\r\n';
  assert.is(ask('stats cachedump x 0\r\nstats cachedump 1 x\r\n'), format.repeat(2));
  assert.is(ask('stats cachedump 1\r\n'), 'CLIENT_ERROR bad command line\r\n');
});

stats('cachedump says no more than memcached has room for', () => {
  const { ask } = scene();
  const key = 'k'.repeat(240);
  for (let i = 0; i < 9000; i++) ask(`set ${key}${i} 0 0 1\r\nx\r\n`);
  const said = ask('stats cachedump 6 0\r\n') + ask('stats cachedump 7 0\r\n');
  assert.ok(said.length <= 2 * 1024 * 1024 + 99 && said.length > 2 * 1024 * 1024 - 600);
});

stats('what there is not', () => {
  const { ask } = scene();
  assert.is(ask('stats extstore\r\nstats nothing\r\n'), 'END\r\nERROR\r\n');
});

stats.run();
