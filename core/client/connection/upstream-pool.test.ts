import * as assert from 'uvu/assert';
import { mg, ms } from '../../../test/support/link-scene.ts';
import {
  type ScriptedDial,
  type ScriptedTransport,
  settled,
  type Watched,
} from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { UpstreamScene } from '../../../test/support/upstream-scene.ts';
import type { Command } from '../../wire/command.ts';

const pool = suite('upstream with several connections');

const VERSION = 'VERSION 1\r\n';
const MISS = 'END\r\n';

/** A scene whose first connection the server has answered on. */
async function open(
  options: ConstructorParameters<typeof UpstreamScene>[0] = {},
): Promise<{ scene: UpstreamScene; first: ScriptedTransport }> {
  const scene = new UpstreamScene({ maxPoolSize: 3, ...options });
  scene.do();
  const first = await scene.network.last.accept();
  await first.reply(VERSION);
  first.take();
  return { scene, first };
}

/** Keeps all busy, and lets the server answer on the connection that is opened for that. */
async function grow(scene: UpstreamScene): Promise<ScriptedTransport> {
  scene.do(mg('busy'));
  scene.do(mg('busy'));
  await settled();
  const transport = await scene.network.last.accept();
  await transport.reply(MISS);
  transport.take();
  return transport;
}

pool('one call after another needs one connection', async () => {
  const { scene, first } = await open();
  for (let i = 0; i < 5; i++) {
    scene.do();
    await settled();
    await first.reply(VERSION);
  }
  assert.is(scene.network.dials.length, 1);
});

pool('the check of a connection that is being opened is no call that waits', async () => {
  const { scene, first } = await open();
  scene.do(mg('a'));
  scene.do(mg('b'));
  await settled();
  const transport = await scene.network.last.accept();
  assert.match(transport.take(), /^get memwire-probe/);
  assert.is(scene.upstream.status.pending, 2);
  await first.reply('EN O1\r\nEN O2\r\n');
  assert.is(scene.upstream.status.pending, 0);
});

pool('a burst before the server has answered opens what it may, and is spread', async () => {
  const scene = new UpstreamScene({ maxPoolSize: 3 });
  const value = 'x'.repeat(100_000);
  for (let i = 0; i < 30; i++) scene.do(ms('x', value));
  await settled();
  assert.is(scene.network.dials.length, 3);
  for (const dial of scene.network.dials) {
    assert.is((await dial.accept()).take().split('ms x').length - 1, 10);
  }
});

/** Two connections with a large value each, of which the server has answered on none. */
async function spread(
  options: ConstructorParameters<typeof UpstreamScene>[0] = {},
): Promise<
  { scene: UpstreamScene; one: ScriptedDial; other: ScriptedDial; calls: Watched<unknown>[] }
> {
  const scene = new UpstreamScene({ maxPoolSize: 2, ...options });
  const value = 'x'.repeat(100_000);
  const text = { orText: true } as Partial<Command>;
  const calls = ['a', 'b'].map((key) => scene.do({ ...ms(key, value), ...text } as Command));
  await settled();
  const [one, other] = scene.network.dials as [ScriptedDial, ScriptedDial];
  return { scene, one, other, calls };
}

for (const isConnected of [true, false]) {
  const name = isConnected ? 'that is silent' : 'that is not made';
  pool(`a connection ${name} gives its calls to one on which the server answers`, async () => {
    const { scene, one, other, calls } = await spread();
    other.answersProbes = false;
    const silent = isConnected ? await other.accept() : null;
    const first = await one.accept();
    await first.reply('HD O1\r\n');
    first.take();
    await scene.pass(249);
    assert.is(first.take(), '');
    await scene.pass(1);
    assert.match(first.take(), /^ms b /);
    assert.equal([silent?.ends ?? ['abort'], other.signal.aborted], [['abort'], true]);
    await first.reply('HD O2\r\n');
    assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved']);
    await scene.upstream.close();
    assert.is(scene.clock.timers, 0);
  });
}

pool('while the server answers on none, all are waited for', async () => {
  const { scene, one, other, calls } = await spread();
  one.answersProbes = false;
  const silent = await one.accept();
  await scene.pass(300);
  const second = await other.accept();
  assert.equal(silent.ends, []);
  await second.reply('HD O1\r\n');
  second.take();
  await scene.pass(199);
  assert.equal(silent.ends, []);
  await scene.pass(1);
  assert.equal(silent.ends, ['abort']);
  assert.match(second.take(), /^ms a /);
  await second.reply('HD O2\r\n');
  assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved']);
});

pool('reads that were sent with the probe go there too', async () => {
  const scene = new UpstreamScene({ maxPoolSize: 2, dialect: 'meta' });
  const calls: Watched<unknown>[] = [];
  while (scene.network.dials.length < 2) calls.push(scene.do(mg('k')));
  const last = calls.length;
  const [one, other] = scene.network.dials as [ScriptedDial, ScriptedDial];
  other.answersProbes = false;
  const silent = await other.accept();
  assert.match(silent.take(), /^mg memwire-probe k O0\r\nmg k v O1\r\n$/);
  const first = await one.accept();
  first.take();
  await first.reply(calls.slice(1).map((_, i) => `EN O${i + 1}\r\n`).join(''));
  await scene.pass(250);
  assert.equal(silent.ends, ['abort']);
  assert.is(first.take(), `mg k v O${last}\r\n`);
  await first.reply(`EN O${last}\r\n`);
  assert.ok(calls.every(({ state }) => state === 'resolved'));
});

pool('what was sent stays where it is, however late the answer', async () => {
  const { scene, one, other, calls } = await spread({ dialect: 'text' });
  other.answersProbes = false;
  const [first, second] = [await one.accept(), await other.accept()];
  await first.reply('STORED\r\n');
  await scene.pass(900);
  assert.equal(second.ends, []);
  await second.reply('END\r\nSTORED\r\n');
  assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved']);
});

pool('it looks again while one is silent, and no longer', async () => {
  const scene = new UpstreamScene({ maxPoolSize: 3 });
  const calls = ['a', 'b', 'c'].map((key) => scene.do(ms(key, 'x'.repeat(100_000))));
  await settled();
  const [one, two, three] = scene.network.dials as [ScriptedDial, ScriptedDial, ScriptedDial];
  three.answersProbes = false;
  const [first, second, silent] = [await one.accept(), await two.accept(), await three.accept()];
  await scene.pass(300);
  assert.equal(silent.ends, [], 'the server has answered nothing but probes');
  await first.reply('HD O1\r\n');
  await scene.pass(200);
  assert.equal(silent.ends, ['abort']);
  await first.reply('HD O2\r\n');
  await second.reply('HD O1\r\n');
  assert.ok(calls.every(({ state }) => state === 'resolved'));
});

pool('with the proof of all there is nothing to look for', async () => {
  const { scene, one, other } = await spread();
  await one.accept();
  await other.accept();
  await scene.pass(100);
  const { timers } = scene.clock;
  await scene.pass(150);
  assert.is(scene.clock.timers, timers - 1);
});

pool('one of a burst that cannot be had leaves its calls to the others', async () => {
  const scene = new UpstreamScene({ maxPoolSize: 2 });
  const value = new Uint8Array(100_000);
  const calls = [scene.do(ms('a', value)), scene.do(ms('b', value))];
  await settled();
  const [first, second] = scene.network.dials as [ScriptedDial, ScriptedDial];
  await second.refuse();
  const transport = await first.accept();
  assert.equal(transport.take().match(/ms \w/g), ['ms a', 'ms b']);
  await transport.reply('HD O1\r\nHD O2\r\n');
  assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved']);
});

pool('the bytes that may wait are those of all connections together', async () => {
  const scene = new UpstreamScene({ maxPoolSize: 4, maxPendingBytes: 32 * 1024 * 1024 });
  const value = new Uint8Array(900_000);
  const calls = Array.from({ length: 40 }, () => scene.do(ms('k', value)));
  await settled();
  const refused = calls.filter(({ state }) => state === 'rejected');
  assert.is(refused.length, 2);
  for (const { brief } of refused) assert.is(brief, 'ConnectionError overloaded not-sent');
});

pool('while all are busy another is opened, and takes calls once it is proven', async () => {
  const { scene, first } = await open();
  scene.do(mg('a'));
  scene.do(mg('b'));
  scene.do(mg('c'));
  await settled();
  assert.is(scene.network.dials.length, 3, 'as many as find all busy');
  assert.is(first.take(), 'mg a v O1\r\nmg b v O2\r\nmg c v O3\r\n');
  const [, dial] = scene.network.dials as [ScriptedDial, ScriptedDial];
  const second = await dial.accept();
  assert.is(second.take(), 'get memwire-probe\r\n');
  scene.do(mg('d'));
  await settled();
  assert.is(first.take(), 'mg d v O4\r\n', 'not proven yet');
  await second.reply(MISS);
  scene.do(mg('e'));
  await settled();
  assert.is(second.take(), 'mg e v O1\r\n');
});

pool('the least busy takes the next call, and there are never more than allowed', async () => {
  const { scene, first } = await open();
  const second = await grow(scene);
  scene.do(mg('a'));
  scene.do(mg('b'));
  await settled();
  const third = await scene.network.last.accept();
  await third.reply(MISS);
  third.take();
  for (let i = 0; i < 20; i++) scene.do(mg('x'));
  await settled();
  assert.is(scene.network.dials.length, 3);
  const counts = [first, second, third].map((one) => one.take().split('mg ').length - 1);
  assert.is(counts.reduce((sum, count) => sum + count), 24);
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, String(counts));
});

pool('in a full pool calls wait behind others, each to its own deadline', async () => {
  const { scene, first } = await open({ maxPoolSize: 1, timeout: 1000 });
  const early = scene.do(mg('a'), { timeout: 100 });
  const late = scene.do(mg('b'));
  await scene.pass(100);
  assert.equal([early.brief, late.brief], ['TimeoutError timeout unknown', 'pending']);
  await first.reply('EN O1\r\nEN O2\r\n');
  assert.is(late.state, 'resolved');
  assert.is(scene.network.dials.length, 1);
});

pool('what waits in a full pool is bounded by maxPending', async () => {
  const { scene } = await open({ maxPoolSize: 1, maxPending: 2 });
  const calls = ['a', 'b', 'c'].map((key) => scene.do(mg(key)));
  await settled();
  assert.equal(calls.map(({ brief }) => brief), [
    'pending',
    'pending',
    'ConnectionError overloaded not-sent',
  ]);
});

pool('a broken connection never goes back', async () => {
  const { scene, first } = await open();
  const second = await grow(scene);
  await first.lose();
  for (let i = 0; i < 3; i++) scene.do(mg('x'));
  await settled();
  assert.is(first.take().includes('mg x'), false);
  assert.is(second.take(), 'mg x v O1\r\nmg x v O2\r\nmg x v O3\r\n');
});

pool('one that is lost in the moment it is proven takes no calls', async () => {
  const { scene, first } = await open();
  scene.do(mg('a'));
  scene.do(mg('b'));
  await settled();
  const second = await scene.network.last.accept();
  void second.reply(MISS);
  await second.lose();
  first.take();
  const call = scene.do(mg('c'));
  await settled();
  assert.is(call.state, 'pending');
  assert.match(first.take(), 'mg c');
});

pool('another that cannot be had harms no call', async () => {
  const { scene, first } = await open();
  const calls = [scene.do(mg('a')), scene.do(mg('b'))];
  await settled();
  await scene.network.last.refuse();
  await first.reply('EN O1\r\nEN O2\r\n');
  assert.ok(calls.every(({ state }) => state === 'resolved'));
});

pool(
  'another that is given up at its probe says nothing about what the server speaks',
  async () => {
    const { scene, first } = await open({ timeout: 50 });
    scene.do(mg('a'), { timeout: 5000 });
    scene.do(mg('b'), { timeout: 5000 });
    await settled();
    scene.network.last.answersProbes = false;
    const silent = await scene.network.last.accept();
    assert.match(silent.take(), /^mg memwire-probe/);
    await scene.pass(50);
    assert.equal(silent.ends, ['abort']);
    assert.is(scene.network.dials.length, 2);
    await first.reply('EN O1\r\nEN O2\r\n');
    scene.do(mg('a'), { timeout: 5000 });
    scene.do(mg('b'), { timeout: 5000 });
    await settled();
    assert.is(scene.network.dials.length, 3);
    scene.network.last.answersProbes = false;
    assert.match((await scene.network.last.accept()).take(), /^mg memwire-probe/);
  },
);

pool('a connection that nobody uses is closed', async () => {
  const { scene, first } = await open({ idleTimeout: 10_000, timeout: 60_000, stallAfter: 60_000 });
  const second = await grow(scene);
  await first.reply('EN O1\r\nEN O2\r\n');
  await scene.pass(6000);
  scene.do(mg('a'));
  await settled();
  await first.reply('EN O3\r\n');
  await scene.pass(4000);
  assert.equal([first.ends, second.ends], [[], ['close']]);
  await scene.pass(6000);
  assert.equal(first.ends, ['close']);
  assert.is(scene.clock.timers, 0);
  scene.do();
  assert.is(scene.network.dials.length, 3);
});

pool('a connection with a call pending is not idle', async () => {
  const { scene, first } = await open({ idleTimeout: 100 });
  const call = scene.do(mg('a'));
  await scene.pass(500);
  assert.equal(first.ends, []);
  await first.reply('EN O1\r\n');
  assert.is(call.state, 'resolved');
  await scene.pass(100);
  assert.equal(first.ends, ['close']);
});

pool('close waits for all of them', async () => {
  const { scene, first } = await open({ idleTimeout: 10_000 });
  const second = await grow(scene);
  const call = scene.do(mg('a'));
  const closed = scene.upstream.close();
  await first.reply('EN O1\r\nEN O2\r\n');
  await second.reply('EN O1\r\n');
  await closed;
  assert.is(call.state, 'resolved');
  assert.equal([first.ends, second.ends], [['close'], ['close']]);
  assert.is(scene.clock.timers, 0);
});

pool(
  'a failure is told where there is no connection, or only a new one that is silent',
  async () => {
    const failures: string[] = [];
    const scene = new UpstreamScene({
      maxPoolSize: 2,
      stallAfter: 2000,
      onFailure: ({ message }) => failures.push(message),
    });
    await scene.refuse(1);
    assert.equal(failures, ['cannot connect to localhost:11211: ECONNREFUSED']);
    await scene.untilDial();
    const transport = await scene.network.last.accept();
    await transport.reply(VERSION);
    await transport.lose();
    assert.is(failures.length, 1, 'a server may close what is idle');
    await scene.untilDial();
    const silent = await scene.network.last.accept();
    await silent.reply(VERSION);
    scene.do(mg('a'));
    await scene.pass(2000);
    assert.is(failures.length, 1, 'a firewall may forget what is idle');
    scene.do(mg('a'));
    await settled();
    await scene.network.last.accept();
    await scene.pass(1000);
    assert.is(failures.length, 2);
    const closed = scene.upstream.close();
    await scene.pass(2000);
    await closed;
    assert.is(failures.length, 2);
  },
);

pool.run();
