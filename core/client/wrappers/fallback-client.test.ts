import * as assert from 'uvu/assert';
import { memoryServers } from '../../../test/support/memory-servers.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { createTestClient, type TestClient, type TestClientOptions } from '../../testing/mod.ts';
import { UsageError } from '../../wire/errors.ts';
import { FallbackClient, type FallbackOptions } from './fallback-client.ts';
import { HashClient } from '../cluster/hash-client.ts';
import type { ServerClient } from '../server-client.ts';

const fallback = suite('fallback client');

interface Scene {
  readonly first: TestClient;
  readonly second: TestClient;
  readonly client: ServerClient;
}

/** Two caches with a server each, and the client over both. */
function two(options?: FallbackOptions, caches: TestClientOptions = {}): Scene {
  const first = createTestClient({ keyPrefix: 'new:', ...caches });
  const second = createTestClient({ keyPrefix: 'old:', dialect: 'text', ...caches });
  return { first, second, client: new FallbackClient([first.client, second.client], options) };
}

fallback('every read finds what only the second cache has', async () => {
  const { second, client } = two();
  await second.client.set('k', { a: 1 });
  const { cas } = await second.client.gets('k') ?? {};
  assert.equal(await client.get('k'), { a: 1 });
  assert.equal(await client.gets('k'), { value: { a: 1 }, cas });
  assert.equal(await client.gat('k', 60), { a: 1 });
  assert.equal((await client.gats('k', 60))?.value, { a: 1 });
  assert.equal(await client.getMany(['k']), new Map([['k', { a: 1 }]]));
  assert.equal(await client.getsMany(['k']).then((map) => map.get('k')?.value), { a: 1 });
  await client.close();
});

fallback('the first cache goes first, and the second is not asked then', async () => {
  let asked = 0;
  const { first, second, client } = two({}, { onCommand: () => void asked++ });
  await first.client.set('k', 'new');
  await second.client.set('k', 'old');
  asked = 0;
  assert.is(await client.get('k'), 'new');
  assert.equal(await client.getMany(['k']), new Map([['k', 'new']]));
  assert.is(asked, 2);
  await client.close();
});

fallback('getMany merges what is missing, in the order of the keys', async () => {
  const { first, second, client } = two();
  await first.client.setMany({ b: 'new', d: 'new' });
  await second.client.setMany({ a: 'old', b: 'old', c: 'old' });
  const bytes = new Uint8Array([0x63]);
  const found = await client.getMany(['a', 'b', bytes, 'd', 'e']);
  assert.equal([...found], [['a', 'old'], ['b', 'new'], [bytes, 'old'], ['d', 'new']]);
  assert.is((await client.getMany([])).size, 0);
  await client.close();
});

fallback('what writes goes to the first cache alone', async () => {
  const { first, second, client } = two();
  await second.client.setMany({ k: 'old', n: 5 });
  await client.set('k', 'new');
  assert.is(await client.incr('n'), undefined);
  assert.is(await client.delete('n'), false);
  await client.setMany({ m: 1 });
  assert.equal([...first.server.items.keys()], ['new:k', 'new:m']);
  assert.equal(
    await second.client.getMany(['k', 'n', 'm']),
    new Map<string, unknown>([['k', 'old'], ['n', 5]]),
  );
  await client.close();
});

fallback('copyUp adds what was found to the first cache, with its time to live', async () => {
  const { first, second, client } = two({ copyUp: { expire: 60 } });
  await second.client.setMany({ a: { x: 1 }, b: 2, c: 3 });
  assert.equal(await client.get('a'), { x: 1 });
  assert.is((await client.getMany(['b'])).size, 1);
  assert.is(await client.gat('c', 10), 3);
  const { items } = first.server;
  const left = (key: string): number =>
    ((items.get(key)?.expire?.getTime() ?? 0) - first.clock.now()) / 1000;
  assert.equal(['new:a', 'new:b', 'new:c'].map(left), [60, 60, 10]);
  second.server.down();
  assert.equal(await client.getMany(['a', 'b', 'c']).then((map) => map.size), 3);
  await client.close();
});

fallback('copyUp does not overwrite what came meanwhile', async () => {
  const { first, second, client } = two({ copyUp: { expire: 60 } });
  await second.client.set('k', 'old');
  second.server.slow(10);
  const found = new Watched(client.get('k'));
  await settled();
  await first.client.set('k', 'new');
  second.clock.advance(10);
  await settled();
  assert.is(found.value, 'old');
  assert.is(await first.client.get('k'), 'new');
  await client.close();
});

fallback('with copyUp the version of what was found is good for a cas', async () => {
  const { second, client } = two({ copyUp: { expire: 60 } });
  await second.client.setMany({ filler: 1, k: 'old', l: 'old' });
  const found = await client.gets('k');
  assert.is(await client.cas('k', 'new', found?.cas ?? 0n), 'stored');
  const many = await client.getsMany(['l']);
  assert.is(await client.cas('l', 'new', many.get('l')?.cas ?? 0n), 'stored');
  await client.close();
});

fallback('without copyUp a cas does not find it in the first cache', async () => {
  const { second, client } = two();
  await second.client.set('k', 'old');
  const found = await client.gets('k');
  assert.is(await client.cas('k', 'new', found?.cas ?? 0n), 'not-found');
  await client.close();
});

fallback('without copyUp nothing is copied, by a gat neither', async () => {
  const { first, second, client } = two();
  await second.client.set('k', 'old');
  assert.is(await client.gat('k', 60), 'old');
  assert.is((await client.gats('k', 60))?.value, 'old');
  assert.is(first.server.items.size, 0);
  await client.close();
});

fallback('with copyUp what no cache has is asked of each once', async () => {
  let asked = 0;
  const { client } = two({ copyUp: { expire: 60 } }, { onCommand: () => void asked++ });
  assert.is(await client.gets('k'), undefined);
  assert.is(asked, 2);
  await client.close();
});

fallback('what has gone from the first cache by the time its copy is read is found', async () => {
  const first: TestClient = createTestClient({
    onCommand: ({ verb }) => verb === 'ms' ? () => first.server.clear() : undefined,
  });
  const second = createTestClient();
  await second.client.set('k', 'old');
  const client = new FallbackClient([first.client, second.client], { copyUp: { expire: 60 } });
  const found = await client.gets('k');
  assert.equal(found, await second.client.gets('k'));
  await client.close();
});

fallback('an error of copying is counted, and not the reader’s', async () => {
  const errors: string[] = [];
  const options: TestClientOptions = { onIgnored: ({ name }) => errors.push(name) };
  const { first, second, client } = two({ copyUp: { expire: 60 } }, options);
  await second.client.set('k', 'old');
  first.server.full();
  assert.is(await client.get('k'), 'old');
  assert.is((await client.gets('k'))?.value, 'old');
  assert.equal([client.ignored, errors], [2, ['ServerReplyError', 'ServerReplyError']]);
  await client.close();
});

fallback('a cache that fails rejects, and is a miss where its client ignores errors', async () => {
  for (const ignoreErrors of [false, true]) {
    const { first, second, client } = two({}, { ignoreErrors });
    await second.client.set('k', 'old');
    first.server.down();
    const call = new Watched(client.get('k'));
    await settled();
    assert.is(call.brief, ignoreErrors ? 'resolved' : 'ConnectionError connection not-sent');
    assert.equal([call.value, client.ignored], ignoreErrors ? ['old', 1] : [undefined, 0]);
    await client.close();
  }
});

fallback('the timeout of a call is for all caches together', async () => {
  const { first, second, client } = two();
  await second.client.set('k', 'old');
  await first.client.version();
  for (const { server } of [first, second]) server.slow(60);
  const call = new Watched(client.get('k', { timeout: 100 }));
  for (let i = 0; i < 10; i++) {
    await settled();
    first.clock.advance(10);
    second.clock.advance(10);
  }
  await settled();
  assert.is(call.brief, 'TimeoutError timeout unknown');
  for (const timeout of [-1, NaN]) {
    const wrong = new Watched(client.get('k', { timeout }));
    await settled();
    assert.is(wrong.brief, 'UsageError usage not-sent');
  }
  // The reply that nobody waits for any more.
  second.clock.advance(100);
  await client.close();
});

fallback('close closes every cache', async () => {
  const { first, second, client } = two();
  await client.get('k');
  await client.close();
  for (const { client: one } of [first, second]) {
    const call = new Watched(one.get('k'));
    await settled();
    assert.is(call.brief, 'ConnectionError closed not-sent');
  }
});

fallback('a move from one cache to another, step by step', async () => {
  const before = createTestClient({ ignoreErrors: true });
  const after = createTestClient({ ignoreErrors: true });
  await before.client.setMany({ 'user:1': 'Ada', 'user:2': 'Grace' });
  // 1. Both are used: what is read moves, what is written is written to the new one.
  const client = new FallbackClient([after.client, before.client], { copyUp: { expire: 3600 } });
  await client.get('user:1');
  await client.set('user:3', 'Alan');
  assert.is((await client.getMany(['user:1', 'user:2', 'user:3'])).size, 3);
  // 2. The old one goes, and nobody notices.
  before.server.down();
  assert.is((await client.getMany(['user:1', 'user:2', 'user:3'])).size, 3);
  assert.is(await client.get('user:4'), undefined);
  await client.close();
});

fallback('wrong arguments are refused by their name', () => {
  const { client } = createTestClient();
  const wrong: [string, unknown, unknown][] = [
    ['caches', [], {}],
    ['caches', client, {}],
    ['caches', [client, {}], {}],
    ['options', [client], null],
    ['copyUp.expire', [client], { copyUp: {} }],
    ['copyUp', [client], { copyUp: null }],
    ['copyUp', [client], { copyUp: new Date() }],
    ['copyUp.ttl', [client], { copyUp: { expire: 60, ttl: 60 } }],
    ['copyUp.expire', [client], { copyUp: { expire: 1.5 } }],
  ];
  for (const [argument, caches, options] of wrong) {
    assert.throws(
      () => new FallbackClient(caches as ServerClient[], options as FallbackOptions),
      (error: unknown) => error instanceof UsageError && error.argument === argument,
      argument,
    );
  }
});

fallback('over many servers, what shares a route is found and copied by it', async () => {
  const many = (count: number): HashClient => {
    const { endpoints, dial } = memoryServers(count);
    return new HashClient(endpoints, { dial });
  };
  const [first, second] = [many(3), many(2)];
  const client = new FallbackClient([first, second], { copyUp: { expire: 60 } });
  const names = Array.from({ length: 20 }, (_, i) => `k${i}`);
  const keys = names.map((name) => ['user:1', name] as const);
  const values = new Map(names.map((name) => [name, 'x']));
  await second.setMany(keys.map((key) => [key, 'x'] as const));
  assert.is(await client.get(['user:1', 'k0']), 'x');
  assert.equal(await client.getMany(keys), values);
  assert.equal([...(await client.getsMany(keys)).keys()], names);
  assert.equal(await first.getMany(keys), values, 'copied');
  await client.close();
});

fallback.run();
