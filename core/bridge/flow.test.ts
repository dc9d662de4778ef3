import * as assert from 'uvu/assert';
import { EmbeddedBridge, ScriptedBridge } from '../../test/support/bridge-scene.ts';
import { suite } from '../../test/runner/suite.ts';
import { bridgeLimits } from './options.ts';

const flow = suite('bridge: how much at once');
const MEBIBYTE = 1024 * 1024;

flow('a socket has so many commands under way, and no more are read', async () => {
  const { page, upstream } = await new ScriptedBridge({ maxInFlight: 2 }).said('mn\r\n'.repeat(3));
  assert.is(upstream.take(), 'mn\r\nmn\r\n');
  assert.is(page.paused, true);
  await upstream.reply('MN\r\n');
  assert.is(upstream.take(), 'mn\r\n');
  await upstream.reply('MN\r\nMN\r\n');
  assert.is(page.paused, false);
  assert.is(bridgeLimits.maxInFlight, 256);
});

flow(
  'bursts of others keep a page waiting for a bounded number of commands',
  async () => {
    const judged: number[] = [];
    const bridge = new ScriptedBridge({
      // As if nothing else held them back.
      rate: 1_000_000,
      policy(command, { id }) {
        judged.push(id);
        return command;
      },
    });
    const floods = [bridge.open(), bridge.open(), bridge.open()];
    for (const flood of floods) await flood.say('mn\r\n'.repeat(100_000));
    const page = bridge.open();
    const before = judged.length;
    await page.say('mn\r\n');
    assert.is(before, floods.length * bridgeLimits.maxInFlight);
    assert.is(judged.length, before + 1);
    assert.is((await bridge.network.last.accept()).take(), 'mn\r\n');
  },
);

flow('all sockets have so many together, and more are told that it is busy', async () => {
  const bridge = new ScriptedBridge({ maxInFlightTotal: 2 });
  const { upstream } = await bridge.said('mn\r\nmn\r\n');
  const other = bridge.open();
  assert.is(await other.say('mn\r\n'), 'SERVER_ERROR busy\r\n');
  await upstream.reply('MN\r\n');
  assert.is(await other.say('mn\r\n'), '');
  assert.is(bridgeLimits.maxInFlightTotal, 4096);
});

flow('commands beyond the rate are read later', async () => {
  const bridge = new EmbeddedBridge({ rate: 2 });
  const page = bridge.open();
  assert.is(await page.say('mn\r\n'.repeat(4)), 'MN\r\nMN\r\n');
  assert.is(page.paused, true);
  await bridge.pass(500);
  assert.is(page.take(), 'MN\r\n');
  await bridge.pass(500);
  assert.is(page.take(), 'MN\r\n');
  await bridge.pass(500);
  assert.is(page.paused, false);
  assert.is(bridgeLimits.rate, 1000);
});

flow('the rate is kept where the next command is due in a millisecond', async () => {
  const bridge = new EmbeddedBridge();
  const page = bridge.open();
  const answered = (text: string): number => text.split('MN').length - 1;
  assert.is(answered(await page.say('mn\r\n'.repeat(1500))), 1000);
  await bridge.pass(100);
  assert.is(answered(page.take()), 100);
});

flow('a page that does not read slows down its own upstream, and nobody else', async () => {
  const bridge = new ScriptedBridge({ maxOutput: 1000 });
  const { page, upstream } = await bridge.said('get a\r\n');
  page.room = 0;
  await upstream.reply(`VALUE a 0 1000\r\n${'x'.repeat(1000)}\r\nEND\r\n`);
  assert.equal([page.paused, upstream.paused], [true, true]);
  const other = await bridge.said('mn\r\n');
  assert.equal([other.page.paused, other.upstream.paused], [false, false]);
  await page.drain(Infinity);
  assert.equal([page.paused, upstream.paused], [false, false]);
  assert.is(bridgeLimits.maxOutput, 4 * MEBIBYTE);
});

flow('an upstream that waits for a page is not late, and keeps nobody else busy', async () => {
  const bridge = new ScriptedBridge({ maxOutput: 1000, maxInFlightTotal: 2 });
  const { page, upstream } = await bridge.said('get a\r\nget b\r\n');
  page.room = 0;
  await upstream.reply(`VALUE a 0 1000\r\n${'x'.repeat(1000)}\r\nEND\r\n`);
  await bridge.pass(10_000);
  const other = await bridge.said('mn\r\nmn\r\n');
  assert.is(other.upstream.take(), 'mn\r\nmn\r\n');
  await page.drain(Infinity);
  assert.is(await bridge.open().say('mn\r\n'), 'SERVER_ERROR busy\r\n');
  page.take();
  await upstream.reply('VALUE b 0 1\r\nx\r\nEND\r\n');
  assert.is(page.take(), 'VALUE b 0 1\r\nx\r\nEND\r\n');
  assert.equal(upstream.ends, []);
});

flow('an upstream that connects while its page does not read is not read from', async () => {
  const bridge = new ScriptedBridge({ maxOutput: 60 });
  const { page } = await bridge.said('get a\r\n');
  page.room = 0;
  await bridge.pass(900);
  await page.say('get b\r\n');
  await bridge.pass(100);
  // The first connection is late, so this goes over another one.
  await page.say('get c\r\n');
  assert.is(bridge.network.dials.length, 2);
  // The second late reply is one too many for a page that reads none.
  await bridge.pass(900);
  assert.is(page.paused, true);
  const upstream = await bridge.network.last.accept();
  assert.is(upstream.paused, true);
  await page.drain(Infinity);
  assert.equal([page.paused, upstream.paused], [false, false]);
});

flow('the upstream of a page that left without reading is read to its end', async () => {
  const bridge = new ScriptedBridge({ maxOutput: 1000 });
  const { page, upstream } = await bridge.said('get a\r\nget b\r\n');
  page.room = 0;
  await upstream.reply(`VALUE a 0 1000\r\n${'x'.repeat(1000)}\r\nEND\r\n`);
  page.leave();
  assert.is(upstream.paused, false);
  await upstream.reply('END\r\n');
  assert.equal(upstream.ends, ['close']);
});

flow('a page that does not read for long is closed', async () => {
  const bridge = new ScriptedBridge({ maxOutput: 1000 });
  const { page, upstream } = await bridge.said('get a\r\n');
  page.room = 0;
  await upstream.reply(`VALUE a 0 1000\r\n${'x'.repeat(1000)}\r\nEND\r\n`);
  await bridge.pass(bridgeLimits.idleTimeout);
  assert.is(page.ended, 'aborted');
});

flow('values that wait for the upstream are as limited as replies', async () => {
  const bridge = new ScriptedBridge({ maxOutput: 1000 });
  const set = `set a 0 0 600\r\n${'x'.repeat(600)}\r\n`;
  const { page, upstream } = await bridge.said(set.repeat(3));
  assert.is(upstream.take(), set.repeat(2));
  assert.is(page.paused, true);
  await upstream.reply('STORED\r\n');
  assert.is(upstream.take(), set);
});

flow.run();
