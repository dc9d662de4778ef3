// The store for Keyv, on the embedded server: what is sent, and how long it is kept.
import * as assert from 'uvu/assert';
import { createTestClient } from '../core/testing/mod.ts';
import { UsageError } from '../core/wire/errors.ts';
import { suite } from '../test/runner/suite.ts';
import { KeyvStore, type KeyvStoreOptions } from './keyv.ts';

const keyv = suite('stores: Keyv, on the embedded server');

keyv('milliseconds are rounded up to seconds', async () => {
  const { client, clock } = createTestClient();
  const store = new KeyvStore(client);
  await store.set('a', 'value', 1001);
  clock.advance(1900);
  assert.is(await store.get('a'), 'value');
  clock.advance(1100);
  assert.is(await store.get('a'), undefined);
});

keyv('0 is for ever, and less is at once', async () => {
  const { client, clock } = createTestClient();
  const store = new KeyvStore(client);
  await store.set('a', 'value', 0);
  await store.set('b', 'value', -1);
  clock.advance(100 * 24 * 3_600_000);
  assert.equal(await store.getMany(['a', 'b']), ['value', undefined]);
});

keyv('more than 30 days are as many, and what memcached cannot name is for ever', async () => {
  const { client, clock } = createTestClient();
  const store = new KeyvStore(client);
  const day = 24 * 3_600_000;
  await store.set('a', 'value', 40 * day);
  await store.set('b', 'value', 100_000 * day);
  clock.advance(39 * day);
  assert.is(await store.has('a'), true);
  clock.advance(2 * day);
  assert.equal(await store.hasMany(['a', 'b']), [false, true]);
});

keyv('clear leaves other namespaces and prefixes alone', async () => {
  const { client } = createTestClient();
  const [one, other] = [new KeyvStore(client), new KeyvStore(client, { prefix: 'other:' })];
  const store = new KeyvStore(client);
  store.namespace = 'a';
  for (const each of [one, other, store]) await each.set('key', 'value');
  await store.clear();
  assert.is(await store.get('key'), undefined);
  assert.is(await one.get('key'), 'value');
  assert.is(await other.get('key'), 'value');
});

keyv('no namespace and key look like another', async () => {
  const { client } = createTestClient({ server: undefined });
  const store = new KeyvStore(client, { clearable: false });
  const pairs = [['a', 'b:c'], ['a:b', 'c'], ['', 'a:b:c'], ['a%3Ab', 'c']] as const;
  for (const [namespace, key] of pairs) {
    store.namespace = namespace;
    await store.set(key, `${namespace} ${key}`);
  }
  for (const [namespace, key] of pairs) {
    store.namespace = namespace;
    assert.is(await store.get(key), `${namespace} ${key}`);
  }
});

keyv('a store that was cleared stays so when its generation is evicted', async () => {
  const { client, server, clock } = createTestClient();
  const store = new KeyvStore(client);
  await store.set('a', 'old');
  await store.clear();
  await store.set('a', 'new');
  const [generation = ''] = [...server.items.keys()].filter((key) => key.endsWith('generation'));
  await client.delete(generation);
  clock.advance(1000);
  assert.is(await store.get('a'), undefined);
  await store.set('a', 'newer');
  assert.is(await new KeyvStore(client).get('a'), 'newer');
});

keyv('without generations a call is one command, and clear says why it cannot be', async () => {
  const { client, server } = createTestClient();
  const store = new KeyvStore(client, { clearable: false });
  await store.set('a', 'value');
  assert.equal([...server.items.keys()], ['keyv::a']);
  assert.equal(await store.get('a'), 'value');
  assert.instance(await store.clear().catch((error: unknown) => error), UsageError);
});

keyv('an unknown option and a value of no kind are refused', async () => {
  const { client } = createTestClient();
  assert.throws(() => new KeyvStore(client, { ttl: 1 } as never), /ttl is no option/);
  const error = await new KeyvStore(client).set('a', undefined).catch((one: unknown) => one);
  assert.instance(error, UsageError);
});

keyv('bytes stay bytes, and null is a value', async () => {
  const { client } = createTestClient();
  const store = new KeyvStore(client);
  await store.set('a', new Uint8Array([0, 255]));
  await store.set('b', null);
  assert.equal(await store.getMany(['a', 'b', 'c']), [new Uint8Array([0, 255]), null, undefined]);
});

keyv('the generation is read beside the value, in one round trip', async () => {
  const events: string[] = [];
  const { client } = createTestClient({
    onCommand: ({ verb }) => {
      events.push(`${verb} sent`);
      return () => {
        events.push('answered');
      };
    },
  });
  const store = new KeyvStore(client);
  await store.set('a', 'value');
  events.length = 0;
  await store.get('a');
  assert.equal(events, ['mg sent', 'mg sent', 'answered', 'answered']);
});

/** A store whose client is closed, and its reads. */
async function closedStore(options?: KeyvStoreOptions) {
  const { client } = createTestClient();
  const store = new KeyvStore(client, options);
  await client.close();
  const reads: Readonly<Record<string, () => Promise<unknown>>> = {
    get: () => store.get('a'),
    has: () => store.has('a'),
    getMany: () => store.getMany(['a', 'b']),
    hasMany: () => store.hasMany(['a', 'b']),
  };
  return { store, reads };
}

keyv('a read that fails is one event and a miss, and a write rejects', async () => {
  for (const clearable of [true, false]) {
    const { store, reads } = await closedStore({ clearable });
    const errors: unknown[] = [];
    store.on('error', (error) => errors.push(error));
    const misses: Record<string, unknown> = {};
    for (const [name, read] of Object.entries(reads)) {
      misses[name] = await read();
      assert.match(String(errors.pop()), /closed/, name);
      assert.equal(errors, [], name);
    }
    assert.equal(misses, {
      get: undefined,
      has: false,
      getMany: [undefined, undefined],
      hasMany: [false, false],
    });
    assert.match(String(await store.set('a', 1).catch(String)), /closed/);
    assert.equal(errors, []);
  }
});

keyv('a read rejects without a listener, and with throwOnErrors beside the event', async () => {
  for (const throwOnErrors of [false, true]) {
    const { store, reads } = await closedStore({ throwOnErrors });
    let events = 0;
    if (throwOnErrors) store.on('error', () => events++);
    for (const [name, read] of Object.entries(reads)) {
      assert.match(String(await read().catch(String)), /closed/, name);
    }
    assert.is(events, throwOnErrors ? 4 : 0);
  }
});

keyv.run();
