import * as assert from 'uvu/assert';
import { ClusterScene, get } from '../../../test/support/cluster-scene.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import type { Reader } from '../connection/executor.ts';
import type { ServerChange } from '../connection/server-status.ts';
import type { ClusterOptions } from './cluster.ts';

const health = suite('cluster: health');

const ANSWER = 'END\r\n';

/** The events of `b`, as text. */
function heard(): { readonly events: string[]; readonly options: Partial<ClusterOptions> } {
  const events: string[] = [];
  const onServer = ({ type, server, cause }: ServerChange): void => {
    if (server !== 'b') return;
    events.push(`${server} ${type}${cause === null ? '' : `: ${cause.message}`}`);
  };
  return { events, options: { onServer } };
}

const REFUSED = 'cannot connect to b:1: ECONNREFUSED';

health('what happens to a server is told once each', async () => {
  const { events, options } = heard();
  const scene = new ClusterScene(options);
  await scene.kill('b');
  assert.equal(events, [`b down: ${REFUSED}`, `b left: ${REFUSED}`]);
  await scene.pass(60_000);
  scene.do(get('c'));
  await settled();
  await scene.dialTo('b').refuse();
  assert.is(events.length, 2, 'it was dead before');
  await scene.pass(60_000);
  scene.do(get('c'));
  await settled();
  await (await scene.accept('b')).reply(ANSWER);
  assert.equal(events.slice(2), ['b back']);
  await scene.cluster.remove('b');
  assert.equal(events.slice(3), ['b left']);
});

health('nothing is told of a server that was removed', async () => {
  for (const answers of [true, false]) {
    const { events, options } = heard();
    const scene = new ClusterScene(options);
    await scene.kill('b');
    await scene.pass(60_000);
    scene.do(get('c'));
    await settled();
    void scene.cluster.remove('b');
    const before = events.length;
    if (answers) await (await scene.accept('b')).reply(ANSWER);
    else await scene.dialTo('b').refuse();
    await settled();
    assert.equal(events.slice(before), []);
    assert.is(scene.cluster.members.has('b'), false);
    assert.is(scene.cluster.memberOf('b')?.node.name, 'c');
  }
});

health('a command that is refused counts for the server that it was for', async () => {
  const scene = new ClusterScene();
  await scene.fail('b');
  scene.do(get('b'));
  scene.do(get('b'));
  await settled();
  const status = scene.cluster.members.get('b')!.status;
  assert.equal([status.calls, [...status.errors]], [2, [['down', 2]]]);
  const dead = new ClusterScene({ retryAttempts: 0 });
  for (const name of ['a', 'b', 'c']) await dead.fail(name);
  const call = dead.do(get('b'));
  await settled();
  assert.is(call.brief, 'ConnectionError down not-sent');
  const counts = [...dead.cluster.members.values()].map(({ status }) => status.errors.get('down'));
  assert.equal(counts, [1, undefined, undefined], 'each once, for the first');
});

health('the error of a refused command has the cause, and its message', async () => {
  const scene = new ClusterScene();
  const { error: cause } = await scene.fail('b');
  const call = scene.do(get('b'));
  await settled();
  assert.is(call.error?.message, `b is down: ${REFUSED}`);
  assert.is(call.error?.cause, cause);
});

health('a failure of a server on probation adds to the earlier ones, until a reply', async () => {
  for (const isAnswered of [false, true]) {
    const scene = new ClusterScene();
    for (let i = 0; i < 2; i++) await scene.fail('b');
    await scene.pass(1000);
    const call = scene.do(get('b'));
    await settled();
    const server = await scene.accept('b');
    await server.reply(ANSWER);
    const other = scene.do(get('b'));
    await settled();
    if (isAnswered) await server.reply('END\r\nEND\r\n');
    assert.equal([call.state, other.state], Array(2).fill(isAnswered ? 'resolved' : 'pending'));
    const health = scene.cluster.members.get('b')!.health;
    assert.equal([health.state, health.onProbation], ['up', !isAnswered]);
    if (isAnswered) continue;
    // It answers no command, as the next one shows.
    await scene.pass(5000);
    const next = scene.do(get('b'));
    await settled();
    await scene.dialTo('b').refuse();
    assert.is(next.state, 'rejected');
    assert.is(scene.cluster.memberOf('b')?.node.name, 'c');
  }
});

health('a reader hears the reply, or the error, of a server on probation', async () => {
  const scene = new ClusterScene();
  await scene.fail('b');
  await scene.pass(1000);
  const heardErrors: string[] = [];
  const reader: Reader<string> = {
    ofReply: ({ type }, { key }) => `${type} of ${String(key)}`,
    ofError(error) {
      heardErrors.push(error.name);
      return 'mended';
    },
  };
  const ask = (timeout?: number): Watched<string> =>
    new Watched(scene.cluster.executeWith(get('b'), { timeout }, reader, 'own'));
  const first = ask();
  await settled();
  const server = await scene.accept('b');
  await server.reply(ANSWER);
  const late = ask(100);
  await settled();
  await scene.pass(100);
  assert.equal([late.value, heardErrors], ['mended', ['TimeoutError']]);
  await server.reply('END\r\nEND\r\n');
  assert.is(first.value, 'values of own');
  await scene.cluster.close();
  assert.is(await scene.cluster.executeWith(get('b'), undefined, reader, 'own'), 'mended');
  assert.equal(heardErrors.at(-1), 'ConnectionError');
});

health('a probe that was too early for another dial was none', async () => {
  const scene = new ClusterScene({ retryTimeout: 10 });
  await scene.fail('b');
  for (let i = 0; i < 2; i++) {
    await scene.pass(10);
    const early = scene.do(get('b'));
    await settled();
    assert.is(early.brief, 'ConnectionError down not-sent');
    assert.is(scene.dialsTo('b').length, 1);
    assert.is(scene.cluster.members.get('b')?.health.state, 'failing');
  }
  await scene.pass(5);
  scene.do(get('b'));
  await settled();
  assert.is(scene.dialsTo('b').length, 2);
});

health('a write that nobody waits for is no reply of a server on probation', async () => {
  const scene = new ClusterScene();
  await scene.fail('b');
  await scene.pass(1000);
  scene.do(get('b'));
  await settled();
  const server = await scene.accept('b');
  await server.reply(`${ANSWER}END\r\n`);
  const { health } = scene.cluster.members.get('b')!;
  assert.is(health.onProbation, true);
  const write = scene.do({ verb: 'delete', key: 'b', noreply: true }, { unconfirmed: true });
  await settled();
  assert.equal([write.state, health.onProbation], ['resolved', true]);
});

health.run();
