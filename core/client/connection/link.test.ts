import * as assert from 'uvu/assert';
import { LinkScene, mg, ms, version } from '../../../test/support/link-scene.ts';
import { settled } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';

const link = suite('link');

// Dialing

link('commands that come before the connection leave in one send, in order', async () => {
  const scene = new LinkScene();
  const calls = [scene.do(mg('a')), scene.do(mg('b'))];
  await settled();
  const transport = await scene.connect();
  assert.is(transport.sends, 1);
  assert.is(transport.take(), 'mg a v O1\r\nmg b v O2\r\n');
  await transport.reply('EN O1\r\nVA 1 O2\r\nx\r\n');
  assert.equal(calls.map(({ brief }) => brief), ['resolved', 'resolved']);
});

link('commands of one turn leave in one send', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  scene.do(mg('a'));
  scene.do(mg('b'));
  assert.is(transport.sends, 0);
  await settled();
  assert.is(transport.sends, 1);
});

link('a refused dial rejects all with not-sent, closes once and leaves no timer', async () => {
  const scene = new LinkScene();
  const calls = [scene.do(mg('a')), scene.do(mg('b'))];
  await scene.network.last.refuse();
  for (const call of calls) assert.is(call.brief, 'ConnectionError connection not-sent');
  assert.match(String(calls[0]?.error), 'cannot connect to localhost:11211: ECONNREFUSED');
  assert.equal(scene.ends, [['cannot connect to localhost:11211: ECONNREFUSED', false]]);
  assert.is(scene.clock.timers, 0);
});

link('a dialer that throws is a dial that was refused', async () => {
  const scene = new LinkScene({
    dial: () => {
      throw new Error('no such network');
    },
  });
  const call = scene.do(mg('a'));
  await settled();
  assert.is(call.brief, 'ConnectionError connection not-sent');
});

link('a dial that hangs is given up, even if the dialer heeds no signal', async () => {
  const scene = new LinkScene();
  const call = scene.do(mg('a'));
  await scene.pass(499);
  assert.is(call.brief, 'pending');
  await scene.pass(1);
  assert.is(call.brief, 'TimeoutError timeout not-sent');
  assert.ok(scene.network.last.signal.aborted);
  assert.is(scene.clock.timers, 0);
});

link('a connection that comes after its time is dropped', async () => {
  const scene = new LinkScene();
  await scene.pass(500);
  const transport = await scene.connect();
  assert.equal(transport.ends, ['abort']);
  assert.is(scene.ends.length, 1);
});

// Time

link('a call ends at its deadline, and its late reply goes to nobody else', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const late = scene.do(mg('a'));
  await scene.pass(600);
  const other = scene.do(mg('b'));
  await scene.pass(400);
  assert.is(late.brief, 'TimeoutError timeout unknown');
  assert.is(other.brief, 'pending');
  await transport.reply('VA 4 O1\r\nlate\r\nVA 1 O2\r\nb\r\n');
  assert.match(JSON.stringify(other.value), '{"0":98}');
});

link('a call may have a deadline of its own, and none', async () => {
  const scene = new LinkScene({ stallAfter: 1e9 });
  await scene.connect();
  const short = scene.do(mg('a'), { timeout: 5 });
  const long = scene.do(mg('b'), { timeout: Infinity });
  await scene.pass(5);
  assert.is(short.brief, 'TimeoutError timeout unknown');
  await scene.pass(1e6);
  assert.is(long.brief, 'pending');
});

link('a deadline beyond what timers can be set for is kept', async () => {
  const scene = new LinkScene({ stallAfter: Infinity });
  const waits: number[] = [];
  const { clock } = scene;
  const after = clock.after.bind(clock);
  clock.after = (milliseconds, call) => {
    waits.push(milliseconds);
    return after(milliseconds, call);
  };
  await scene.connect();
  const call = scene.do(mg('a'), { timeout: 2 ** 32 });
  await scene.pass(2 ** 32 - 1);
  assert.is(call.brief, 'pending');
  await scene.pass(1);
  assert.is(call.brief, 'TimeoutError timeout unknown');
  assert.ok(waits.every((wait) => wait < 2 ** 31));
});

link('a server that accepts and says nothing loses the connection after stallAfter', async () => {
  const scene = new LinkScene({ stallAfter: 1500 });
  const transport = await scene.connect();
  const first = scene.do(mg('a'));
  await scene.pass(1000);
  assert.is(first.brief, 'TimeoutError timeout unknown');
  const second = scene.do(mg('b'));
  await scene.pass(499);
  assert.is(second.brief, 'pending');
  await scene.pass(1);
  assert.is(second.brief, 'ConnectionError stalled unknown');
  assert.equal(transport.ends, ['abort']);
  assert.is(scene.clock.timers, 0);
});

link('the time since a write that nobody awaited is no silence of the server', async () => {
  const scene = new LinkScene({ stallAfter: 1500 });
  const transport = await scene.connect();
  scene.do(ms('a', 'x', 'q'), { unconfirmed: true });
  await scene.pass(60_000);
  const call = scene.do(mg('b'));
  await scene.pass(999);
  assert.is(call.brief, 'pending');
  await transport.reply('MN\r\nEN O2\r\n');
  assert.is(call.brief, 'resolved');
});

link('a call that timed out unsent ends at once when the connection comes', async () => {
  const scene = new LinkScene({ connectTimeout: 5000 });
  const call = scene.do(mg('a'), { timeout: 100 });
  await scene.pass(100);
  assert.is(call.brief, 'TimeoutError timeout not-sent');
  assert.is((await scene.connect()).take(), '');
});

// Loss

link('a server that hangs up: what left is unknown, what did not is not-sent', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(15);
  const calls = [scene.do(mg('a')), scene.do(mg('b')), scene.do(mg('c'))];
  await settled();
  await transport.lose();
  assert.equal(calls.map(({ brief }) => brief), [
    'ConnectionError connection unknown',
    'ConnectionError connection unknown',
    'ConnectionError connection not-sent',
  ]);
  assert.is(scene.clock.timers, 0);
});

link('a connection lost in the middle of a value gives no part of it', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const call = scene.do(mg('a'));
  await settled();
  await transport.reply('VA 10 O1\r\n12345');
  await transport.lose(new Error('ECONNRESET'));
  assert.is(call.brief, 'ConnectionError connection unknown');
  assert.match(String(call.error), 'ECONNRESET');
});

link('what arrived before the loss is delivered', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const calls = [scene.do(mg('a')), scene.do(mg('b'))];
  await settled();
  await transport.reply('EN O1\r\nEN');
  await transport.lose();
  assert.equal(calls.map(({ state }) => state), ['resolved', 'rejected']);
});

link('garbage ends what left with a ProtocolError, and cuts the connection', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(11);
  const calls = [scene.do(mg('a')), scene.do(mg('b'))];
  await settled();
  await transport.reply('HTTP/1.1 400 Bad Request\r\n');
  assert.equal(calls.map(({ brief }) => brief), [
    'ProtocolError protocol unknown',
    'ConnectionError connection not-sent',
  ]);
  assert.equal(transport.ends, ['abort']);
});

link('onClosed is called once, whatever happens after the end', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  await transport.lose();
  await transport.lose(new Error('again'));
  await transport.reply('EN O1\r\n');
  await transport.drain(100);
  await scene.link.close();
  assert.is(scene.ends.length, 1);
  assert.is(scene.do(mg('a')).state, 'pending');
  await settled();
  assert.is(transport.take(), '');
});

link('a link is proven by a reply, not by an error', async () => {
  for (const [reply, proven] of [['VERSION 1\r\n', true], ['SERVER_ERROR x\r\n', false]] as const) {
    const scene = new LinkScene();
    const transport = await scene.connect();
    scene.do(version);
    await settled();
    await transport.reply(reply);
    await transport.lose();
    assert.equal(scene.ends.map((end) => end[1]), [proven]);
  }
});

link.run();
