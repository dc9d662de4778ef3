import * as assert from 'uvu/assert';
import { Peer, scene, serve } from '../../test/support/server-peer.ts';
import { suite } from '../../test/runner/suite.ts';

const admin = suite('administrative commands');
const FORMAT = 'CLIENT_ERROR bad command line format';

// What each is answered with, byte for byte.
const talks: readonly (readonly [said: string, answer: string])[] = [
  ['slabs', 'ERROR'],
  ['slabs reassign 1', 'ERROR'],
  ['slabs reassign 1 2 3', 'ERROR'],
  ['slabs other 1 2', 'ERROR'],
  ['slabs reassign x 1', FORMAT],
  ['slabs reassign 1 x', FORMAT],
  ['slabs reassign 5 5', 'SAME src and dst class are identical'],
  ['slabs reassign 1 63', 'NOSPARE source class has no spare pages'],
  ['slabs reassign 1 64', 'BADCLASS invalid src or dst class id'],
  ['slabs reassign 64 1', 'BADCLASS invalid src or dst class id'],
  ['slabs reassign -1 1', 'NOSPARE source class has no spare pages'],
  ['slabs reassign -2 1', 'BADCLASS invalid src or dst class id'],
  ['slabs automove', 'ERROR'],
  ['slabs automove 0', 'OK'],
  ['slabs automove 2', 'OK'],
  ['slabs automove 3', 'ERROR'],
  ['slabs automove ratio', 'ERROR'],
  ['slabs automove ratio .5', 'OK'],
  ['slabs automove ratio x', 'ERROR'],
  ['slabs automove freeratio x', 'ERROR'],
  ['slabs automove freeratio +1.', 'OK'],
  ['slabs automove window x', FORMAT],
  ['lru tune 10', 'ERROR'],
  ['lru tune 10 20 1', 'ERROR'],
  ['lru tune x 20 1 1', 'ERROR'],
  ['lru tune 10 x 1 1', 'ERROR'],
  ['lru tune 10 20 x 1', 'ERROR'],
  ['lru tune 10 20 1 x', 'ERROR'],
  ['lru tune 40 40 1 1', 'OK'],
  ['lru tune 40 41 1 1', 'ERROR hot and warm pcts must not exceed 80'],
  ['lru tune 40 40 0 1', 'ERROR hot/warm age factors must be greater than 0'],
  ['lru tune 40 40 1 0', 'ERROR hot/warm age factors must be greater than 0'],
  ['lru mode', 'ERROR'],
  ['lru mode flat', 'OK'],
  ['lru mode segmented', 'OK'],
  ['lru temp_ttl', 'ERROR'],
  ['lru temp_ttl -1', 'OK'],
  ['lru other 1', 'ERROR'],
  ['lru_crawler', 'ERROR'],
  ['lru_crawler other', 'ERROR'],
  ['lru_crawler other 1', 'ERROR'],
  ['lru_crawler crawl 1 2', 'ERROR'],
  ['lru_crawler crawl 0', 'BADCLASS invalid class id'],
  ['lru_crawler crawl 64', 'BADCLASS invalid class id'],
  ['lru_crawler crawl hash', 'ERROR an unknown error happened'],
  ['lru_crawler crawl 1,2,63', 'OK'],
  ['lru_crawler crawl ,1', 'OK'],
  ['lru_crawler sleep x', FORMAT],
  ['lru_crawler sleep 1000000', 'OK'],
  ['lru_crawler sleep 1000001', 'CLIENT_ERROR sleep must be one second or less'],
  ['lru_crawler tocrawl x', FORMAT],
  ['lru_crawler tocrawl 5', 'OK'],
  ['lru_crawler enable', 'ERROR failed to start lru crawler thread'],
  ['lru_crawler metadump 64', 'BADCLASS invalid class id'],
  ['lru_crawler mgdump x', 'BADCLASS invalid class id'],
  ['lru_crawler disable', 'OK'],
  ['lru_crawler disable', 'OK'],
  ['lru_crawler crawl all', 'CLIENT_ERROR lru crawler disabled'],
  ['lru_crawler metadump all', 'CLIENT_ERROR lru crawler disabled'],
  ['lru_crawler mgdump all', 'CLIENT_ERROR lru crawler disabled'],
  ['lru_crawler enable', 'OK'],
  ['cache_memlimit 7', 'MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m'],
  ['cache_memlimit 8', 'OK'],
  ['cache_memlimit 1000000000', 'MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust'],
  ['cache_memlimit 1000000001', 'MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes'],
  ['cache_memlimit 999999999', 'MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust'],
  ['cache_memlimit x', 'ERROR'],
  ['verbosity 1', 'OK'],
  ['shutdown', 'ERROR: shutdown not enabled'],
  ['shutdown now', 'ERROR: shutdown not enabled'],
  [' shutdown now', 'ERROR: shutdown not enabled'],
  ['shutdowns', 'ERROR'],
  ['refresh_certs', 'Error TLS not enabled'],
  ['config get cluster', 'ERROR'],
  ['extstore free_memchunks 1 1', 'ERROR'],
];

admin('what each is answered', () => {
  const { ask } = scene();
  for (const [said, answer] of talks) assert.is(ask(`${said}\r\n`), `${answer}\r\n`, said);
  for (const said of ['slabs automove 1 noreply', 'lru mode flat noreply', 'verbosity 1 noreply']) {
    assert.is(ask(`${said}\r\n`), '', said);
  }
});

admin('what may be forbidden, or done', () => {
  const { ask, table } = scene({ allowFlush: false });
  assert.is(ask('set a 0 0 1\r\nx\r\nflush_all\r\nget a\r\n').split('\r\n')[1], FLUSH);
  assert.is(table()['cmd_flush'], '1');
  const problem = scene({ refreshCertificates: () => 'Error there are none' });
  assert.is(problem.ask('refresh_certs\r\n'), 'Error there are none\r\n');
  assert.is(scene({ refreshCertificates: () => null }).ask('refresh_certs\r\n'), 'OK\r\n');
  assert.is(scene({ version: '9.9.9' }).ask('version\r\n'), 'VERSION 9.9.9\r\n');
});

admin('config get cluster, where it is the configuration endpoint of one', () => {
  const { ask } = scene({
    cluster: () => ({ version: 12, nodes: [{ host: 'a.example', ip: '10.0.0.1', port: 11211 }] }),
  });
  const value = '12\na.example|10.0.0.1|11211\n';
  assert.is(
    ask('config get cluster\r\n'),
    `CONFIG cluster 0 ${value.length}\r\n${value}\r\nEND\r\n`,
  );
  assert.is(ask('config get other\r\n'), 'END\r\n');
});

const FLUSH = 'CLIENT_ERROR flush_all not allowed';

admin('flush_all with a delay of a second is at once, and takes all of this second', () => {
  const { ask, pass } = scene();
  ask('set a 0 0 1\r\nx\r\nflush_all 1\r\nset b 0 0 1\r\nx\r\n');
  assert.is(ask('get a b\r\n'), 'END\r\n');
  pass(1000);
  assert.is(ask('set c 0 0 1\r\nx\r\nget c\r\n'), 'STORED\r\nVALUE c 0 1\r\nx\r\nEND\r\n');
});

admin('a flush that waits brings back nothing that an earlier one has dropped', () => {
  const { ask, pass } = scene();
  ask('set a 0 0 1\r\nx\r\n');
  pass(10_000);
  assert.is(ask('flush_all\r\nflush_all 100\r\nget a\r\n'), 'OK\r\nOK\r\nEND\r\n');
});

admin('shutdown ends the connection, and tells the program how', () => {
  for (const [said, isGraceful] of [['shutdown', false], ['shutdown graceful', true]] as const) {
    const { server } = serve({ allowShutdown: true });
    const heard: boolean[] = [];
    server.engine.onShutdown = (graceful) => heard.push(graceful);
    const peer = new Peer(server);
    peer.say('shutdown now\r\n');
    assert.is(peer.received, 'CLIENT_ERROR invalid shutdown mode\r\n');
    peer.say(`${said}\r\nmn\r\n`);
    assert.equal([heard, peer.closed], [[isGraceful], true]);
    assert.is(peer.received, 'CLIENT_ERROR invalid shutdown mode\r\n');
  }
});

admin('the crawler looks at the classes that are named, and takes what has expired', () => {
  const { ask, table, pass } = scene();
  ask(`set a 0 1 1\r\nx\r\nset b 0 1 200\r\n${'x'.repeat(200)}\r\nset c 0 0 1\r\nx\r\n`);
  pass(1000);
  ask('lru_crawler crawl 6\r\n');
  const { curr_items, crawler_reclaimed, crawler_items_checked, lru_crawler_starts } = table();
  assert.equal([curr_items, crawler_reclaimed], ['2', '1']);
  assert.equal([crawler_items_checked, lru_crawler_starts], ['1', '1']);
  // It is not shown, though it is still there.
  assert.match(ask('lru_crawler metadump all\r\n'), /^key=c [^\n]*\nEND\r\n$/);
  assert.is(ask('lru_crawler mgdump all\r\n'), 'mg c\r\nEN\r\n');
  ask('lru_crawler crawl all\r\n');
  assert.equal([table()['curr_items'], table()['lru_crawler_starts']], ['1', '4']);
});

admin('a dump tells everything of an item, and only of the classes that are named', () => {
  const { ask, pass } = scene();
  ask(`set large 0 0 200\r\n${'x'.repeat(200)}\r\nset a 7 100 1\r\nx\r\nget a\r\n`);
  pass(5000);
  ask('set b 0 0 1\r\nx\r\nms YQA= 1 b\r\nx\r\n');
  const at = Number(/la=(\d+)/.exec(ask('lru_crawler metadump 1\r\n'))?.[1]);
  assert.is(
    ask('lru_crawler metadump 1\r\n'),
    `key=a exp=${at + 100} la=${at} cas=2 fetch=yes cls=1 size=65 flags=7 \n` +
      `key=b exp=-1 la=${at + 5} cas=3 fetch=no cls=1 size=61 flags=0 \n` +
      `key=a%00 exp=-1 la=${at + 5} cas=4 fetch=no cls=1 size=62 flags=0 \nEND\r\n`,
  );
  assert.is(ask('lru_crawler mgdump 1,6\r\n'), 'mg large\r\nmg a\r\nmg b\r\nmg YQA= b\r\nEN\r\n');
  assert.match(ask('me a\r\n'), /^ME a exp=95 la=5 cas=2 fetch=yes cls=1 size=65\r\n$/);
});

admin.run();
