import * as assert from 'uvu/assert';
import { mg, ms } from '../../../test/support/link-scene.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { UpstreamScene } from '../../../test/support/upstream-scene.ts';
import type { Command } from '../../wire/command.ts';
import { ConnectionError, UsageError } from '../../wire/errors.ts';

const upstream = suite('upstream');

upstream('does not dial before the first command', async () => {
  const scene = new UpstreamScene();
  await scene.pass(1000);
  assert.is(scene.network.dials.length, 0);
  assert.is(scene.clock.timers, 0);
  scene.do();
  assert.is(scene.network.dials.length, 1);
});

upstream('calls at once share one dial, and calls after it the connection', async () => {
  const scene = new UpstreamScene();
  const calls = Array.from({ length: 500 }, () => scene.do());
  const transport = await scene.network.last.accept();
  await transport.reply('VERSION 1\r\n'.repeat(500));
  assert.ok(calls.every(({ state }) => state === 'resolved'));
  scene.do();
  await settled();
  assert.is(scene.network.dials.length, 1);
});

upstream('the wait after failed dials doubles up to its limit', async () => {
  const scene = new UpstreamScene();
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    waits.push(await scene.untilDial());
    await scene.network.last.refuse();
  }
  assert.equal(waits, [0, 25, 50, 100, 200, 400, 800, 1000, 1000]);
});

upstream('half of the wait is left to chance', async () => {
  const scene = new UpstreamScene({ random: () => 0, reconnectDelay: 100 });
  await scene.refuse(1);
  assert.is(await scene.untilDial(), 50);
});

upstream(
  'calls during the wait are refused at once, with the reason of the last dial',
  async () => {
    const scene = new UpstreamScene();
    await scene.refuse(4);
    const dials = scene.network.dials.length;
    const calls = [scene.do(), scene.do(mg('a')), scene.do(mg('a'), { unconfirmed: true })];
    await settled();
    for (const call of calls) {
      assert.is(call.brief, 'ConnectionError down not-sent');
      assert.match(String(call.error), /localhost:11211 is down: cannot connect .*ECONNREFUSED/);
      assert.ok(call.error?.cause instanceof ConnectionError);
    }
    await scene.pass(200);
    assert.is(scene.network.dials.length, dials, 'nobody dials unasked');
    const due = [scene.do(), scene.do()];
    assert.is(scene.network.dials.length, dials + 1);
    await scene.network.last.refuse();
    for (const call of due) assert.is(call.brief, 'ConnectionError connection not-sent');
  },
);

upstream('the wait begins with the failure, not with the call', async () => {
  const scene = new UpstreamScene();
  await scene.refuse(5);
  await scene.pass(390);
  assert.is(await scene.untilDial(), 10);
});

upstream('the time of day may be set as it likes', async () => {
  const scene = new UpstreamScene({ reconnectDelay: 30 });
  await scene.refuse(1);
  const set = scene.clock.now() - 3_600_000;
  scene.clock.now = () => set;
  assert.is(await scene.untilDial(), 30);
});

upstream('a server that takes connections and drops them is waited for ever longer', async () => {
  const scene = new UpstreamScene();
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    waits.push(await scene.untilDial());
    await (await scene.network.last.accept()).lose();
  }
  assert.equal(waits, [0, 0, 50, 100]);
});

upstream('a server that refuses the credentials is waited for ever longer', async () => {
  const scene = new UpstreamScene({ auth: { username: 'u', password: 'p' } });
  const waits: number[] = [];
  for (let i = 0; i < 3; i++) {
    waits.push(await scene.untilDial());
    const transport = await scene.network.last.accept();
    await transport.reply('CLIENT_ERROR authentication failure\r\n');
  }
  assert.equal(waits, [0, 0, 50]);
});

upstream(
  'that the dialect does not fit the server is told to calls during the wait, too',
  async () => {
    const scene = new UpstreamScene({ dialect: 'meta' });
    const briefs: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      const call = scene.do(ms('a', 'x'));
      await settled();
      scene.network.last.answersProbes = false;
      const transport = await scene.network.last.accept();
      await transport.reply('ERROR\r\n');
      briefs.push(call.brief);
    }
    const late = scene.do(ms('a', 'x'));
    await settled();
    briefs.push(late.brief, late.error?.message);
    const brief = 'UsageError usage not-sent';
    const [, , , message] = briefs;
    assert.equal(briefs.slice(0, 3), [brief, brief, brief]);
    assert.match(String(message), 'dialect is meta, but localhost:11211 answers meta commands');
  },
);

upstream('a connection that answered resets the wait', async () => {
  const scene = new UpstreamScene();
  await scene.refuse(5);
  await scene.untilDial();
  const transport = await scene.network.last.accept();
  await transport.reply('VERSION 1\r\n');
  await transport.lose();
  assert.is(await scene.untilDial(), 0);
});

upstream('reconnects with the next call, and does not repeat what was lost', async () => {
  const scene = new UpstreamScene();
  const lost = scene.do(mg('a'));
  const first = await scene.network.last.accept();
  await first.lose();
  assert.is(lost.brief, 'ConnectionError connection unknown');
  const call = scene.do(mg('b'));
  await scene.pass(25);
  const second = await scene.network.last.accept();
  assert.is(second.take(), 'mg b v O1\r\n');
  await second.reply('EN O1\r\n');
  assert.is(call.state, 'resolved');
});

upstream(
  'a connection on which a call was late takes no more, and ends with what it owes',
  async () => {
    const scene = new UpstreamScene();
    scene.do(mg('a'));
    const silent = await scene.network.last.accept();
    await silent.reply('EN O1\r\n');
    const late = scene.do(mg('b'));
    await scene.pass(1000);
    assert.is(late.brief, 'TimeoutError timeout unknown');
    const next = scene.do(mg('c'));
    await settled();
    assert.is(scene.network.dials.length, 2);
    const other = await scene.network.last.accept();
    await other.reply('EN O1\r\n');
    assert.is(next.state, 'resolved');
    await silent.reply('EN O2\r\n');
    assert.equal([silent.ends, other.ends], [['close'], []]);
  },
);

upstream('calls with little time of their own do not condemn a slow server', async () => {
  const failures: Error[] = [];
  const scene = new UpstreamScene({ timeout: 1000, onFailure: (cause) => failures.push(cause) });
  const patient = [scene.do(mg('a'))];
  const transport = await scene.network.last.accept();
  for (let i = 0; i < 50; i++) {
    const hasty = scene.do(mg('b'), { timeout: 5 });
    await scene.pass(5);
    assert.is(hasty.brief, 'TimeoutError timeout unknown');
    patient.push(scene.do(mg('c')));
    await scene.pass(14);
  }
  assert.equal([failures.length, scene.network.dials.length], [0, 1]);
  await transport.reply(Array.from({ length: 101 }, (_, i) => `EN O${i + 1}\r\n`).join(''));
  assert.ok(patient.every(({ state }) => state === 'resolved'));
});

upstream(
  'silence for the timeout of the client condemns a server, however short calls are',
  async () => {
    const failures: Error[] = [];
    const scene = new UpstreamScene({ timeout: 1000, onFailure: (cause) => failures.push(cause) });
    const told: number[] = [];
    scene.do(mg('a'));
    await (await scene.network.last.accept()).reply('EN O1\r\n');
    for (let i = 0; i < 8; i++) {
      const dials = scene.network.dials.length;
      scene.do(mg('a'), { timeout: 300 });
      if (scene.network.dials.length > dials) await scene.network.last.accept();
      await scene.pass(300);
      told.push(scene.network.dials.length + 10 * failures.length);
    }
    // The fifth call has a new connection, and the ninth would have none.
    assert.equal(told, [1, 1, 1, 1, 2, 2, 2, 12]);
  },
);

upstream('a server slower than the time limit of any call is not condemned', async () => {
  const failures: Error[] = [];
  const scene = new UpstreamScene({ timeout: 1000, onFailure: (cause) => failures.push(cause) });
  const first = scene.do(mg('a'), { timeout: 5 });
  const transport = await scene.network.last.accept();
  for (let i = 1; i <= 5; i++) {
    const call = i === 1 ? first : scene.do(mg('a'), { timeout: 5 });
    await scene.pass(5);
    assert.is(call.brief, 'TimeoutError timeout unknown');
    await scene.pass(500);
    await transport.reply(`EN O${i}\r\n`);
  }
  assert.equal([scene.network.dials.length, transport.ends], [1, []]);
  assert.equal(failures, []);
});

upstream('one call of the usual time limit condemns a new server that does not reply', async () => {
  const failures: Error[] = [];
  const scene = new UpstreamScene({ timeout: 1000, onFailure: (cause) => failures.push(cause) });
  scene.do(mg('a'));
  await scene.network.last.accept();
  await scene.pass(1000);
  assert.is(failures.length, 1);
});

upstream('a call that is late behind others that were answered condemns nothing', async () => {
  const scene = new UpstreamScene();
  scene.do(mg('a'));
  const late = scene.do(mg('b'));
  const transport = await scene.network.last.accept();
  await scene.pass(500);
  await transport.reply('EN O1\r\n');
  await scene.pass(500);
  assert.is(late.brief, 'TimeoutError timeout unknown');
  scene.do(mg('c'));
  await settled();
  assert.is(scene.network.dials.length, 1);
});

upstream(
  'a server that closes at the probe gets the classic one, and what it was asked',
  async () => {
    const scene = new UpstreamScene();
    const read = scene.do({ ...mg('a'), orText: true } as Command);
    const write = scene.do({ ...ms('b', 'flush_all'), orText: true } as Command);
    await scene.closeAtProbe();
    assert.is(scene.network.dials.length, 4, 'at once');
    const second = await scene.network.last.accept();
    assert.is(second.take(), 'get a\r\nset b 0 0 9\r\nflush_all\r\n');
    await second.reply('END\r\nSTORED\r\n');
    assert.equal([read.state, write.state], ['resolved', 'resolved']);
    await second.lose();
    scene.do({ ...mg('a'), orText: true } as Command);
    scene.network.last.answersProbes = false;
    const third = await scene.network.last.accept();
    assert.match(third.take(), /^mg memwire-probe/, 'the next is asked anew');
  },
);

upstream('of what closes at the probe a write that left is not repeated', async () => {
  const scene = new UpstreamScene();
  const incr = scene.do({ verb: 'incr', key: 'n', delta: 1n, noreply: false });
  scene.network.last.answersProbes = false;
  const first = await scene.network.last.accept();
  assert.match(first.take(), /incr n 1/);
  await first.lose();
  assert.is(incr.brief, 'ConnectionError connection unknown');
});

upstream('nothing of the old connection reaches the new one', async () => {
  const scene = new UpstreamScene();
  scene.do(mg('a'));
  const first = await scene.network.last.accept();
  await first.reply('VA 5 O1\r\nab');
  await first.lose();
  const call = scene.do(mg('b'));
  await scene.pass(25);
  const second = await scene.network.last.accept();
  await first.reply('cde\r\n');
  assert.is(call.state, 'pending');
  await second.reply('EN O1\r\n');
  assert.equal(call.value, { type: 'EN', flags: [] });
});

upstream('close of what never connected', async () => {
  const scene = new UpstreamScene();
  await scene.upstream.close();
  await scene.upstream.close();
  assert.is(scene.do().state, 'pending');
  await settled();
  assert.is(scene.network.dials.length, 0);
});

upstream('after close, calls are refused with a code of their own', async () => {
  const scene = new UpstreamScene();
  const closed = scene.upstream.close();
  const call = scene.do();
  await closed;
  assert.is(call.brief, 'ConnectionError closed not-sent');
});

upstream('close while calls are pending waits for them, twice too', async () => {
  const scene = new UpstreamScene();
  const call = scene.do();
  const closed = [new Watched(scene.upstream.close()), new Watched(scene.upstream.close())];
  const transport = await scene.network.last.accept();
  assert.equal(closed.map(({ state }) => state), ['pending', 'pending']);
  await transport.reply('VERSION 1\r\n');
  assert.is(call.state, 'resolved');
  assert.equal(closed.map(({ state }) => state), ['resolved', 'resolved']);
  assert.equal(transport.ends, ['close']);
  assert.is(scene.clock.timers, 0);
});

upstream('close while a dial hangs ends with the dial', async () => {
  const scene = new UpstreamScene();
  const call = scene.do();
  const closed = new Watched(scene.upstream.close());
  await scene.pass(500);
  assert.is(call.brief, 'TimeoutError timeout not-sent');
  assert.is(closed.state, 'resolved');
  assert.is(scene.clock.timers, 0);
});

for (
  const [argument, auth] of [
    ['username', { username: '', password: 'p' }],
    ['username', { username: 5, password: 'p' }],
    ['password', { username: 'u', password: 'a b' }],
    ['password', { username: 'u' }],
  ] as [string, { username: string; password: string }][]
) {
  upstream(`credentials with a bad ${argument} are refused: ${JSON.stringify(auth)}`, () => {
    try {
      new UpstreamScene({ auth });
    } catch (error) {
      assert.instance(error, UsageError);
      assert.is((error as UsageError).argument, argument);
      return;
    }
    assert.unreachable();
  });
}

upstream.run();
