import * as assert from 'uvu/assert';
import { LinkScene, metadump, mg, ms } from '../../../test/support/link-scene.ts';
import {
  CountedSignal,
  type ScriptedTransport,
  settled,
  type Watched,
} from '../../../test/support/scripted.ts';
import { UpstreamScene } from '../../../test/support/upstream-scene.ts';
import { suite } from '../../../test/runner/suite.ts';

const paused = suite('link: pause and resume');

/** A link with commands that wait, and the milliseconds after which each was late. */
class Scene extends LinkScene {
  readonly late: number[] = [];
  readonly #start = this.clock.elapsed();

  wait(timeout: number, signal?: CountedSignal): Watched<unknown> {
    const options = signal === undefined ? { timeout } : { timeout, signal };
    const call = this.link.execute(mg('a'), options);
    call.catch((error: { readonly code?: string }) => {
      if (error.code === 'timeout') this.late.push(this.clock.elapsed() - this.#start);
    });
    return this.do(mg('b'), options);
  }

  // By single milliseconds, so that each is seen at its time.
  override async pass(milliseconds: number): Promise<void> {
    await settled();
    for (let i = 0; i < milliseconds; i++) await super.pass(1);
  }
}

paused('without a pause deadlines go by the clock', async () => {
  const scene = new Scene();
  await scene.connect();
  scene.wait(10);
  scene.wait(30);
  await scene.pass(20);
  assert.equal(scene.late, [10]);
  await scene.pass(20);
  assert.equal(scene.late, [10, 30]);
});

paused('deadlines do not run on, and then have the time that was left', async () => {
  const scene = new Scene();
  await scene.connect();
  scene.wait(10);
  await scene.pass(4);
  scene.link.pause();
  scene.link.pause();
  await scene.pass(100);
  scene.link.resume();
  scene.link.resume();
  await scene.pass(5);
  assert.equal(scene.late, []);
  await scene.pass(1);
  assert.equal(scene.late, [110]);
});

paused('a deadline that is due long after a pause is later, too', async () => {
  const scene = new Scene();
  await scene.connect();
  scene.wait(50);
  scene.link.pause();
  await scene.pass(20);
  scene.link.resume();
  await scene.pass(40);
  scene.link.pause();
  await scene.pass(20);
  scene.link.resume();
  await scene.pass(9);
  assert.equal(scene.late, []);
  await scene.pass(1);
  assert.equal(scene.late, [90]);
});

paused(
  'a command of the time in between is sent, and its deadline begins with resume',
  async () => {
    const scene = new Scene();
    const transport = await scene.connect();
    await scene.pass(7);
    scene.link.pause();
    await scene.pass(100);
    scene.wait(10);
    await scene.pass(100);
    assert.match(transport.take(), 'mg a v O1\r\n');
    scene.link.resume();
    await scene.pass(9);
    assert.equal(scene.late, []);
    await scene.pass(1);
    assert.equal(scene.late, [217]);
  },
);

paused('a call is aborted at once, paused or not', async () => {
  const scene = new Scene();
  await scene.connect();
  const signals = [new CountedSignal(), new CountedSignal()];
  const calls = signals.map((signal) => scene.wait(20, signal));
  scene.link.pause();
  await scene.pass(100);
  signals[0]?.abort('why');
  await settled();
  assert.equal(calls.map(({ state }) => state), ['rejected', 'pending']);
  scene.link.resume();
  signals[1]?.abort('why');
  await scene.pass(500);
  assert.is(calls[1]?.brief, 'AbortError aborted unknown');
  assert.equal(scene.late, []);
});

paused('a command is late once, however often it was paused', async () => {
  const scene = new Scene();
  await scene.connect();
  scene.wait(10);
  scene.link.pause();
  await scene.pass(50);
  for (let i = 0; i < 3; i++) {
    scene.link.resume();
    scene.link.pause();
  }
  scene.link.resume();
  await scene.pass(100);
  assert.equal(scene.late, [60]);
  scene.link.abort();
  await settled();
  assert.is(scene.clock.timers, 0);
});

paused('a server that is not read from has not stalled', async () => {
  const scene = new Scene({ stallAfter: 100 });
  const transport = await scene.connect();
  const call = scene.do(mg('a'), { timeout: Infinity });
  await scene.pass(60);
  scene.link.pause();
  assert.is(transport.paused, true);
  await scene.pass(1000);
  scene.link.resume();
  assert.is(transport.paused, false);
  await scene.pass(39);
  assert.equal(scene.ends, []);
  await scene.pass(1);
  assert.is(call.brief, 'ConnectionError stalled unknown');
});

paused('what is on its way is still taken', async () => {
  const scene = new Scene();
  const transport = await scene.connect();
  const call = scene.do(mg('a'));
  await settled();
  scene.link.pause();
  await transport.reply('EN O1\r\n');
  assert.is(call.state, 'resolved');
});

paused('a connection that is made meanwhile is not read from either', async () => {
  const scene = new Scene();
  scene.link.pause();
  const transport = await scene.connect();
  assert.is(transport.paused, true);
  scene.link.resume();
  assert.is(transport.paused, false);
});

paused('a dial has its own time limit all the same', async () => {
  const scene = new Scene({ connectTimeout: 500 });
  const call = scene.do(mg('a'), { timeout: Infinity });
  scene.link.pause();
  await scene.pass(500);
  assert.is(call.brief, 'TimeoutError timeout not-sent');
  assert.is(scene.clock.timers, 0);
});

paused('a reader that has caught up does not end it', async () => {
  const scene = new Scene();
  const transport = await scene.connect();
  let caughtUp = (): void => {};
  const busy = new Promise<void>((resolve) => {
    caughtUp = resolve;
  });
  scene.do(metadump, { onItem: () => busy });
  await settled();
  await transport.reply('key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n');
  scene.link.pause();
  caughtUp();
  await settled();
  assert.is(transport.paused, true);
  scene.link.resume();
  assert.is(transport.paused, false);
});

paused('a server over TLS that is not read from is asked for nothing more', async () => {
  const scene = new Scene({ endpoint: { host: 'localhost', port: 11211, tls: {} } });
  const transport = await scene.connect();
  const calls = [scene.do(ms('a', 'x')), scene.do(mg('b'))];
  await scene.pass(0);
  transport.take();
  scene.link.pause();
  await scene.pass(500);
  assert.is(transport.take(), '');
  scene.link.resume();
  await scene.pass(10);
  await scene.pass(10);
  assert.is(transport.take(), 'mn\r\n');
  assert.equal(calls.map(({ state }) => state), ['pending', 'pending']);
});

paused('ends while it is paused, and takes its timers along', async () => {
  const scene = new Scene({ endpoint: { host: 'localhost', port: 11211, tls: {} } });
  await scene.connect();
  const calls = [scene.do(ms('a', 'x')), scene.do(mg('b'))];
  await settled();
  scene.link.pause();
  scene.link.abort();
  await settled();
  for (const call of calls) assert.is(call.brief, 'ConnectionError connection unknown');
  scene.link.resume();
  assert.is(scene.clock.timers, 0);
  scene.link.pause();
  scene.link.resume();
  assert.is(scene.clock.timers, 0);
});

// Of all connections of a server

/** An upstream with a connection on which a command waits. */
async function busyUpstream(): Promise<[UpstreamScene, ScriptedTransport]> {
  const scene = new UpstreamScene({ maxPoolSize: 2 });
  scene.do(mg('a'));
  const transport = await scene.network.last.accept();
  return [scene, transport];
}

paused('an upstream pauses the connections that it has, and those that it makes', async () => {
  const [scene, first] = await busyUpstream();
  await first.reply('EN O1\r\n');
  scene.do(mg('b'));
  scene.upstream.pause();
  scene.do(mg('c'));
  assert.is(scene.network.dials.length, 2);
  const second = await scene.network.last.accept();
  assert.equal([first.paused, second.paused], [true, true]);
  await scene.pass(5000);
  assert.equal([first.ends, second.ends], [[], []]);
  scene.upstream.resume();
  assert.equal([first.paused, second.paused], [false, false]);
});

paused('what another connection takes over keeps the time that it had left', async () => {
  const scene = new UpstreamScene();
  const call = scene.do(ms('a', 'x'), { timeout: 100 });
  scene.network.last.answersProbes = false;
  const first = await scene.network.last.accept();
  await scene.pass(40);
  scene.upstream.pause();
  await scene.pass(1000);
  await first.lose();
  assert.is(scene.network.dials.length, 2, 'it closed at the probe');
  scene.network.last.answersProbes = false;
  await scene.network.last.accept();
  scene.upstream.resume();
  await scene.pass(59);
  assert.is(call.state, 'pending');
  await scene.pass(1);
  assert.is(call.brief, 'TimeoutError timeout not-sent');
});

paused.run();
