import * as assert from 'uvu/assert';
import { Peer, serve } from '../../test/support/server-peer.ts';
import { settled } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import type { ServerOptions } from './options.ts';
import type { Server } from './serve.ts';

const logs = suite('watch: what each log says');

/** A server, a connection that watches it and one that does something. */
class Scene {
  readonly server: Server;
  readonly watcher: Peer;
  readonly peer: Peer;
  readonly pass: (milliseconds: number) => void;

  constructor(log: string, options: Partial<ServerOptions> = {}) {
    const { server, clock } = serve(options);
    this.server = server;
    this.pass = (milliseconds) => clock.advance(milliseconds);
    this.watcher = new Peer(server);
    this.peer = new Peer(server);
    this.watcher.say(`watch ${log}\r\n`);
    assert.is(this.watcher.received, 'OK\r\n');
    this.watcher.received = '';
  }

  /** What the watcher has heard since it was asked last, without the time and the number. */
  async heard(): Promise<string[]> {
    await settled();
    const lines = this.watcher.received.split('\n').slice(0, -1);
    this.watcher.received = '';
    return lines.map((line) => line.replace(/^ts=\d+\.\d+ gid=\d+ /, ''));
  }

  async hears(said: string, ...expected: string[]): Promise<void> {
    this.peer.say(said);
    assert.equal(await this.heard(), expected, JSON.stringify(said));
  }
}

logs('fetchers: each look at an item, and what came of it', async () => {
  const scene = new Scene('fetchers');
  const line = (status: string, clsid: number, size: number): string =>
    `type=item_get key=a%20b status=${status} clsid=${clsid} cfd=2 size=${size}`;
  const get = 'mg YSBi b\r\n';
  await scene.hears(get, line('not_found', 0, 0));
  await scene.hears(`ms YSBi 100 b T5\r\n${'x'.repeat(100)}\r\n`, line('not_found', 0, 0));
  await scene.hears(get, line('found', 4, 100));
  scene.pass(5000);
  await scene.hears(get, line('expired', 0, 0));
  await scene.hears(get, line('not_found', 0, 0));
  await scene.hears('ms YSBi 1 b\r\nx\r\n', line('not_found', 0, 0));
  scene.pass(1000);
  scene.peer.say('flush_all\r\n');
  await scene.hears(get, line('flushed', 0, 0));
});

logs('mutations: each value that was to be stored, and what came of it', async () => {
  const scene = new Scene('mutations', { maxItem: 1024, memory: 4096, evict: false });
  const line = (status: string, cmd: string, rest: string): string =>
    `type=item_store key=a status=${status} cmd=${cmd} ${rest}`;
  await scene.hears(
    'set a 0 100 1\r\nx\r\n',
    line('stored', 'set', 'ttl=100 clsid=1 cfd=2 size=1'),
  );
  await scene.hears(
    'add a 0 0 1\r\nx\r\n',
    line('not_stored', 'add', 'ttl=0 clsid=1 cfd=2 size=1'),
  );
  await scene.hears(
    `append a 0 0 60\r\n${'x'.repeat(60)}\r\n`,
    line('stored', 'append', 'ttl=100 clsid=3 cfd=2 size=61'),
  );
  await scene.hears(
    'cas a 0 0 1 999\r\nx\r\n',
    line('exists', 'cas', 'ttl=0 clsid=1 cfd=2 size=1'),
  );
  await scene.hears('delete a\r\n');
  await scene.hears(
    'cas a 5 7 1 1\r\nx\r\n',
    line('not_found', 'cas', 'ttl=7 clsid=1 cfd=2 size=1'),
  );
  await scene.hears(
    `replace a 0 0 2000\r\n${'x'.repeat(2000)}\r\n`,
    line('too_large', 'replace', 'ttl=0 clsid=0 cfd=2 size=0'),
  );
  await scene.hears(
    `ms a 2000 MA\r\n${'x'.repeat(2000)}\r\n`,
    line('too_large', 'set', 'ttl=0 clsid=0 cfd=2 size=0'),
  );
  await scene.hears('ms a 1 MS\r\nx\r\n', line('stored', 'set', 'ttl=0 clsid=1 cfd=2 size=1'));
  await scene.hears('md a\r\n');
  await scene.hears('ma a N0 J77\r\n', line('stored', 'add', 'ttl=0 clsid=1 cfd=2 size=2'));
  await scene.hears('incr a 1\r\n');
  await scene.hears('md a x T9\r\n', line('stored', 'set', 'ttl=9 clsid=1 cfd=2 size=0'));
  for (const key of ['b', 'c', 'd', 'e']) {
    scene.peer.say(`set ${key} 0 0 900\r\n${'x'.repeat(900)}\r\n`);
  }
  await scene.heard();
  await scene.hears(
    `set a 0 9 900\r\n${'x'.repeat(900)}\r\n`,
    line('no_memory', 'set', 'ttl=0 clsid=0 cfd=2 size=0'),
  );
});

logs('evictions: what had to go, and how it had been used', async () => {
  const scene = new Scene('evictions', { memory: 64 * 20 });
  const value = 'x'.repeat(500);
  scene.peer.say(`set a 0 0 500\r\n${value}\r\nset b 0 100 500\r\n${value}\r\n`);
  scene.pass(7000);
  await scene.hears(
    `set c 0 0 500\r\n${value}\r\n`,
    'type=eviction key=a fetch=no ttl=-1 la=7 clsid=9 size=500',
  );
  scene.peer.say('get b\r\n');
  scene.pass(2000);
  scene.peer.say('cache_memlimit 8\r\n');
  assert.equal(await scene.heard(), []);
  scene.server.engine.store.resize(64 * 9);
  assert.equal(await scene.heard(), ['type=eviction key=b fetch=yes ttl=91 la=2 clsid=9 size=500']);
  scene.server.engine.store.resize(64);
  assert.equal(await scene.heard(), ['type=eviction key=c fetch=no ttl=-1 la=2 clsid=9 size=500']);
  // b was read since it last moved up.
  assert.is(scene.server.engine.store.classes.get(9)?.evicted_active, 1);
});

logs('deletions: what was deleted, by which command', async () => {
  const scene = new Scene('deletions');
  scene.peer.say('set a 0 0 2\r\nxy\r\nset b 0 0 3\r\nxyz\r\nset c 0 0 1\r\nx\r\n');
  await scene.hears('delete a\r\n', 'type=deleted key=a cmd=delete clsid=1 size=2');
  await scene.hears('md b\r\n', 'type=deleted key=b cmd=md clsid=1 size=3');
  // Emptied, and still there.
  await scene.hears('md c x\r\n', 'type=deleted key=c cmd=md clsid=1 size=0');
  await scene.hears('md c I\r\ndelete a\r\nmd a\r\nmd c C9999\r\nflush_all\r\n');
});

logs('connevents: who comes and goes, and why', async () => {
  const scene = new Scene('connevents', { idleTimeout: 30 });
  const from = 'rip=10.0.0.1 rport=4000 transport=tcp';
  const came = (id: number): string => `type=conn_new ${from} cfd=${id}`;
  const went = (reason: string, id: number): string =>
    `type=conn_close ${from} reason=${reason} cfd=${id}`;
  const ways: readonly (readonly [reason: string, leave: (peer: Peer) => void])[] = [
    ['normal', (peer) => peer.say('quit\r\n')],
    ['normal', (peer) => peer.hangUp()],
    ['normal', (peer) => peer.end()],
    ['error', (peer) => peer.hangUp(new Error('reset'))],
    ['error', (peer) => peer.say('x'.repeat(3000))],
    ['error', (peer) => peer.say('POST / HTTP/1.1\r\n')],
    ['error', (peer) => peer.say('\x80')],
  ];
  let id = 2;
  for (const [reason, leave] of ways) {
    const peer = new Peer(scene.server);
    assert.equal(await scene.heard(), [came(++id)]);
    leave(peer);
    assert.equal(await scene.heard(), [went(reason, id)]);
    // The end of its transport comes later, and is no second end.
    peer.hangUp();
    assert.equal(await scene.heard(), []);
  }
  scene.pass(30_000);
  assert.equal(await scene.heard(), [went('idle_timeout', 2)]);
  new Peer(scene.server);
  await scene.heard();
  assert.is(scene.server.engine.store.counters.log_watcher_skipped, 0);
});

logs('connevents: who comes by a socket of the system has no address', async () => {
  const scene = new Scene('connevents');
  const other = new Peer(scene.server, 'unix:/tmp/socket');
  assert.equal(await scene.heard(), ['type=conn_new rip=unix rport=0 transport=local cfd=3']);
  other.hangUp();
  assert.equal(await scene.heard(), [
    'type=conn_close rip=unix rport=0 transport=local reason=normal cfd=3',
  ]);
});

logs('a line tells when it was, and its number among those that somebody wanted', async () => {
  const { server, clock } = serve();
  const [watcher, peer] = [new Peer(server), new Peer(server)];
  clock.advance(1500.25);
  peer.say('get a\r\n');
  watcher.say('watch\r\n');
  peer.say('get a\r\nset a 0 0 1\r\nx\r\n');
  await settled();
  const now = clock.now();
  const time = `${Math.floor(now / 1000)}.${Math.floor((now % 1000) * 1000)}`;
  const what = 'type=item_get key=a status=not_found clsid=0 cfd=2 size=0';
  assert.is(watcher.received, `OK\r\nts=${time} gid=1 ${what}\nts=${time} gid=2 ${what}\n`);
  assert.is(server.engine.store.counters.log_watcher_sent, 2);
});

logs('twenty may watch, and no more; one that goes makes room', () => {
  const { server } = serve();
  const watchers = Array.from({ length: 21 }, () => new Peer(server));
  for (const one of watchers) one.say('watch mutations\r\n');
  assert.is(watchers.at(-2)?.received, 'OK\r\n');
  assert.is(watchers.at(-1)?.received, 'WATCHER_TOO_MANY log watcher limit reached\r\n');
  assert.is(server.engine.watchers.count, 20);
  watchers[0]?.hangUp();
  assert.is(server.engine.watchers.count, 19);
  watchers.at(-1)?.say('watch\r\n');
  assert.match(watchers.at(-1)?.received ?? '', /\r\nOK\r\n$/);
  // With nobody left to hear it nothing is written.
  for (const one of watchers) one.hangUp();
  assert.is(server.engine.store.log, null);
});

logs('a watch may be forbidden, and names logs that there are', () => {
  const forbidden = new Peer(serve({ allowWatch: false }).server);
  forbidden.say('watch\r\n');
  assert.is(forbidden.received, 'CLIENT_ERROR watch commands not allowed\r\n');
  const { server } = serve();
  const all = 'fetchers mutations evictions connevents deletions rawcmds sysevents proxyreqs ' +
    'proxyevents proxyuser';
  const [good, bad] = [new Peer(server), new Peer(server)];
  good.say(`watch ${all}\r\n`);
  bad.say('watch fetchers nothing\r\n');
  assert.equal([good.received, bad.received], ['OK\r\n', 'ERROR\r\n']);
});

logs.run();
