import * as assert from 'uvu/assert';
import { LinkScene, metadump, mg, ms, version } from '../../../test/support/link-scene.ts';
import { CountedSignal, settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import type { Command } from '../../wire/command.ts';
import { type AuthError, ServerReplyError, UsageError } from '../../wire/errors.ts';
import type { ExecuteOptions } from './executor.ts';

const link = suite('link: aborts, logins and the end');

// Aborts

link('a signal that is aborted already: nothing is sent', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const signal = new CountedSignal();
  signal.abort('why');
  const calls = [
    scene.do(mg('a'), { signal }),
    scene.do(ms('a', 'x', 'q'), { signal, unconfirmed: true }),
  ];
  await settled();
  for (const call of calls) assert.is(call.brief, 'AbortError aborted not-sent');
  assert.is(calls[0]?.error?.cause, 'why');
  assert.is(transport.take(), '');
});

link('an abort before it is sent costs no byte, its neighbours nothing', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const signal = new CountedSignal();
  const aborted = [scene.do(mg('a'), { signal }), scene.do(mg('b'), { signal })];
  const other = scene.do(mg('c'));
  signal.abort('why');
  await settled();
  for (const call of aborted) assert.is(call.brief, 'AbortError aborted not-sent');
  assert.is(transport.take(), 'mg c v O1\r\n');
  await transport.reply('EN O1\r\n');
  assert.is(other.state, 'resolved');
});

link(
  'with unref no timer is left once all is answered, and else the next call needs it',
  async () => {
    for (const unref of [true, false]) {
      const scene = new LinkScene({ endpoint: { host: 'localhost', port: 11211, unref } });
      const transport = await scene.connect();
      const call = scene.do(mg('a'));
      await settled();
      assert.is(scene.clock.timers, 1);
      await transport.reply('EN O1\r\n');
      assert.equal([call.state, scene.clock.timers], ['resolved', unref ? 0 : 1]);
      const late = scene.do(mg('a'));
      await scene.pass(1000);
      assert.is(late.brief, 'TimeoutError timeout unknown');
    }
  },
);

link('an abort in flight is unknown, and its reply goes to nobody', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const signal = new CountedSignal();
  const aborted = scene.do(mg('a'), { signal });
  const other = scene.do(mg('b'));
  await settled();
  signal.abort('why');
  await settled();
  assert.is(aborted.brief, 'AbortError aborted unknown');
  await transport.reply('VA 1 O1\r\na\r\nEN O2\r\n');
  assert.equal(other.value, { type: 'EN', flags: [] });
});

link('an abort while it dials is not-sent, and the dial goes on for the others', async () => {
  const scene = new LinkScene();
  const signal = new CountedSignal();
  const aborted = scene.do(mg('a'), { signal });
  const other = scene.do(mg('b'));
  signal.abort('why');
  await settled();
  assert.is(aborted.brief, 'AbortError aborted not-sent');
  const transport = await scene.connect();
  assert.is(transport.take(), 'mg b v O1\r\n');
  await transport.reply('EN O1\r\n');
  assert.is(other.state, 'resolved');
});

for (
  const [how, end] of [
    ['a reply', (scene) => scene.reply('EN O1\r\n')],
    ['an error', (scene) => scene.reply('SERVER_ERROR x\r\n')],
    ['a timeout', (_transport, scene) => scene.pass(1000)],
    ['a loss', (transport) => transport.lose()],
    ['a loss to garbage', (transport) => transport.reply('garbage\r\n')],
    ['an abort', (_transport, _scene, signal) => Promise.resolve(signal.abort('why'))],
  ] as [
    string,
    (
      transport: Awaited<ReturnType<LinkScene['connect']>>,
      scene: LinkScene,
      signal: CountedSignal,
    ) => Promise<void>,
  ][]
) {
  link(`after ${how} nobody listens to the signal`, async () => {
    const scene = new LinkScene();
    const transport = await scene.connect();
    const signal = new CountedSignal();
    const call = scene.do(mg('a'), { signal });
    await settled();
    assert.is(signal.listeners.size, 1);
    await end(transport, scene, signal);
    await settled();
    assert.is.not(call.state, 'pending');
    assert.is(signal.listeners.size, 0);
  });
}

link('a command that is refused leaves no listener', async () => {
  const scene = new LinkScene({ maxPending: 1 });
  const signal = new CountedSignal();
  scene.do(mg('a'));
  scene.do(mg('b'), { signal });
  scene.do(mg(''), { signal });
  assert.is(signal.listeners.size, 0);
});

link('what onItem throws leaves no listener', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const signal = new CountedSignal();
  scene.do(metadump, {
    signal,
    onItem: () => {
      throw new Error('broken');
    },
  });
  await settled();
  await transport.reply('key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n');
  assert.is(signal.listeners.size, 0);
});

// Logins

const auth = { username: 'user', password: 'secret' };

link('a login goes first and alone', async () => {
  const scene = new LinkScene({ auth });
  const call = scene.do(mg('a'));
  const transport = await scene.connect();
  assert.is(transport.take(), 'set auth 0 -1 11\r\nuser secret\r\n');
  await transport.reply('STORED\r\n');
  assert.is(transport.take(), 'mg a v O1\r\n');
  await transport.reply('EN O1\r\n');
  assert.is(call.state, 'resolved');
});

link('refused credentials are an AuthError, without the password', async () => {
  const scene = new LinkScene({ auth });
  const calls = [scene.do(mg('a')), scene.do(mg('b'))];
  const transport = await scene.connect();
  await transport.reply('CLIENT_ERROR authentication failure\r\n');
  for (const call of calls) assert.is(call.brief, 'AuthError auth not-sent');
  const error = calls[0]?.error;
  assert.is(error?.message, 'localhost:11211 refused the credentials');
  assert.instance(error?.cause, ServerReplyError);
  assert.equal(transport.ends, ['abort']);
  assert.is(scene.clock.timers, 0);
});

link('a password that the server says again is in no error', async () => {
  const scene = new LinkScene({ auth });
  const call = scene.do(mg('a'));
  await (await scene.connect()).reply('CLIENT_ERROR no user with the password secret\r\n');
  const { cause } = call.error as AuthError;
  assert.is((cause as ServerReplyError).serverMessage, 'no user with the password ***');
});

link('a server out of memory has not refused the credentials', async () => {
  const scene = new LinkScene({ auth });
  const call = scene.do(mg('a'));
  await (await scene.connect()).reply('SERVER_ERROR out of memory\r\n');
  assert.is(call.brief, 'ConnectionError connection not-sent');
});

link('a login without an answer: what waits for it is not-sent', async () => {
  const scene = new LinkScene({ auth });
  const call = scene.do(mg('a'));
  const transport = await scene.connect();
  await scene.pass(500);
  assert.is(call.brief, 'TimeoutError timeout not-sent');
  assert.equal(transport.ends, ['abort']);
});

link('a connection lost during the login: what waits for it is not-sent', async () => {
  const scene = new LinkScene({ auth });
  const call = scene.do(mg('a'));
  await (await scene.connect()).lose();
  assert.is(call.brief, 'ConnectionError connection not-sent');
});

// The end

link('close before anything: the dial is given up', async () => {
  const scene = new LinkScene();
  const closed = new Watched(scene.link.close());
  await settled();
  assert.is(closed.state, 'resolved');
  assert.ok(scene.network.last.signal.aborted);
  assert.equal((await scene.connect()).ends, ['abort']);
  assert.is(scene.clock.timers, 0);
});

link('close waits for what is pending, and takes no more', async () => {
  const scene = new LinkScene();
  const call = scene.do(mg('a'));
  const closed = [new Watched(scene.link.close()), new Watched(scene.link.close())];
  const after = scene.do(mg('b'));
  const transport = await scene.connect();
  assert.is(after.brief, 'ConnectionError connection not-sent');
  assert.is(transport.take(), 'mg a v O1\r\n');
  assert.is(closed[0]?.state, 'pending');
  await transport.reply('EN O1\r\n');
  assert.is(call.state, 'resolved');
  assert.equal(closed.map(({ state }) => state), ['resolved', 'resolved']);
  assert.equal(transport.ends, ['close']);
  assert.equal(scene.ends, [[null, true]]);
  assert.is(scene.clock.timers, 0);
});

link('close while it dials ends when all calls have been given up', async () => {
  const scene = new LinkScene({ connectTimeout: 5000 });
  const signal = new CountedSignal();
  scene.do(mg('a'), { signal });
  scene.do(mg('b'), { timeout: 100 });
  const closed = new Watched(scene.link.close());
  await scene.pass(100);
  assert.is(closed.state, 'pending');
  signal.abort('why');
  await settled();
  assert.is(closed.state, 'resolved');
  assert.ok(scene.network.last.signal.aborted);
  assert.is(scene.clock.timers, 0);
});

link('close ends even if the server never answers', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const call = scene.do(mg('a'));
  const closed = new Watched(scene.link.close());
  await scene.pass(999);
  assert.is(closed.state, 'pending');
  await scene.pass(1);
  assert.is(call.brief, 'TimeoutError timeout unknown');
  assert.is(closed.state, 'resolved', 'with the last call');
  assert.equal(transport.ends, ['close']);
  assert.is(scene.clock.timers, 0);
});

link('close waits for no reply to calls that have ended', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const signal = new CountedSignal();
  const calls = [scene.do(mg('a'), { timeout: 100 }), scene.do(mg('b'), { signal })];
  await scene.pass(100);
  signal.abort('why');
  await settled();
  assert.ok(calls.every(({ state }) => state === 'rejected'));
  const closed = new Watched(scene.link.close());
  await settled();
  assert.is(closed.state, 'resolved');
  assert.equal(transport.ends, ['close']);
});

link('close waits for the replies to quiet writes behind calls that have ended', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  scene.do(mg('a'), { timeout: 100 });
  scene.do(ms('b', 'x', 'q'), { unconfirmed: true });
  await scene.pass(100);
  const closed = new Watched(scene.link.close());
  await settled();
  assert.is(closed.state, 'pending');
  await transport.reply('EN O1\r\nMN\r\n');
  assert.is(closed.state, 'resolved');
});

link('close waits until writes that nobody awaits were taken', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  scene.do(ms('a', 'x', 'q'), { unconfirmed: true });
  const closed = new Watched(scene.link.close());
  await settled();
  assert.is(transport.take(), 'ms a 1 q O1\r\nx\r\nmn\r\n');
  assert.is(closed.state, 'pending');
  await transport.reply('MN\r\n');
  assert.is(closed.state, 'resolved');
});

link('close ends even if a write that nobody awaits cannot leave', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect(10);
  scene.do(ms('a', 'x'.repeat(1000), 'q'), { unconfirmed: true });
  await settled();
  const closed = new Watched(scene.link.close());
  await scene.pass(1999);
  assert.is(closed.state, 'pending');
  await scene.pass(2);
  assert.is(closed.state, 'resolved');
  assert.equal(transport.ends, ['abort']);
  assert.is(scene.clock.timers, 0);
});

link('close from within onItem is a close', async () => {
  const scene = new LinkScene();
  const transport = await scene.connect();
  const closed: Watched<void>[] = [];
  const call = scene.do(metadump, {
    onItem: () => closed.push(new Watched(scene.link.close())),
  });
  await settled();
  await transport.reply('key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\nEND\r\n');
  assert.equal([call.state, closed[0]?.state], ['resolved', 'resolved']);
  assert.is(scene.ends.length, 1);
});

// Bad input

const none = 5 as unknown;

for (
  const [argument, command, options] of [
    ['command', null, undefined],
    ['command', 'get a', undefined],
    ['verb', { verb: 'gett' }, undefined],
    ['key', mg('a b'), undefined],
    ['value', { ...ms('a', ''), value: none }, undefined],
    ['command', null, { unconfirmed: true }],
    ['verb', { verb: 5 }, { unconfirmed: true }],
    ['options', version, null],
    ['options', version, 1000],
    ['timeout', version, { timeout: '1000' }],
    ['timeout', version, { timeout: 0 }],
    ['timeout', version, { timeout: NaN }],
    ['signal', version, { signal: {} }],
    ['signal', version, { signal: null }],
    ['onItem', version, { onItem: none }],
    ['unconfirmed', version, { unconfirmed: 'yes' }],
  ] as [string, Command, ExecuteOptions | undefined][]
) {
  const bad = JSON.stringify(
    [command, options],
    (_key, value: unknown) => typeof value === 'number' ? String(value) : value,
  );
  link(`${bad} is a UsageError about ${argument}, and harms no neighbour`, async () => {
    const scene = new LinkScene();
    const transport = await scene.connect();
    const before = scene.do(mg('a'));
    const wrong = scene.do(command, options);
    const after = scene.do(mg('b'));
    await settled();
    assert.instance(wrong.error, UsageError);
    assert.is((wrong.error as UsageError).argument, argument);
    assert.is(transport.take(), 'mg a v O1\r\nmg b v O2\r\n');
    await transport.reply('EN O1\r\nEN O2\r\n');
    assert.equal([before.state, after.state], ['resolved', 'resolved']);
  });
}

link.run();
