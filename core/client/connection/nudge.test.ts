import * as assert from 'uvu/assert';
import { LinkScene, mg, ms } from '../../../test/support/link-scene.ts';
import { CountingClock, settled } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { ClientConnection } from '../../wire/client-connection.ts';
import type { Command } from '../../wire/command.ts';
import { plainFlags } from '../../wire/plain.ts';
import { Nudge } from './nudge.ts';

const nudge = suite('link: a server over TLS that has stopped');
const endpoint = { host: 'localhost', port: 11211, tls: {} };

nudge('what comes behind a value is asked for again and again, ever more slowly', async () => {
  const scene = new LinkScene({ endpoint });
  const transport = await scene.connect();
  const calls = [scene.do(ms('a', 'x')), scene.do(mg('b'))];
  await scene.pass(0);
  assert.is(transport.take(), 'ms a 1 O1\r\nx\r\nmg b v O2\r\n');
  await transport.reply('HD O1\r\n');
  await scene.pass(10);
  assert.is(transport.take(), '', 'it was heard within this time');
  await scene.pass(10);
  assert.is(transport.take(), 'mn\r\n');
  await scene.pass(20);
  assert.is(transport.take(), 'mn\r\n');
  await scene.pass(39);
  assert.is(transport.take(), '');
  await scene.pass(1);
  assert.is(transport.take(), 'mn\r\n');
  await transport.reply('EN O2\r\nMN\r\nMN\r\nMN\r\n');
  assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved']);
  assert.equal(scene.ends, []);
});

nudge('so it is for commands that are encoded at once', async () => {
  const scene = new LinkScene({ endpoint });
  const transport = await scene.connect();
  const set = { ...ms('a', 'x'), flags: plainFlags('ms', []) } as Command;
  const get = { ...mg('b'), flags: plainFlags('mg', ['v']) } as Command;
  // Once the server is proved.
  const first = scene.do(get);
  await scene.pass(0);
  transport.take();
  await transport.reply('EN O1\r\n');
  assert.is(first.state, 'resolved');
  const calls = [scene.do(set), scene.do(get)];
  await scene.pass(0);
  assert.is(transport.take(), 'ms a 1 O2\r\nx\r\nmg b v O3\r\n');
  await transport.reply('HD O2\r\n');
  await scene.pass(10);
  await scene.pass(10);
  assert.is(transport.take(), 'mn\r\n');
  await transport.reply('EN O3\r\nMN\r\n');
  assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved']);
});

nudge('what leaves no room for more leaves it for this', async () => {
  const scene = new LinkScene({ endpoint, maxPending: 2 });
  const transport = await scene.connect();
  scene.do(ms('a', 'x'));
  scene.do(mg('b'));
  await scene.pass(0);
  transport.take();
  await scene.pass(10);
  await scene.pass(10);
  assert.is(transport.take(), 'mn\r\n');
});

nudge('quiet values have their fence behind them', async () => {
  const scene = new LinkScene({ endpoint });
  const transport = await scene.connect();
  const call = scene.do(ms('a', 'x', 'q'));
  await scene.pass(0);
  assert.is(transport.take(), 'ms a 1 q O1\r\nx\r\nmn\r\n');
  await scene.pass(10);
  await scene.pass(10);
  assert.is(transport.take(), 'mn\r\n');
  await transport.reply('MN\r\nMN\r\n');
  assert.is(call.state, 'resolved');
});

nudge('one value after the other is no reason for it, nor are many reads', async () => {
  const scene = new LinkScene({ endpoint });
  const transport = await scene.connect();
  for (const n of [1, 2]) {
    scene.do(ms('a', 'x'));
    await settled();
    await transport.reply(`HD O${n}\r\n`);
  }
  scene.do(mg('b'));
  scene.do(mg('c'));
  await settled();
  transport.take();
  await scene.pass(500);
  assert.is(transport.take(), '');
});

nudge('it ends when nothing is owed, and with the connection', async () => {
  const scene = new LinkScene({ endpoint, timeout: Infinity });
  const transport = await scene.connect();
  scene.do(ms('a', 'x'));
  scene.do(mg('b'));
  await settled();
  assert.is(scene.clock.timers, 2, 'it, and the one that looks for a stall');
  await transport.reply('HD O1\r\nEN O2\r\n');
  await scene.pass(10);
  await scene.pass(2000);
  assert.is(scene.clock.timers, 0);
  scene.do(ms('a', 'x'));
  scene.do(mg('b'));
  await settled();
  scene.link.abort();
  assert.is(scene.clock.timers, 0);
});

nudge('once it is stopped nothing starts it again', () => {
  const clock = new CountingClock();
  const connection = new ClientConnection<string>();
  const one = new Nudge(clock, connection, () => assert.unreachable());
  const send = (command: Command): void => {
    connection.send(command);
    one.sent(command);
  };
  for (const command of [ms('a', 'x'), mg('b')]) send(command);
  assert.is(clock.timers, 1);
  one.stop();
  assert.is(clock.timers, 0);
  for (const command of [ms('a', 'x'), mg('b'), ms('a', 'x', 'q')]) send(command);
  assert.is(clock.timers, 0);
});

nudge('without TLS there is none', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  scene.do(ms('a', 'x'));
  scene.do(mg('b'));
  await settled();
  transport.take();
  await scene.pass(500);
  assert.is(transport.take(), '');
});

nudge.run();
