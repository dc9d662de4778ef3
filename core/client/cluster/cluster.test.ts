import * as assert from 'uvu/assert';
import { ClusterScene, get } from '../../../test/support/cluster-scene.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import type { Command } from '../../wire/command.ts';
import type { Reader } from '../connection/executor.ts';
import { type ResolvedServer, resolveServer } from './cluster-server.ts';
import { UsageError } from '../../wire/errors.ts';

const cluster = suite('cluster');

const ANSWER = 'END\r\n';

cluster('a command goes to the server of its key, or of its route', async () => {
  const scene = new ClusterScene();
  scene.do(get('a1'));
  scene.do({ verb: 'delete', key: 'b1', noreply: false });
  scene.do(get('a2'), { route: 'c' });
  scene.do({ verb: 'flush_all', delay: 0, noreply: false }, { route: 'c' });
  await settled();
  assert.is((await scene.accept('a')).take(), 'get a1\r\n');
  assert.is((await scene.accept('b')).take(), 'delete b1\r\n');
  assert.is((await scene.accept('c')).take(), 'get a2\r\nflush_all 0\r\n');
});

cluster('many keys are asked for side by side, and merged in their order', async () => {
  const scene = new ClusterScene();
  const call = scene.do(get('c1', 'a1', 'b1', 'a2', 'c2'));
  await settled();
  const [a, b, c] = [await scene.accept('a'), await scene.accept('b'), await scene.accept('c')];
  assert.is(a.take(), 'get a1 a2\r\n');
  assert.is(b.take(), 'get b1\r\n');
  assert.is(c.take(), 'get c1 c2\r\n');
  await a.reply('VALUE a1 0 1\r\n1\r\nVALUE a2 0 1\r\n2\r\nEND\r\n');
  await b.reply('END\r\n');
  assert.is(call.state, 'pending');
  await c.reply('VALUE c2 0 1\r\n3\r\nEND\r\n');
  const reply = call.value as { items: { key: string }[] };
  assert.equal(reply.items.map(({ key }) => key), ['a1', 'a2', 'c2']);
});

cluster('what has no key is for one server; a noop is for each', async () => {
  const scene = new ClusterScene({}, 'meta');
  const refused = scene.do({ verb: 'version' });
  const noop = scene.do({ verb: 'mn' });
  await settled();
  assert.is(refused.brief, 'UsageError usage not-sent');
  for (const name of ['a', 'b', 'c']) {
    assert.is(noop.state, 'pending');
    const server = await scene.accept(name);
    assert.is(server.take(), 'mn\r\n');
    await server.reply('MN\r\n');
  }
  assert.equal(noop.value, { type: 'MN' });
});

cluster('a key that is none is refused', async () => {
  const scene = new ClusterScene();
  const wrong = scene.do(get('a'), { route: 5 as unknown as string });
  await settled();
  assert.is(wrong.brief, 'UsageError usage not-sent');
});

cluster('a server that failed is left alone, and its calls fail at once', async () => {
  const scene = new ClusterScene();
  const first = await scene.fail('b');
  assert.is(first.brief, 'ConnectionError connection not-sent');
  const calls = [scene.do(get('b')), scene.do(get('b', 'b2')), scene.do(get('b', 'c'))];
  scene.do(get('c'));
  await scene.pass(999);
  assert.equal(calls.map(({ brief }) => brief), Array(3).fill('ConnectionError down not-sent'));
  assert.match(calls[0]?.error?.message ?? '', /^b is down: cannot connect to b:1/);
  assert.is(scene.dialsTo('b').length, 1);
  assert.is(scene.dialsTo('c').length, 1, 'the others go on');
});

cluster('after a while one call tries it, and the others still fail at once', async () => {
  const scene = new ClusterScene();
  await scene.fail('b');
  await scene.pass(1000);
  const calls = [scene.do(get('b1')), scene.do(get('b2')), scene.do(get('b3'))];
  await settled();
  assert.equal(calls.map(({ state }) => state), ['pending', 'rejected', 'rejected']);
  assert.is(scene.dialsTo('b').length, 2);
  const server = await scene.accept('b');
  assert.is(server.take(), 'get memwire-probe\r\nget b1\r\n');
  await server.reply(`${ANSWER}END\r\n`);
  assert.is(calls[0]?.state, 'resolved');
  const after = scene.do(get('b4'));
  await settled();
  assert.is(server.take(), 'get b4\r\n');
  await server.reply('END\r\n');
  assert.is(after.state, 'resolved');
});

cluster('a write that is not waited for does not make a server up', async () => {
  const scene = new ClusterScene();
  await scene.fail('b');
  await scene.pass(1000);
  const write = scene.do({ verb: 'delete', key: 'b', noreply: true }, { unconfirmed: true });
  await settled();
  assert.is(write.state, 'pending', 'nobody has it yet');
  const other = scene.do(get('b'));
  await settled();
  assert.is(other.brief, 'ConnectionError down not-sent');
});

cluster('any answer shows that a server is up, an error too', async () => {
  const scene = new ClusterScene();
  await scene.fail('b');
  await scene.pass(1000);
  scene.do(get('b'));
  const server = await scene.accept('b');
  await server.reply('SERVER_ERROR busy\r\nEND\r\n');
  const call = scene.do(get('b'));
  await settled();
  assert.is(call.state, 'pending');
});

cluster('a connection that is closed while nothing is wrong is no failure', async () => {
  const scene = new ClusterScene();
  scene.do(get('b'));
  const server = await scene.accept('b');
  await server.reply('END\r\n');
  await server.lose();
  scene.do(get('b'));
  await settled();
  assert.is(scene.dialsTo('b').length, 2);
});

cluster('silence on a connection that was answered is no failure, on a new one it is', async () => {
  const scene = new ClusterScene();
  scene.do(get('b'));
  const server = await scene.accept('b');
  await server.reply('END\r\n');
  const late = scene.do(get('b'));
  await scene.pass(5000);
  assert.is(late.brief, 'TimeoutError timeout unknown');
  const next = scene.do(get('b'));
  await settled();
  assert.is(scene.dialsTo('b').length, 2, 'it goes over a new connection');
  await scene.accept('b');
  await scene.pass(5000);
  assert.is(next.brief, 'TimeoutError timeout unknown');
  const after = scene.do(get('b'));
  await settled();
  assert.is(after.brief, 'ConnectionError down not-sent');
});

cluster(
  'a server that answers the question whether it is back, and no command, is given up',
  async () => {
    const scene = new ClusterScene();
    let calls = 0;
    for (; scene.cluster.memberOf('b')?.node.name === 'b' && calls < 20; calls++) {
      const dials = scene.dialsTo('b').length;
      const call = scene.do(get('b'));
      await settled();
      if (scene.dialsTo('b').length > dials) {
        const server = await scene.accept('b');
        if (server.take().startsWith('get memwire-probe')) await server.reply(ANSWER);
      }
      await scene.pass(5000);
      assert.is(call.state, 'rejected');
    }
    assert.ok(calls <= 10, `after ${calls} calls`);
  },
);

cluster('a server that is given up leaves its keys to others', async () => {
  const scene = new ClusterScene();
  await scene.kill('b');
  assert.is(scene.cluster.memberOf('b')?.node.name, 'c');
  assert.is(scene.cluster.memberOf('a')?.node.name, 'a');
  assert.equal([...scene.cluster.members.keys()], ['a', 'b', 'c']);
  scene.do(get('b'));
  assert.is((await scene.accept('c')).take(), 'get b\r\n');
});

cluster('it is asked again after its time, once, and no call waits for it', async () => {
  const scene = new ClusterScene();
  await scene.kill('b');
  await scene.pass(59_999);
  const dials = scene.dialsTo('b').length;
  for (let i = 0; i < 10; i++) scene.do(get('b'));
  await settled();
  assert.is(scene.dialsTo('b').length, dials);
  await scene.pass(1);
  for (let i = 0; i < 10; i++) scene.do(get('c'));
  await settled();
  assert.is(scene.dialsTo('b').length, dials + 1);
  assert.is(scene.cluster.memberOf('b')?.node.name, 'c', 'not before it has answered');
  assert.is((await scene.accept('b')).take(), 'get memwire-probe\r\n', 'no key of anybody');
});

cluster('what answers gets its old place and its keys', async () => {
  const scene = new ClusterScene();
  await scene.kill('a');
  await scene.kill('b');
  await scene.pass(60_000);
  scene.do(get('c'));
  await settled();
  // The later first: each must find its place among those that are there.
  await (await scene.accept('b')).reply(ANSWER);
  assert.equal(['a', 'b', 'c'].map((key) => scene.cluster.memberOf(key)?.node.name), [
    'b',
    'b',
    'c',
  ]);
  await (await scene.accept('a')).reply(ANSWER);
  assert.equal(['a', 'b', 'c'].map((key) => scene.cluster.memberOf(key)?.node.name), [
    'a',
    'b',
    'c',
  ]);
});

cluster('a dead one that does not answer is left alone as long again', async () => {
  const scene = new ClusterScene();
  await scene.kill('b');
  await scene.pass(60_000);
  scene.do(get('c'));
  await settled();
  await scene.dialTo('b').refuse();
  const dials = scene.dialsTo('b').length;
  await scene.pass(59_999);
  scene.do(get('c'));
  await settled();
  assert.is(scene.dialsTo('b').length, dials);
  await scene.pass(1);
  scene.do(get('c'));
  await settled();
  assert.is(scene.dialsTo('b').length, dials + 1);
});

cluster('when all are dead, calls say so, and the servers are asked more often', async () => {
  const scene = new ClusterScene({ retryAttempts: 0 });
  for (const name of ['a', 'b', 'c']) await scene.fail(name);
  const call = scene.do(get('a'));
  const many = scene.do(get('a', 'b'));
  const noop = scene.do({ verb: 'mn' });
  await settled();
  assert.is(call.brief, 'ConnectionError down not-sent');
  assert.match(call.error?.message ?? '', /^all servers are down: cannot connect/);
  assert.equal([many.brief, noop.brief], [call.brief, call.brief]);
  await scene.pass(999);
  scene.do(get('a'));
  await settled();
  // They failed a second after one another; the last is not due yet.
  assert.is(scene.network.dials.length, 5);
  await scene.pass(1);
  scene.do(get('a'));
  await settled();
  assert.is(scene.network.dials.length, 6);
  for (const name of ['a', 'b', 'c']) await (await scene.accept(name)).reply(ANSWER);
  const back = scene.do(get('b'));
  await settled();
  assert.is(back.state, 'pending');
});

cluster('with endless attempts keys never move', async () => {
  const scene = new ClusterScene({ retryAttempts: Infinity });
  for (let i = 0; i < 20; i++) await scene.fail('b');
  assert.is(scene.cluster.memberOf('b')?.node.name, 'b');
});

cluster(
  'one that is removed ends what it was asked, and others have its keys at once',
  async () => {
    const scene = new ClusterScene();
    const call = scene.do(get('b'));
    const removed = new Watched(scene.cluster.remove('b'));
    scene.do(get('b2'));
    await settled();
    assert.is(removed.state, 'pending');
    assert.is((await scene.accept('c')).take(), 'get b2\r\n');
    const server = await scene.accept('b');
    await server.reply('END\r\n');
    assert.equal([call.state, removed.value], ['resolved', true]);
    assert.equal(server.ends, ['close']);
    assert.is(await scene.cluster.remove('b'), false);
  },
);

cluster('one that is removed while it is dead does not come back', async () => {
  const scene = new ClusterScene();
  await scene.kill('b');
  await scene.pass(60_000);
  scene.do(get('c'));
  await settled();
  const removed = scene.cluster.remove('b');
  await (await scene.accept('b')).reply(ANSWER);
  assert.is(await removed, true);
  assert.is(scene.cluster.memberOf('b')?.node.name, 'c');
});

cluster('one that is added gets its keys', async () => {
  const scene = new ClusterScene();
  scene.cluster.add(resolveServer({ server: 'd:1', name: 'd' }));
  assert.is(scene.cluster.memberOf('d')?.node.name, 'd');
});

cluster('a name is there once, dead or not', async () => {
  const scene = new ClusterScene();
  await scene.kill('b');
  for (const name of ['a', 'b']) {
    assert.throws(
      () => scene.cluster.add(resolveServer({ server: 'x:1', name })),
      (error: unknown) => error instanceof UsageError,
    );
  }
});

cluster('close waits for all, those that leave too, and takes nothing after', async () => {
  const scene = new ClusterScene();
  const calls = [scene.do(get('a')), scene.do(get('b'))];
  void scene.cluster.remove('b');
  const closed = new Watched(scene.cluster.close());
  await settled();
  await (await scene.accept('a')).reply('END\r\n');
  assert.is(closed.state, 'pending');
  await (await scene.accept('b')).reply('END\r\n');
  assert.is(closed.state, 'resolved');
  assert.ok(calls.every(({ state }) => state === 'resolved'));
  const late = scene.do(get('a'));
  await settled();
  assert.is(late.brief, 'ConnectionError closed not-sent');
  assert.is(scene.clock.timers, 0);
});

cluster(
  'a command that breaks a rule is refused by it, also while its server is down',
  async () => {
    const scene = new ClusterScene();
    await scene.fail('b');
    const calls = [scene.do(get('b x')), scene.do(get('b'), { timeout: 0 })];
    await settled();
    assert.equal(calls.map(({ brief }) => brief), Array(2).fill('UsageError usage not-sent'));
  },
);

cluster('what has no key, several keys or none', async () => {
  const scene = new ClusterScene();
  const calls = [
    scene.do({ verb: 'version' }),
    scene.do(get()),
    scene.do({ verb: 'stats', words: [] }),
    scene.do({ verb: 'no such verb' } as never),
  ];
  await settled();
  assert.equal(calls.map(({ brief }) => brief), Array(4).fill('UsageError usage not-sent'));
  assert.equal(scene.network.dials.length, 0);
  assert.match(
    calls[0]?.error?.message ?? '',
    /version has no key: it is for one server, or for each/,
  );
});

cluster('after close a call says so, of a server that is down too', async () => {
  const scene = new ClusterScene();
  await scene.fail('b');
  await scene.cluster.close();
  const calls = [scene.do(get('b')), scene.do(get('b', 'a')), scene.do({ verb: 'mn' })];
  await settled();
  assert.equal(calls.map(({ brief }) => brief), Array(3).fill('ConnectionError closed not-sent'));
});

cluster('without servers all are down, and of one its reply is that of all', async () => {
  const scene = new ClusterScene({}, 'meta');
  await Promise.all(['a', 'c'].map((name) => scene.cluster.remove(name)));
  const noop = scene.do({ verb: 'mn' });
  await settled();
  await (await scene.accept('b')).reply('MN\r\n');
  assert.equal(noop.value, { type: 'MN' });
  await scene.cluster.remove('b');
  const calls = [scene.do(get('b')), scene.do({ verb: 'mn' })];
  await settled();
  for (const { brief, error } of calls) {
    assert.equal([brief, error?.message], [
      'ConnectionError down not-sent',
      'all servers are down',
    ]);
  }
});

cluster('an executor without executeWith is read likewise', async () => {
  const commands: Command[] = [];
  const scene = new ClusterScene({
    connect: () => ({
      execute(command) {
        commands.push(command);
        return Promise.resolve({ type: 'values', items: [] });
      },
      close: () => Promise.resolve(),
    }),
  });
  const reader: Reader<string> = { ofReply: ({ type }, { key }) => `${type} of ${String(key)}` };
  assert.is(await scene.cluster.executeWith(get('b'), undefined, reader, 'own'), 'values of own');
  assert.is(
    await scene.cluster.executeWith(get('a', 'b'), undefined, reader, 'own'),
    'values of own',
  );
  assert.equal(commands, [get('b'), get('a'), get('b')]);
});

cluster(
  'a list from elsewhere keeps the servers that stay as they are, dead ones too',
  async () => {
    const scene = new ClusterScene();
    await scene.kill('b');
    const { cluster } = scene;
    const before = new Map(cluster.members);
    const serverOf = (name: string): ResolvedServer => resolveServer({ server: `${name}:1`, name });
    cluster.arrange(['d', 'b', 'a', 'b'].map(serverOf));
    assert.equal([...cluster.members.keys()], ['d', 'b', 'a']);
    assert.equal(
      ['a', 'b'].map((name) => cluster.members.get(name)),
      ['a', 'b'].map((name) => before.get(name)),
    );
    assert.equal(cluster.nodes.map(({ name }) => name), ['d', 'a']);
    assert.is(before.get('c')?.status.state, 'down');
    await scene.pass(60_000);
    scene.do(get('a'));
    await settled();
    await (await scene.accept('b')).reply(ANSWER);
    assert.equal(
      cluster.nodes.map(({ name }) => name),
      ['d', 'b', 'a'],
      'its place in the new list',
    );
  },
);

cluster('nothing waits on a timer while nobody calls', async () => {
  const scene = new ClusterScene();
  await scene.kill('b');
  assert.is(scene.clock.timers, 0);
});

cluster.run();
