import * as assert from 'uvu/assert';
import { EmbeddedBridge } from '../../test/support/bridge-scene.ts';
import { suite } from '../../test/runner/suite.ts';
import { bridgeLimits } from './options.ts';

const silence = suite('bridge: silence');

silence('silence is asked after, and then ends the socket', async () => {
  const bridge = new EmbeddedBridge();
  const page = bridge.open();
  const alive = bridge.open();
  await bridge.pass(30_000);
  assert.is(page.pings, 1);
  alive.session?.onAlive();
  await bridge.pass(30_000);
  assert.equal([page.ended, alive.ended], ['aborted', null]);
  assert.is(bridgeLimits.idleTimeout, 60_000);
});

silence('who was silent for less than half of the time is not asked', async () => {
  const bridge = new EmbeddedBridge();
  const page = bridge.open();
  await bridge.pass(1000);
  page.session?.onAlive();
  await bridge.pass(29_000);
  assert.is(page.pings, 0);
  await bridge.pass(30_000);
  assert.is(page.pings, 1);
});

silence('what a page asks for is a sign of life', async () => {
  const bridge = new EmbeddedBridge();
  const page = bridge.open();
  for (let i = 0; i < 5; i++) {
    await bridge.pass(29_000);
    await page.say('mn\r\n');
  }
  assert.equal([page.pings, page.ended], [0, null]);
});

silence('a bridge that was asleep asks before it gives anybody up', async () => {
  const bridge = new EmbeddedBridge();
  const page = bridge.open();
  bridge.clock.sleep(10 * bridgeLimits.idleTimeout);
  await bridge.pass(30_000);
  assert.equal([page.pings, page.ended], [1, null]);
  page.session?.onAlive();
  await bridge.pass(30_000);
  assert.is(page.ended, null);
});

silence(
  'where the runtime pings, silence is its affair, but not replies that nobody reads',
  async () => {
    const bridge = new EmbeddedBridge({ maxSockets: 2 });
    const page = bridge.openLingering();
    const silent = bridge.openLingering();
    await bridge.pass(2 * bridgeLimits.idleTimeout);
    page.room = 0;
    assert.is(await page.say('mn\r\n'), '');
    await bridge.pass(bridgeLimits.idleTimeout / 2);
    assert.equal([page.ended, silent.ended], [null, null]);
    await bridge.pass(bridgeLimits.idleTimeout / 2);
    assert.equal([page.ended, silent.ended], ['aborted', null]);
    assert.is(bridge.bridge.sockets, 1);
    // It is still there, and holds its place until it is not.
    assert.is(bridge.open().ended, '1013 too many sockets');
    page.leave();
    assert.is(bridge.open().ended, null);
  },
);

silence.run();
