// Fault cases: connections that are refused, lost, silent or not read from, and servers that restart.
import { type Aborter, newAborter } from '../../core/io/transport.ts';
import { CaseError, ok, show } from '../assert.ts';
import type { Case } from '../case.ts';
import { atFault, type FaultContext, FaultError, FaultScene } from './fault-case.ts';
import { CLOSE, DEAF, FaultyServer, HOLD, RESET, SILENCE, type Step } from './faulty-server.ts';
import { guardClient } from '../memcache/context.ts';
import { overheard } from '../memcache/field-case.ts';

/** The most connections of a client to one server: more than any has by default. */
const CONNECTIONS = 20;
/** The most dials to a server that is down, of a caller who does not stop for two seconds. */
const DIALS = 100;

const value = (key: string): string => `value of ${key}`;

/** What happens to a connection that is idle. */
const idleFaults: Readonly<Record<string, readonly Step[]>> = {
  'an idle connection is closed': [CLOSE],
  'an idle connection is reset': [RESET],
  'an idle connection falls silent': [SILENCE],
  'a line arrives on an idle connection, and it is closed': ['ERROR idle timeout\r\n', CLOSE],
  'a word that is no reply arrives on an idle connection': ['NONSENSE\r\n'],
};

const idleCases = Object.entries(idleFaults).map(([name, steps]) =>
  atFault(name, [], async (scene) => {
    await scene.store(scene.key, value(scene.key));
    scene.server.act(...steps);
    await scene.pass(1);
    await scene.reads(scene.key);
    await scene.recovers(scene.key);
    await scene.storesAgain(scene.key, 'again');
  })
);

const unaskedCases = ['STORED\r\n', 'HD\r\n', 'END\r\n', 'OK\r\n'].flatMap((line) => {
  const name = line.trimEnd();
  return [
    atFault(
      `a ${name} that nobody asked for arrives on an idle connection`,
      ['ascii'],
      async (scene) => {
        await scene.store(scene.key, value(scene.key));
        scene.server.act(line);
        await scene.pass(1);
        await refusesTooMuch(scene);
        await scene.recovers(scene.key);
      },
    ),
    atFault(
      `a ${name} that nobody asked for begins each new connection`,
      // END may be the reply to a first classic get.
      name === 'END' ? ['ascii', 'opaques'] : ['ascii'],
      async (scene) => {
        await scene.store(scene.key, value(scene.key));
        scene.server.greeting = [line];
        scene.server.act(RESET);
        await scene.pass(1);
        for (let i = 0; i < 3; i++) await refusesTooMuch(scene);
        scene.server.recover();
        scene.server.act(RESET);
        await scene.recovers(scene.key);
      },
    ),
  ];
});

/** Fails if a value that the server refuses is said to be stored, or a read gives something else. */
async function refusesTooMuch(scene: FaultScene): Promise<void> {
  const key = `${scene.key}large`;
  const ended = await scene.ends('set', scene.client.set(key, 'x'.repeat(1_200_000)));
  await scene.reads(scene.key);
  if (!('value' in ended) || !ended.value) return;
  throw new FaultError('wrong result', `a set that the server refused gave ${show(ended)}`);
}

/** What a server does with each new connection while it is down. */
const downFaults: Readonly<Record<string, readonly Step[]>> = {
  'is reset': [RESET],
  'is closed': [CLOSE],
  "is refused in memcached's words": ['ERROR Too many open connections\r\n', CLOSE],
  'falls silent': [SILENCE],
  'gets nonsense, again and again': [{ flood: 'NONSENSE\r\n', times: 50 }],
};

const downCases = Object.entries(downFaults).map(([name, greeting]) =>
  atFault(`each connection ${name}, for ten timeouts`, [], async (scene) => {
    const { client, key, server } = scene;
    await scene.store(key, value(key));
    goDown(scene, ...greeting);
    const end = server.clock.elapsed() + 10 * server.timeout;
    while (server.clock.elapsed() < end) {
      await Promise.all([scene.reads(key), scene.ends('set', client.set(`${key}o`, 'x'))]);
      await scene.pass(0.1);
    }
    server.recover();
    // Connections of then are still silent.
    await scene.recovers(key);
    await scene.storesAgain(key, 'again');
  })
);

/** Requirements on a client whose connections fail. */
export const connectionCases: readonly Case<FaultContext>[] = [
  ...idleCases,
  ...unaskedCases,
  ...downCases,
  atFault('a server that is down is not stormed with connections', [], async (scene) => {
    const { key, server } = scene;
    await scene.store(key, value(key));
    goDown(scene, RESET);
    const before = server.connections;
    const end = server.clock.elapsed() + 2000;
    while (server.clock.elapsed() < end) {
      await scene.reads(key);
      await scene.pass(0.05);
    }
    fewConnections(server.connections - before, DIALS);
    server.recover();
    await scene.recovers(key);
  }),
  atFault('calls to a server that is down do not wait for one another', [], async (scene) => {
    const { key, server } = scene;
    await scene.store(key, value(key));
    goDown(scene, RESET);
    const start = server.clock.elapsed();
    for (let i = 0; i < 20; i++) await scene.reads(key);
    const took = server.clock.elapsed() - start;
    if (took > 10 * server.timeout) throw new FaultError('hung', `20 calls took ${took} ms`);
    server.recover();
    await scene.recovers(key);
  }),
  atFault('the call after one that was late has another connection', [], async (scene) => {
    const { client, key, server } = scene;
    await scene.store(key, value(key));
    server.act(SILENCE);
    await scene.ends('get', client.get(key));
    if (await scene.reads(key)) return;
    throw new FaultError('not recovered', 'the next call failed, though new connections work');
  }),
  atFault(
    'the write after one that was late on a new connection has another',
    [],
    async (scene) => {
      const { client, key, server } = scene;
      await scene.store(key, value(key));
      server.greeting = [SILENCE];
      server.act(RESET);
      await scene.pass(1);
      await scene.ends('set', client.set(`${key}a`, 'x'));
      server.greeting = [];
      // The server may count as down for a second.
      await scene.pass(12);
      const next = await scene.ends('set', client.set(`${key}b`, 'x'));
      if ('value' in next && next.value) return;
      throw new FaultError('not recovered', `the next set gave ${show(next)}, on a new connection`);
    },
  ),
  atFault('many calls at once are all answered, over few connections', [], async (scene) => {
    const { client, key, server } = scene;
    await scene.store(key, value(key));
    const calls = Array.from({ length: 500 }, () => scene.ends('get', client.get(key)));
    const results = await Promise.all(calls);
    fewConnections(server.connections, CONNECTIONS);
    for (const ended of results) {
      if (!scene.isOwn(key, ended)) throw new CaseError(`a get must work, it gave ${show(ended)}`);
    }
  }),
  atFault('a server that reads nothing fails all calls in time', [], async (scene) => {
    const { client, key, server } = scene;
    await scene.store(key, value(key));
    server.setDeaf(true);
    const large = 'x'.repeat(100_000);
    await Promise.all(
      Array.from(
        { length: 1000 },
        (_, i) =>
          i % 50 === 0
            ? scene.ends('set', client.set(`${key}${i}`, large))
            : scene.ends('get', client.get(key)),
      ),
    );
    server.recover();
    await scene.recovers(key);
    await scene.storesAgain(key, 'again');
  }),
  atFault('a connection is reset within a large value on its way up', [], async (scene) => {
    const { client, key, server } = scene;
    const [large, other] = [`${key}l`, `${key}o`];
    await scene.store(large, 'old');
    await scene.store(other, value(other));
    server.readsAtMost = 300_000;
    const data = 'y'.repeat(900_000);
    const before = scene.ends('get', client.get(other));
    const stored = scene.ends('set', client.set(large, data));
    const after = scene.ends('get', client.get(other));
    for (const read of [before, after]) scene.isOwn(other, await read);
    await scene.tellsTheTruth('set', large, await stored, 'old', data);
    ok(server.struck > 0, 'the fault must happen');
    await scene.recovers(other);
    await scene.storesAgain(large, 'again');
  }),
  atFault('a value is refused on its way up, and the rest of it is not read', [], async (scene) => {
    const { client, key, server } = scene;
    await scene.store(key, value(key));
    server.fail({ name: 'deaf', strike: (replies) => [...replies, DEAF] }, 1);
    // More than the buffers of two sockets.
    const refused = await scene.ends('set', client.set(`${key}large`, 'x'.repeat(16_000_000)));
    if ('value' in refused && refused.value) {
      throw new FaultError('wrong result', `a set that the server refused gave ${show(refused)}`);
    }
    await scene.recovers(key);
    await scene.storesAgain(key, 'again');
  }),
  atFault('a server starts again without its items', [], async (scene) => {
    const { client, key, server } = scene;
    await scene.store(key, value(key));
    await server.ask('flush_all\r\n');
    scene.expect(key, undefined);
    const under = scene.ends('get', client.get(key));
    server.act(RESET);
    scene.isOwn(key, await under);
    await scene.reads(key);
    await scene.storesAgain(key, 'again');
  }),
  atFault('every connection is closed after a reply', [], async (scene) => {
    const { client, key, server } = scene;
    await scene.store(key, value(key));
    server.fail({ name: 'closed', strike: (replies) => [...replies, CLOSE] });
    for (let i = 0; i < 10; i++) {
      await scene.reads(key);
      await scene.ends('set', client.set(`${key}o`, 'x'));
    }
    await Promise.all(Array.from({ length: 10 }, () => scene.reads(key)));
    server.recover();
    await scene.recovers(key);
  }),
  atFault(
    'the reply to a call that was aborted is given to no other',
    ['signal'],
    async (scene) => {
      const { client, key, server } = scene;
      const [one, two] = [`${key}1`, `${key}2`];
      for (const name of [one, two]) await scene.store(name, value(name));
      const aborter: Aborter = newAborter();
      server.fail({ name: 'late', strike: (replies) => [HOLD, ...replies] }, 1);
      const held = server.late();
      const aborted = scene.ends('get', client.get(one, { signal: aborter.signal }));
      await held;
      aborter.abort(new Error('changed my mind'));
      scene.isOwn(one, await aborted);
      const next = scene.reads(two);
      server.recover();
      await next;
      await scene.recovers(two);
      await scene.recovers(one);
    },
  ),
  atFault('an error for a write whose reply nobody awaits is given to no other', [
    'noreply',
    'ascii',
  ], async (scene) => {
    const { client, key, server } = scene;
    await scene.store(key, value(key));
    const error = 'SERVER_ERROR out of memory storing object\r\n';
    server.fail({ name: 'an error first', strike: (replies) => [error, ...replies] }, 1);
    const quiet = scene.ends('set', client.set(`${key}q`, 'x', { noreply: true }));
    await Promise.all([quiet, scene.reads(key), scene.reads(key)]);
    await scene.recovers(key);
    ok(server.struck > 0, 'the fault must happen');
  }),
  ...manyServersCases(),
];

function manyServersCases(): Case<FaultContext>[] {
  return Object.entries(downFaults).map(([name, greeting]) => ({
    name: `one of three servers is down: each of its connections ${name}`,
    needs: ['timeout', 'servers'],
    run: (context) => judgeMany(context, greeting),
  }));
}

/** Only the keys of the server that is down may be missed. */
async function judgeMany(context: FaultContext, greeting: readonly Step[]): Promise<void> {
  const servers = [0, 1, 2].map(() => new FaultyServer(context));
  const [down, ...others] = servers as [FaultyServer, ...FaultyServer[]];
  if (context.createForMany === undefined) throw new CaseError('createForMany is needed');
  let heard = '';
  const accepts = servers.map(({ accept }) =>
    accept === down.accept ? overheard(accept, (piece) => heard += piece) : accept
  );
  const client = guardClient(await context.createForMany(accepts, { timeout: down.timeout }));
  const scene = new FaultScene(client, down, context.unique(), context);
  // None is the beginning of another.
  const keys = Array.from({ length: 24 }, (_, i) => `${scene.key}${i}.`);
  for (const key of keys) await scene.store(key, value(key));
  const lost = new Set(keys.filter((key) => heard.includes(key)));
  ok(lost.size > 0 && lost.size < keys.length, 'each server must have keys');
  // Where they are looked for meanwhile they may be missed.
  for (const key of lost) scene.allow(key, undefined);
  goDown(scene, ...greeting);
  for (let round = 0; round < 5; round++) {
    await Promise.all(keys.map(async (key) => {
      if (await scene.reads(key) || lost.has(key)) return;
      throw new FaultError('wrong result', `get ${key} failed, and its server is up`);
    }));
    await scene.pass(1);
  }
  down.recover();
  down.act(RESET);
  for (const key of keys) await scene.recovers(key);
  ok(others.every(({ connections }) => connections > 0), 'each server must be used');
  await scene.closes();
}

/** Does this with each connection, open or new. */
function goDown({ server }: FaultScene, ...steps: readonly Step[]): void {
  server.greeting = steps;
  server.act(...steps);
}

function fewConnections(count: number, most: number): void {
  if (count <= most) return;
  throw new FaultError('too many connections', `it made ${count} connections, more than ${most}`);
}
