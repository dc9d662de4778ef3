import * as assert from 'uvu/assert';
import { Peer, serve } from '../../test/support/server-peer.ts';
import { suite } from '../../test/runner/suite.ts';
import { dial, listen } from '../../test/runner/runtime.ts';
import { FakePeer } from '../../test/support/fake-peer.ts';
import { settled } from '../../test/support/scripted.ts';
import { RawConnection } from '../../conformance/server/raw-connection.ts';
import { createTestClient } from '../testing/mod.ts';
import { MemoryServer } from './memory.ts';
import { serverOptions } from './options.ts';
import { Server } from './serve.ts';

const turns = suite('serve: turns');

turns('bursts of others keep a connection waiting for a bounded number of commands', async () => {
  const { server, dial } = new MemoryServer();
  const { counters } = server.engine.store;
  const open = (): Promise<FakePeer> => FakePeer.dial(dial);
  let before = 0;
  const floods = [await open(), await open(), await open()];
  const neighbour = await FakePeer.dial(dial, () => {
    before = counters.cmd_get;
    return null;
  });
  for (const flood of floods) flood.send('get a\r\n'.repeat(100_000));
  neighbour.send('mn\r\n');
  await settled();
  // While its request comes, and while its reply goes, each of the others has a turn.
  assert.is(before, 2 * floods.length * serverOptions.requestsPerEvent);
  assert.is(counters.cmd_get, floods.length * 100_000);
});

turns('on sockets, others are read before a burst is done', async () => {
  const server = new Server({ requestsPerEvent: 1 });
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const open = (): Promise<RawConnection> => RawConnection.open(dial, listener.endpoint);
  const [flood, neighbour] = [await open(), await open()];
  flood.send('get a\r\n'.repeat(5000));
  neighbour.send('mn\r\n');
  await neighbour.expect('MN\r\n');
  assert.ok(server.engine.store.counters.cmd_get < 5000);
  await flood.expect('END\r\n'.repeat(5000));
  flood.close();
  neighbour.close();
  await listener.close();
  server.close();
});

turns('a server that would do no request is refused', () => {
  for (const requestsPerEvent of [0, -1, NaN]) {
    assert.throws(() => new Server({ requestsPerEvent }), /requestsPerEvent must be 1 or more/);
  }
});

turns('a burst is answered in its order, in as many turns as it takes', async () => {
  const { server } = serve({ requestsPerEvent: 4 });
  const { counters } = server.engine.store;
  const peer = new Peer(server);
  peer.say('set n 0 0 1\r\n0\r\nmn\r\nmn\r\nmn\r\n');
  // No more than its share: nobody had to be let go first.
  assert.is(counters.conn_yields, 0);
  peer.received = '';
  peer.say('incr n 1\r\n'.repeat(20));
  assert.is(peer.received, '1\r\n2\r\n3\r\n4\r\n');
  await settled();
  const all = Array.from({ length: 20 }, (_, i) => `${i + 1}\r\n`);
  assert.is(peer.received, all.join(''));
  assert.is(counters.conn_yields, 4);
});

turns('who waits for its turn is not read from, and gets none for what still comes', async () => {
  const { server } = serve({ requestsPerEvent: 2 });
  const peer = new Peer(server);
  peer.say('mn\r\n'.repeat(3));
  assert.ok(peer.paused);
  peer.say('mn\r\n'.repeat(3));
  assert.is(peer.received, 'MN\r\n'.repeat(2));
  await settled();
  assert.is(peer.received, 'MN\r\n'.repeat(6));
  assert.not(peer.paused);
});

turns('who reads while it waits for its turn is sent what is ready', async () => {
  const { server } = serve({ requestsPerEvent: 2 });
  const peer = new Peer(server);
  peer.room = 0;
  peer.say('mn\r\n'.repeat(3));
  peer.read(Infinity);
  assert.is(peer.received, 'MN\r\n'.repeat(2));
  await settled();
  assert.is(peer.received, 'MN\r\n'.repeat(3));
});

turns('what was asked before the end is answered, then the connection ends', async () => {
  const { server } = serve({ requestsPerEvent: 2 });
  const peer = new Peer(server);
  peer.say('mn\r\n'.repeat(5));
  peer.end();
  assert.not(peer.closed);
  await settled();
  assert.is(peer.received, 'MN\r\n'.repeat(5));
  assert.ok(peer.closed);
});

turns('what was asked before quit is answered, and nothing behind it is done', async () => {
  const { server } = serve({ requestsPerEvent: 2 });
  const peer = new Peer(server);
  peer.say('mn\r\n'.repeat(5) + 'quit\r\nset a 0 0 1\r\nx\r\n');
  await settled();
  assert.is(peer.received, 'MN\r\n'.repeat(5));
  assert.ok(peer.closed);
  assert.is(server.engine.store.counters.cmd_set, 0);
});

turns('what has arrived from who is gone is done', async () => {
  const { server } = serve({ requestsPerEvent: 2 });
  const peer = new Peer(server);
  peer.say('set a 0 0 1 noreply\r\nx\r\n'.repeat(5));
  peer.hangUp();
  assert.is(server.engine.store.counters.cmd_set, 5);
  await settled();
  assert.is(server.engine.store.counters.cmd_set, 5);
});

turns('a server that closes does no more', async () => {
  const { server } = serve({ requestsPerEvent: 2 });
  const peer = new Peer(server);
  peer.say('get a\r\n'.repeat(5));
  server.close();
  assert.ok(peer.closed);
  await settled();
  peer.hangUp();
  assert.is(server.engine.store.counters.cmd_get, 2);
  assert.is(peer.received, 'END\r\n'.repeat(2));
});

turns('who waits for its turn is not idle', async () => {
  const { server, clock } = serve({ requestsPerEvent: 2, idleTimeout: 10 });
  const peer = new Peer(server);
  peer.say('mn\r\n'.repeat(3));
  clock.advance(10_000);
  await settled();
  assert.is(peer.received, 'MN\r\n'.repeat(3));
  assert.not(peer.closed);
  clock.advance(10_000);
  assert.ok(peer.closed);
});

turns('a dump and a watch have their turn as other commands have', async () => {
  const { server } = serve({ requestsPerEvent: 1 });
  const peer = new Peer(server);
  peer.say('set a 0 0 1\r\nx\r\nmn\r\nlru_crawler mgdump all\r\nmn\r\nwatch mutations\r\n');
  await settled();
  assert.is(peer.received, 'STORED\r\nMN\r\nmg a\r\nEN\r\nMN\r\nOK\r\n');
  const other = new Peer(server);
  other.say('set b 0 0 1\r\nx\r\n');
  await settled();
  assert.match(peer.received, /type=item_store key=b status=stored/);
});

turns('a client in memory is answered without a tick of its clock', async () => {
  const { client } = createTestClient();
  const count = 3 * serverOptions.requestsPerEvent;
  await client.set('n', 0);
  const all = await Promise.all(Array.from({ length: count }, () => client.incr('n', 1)));
  assert.is(all.at(-1), BigInt(count));
  await client.close();
});

turns.run();
