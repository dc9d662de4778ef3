import * as assert from 'uvu/assert';
import { metadump, mg, ms, version, watch } from '../../../test/support/link-scene.ts';
import {
  CountingClock,
  type ScriptedDial,
  type ScriptedTransport,
  settled,
  Watched,
} from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { UpstreamScene } from '../../../test/support/upstream-scene.ts';
import type { Endpoint } from '../../io/transport.ts';
import type { Command } from '../../wire/command.ts';
import { sizeOf } from '../../wire/ring.ts';
import { clientSettings, clientTable } from '../options.ts';
import { upstreamFor } from './upstream.ts';

const upstream = suite('upstream: dumps, pauses and pools');

const VERSION = 'VERSION 1\r\n';
const MISS = 'END\r\n';

async function answered(
  options: ConstructorParameters<typeof UpstreamScene>[0] = {},
): Promise<{ scene: UpstreamScene; first: ScriptedTransport }> {
  const scene = new UpstreamScene(options);
  scene.do();
  const first = await scene.network.last.accept();
  await first.reply(VERSION);
  first.take();
  return { scene, first };
}

upstream('a dump with a consumer has a connection of its own, which ends with it', async () => {
  const { scene, first } = await answered();
  const lines: unknown[] = [];
  const dump = scene.do(metadump, { onItem: (item) => void lines.push(item) });
  assert.is(scene.network.dials.length, 2);
  const own = await scene.network.last.accept();
  assert.is(own.take(), 'lru_crawler metadump all\r\n');
  scene.do(version);
  await settled();
  assert.is(first.take(), 'version\r\n', 'others go on');
  await first.reply(VERSION);
  await own.reply('key=a exp=-1 la=1 cas=1 fetch=no cls=1 size=60\r\nEND\r\n');
  assert.equal([dump.state, lines.length], ['resolved', 1]);
  assert.equal([own.ends, first.ends], [['abort'], []]);
  assert.equal([scene.upstream.status.calls, scene.upstream.status.pending], [3, 0]);
  await scene.upstream.close();
  assert.is(scene.clock.timers, 0);
});

upstream('a dump that is late condemns no server, as its first line may take long', async () => {
  const failures: Error[] = [];
  const scene = new UpstreamScene({ onFailure: (cause) => failures.push(cause) });
  const dump = scene.do(metadump, { onItem: () => {} });
  await scene.network.last.accept();
  await scene.pass(1000);
  assert.is(dump.brief, 'TimeoutError timeout unknown');
  assert.equal(failures, []);
  assert.not.equal(scene.upstream.status.state, 'down');
});

upstream(
  'a dump without a consumer, and another command with one, share the connection',
  async () => {
    const { scene, first } = await answered();
    scene.do(metadump);
    scene.do(version, { onItem: () => {} });
    await settled();
    assert.is(scene.network.dials.length, 1);
    assert.is(first.take(), 'lru_crawler metadump all\r\n');
  },
);

upstream('close ends a watch, with an error that says so, and takes no other', async () => {
  const { scene, first } = await answered();
  const call = scene.do(watch, { onItem: () => {}, timeout: Infinity });
  const own = await scene.network.last.accept();
  await own.reply('OK\r\n');
  assert.is(scene.upstream.status.pending, 1);
  await scene.upstream.close();
  assert.is(call.brief, 'ConnectionError closed unknown');
  assert.equal([own.ends, first.ends], [['abort'], ['close']]);
  const late = scene.do(watch, { onItem: () => {} });
  await settled();
  assert.is(late.brief, 'ConnectionError closed not-sent');
  assert.is(scene.network.dials.length, 2);
});

upstream('connections are paused together, and those that are made meanwhile', async () => {
  const { scene, first } = await answered();
  scene.upstream.pause();
  assert.is(first.paused, true);
  await first.lose();
  scene.do();
  const second = await scene.network.last.accept();
  assert.is(second.paused, true);
  scene.upstream.resume();
  assert.is(second.paused, false);
  await second.reply(VERSION);
  await second.lose();
  scene.do();
  assert.is((await scene.network.last.accept()).paused, false);
});

upstream('the timer of idle connections is no reason to keep the process', async () => {
  const idle: unknown[] = [];
  const clock = new CountingClock();
  const after = clock.after.bind(clock);
  clock.after = (milliseconds: number, call: () => void, isIdle?: boolean) => {
    if (milliseconds === 7777) idle.push(isIdle);
    return after(milliseconds, call);
  };
  await answered({ clock, idleTimeout: 7777 });
  assert.equal(idle, [true]);
});

upstream('after a connection that answered the waits begin anew', async () => {
  const scene = new UpstreamScene();
  await scene.refuse(5);
  await scene.untilDial();
  const transport = await scene.network.last.accept();
  await transport.reply(VERSION);
  await transport.lose();
  assert.is(await scene.untilDial(), 0);
  await scene.network.last.refuse();
  assert.is(await scene.untilDial(), 25);
});

upstream('of two that are as busy the one that was opened first takes the next call', async () => {
  const { scene, first } = await answered({ maxPoolSize: 2 });
  scene.do(mg('a'));
  scene.do(mg('b'));
  await settled();
  const second = await scene.network.last.accept();
  await second.reply(MISS);
  await first.reply('EN O1\r\nEN O2\r\n');
  for (const one of [first, second]) one.take();
  for (const key of ['c', 'd', 'e']) scene.do(mg(key));
  await settled();
  assert.equal([first, second].map((one) => one.take().match(/mg \w/g)), [['mg c', 'mg e'], [
    'mg d',
  ]]);
});

upstream(
  'that the server has answered on one connection is enough to open others aside',
  async () => {
    const scene = new UpstreamScene({ maxPoolSize: 3 });
    const large = 'x'.repeat(100_000);
    const calls = [scene.do(ms('a', large)), scene.do(ms('b', large))];
    await settled();
    const [one, other] = scene.network.dials as [ScriptedDial, ScriptedDial];
    const first = await one.accept();
    const second = await other.accept();
    await second.reply('HD O1\r\n');
    assert.equal(calls.map(({ state }) => state), ['pending', 'resolved']);
    scene.do(ms('c', large));
    scene.do(mg('d'));
    await settled();
    assert.is(scene.network.dials.length, 3);
    const third = await scene.network.last.accept();
    assert.is(third.take(), 'get memwire-probe\r\n', 'not for a call');
    assert.match(first.take() + second.take(), /mg d/);
  },
);

/** A store that is accounted with so many bytes. */
function storeOf(size: number): ReturnType<typeof ms> {
  const least = sizeOf(ms('k', ''));
  for (let length = size - least - 8; length <= size; length++) {
    const store = ms('k', 'x'.repeat(length));
    if (sizeOf(store) === size) return store;
  }
  throw new Error(`no value has ${size} bytes`);
}

for (const [bytes, dials] of [[64 * 1024 - 1, 1], [64 * 1024, 2]] as const) {
  upstream(
    `before an answer ${bytes} bytes leave the next call to ${dials} connections`,
    async () => {
      const scene = new UpstreamScene({ maxPoolSize: 2 });
      scene.do(storeOf(bytes));
      scene.do(mg('a'));
      await settled();
      assert.is(scene.network.dials.length, dials);
    },
  );
}

upstream('what a connection that could not be had leaves to another is sent there', async () => {
  const scene = new UpstreamScene({ maxPoolSize: 2 });
  const large = 'x'.repeat(100_000);
  scene.do(ms('a', large));
  const moved = scene.do(ms('b', large));
  scene.do(mg('c'));
  const kept = scene.do(version);
  await settled();
  const [one, other] = scene.network.dials as [ScriptedDial, ScriptedDial];
  const first = await one.accept();
  await first.reply('HD O1\r\nEN O2\r\n');
  assert.equal(first.take().match(/ms \w/g), ['ms a']);
  await other.refuse();
  assert.equal(first.take().match(/ms \w/g), ['ms b']);
  await first.reply('HD O3\r\n');
  assert.is(moved.state, 'resolved');
  // Only what is about items is held for another one.
  assert.is(kept.brief, 'ConnectionError connection not-sent');
});

upstream('what a connection has not sent after its proof ends with it', async () => {
  const scene = new UpstreamScene({ maxPoolSize: 2 });
  const large = 'x'.repeat(100_000);
  const calls = [scene.do(ms('a', large)), scene.do(ms('b', large))];
  await settled();
  const [one, other] = scene.network.dials as [ScriptedDial, ScriptedDial];
  const first = await one.accept();
  await first.reply('HD O1\r\n');
  first.take();
  // It takes the probes alone.
  const second = await other.accept('mg memwire-probe k O0\r\nget memwire-probe\r\n'.length);
  assert.is(second.take(), '');
  await second.lose();
  assert.equal(calls.map(({ brief }) => brief), [
    'resolved',
    'ConnectionError connection not-sent',
  ]);
  assert.is(first.take(), '');
});

upstream('as many bytes as may be pending may, and not one more', async () => {
  for (const less of [0, 1]) {
    const scene = new UpstreamScene({ maxPoolSize: 2, maxPendingBytes: 200_000 - less });
    scene.do(storeOf(100_000));
    scene.do(storeOf(100_000));
    const third = scene.do(mg('a'));
    await settled();
    assert.is(scene.network.dials.length, 2);
    assert.is(third.brief, less === 0 ? 'pending' : 'ConnectionError overloaded not-sent');
  }
});

upstream('a new connection without a reply is no failure while there is another', async () => {
  const failures: string[] = [];
  const scene = new UpstreamScene({
    maxPoolSize: 2,
    stallAfter: 5000,
    onFailure: ({ message }) => failures.push(message),
  });
  const large = 'x'.repeat(100_000);
  scene.do(ms('a', large), { timeout: 5000 });
  const late = scene.do(ms('b', large));
  await settled();
  const [one, other] = scene.network.dials as [ScriptedDial, ScriptedDial];
  await one.accept();
  await other.accept();
  await scene.pass(1000);
  assert.is(late.brief, 'TimeoutError timeout unknown');
  assert.equal(failures, []);
  assert.not.equal(scene.upstream.status.state, 'down');
});

upstream(
  'a server that closes at the probe while it is left gets what it owes otherwise',
  async () => {
    const scene = new UpstreamScene();
    const call = scene.do({ ...ms('a', 'x'), orText: true } as Command);
    await settled();
    const closed = new Watched(scene.upstream.close());
    await scene.closeAtProbe();
    assert.is(scene.network.dials.length, 4);
    const second = await scene.network.last.accept();
    await settled();
    assert.is(second.take(), 'set a 0 0 1\r\nx\r\n');
    assert.is(closed.state, 'pending');
    await second.reply('STORED\r\n');
    await settled();
    assert.equal([call.state, closed.state, second.ends], ['resolved', 'resolved', ['close']]);
    assert.is(scene.upstream.status.state, 'closed');
    assert.is(scene.clock.timers, 0);
  },
);

upstream('a server that closed at the probe is asked again, and gets meta commands', async () => {
  const scene = new UpstreamScene();
  const text = { ...mg('a'), orText: true } as Command;
  scene.do(text);
  await scene.closeAtProbe();
  scene.network.last.answersProbes = false;
  const classic = await scene.network.last.accept();
  assert.match(classic.take(), /^get memwire-probe\r\n/);
  await classic.reply(MISS + MISS);
  /** The calls, half a second apart, at which another connection asks. */
  const asks: number[] = [];
  let dials = scene.network.dials.length;
  for (let i = 0; i < 30; i++) {
    const call = scene.do(text);
    await settled();
    if (scene.network.dials.length > dials) {
      dials = scene.network.dials.length;
      asks.push(i);
      scene.network.last.answersProbes = false;
      const other = await scene.network.last.accept();
      assert.match(other.take(), /^mg memwire-probe/);
      await other.lose();
    }
    await classic.reply(MISS);
    assert.is(call.state, 'resolved', `${i}`);
    await scene.pass(500);
  }
  assert.equal(asks, [0, 2, 6, 14]);
  // The server has meta commands now.
  await scene.pass(10_000);
  const behind = scene.do(text);
  await settled();
  assert.is(scene.network.dials.length, dials + 1);
  const other = await scene.network.last.accept();
  await other.reply(MISS);
  other.take();
  const ahead = scene.do(text);
  await settled();
  assert.is(other.take(), 'mg a v O1\r\n');
  assert.is(scene.upstream.status.countPending(), 2);
  await classic.reply(MISS);
  assert.equal([behind.state, classic.ends], ['resolved', ['close']]);
  await other.reply('EN O1\r\n');
  assert.is(ahead.state, 'resolved');
  await scene.pass(120_000);
  scene.do(text);
  await settled();
  await other.reply('EN O2\r\n');
  assert.is(scene.network.dials.length, dials + 1, 'nobody asks any more');
});

upstream('a server that closes at the probe again is asked as soon as the first time', async () => {
  const scene = new UpstreamScene({ timeout: 5000 });
  const text = { ...mg('a'), orText: true } as Command;
  /** How many connections are dialed with so many calls, half a second apart. */
  const asks = async (calls: number): Promise<number> => {
    await scene.closeAtProbe();
    const classic = await scene.network.last.accept();
    await classic.reply(MISS);
    const before = scene.network.dials.length;
    let count = 0;
    for (let i = 0; i < calls; i++) {
      scene.do(text);
      await settled();
      if (scene.network.dials.length > before + count) {
        count++;
        scene.network.last.answersProbes = false;
        await (await scene.network.last.accept()).lose();
      }
      await classic.reply(MISS);
      await scene.pass(500);
    }
    await classic.lose();
    return count;
  };
  scene.do(text);
  assert.is(await asks(7), 3);
  scene.do(text);
  assert.is(await asks(3), 2);
});

upstream('one connection at a time asks, and others are classic meanwhile', async () => {
  const scene = new UpstreamScene({ timeout: 5000, stallAfter: 5000, maxPoolSize: 3 });
  const text = { ...mg('a'), orText: true } as Command;
  scene.do(text);
  await scene.closeAtProbe();
  const classic = await scene.network.last.accept();
  await classic.reply(MISS);
  const before = scene.network.dials.length;
  scene.do(text);
  await settled();
  scene.network.last.answersProbes = false;
  const asking = await scene.network.last.accept();
  await scene.pass(1500);
  await classic.reply(MISS);
  scene.do(text);
  scene.do(text);
  await settled();
  assert.is(scene.network.dials.length, before + 2);
  scene.network.last.answersProbes = false;
  assert.match((await scene.network.last.accept()).take(), /^get memwire-probe/);
  await asking.lose();
});

upstream(
  'classic connections, those being opened too, end beside one that speaks meta',
  async () => {
    const scene = new UpstreamScene({ timeout: 5000, stallAfter: 5000, maxPoolSize: 3 });
    const text = { ...mg('a'), orText: true } as Command;
    scene.do(text);
    await scene.closeAtProbe();
    const classic = await scene.network.last.accept();
    await classic.reply(MISS);
    const behind = [scene.do(text)];
    await settled();
    scene.network.last.answersProbes = false;
    const asking = await scene.network.last.accept();
    behind.push(scene.do(text));
    await settled();
    scene.network.last.answersProbes = false;
    const opening = await scene.network.last.accept();
    assert.match(opening.take(), /^get memwire-probe/);
    classic.take();
    await asking.reply(`EN kmemwire-probe O0\r\n${MISS}`);
    await asking.reply(MISS);
    asking.take();
    const ahead = scene.do(text);
    await settled();
    assert.equal([classic.take(), opening.ends], ['', ['abort']]);
    assert.is(asking.take(), 'mg a v O1\r\n');
    // What is opened from now on asks, even before the last reply to a classic one.
    const dials = scene.network.dials.length;
    scene.do(text);
    await settled();
    assert.is(scene.network.dials.length, dials + 1);
    scene.network.last.answersProbes = false;
    const last = await scene.network.last.accept();
    assert.match(last.take(), /^mg memwire-probe/);
    await classic.reply(MISS + MISS);
    assert.equal(behind.map(({ state }) => state), ['resolved', 'resolved']);
    assert.equal(classic.ends, ['close']);
    await asking.reply('EN O1\r\n');
    assert.is(ahead.state, 'resolved');
  },
);

upstream(
  'beside meta commands, commands of a connection that closes at the probe go there',
  async () => {
    const scene = new UpstreamScene({ maxPoolSize: 2 });
    const large = 'x'.repeat(100_000);
    const calls = [scene.do(ms('a', large)), scene.do(mg('b'))];
    await settled();
    const [one, other] = scene.network.dials as [ScriptedDial, ScriptedDial];
    const first = await one.accept();
    await first.reply('HD O1\r\n');
    first.take();
    other.answersProbes = false;
    await (await other.accept()).lose();
    assert.is(scene.network.dials.length, 2);
    assert.is(first.take(), 'mg b v O2\r\n');
    await first.reply('EN O2\r\n');
    assert.equal(calls.map(({ state }) => state), Array(2).fill('resolved'));
  },
);

upstream(
  'a connection that is lost at the probe by chance is replaced by one that asks',
  async () => {
    const scene = new UpstreamScene();
    const call = scene.do({ ...ms('a', 'x'), orText: true } as Command);
    for (let i = 0; i < 2; i++) {
      scene.network.last.answersProbes = false;
      await (await scene.network.last.accept()).lose();
    }
    const third = await scene.network.last.accept();
    assert.is(third.take(), 'ms a 1 O1\r\nx\r\n');
    await third.reply('HD O1\r\n');
    assert.is(call.state, 'resolved');
  },
);

upstream(
  'beside meta commands, another connection that closes at the probe is chance',
  async () => {
    const scene = new UpstreamScene({ maxPoolSize: 2 });
    scene.do(mg('a'));
    await (await scene.network.last.accept()).reply('EN O1\r\n');
    scene.do(mg('a'));
    scene.do(mg('a'));
    await settled();
    scene.network.last.answersProbes = false;
    await (await scene.network.last.accept()).lose();
    assert.is(scene.network.dials.length, 2);
  },
);

upstream('another connection that closes at the probe is opened again without one', async () => {
  const { scene, first } = await answered({ maxPoolSize: 2 });
  scene.do(version);
  scene.do(version);
  await settled();
  await scene.closeAtProbe();
  assert.is(scene.network.dials.length, 5);
  scene.network.last.answersProbes = false;
  const third = await scene.network.last.accept();
  assert.match(third.take(), /^(get memwire-probe\r\n)+$/);
  await third.reply(MISS + MISS);
  scene.do(version);
  await settled();
  assert.is(third.take(), 'version\r\n');
  assert.is(first.take(), 'version\r\nversion\r\n');
});

upstream(
  'a connection that closes at the probe after close is not replaced by another aside',
  async () => {
    const { scene, first } = await answered({ maxPoolSize: 2 });
    const calls = [scene.do(version), scene.do(version)];
    await settled();
    scene.network.last.answersProbes = false;
    const second = await scene.network.last.accept();
    const closed = new Watched(scene.upstream.close());
    await second.lose();
    assert.is(scene.network.dials.length, 2);
    await first.reply(VERSION + VERSION);
    assert.equal([...calls.map(({ state }) => state), closed.state], Array(3).fill('resolved'));
  },
);

upstream('the options of sockets are those of the endpoint, where it has them', () => {
  const dialed: Endpoint[] = [];
  const dial = (to: Endpoint): Promise<never> => {
    dialed.push(to);
    return new Promise(() => {});
  };
  const open = (endpoint: Endpoint, options: object): void => {
    const settings = clientSettings(clientTable, { dial, ...options });
    void upstreamFor(endpoint, settings).execute(version).catch(() => {});
  };
  const host = { host: 'h', port: 1 };
  open(host, {});
  open(host, { noDelay: false, keepAlive: 5000, unref: true });
  open({ path: '/s' }, { noDelay: false, keepAlive: 5000 });
  open({ path: '/s' }, { unref: true });
  assert.equal(dialed, [
    host,
    { ...host, noDelay: false, keepAlive: 5000, unref: true },
    { path: '/s' },
    { path: '/s', unref: true },
  ]);
});

upstream.run();
