import * as assert from 'uvu/assert';
import { Peer, serve } from '../../test/support/server-peer.ts';
import { suite } from '../../test/runner/suite.ts';

const admission = suite('serve: values on their way');
const HALF = 'x'.repeat(500 * 1024);
const NO_ROOM = 'SERVER_ERROR out of memory storing object\r\n';

admission('300 connections with half a value each stay within the memory there is', () => {
  const { server } = serve({ memory: 16 * 1024 * 1024 });
  const peers = Array.from({ length: 300 }, () => new Peer(server));
  for (const [i, peer] of peers.entries()) {
    peer.say(`set key${i} 0 0 1000000\r\n${HALF}`);
  }
  const refused = peers.filter((peer) => peer.received === NO_ROOM);
  const taken = peers.filter((peer) => peer.received === '');
  // 16 MB are room for 16 of a megabyte, and none that is on its way can be evicted.
  assert.equal([taken.length, refused.length], [16, 284]);
  assert.is(server.engine.store.counters.store_no_memory, 284);
  // What was refused is thrown away, and the connection goes on.
  const rest = 'x'.repeat(1_000_000 - HALF.length);
  for (const peer of peers) peer.say(`${rest}\r\nmn\r\n`);
  for (const peer of taken) assert.is(peer.received, 'STORED\r\nMN\r\n');
  for (const peer of refused) assert.is(peer.received, `${NO_ROOM}MN\r\n`);
  assert.is(server.engine.store.items.count, 16);
});

admission('items make room for what is on its way, unless evictions are off', () => {
  for (const evict of [true, false]) {
    const { server } = serve({ memory: 64 * 100, evict });
    const peer = new Peer(server);
    peer.say(`set old 0 0 5000\r\n${'x'.repeat(5000)}\r\n`);
    peer.received = '';
    peer.say(`set new 0 0 5000\r\nx`);
    assert.is(peer.received, evict ? '' : NO_ROOM);
    assert.is(server.engine.store.items.count, evict ? 0 : 1);
  }
});

admission('what will not come gives its room back', () => {
  const { server } = serve({ memory: 64 * 100 });
  const fits = (): boolean => {
    const peer = new Peer(server);
    peer.say(`set k 0 0 5000\r\n${'x'.repeat(5000)}\r\n`);
    peer.hangUp();
    return peer.received === 'STORED\r\n';
  };
  const [first, second] = [new Peer(server), new Peer(server)];
  first.say('set a 0 0 5000\r\nx');
  assert.not(fits());
  // It has gone.
  first.hangUp();
  assert.ok(fits());
  // Its end is wrong.
  second.say('set a 0 0 5000\r\nx');
  assert.not(fits());
  second.say(`${'x'.repeat(4999)}yz`);
  assert.is(second.received, 'CLIENT_ERROR bad data chunk\r\n');
  assert.ok(fits());
  // Another one is refused right after it.
  second.received = '';
  second.say(`set a 0 0 5000\r\n${'x'.repeat(5000)}yzset b 0 0 5000\r\n`);
  second.say(`${'x'.repeat(5000)}yz`);
  assert.ok(fits());
});

admission('a value that has come is counted once', () => {
  const { server } = serve({ memory: 64 * 100 });
  const peer = new Peer(server);
  for (let i = 0; i < 100; i++) peer.say(`set k${i} 0 0 2000\r\n${'x'.repeat(2000)}\r\n`);
  assert.is(peer.received, 'STORED\r\n'.repeat(100));
  assert.is(server.engine.store.items.count, 3);
});

admission('a lower limit leaves room for what is on its way', () => {
  const { server } = serve({ memory: 64 * 200 });
  const { store } = server.engine;
  const [writer, peer] = [new Peer(server), new Peer(server)];
  writer.say('set new 0 0 5000\r\nx');
  peer.say(`set old 0 0 5000\r\n${'x'.repeat(5000)}\r\n`);
  assert.is(store.items.count, 1);
  store.resize(64 * 100);
  assert.is(store.items.count, 0);
});

admission(
  'without room a set and every ms drop the old value, add and append leave it',
  () => {
    const { server } = serve({ memory: 64 * 100, evict: false });
    const peer = new Peer(server);
    const large = (line: string): string => `${line}\r\n${'x'.repeat(6000)}\r\n`;
    peer.say('set a 0 0 1\r\nx\r\nset b 0 0 1\r\ny\r\n');
    peer.say(`set more 0 0 1000\r\n${'x'.repeat(1000)}\r\n`);
    peer.received = '';
    peer.say(`${large('add a 0 0 6000')}${large('append a 0 0 6000')}get a\r\n`);
    assert.is(peer.received, `${NO_ROOM.repeat(2)}VALUE a 0 1\r\nx\r\nEND\r\n`);
    peer.received = '';
    peer.say(`${large('set a 0 0 6000 noreply')}${large('ms b 6000 MA q')}get a b\r\n`);
    assert.is(peer.received, `${NO_ROOM}END\r\n`);
  },
);

admission('a server that is full by the time a value has come says so', () => {
  const { server } = serve();
  const peer = new Peer(server);
  for (const line of ['set a 0 0 2', 'ms a 2']) {
    peer.say('set a 0 0 1\r\nx\r\n');
    peer.received = '';
    peer.say(`${line}\r\nx`);
    server.engine.store.full = true;
    peer.say('y\r\nget a\r\n');
    assert.is(peer.received, `${NO_ROOM}END\r\n`);
    server.engine.store.full = false;
  }
  assert.is(server.engine.store.counters.store_no_memory, 2);
});

admission('what makes or grows items says that there is no memory', () => {
  const { server } = serve();
  const peer = new Peer(server);
  peer.say('set n 0 0 1\r\n9\r\n');
  server.engine.store.full = true;
  const says = (said: string, answer: string): void => {
    peer.received = '';
    peer.say(`${said}\r\n`);
    assert.is(peer.received, `${answer}\r\n`, said);
  };
  says('incr n 1', 'SERVER_ERROR out of memory');
  says('ma n', 'SERVER_ERROR out of memory');
  says('ma new N0', 'SERVER_ERROR Out of memory allocating new item');
  says('md n x', 'SERVER_ERROR out of memory');
  says('mg new N0 v k', 'EN knew');
  says('incr none 1', 'NOT_FOUND');
  // In its place there is room.
  says('decr n 1', '8');
});

admission('append is not stored where the longer value has no room', () => {
  const { server } = serve({ memory: 64 * 100, evict: false });
  const peer = new Peer(server);
  peer.say(`set a 0 0 3000\r\n${'x'.repeat(3000)}\r\nappend a 0 0 2000\r\n${'y'.repeat(2000)}\r\n`);
  assert.is(peer.received, 'STORED\r\nNOT_STORED\r\n');
});

admission('who is in the middle of a value that will be thrown away is not idle', () => {
  const { server, clock } = serve({ idleTimeout: 10 });
  const peer = new Peer(server);
  peer.say('set a 0 0 2000000\r\nx');
  clock.advance(60_000);
  assert.not(peer.closed);
  peer.say(`${'x'.repeat(1_999_999)}\r\n`);
  clock.advance(20_000);
  assert.ok(peer.closed);
});

admission('who has sent a value with a wrong end is idle after it', () => {
  const { server, clock } = serve({ idleTimeout: 10 });
  const peer = new Peer(server);
  peer.say('set a 0 0 1\r\nxyz');
  clock.advance(20_000);
  assert.ok(peer.closed);
});

admission.run();
