import { suite } from '../../test/runner/suite.ts';
import * as assert from 'uvu/assert';
import { RandomRequests } from '../../conformance/random-requests.ts';
import { Random } from '../../conformance/random.ts';
import { Peer, serve } from '../../test/support/server-peer.ts';
import { VirtualClock } from '../io/clock.ts';
import { latin1 } from '../wire/bytes.ts';
import { Server } from './serve.ts';

/** What waits to be sent leaves in a microtask. */
const turn = (): Promise<void> => Promise.resolve();

const connections = suite('serve: connections');

connections('one connection too many is told so and closed', () => {
  const { server } = serve({ maxConnections: 2 });
  const [first, , third] = [new Peer(server), new Peer(server), new Peer(server)];
  assert.is(third.received, 'ERROR Too many open connections\r\n');
  assert.ok(third.closed);
  third.say('version\r\n');
  assert.is(third.received, 'ERROR Too many open connections\r\n');
  first.hangUp();
  const fourth = new Peer(server);
  fourth.say('mn\r\n');
  assert.is(fourth.received, 'MN\r\n');
  const { total_connections, rejected_connections } = server.engine.store.counters;
  assert.equal([total_connections, rejected_connections], [3, 1]);
});

connections('replies to the first of many requests leave before the others are executed', () => {
  const { server } = serve({ requestsPerEvent: 1000 });
  const writes = (requests: readonly string[]): number[] => {
    const peer = new Peer(server);
    const counts: number[] = [];
    const send = peer.send.bind(peer);
    peer.send = (bytes) => {
      counts.push(latin1(bytes).split('\r\n').length - 1);
      return send(bytes);
    };
    peer.say(requests.join(''));
    assert.is(peer.received.split('\r\n').length - 1, requests.length);
    return counts;
  };
  const gets = (count: number): string[] => Array.from({ length: count }, () => 'mg key:1\r\n');
  assert.equal(writes(gets(64)), [8, 56]);
  assert.equal(writes(gets(500)), [8, 64, 428]);
  // A write costs more than a few replies gain.
  assert.equal(writes(gets(32)), [32]);
  assert.equal(writes(gets(33)), [8, 25]);
  // Requests of other forms come out one by one.
  assert.equal(writes(Array.from({ length: 64 }, () => 'version\r\n')), [64]);
});

connections('who asks for nothing for so long is disconnected', () => {
  const { server, clock } = serve({ idleTimeout: 10 });
  const [idle, busy] = [new Peer(server), new Peer(server)];
  clock.advance(9000);
  busy.say('mn\r\n');
  assert.not(idle.closed);
  clock.advance(1000);
  assert.ok(idle.closed);
  assert.not(busy.closed);
  clock.advance(9000);
  assert.ok(busy.closed);
  assert.is(server.engine.store.counters.idle_kicks, 2);
});

connections('the time of day may be set: neither items nor connections end by it', () => {
  let skew = 0;
  const clock = new VirtualClock();
  const server = new Server({ idleTimeout: 10 }, {
    now: () => clock.now() + skew,
    elapsed: () => clock.elapsed(),
    after: (milliseconds, call) => clock.after(milliseconds, call),
    yield: (call) => clock.yield(call),
  });
  const peer = new Peer(server);
  const hasItem = (): boolean => {
    peer.received = '';
    peer.say('mg a\r\n');
    return peer.received === 'HD\r\n';
  };
  peer.say('set a 0 8 1 noreply\r\nx\r\n');
  for (const jump of [1_000_000, -2_000_000]) {
    skew = jump;
    clock.advance(3000);
    assert.ok(hasItem(), String(jump));
  }
  skew = 0;
  clock.advance(2000);
  assert.not(hasItem());
  skew = -1_000_000;
  clock.advance(10_000);
  assert.ok(peer.closed);
});

connections('a watcher, and who is in the middle of a value, are not idle', () => {
  const { server, clock } = serve({ idleTimeout: 10 });
  const [watcher, writer] = [new Peer(server), new Peer(server)];
  watcher.say('watch\r\n');
  writer.say('set a 0 0 10\r\nx');
  clock.advance(60_000);
  assert.not(watcher.closed);
  assert.not(writer.closed);
  writer.say('123456789\r\n');
  clock.advance(10_000);
  assert.ok(writer.closed);
});

connections('a client that is gone in the middle of a set stores nothing', () => {
  const { server } = serve();
  const peer = new Peer(server);
  peer.say('set a 0 0 10\r\n12345');
  peer.hangUp();
  assert.is(server.engine.connections.size, 0);
  const other = new Peer(server);
  other.say('get a\r\n');
  assert.is(other.received, 'END\r\n');
});

connections('2048 bytes without a newline close, unless they start a get', () => {
  const { server } = serve();
  const line = 'k'.repeat(100) + ' ';
  for (const verb of ['gat 0 ', 'mg ', 'set ', 'delete ', '']) {
    const peer = new Peer(server);
    peer.say(verb + line.repeat(21));
    assert.ok(peer.closed, verb);
    assert.is(peer.received, '');
  }
  for (const verb of ['get ', 'gets ', '   get ']) {
    const peer = new Peer(server);
    peer.say(verb + line.repeat(600));
    assert.not(peer.closed, verb);
    peer.say('\r\n');
    assert.is(peer.received, 'END\r\n');
  }
});

connections('what was asked before quit is answered, however slowly it is read', () => {
  const { server } = serve();
  const peer = new Peer(server);
  peer.say(`set a 0 0 100000\r\n${'x'.repeat(100_000)}\r\n`);
  peer.received = '';
  peer.room = 10;
  peer.say('get a\r\nget a\r\nquit\r\nget a\r\n');
  assert.not(peer.closed);
  while (!peer.closed) peer.read(50_000);
  assert.is(peer.received, `VALUE a 0 100000\r\n${'x'.repeat(100_000)}\r\nEND\r\n`.repeat(2));
});

connections('a server that closes sends what is ready first', () => {
  const { server } = serve();
  const peer = new Peer(server);
  peer.room = 3;
  peer.say('version\r\n');
  server.close();
  assert.not(peer.closed);
  peer.read(Infinity);
  assert.ok(peer.closed);
  assert.is(peer.received, `VERSION ${server.engine.options.version}\r\n`);
});

connections.run();

const slow = suite('serve: slow readers');

slow('a peer that reads nothing is not read from, and costs a bounded amount', () => {
  const { server } = serve();
  const peer = new Peer(server);
  peer.say(`set a 0 0 10000\r\n${'x'.repeat(10_000)}\r\n`);
  peer.received = '';
  peer.room = 0;
  let asked = 0;
  while (!peer.paused) {
    peer.say('get a\r\n');
    asked++;
    assert.ok(asked < 200);
  }
  const before = server.engine.store.counters.cmd_get;
  // Chunks that were on their way are kept, and what is in them is not done yet.
  peer.say('get a\r\n'.repeat(1000));
  assert.is(server.engine.store.counters.cmd_get, before);
  peer.read(Infinity);
  assert.not(peer.paused);
  assert.is(server.engine.store.counters.cmd_get, before + 1000);
  assert.is(
    peer.received.length,
    (asked + 1000) * 'VALUE a 0 10000\r\n\r\nEND\r\n'.length +
      (asked + 1000) * 10_000,
  );
});

slow('a get of one large value again and again does not take all memory', () => {
  const { server } = serve();
  const peer = new Peer(server);
  peer.say(`set a 0 0 1000000\r\n${'x'.repeat(1_000_000)}\r\n`);
  peer.received = '';
  peer.say(`get${' a'.repeat(100)}\r\nmn\r\n`);
  assert.is(peer.received, 'SERVER_ERROR out of memory writing get response\r\nMN\r\n');
});

slow('a dump waits for its reader, and does not run ahead', () => {
  const { server } = serve();
  const peer = new Peer(server);
  for (let i = 0; i < 5000; i++) peer.say(`set key${i} 0 0 1 noreply\r\nx\r\n`);
  peer.room = 0;
  peer.say('lru_crawler mgdump all\r\nmn\r\n');
  const { bytes_written } = server.engine.store.counters;
  assert.is(bytes_written, 0);
  peer.read(1000);
  assert.is(peer.received.length, 1000);
  while (!peer.received.endsWith('MN\r\n')) peer.read(20_000);
  const keys = peer.received.match(/^mg key\d+\r$/gm);
  assert.is(new Set(keys).size, 5000);
  assert.ok(peer.received.endsWith('EN\r\nMN\r\n'));
});

slow('a slow watcher loses lines, is told how many, and holds up nobody', async () => {
  const { server } = serve({ requestsPerEvent: Infinity });
  const [watcher, peer] = [new Peer(server), new Peer(server)];
  watcher.say('watch mutations\r\n');
  assert.is(watcher.received, 'OK\r\n');
  watcher.room = 0;
  peer.say('set key 0 0 1 noreply\r\nx\r\n'.repeat(10_000) + 'mn\r\n');
  assert.is(peer.received, 'MN\r\n');
  const { log_watcher_sent: sent, log_watcher_skipped: lost } = server.engine.store.counters;
  assert.is(sent + lost, 10_000);
  assert.ok(lost > 0);
  await turn();
  watcher.read(Infinity);
  peer.say('set last 0 0 1\r\nx\r\n');
  await turn();
  const lines = watcher.received.split('\n');
  assert.is(lines.length, sent + 4);
  assert.is(lines.at(-3), `skipped=${lost}`);
  assert.match(
    lines.at(-2) ?? '',
    /^ts=\d+\.\d+ gid=10001 type=item_store key=last status=stored /,
  );
});

slow('what a watcher says is not done', async () => {
  const { server } = serve();
  const watcher = new Peer(server);
  watcher.say('watch\r\n');
  for (let i = 0; i < 100; i++) watcher.say('set a 0 0 1\r\nx\r\n'.repeat(1000));
  await turn();
  assert.is(watcher.received, 'OK\r\n');
  assert.is(server.engine.store.counters.cmd_set, 0);
});

slow.run();

const fuzz = suite('serve: anything');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261121);

// What RandomRequests leaves out, because servers differ in it, and keys that could break lines.
const odd = [
  ...['stats', 'stats settings', 'stats items', 'stats slabs', 'stats sizes', 'stats conns'],
  ...['stats sizes_enable', 'stats detail on', 'stats detail dump', 'stats cachedump 1 0'],
  ...['lru_crawler metadump all', 'lru_crawler mgdump all', 'lru_crawler crawl all', 'quit'],
  ...['lru_crawler enable', 'lru_crawler disable', 'watch', 'watch mutations evictions deletions'],
  ...['set a\rb:c 0 0 1\r\nx', 'me a\rb:c', 'ms CgA6YWI= 1 b\r\nx', 'mg CgA6YWI= b k v N30'],
  ...['me CgA6YWI= b', 'cache_memlimit 8', 'flush_all 5', 'shutdown', 'md a x', 'md a I T30'],
  ...[
    'ms a 3 E7 I C9\r\nabc',
    'ms a 1 MA N30\r\nx',
    'ma n N0 J5 v t',
    'ma n D18446744073709551615',
  ],
  `set large 0 0 40000\r\n${'v'.repeat(40_000)}`,
];

fuzz('whatever comes, cut anywhere, nothing throws and memory keeps its limit', async () => {
  const random = new Random(seed);
  const requests = new RandomRequests(random);
  for (let round = 0; round < 400; round++) {
    const memory = 1024 * (64 + random.below(1000));
    const { server, clock } = serve({
      memory,
      maxItem: random.pick([1024, 1024 * 1024]),
      useCas: random.chance(0.8),
      evict: random.chance(0.8),
      idleTimeout: random.pick([0, 5]),
      requestsPerEvent: random.pick([1, 3, 1024]),
    });
    const peers = [new Peer(server), new Peer(server), new Peer(server)];
    for (let i = 0; i < 30; i++) {
      const peer = random.pick(peers);
      let text = random.chance(0.5) ? requests.sequence(5) : `${random.pick(odd)}\r\n`;
      if (random.chance(0.2)) {
        const at = random.below(text.length);
        text = text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
      }
      peer.room = random.pick([0, 100, Infinity]);
      for (let at = 0; at < text.length && !peer.closed;) {
        const end = at + 1 + random.below(random.pick([3, 50, 50_000]));
        peer.say(text.slice(at, end));
        at = end;
      }
      peer.read(random.pick([10, 1000, Infinity]));
      clock.advance(random.below(500));
      await turn();
    }
    const { arena } = server.engine.store.items;
    assert.ok(arena.used <= arena.limit);
    for (const peer of peers) if (!peer.closed) peer.hangUp();
  }
});

fuzz.run();
