import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { KEY } from '../../../test/support/cache-host.ts';
import { type Member, Stage } from '../../../test/support/cache-stage.ts';
import { arrive, brief, fetched, loadOf, stageOf } from '../../../test/support/cache-steps.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { createTestClient } from '../../testing/mod.ts';
import { ConnectionError, TimeoutError, UsageError } from '../../wire/errors.ts';
import type { Cache } from './cache.ts';

const calls = suite('cache: calls');

function cacheOf(): ReturnType<typeof createTestClient> & { cache: Cache<string, string> } {
  const scene = createTestClient({ random: () => 1 });
  const cache = scene.client.cache<string, string>({ key: (id) => id, load: () => 'v', ttl: 60 });
  return { ...scene, cache };
}

async function usage(result: Promise<unknown>): Promise<string> {
  const error = await result.catch((reason: unknown) => reason);
  assert.instance(error, UsageError);
  return (error as UsageError).argument;
}

const operations: Readonly<
  Record<string, (cache: Cache<string, string>, options: object) => Promise<unknown>>
> = {
  fetch: (cache, options) => cache.fetch('a', options),
  fetchMany: (cache, options) => cache.fetchMany(['a'], options),
  peek: (cache, options) => cache.peek('a', options),
  put: (cache, options) => cache.put('a', 'v', options),
  update: (cache, options) => cache.update('a', () => 'v', options),
  invalidate: (cache, options) => cache.invalidate('a', options),
  remove: (cache, options) => cache.remove(['a'], options),
};

for (const [name, call] of Object.entries(operations)) {
  calls(`${name}: wrong options are refused before anything is sent`, async () => {
    const { cache, client, server } = cacheOf();
    const wrong: readonly (readonly [options: object, argument: string])[] = [
      [{ timout: 5 }, 'timout'],
      [{ timeout: 0 }, 'timeout'],
      [{ timeout: '5' }, 'timeout'],
      [{ signal: 5 }, 'signal'],
      [null as never, 'options'],
      ['abc' as never, 'options'],
    ];
    for (const [options, argument] of wrong) {
      assert.is(await usage(call(cache, options)), argument);
    }
    assert.is(server.items.size, 0);
    assert.is(client.counters().bytesOut, 0);
    await client.close();
  });
}

calls('fresh of a fetch is true or false', async () => {
  const { cache, client } = cacheOf();
  assert.is(await usage(cache.fetch('a', { fresh: 1 as never })), 'fresh');
  await client.close();
});

calls('ids of fetchMany are an iterable object', async () => {
  const { cache, client } = cacheOf();
  for (const ids of [undefined, null, 5, 'abc', {}]) {
    assert.is(await usage(cache.fetchMany(ids as never)), 'ids');
  }
  assert.equal(await cache.fetchMany(new Set(['a'])), new Map([['a', 'v']]));
  await client.close();
});

calls('an id whose key throws keeps no other of a fetchMany waiting', async () => {
  const { client, clock } = createTestClient();
  const asked: (readonly string[])[] = [];
  const cache = client.cache<string, string>({
    key(id) {
      if (id === 'x') throw new TypeError('no key');
      return id;
    },
    loadMany(ids) {
      asked.push(ids);
      return new Map(ids.map((id) => [id, id]));
    },
    ttl: 60,
  });
  const many = new Watched(cache.fetchMany(['a', 'x', 'b']));
  for (let i = 0; i < 5; i++) await settled();
  assert.instance(many.error, TypeError);
  assert.equal(asked, [['a', 'b']]);
  assert.is(clock.elapsed(), clock.now());
  await client.close();
});

calls('many changes: all are made, and the first error is thrown', async () => {
  const { cache, client } = cacheOf();
  const ids = Array.from({ length: 2001 }, (_, i) => `k${i}`);
  await Promise.all(['k0', 'k1999', 'k2000'].map((id) => cache.put(id, 'v')));
  await cache.invalidate(ids);
  assert.equal(await Promise.all(['k0', 'k1999', 'k2000'].map((id) => cache.peek(id))), [
    undefined,
    undefined,
    undefined,
  ]);
  await cache.put('k0', 'v');
  assert.is(await usage(cache.remove(['k0', 'a b', ''])), 'key');
  await client.close();
});

calls('update: the waits between two attempts double from 1 ms to 50', async () => {
  const { cache, client, clock } = cacheOf();
  await cache.put('a', '0');
  let attempts = 0;
  const updated = new Watched(cache.update('a', async (value) => {
    attempts++;
    // Another caller is faster.
    if (attempts <= 8) await client.set('a', `${value}${attempts}`);
    return `${value}!`;
  }));
  for (const [index, wait] of [1, 2, 4, 8, 16, 32, 50, 50].entries()) {
    for (let i = 0; i < 3; i++) await settled();
    assert.is(attempts, index + 1);
    clock.advance(wait - 0.01);
    for (let i = 0; i < 3; i++) await settled();
    assert.is(attempts, index + 1, `before ${wait} ms`);
    clock.advance(0.02);
  }
  for (let i = 0; i < 3; i++) await settled();
  assert.is(attempts, 9);
  assert.is(updated.value, '012345678!');
  await client.close();
});

calls('update ends by its timeout, however many are faster', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  stage.host.store('v1', 100);
  const updated = await first.call('update', () => {
    return first.cache.update(KEY, (value) => `${value}+`, { timeout: 200 });
  });
  while (stage.now - updated.start < 195) {
    if (stage.held.length > 0) await stage.deliver(stage.next);
    stage.host.store('v1', 100);
    await stage.advance(5);
  }
  assert.is(updated.isOver, false);
  // The last command gets the least time that there is.
  await stage.advance(5.01);
  assert.instance(updated.error, TimeoutError);
});

calls('update without a value leaves a fresh one as it is, and its lease', async () => {
  const { cache, client, server } = cacheOf();
  await cache.put('a', 'v');
  const { cas } = server.items.get('a')!;
  assert.is(await cache.update('a', () => undefined), undefined);
  assert.is(server.items.get('a')?.cas, cas);
  assert.is(await cache.update('none', () => undefined), undefined);
  assert.equal([...server.items.keys()], ['a']);
  assert.is(await usage(cache.update('a', 5 as never)), 'change');
  await client.close();
});

calls('update: what change throws rejects, and the lease is left to the next fetch', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 12);
  stage.host.invalidate(4);
  const failed = await first.call('update', () =>
    first.cache.update(KEY, () => {
      throw new TypeError('no change');
    }));
  await arrive(first);
  assert.instance(failed.error, TypeError);
  await fetched(second);
  assert.is(stage.loads.length, 1);
});

calls('update: a swap whose end is unknown is not tried again', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  stage.host.store('v1', 12);
  let changes = 0;
  const updated = await first.call('update', () =>
    first.cache.update(KEY, (value) => {
      changes++;
      return `${value}+`;
    }));
  await stage.deliver(stage.next);
  await stage.cut(first);
  assert.instance(updated.error, ConnectionError);
  assert.is((updated.error as ConnectionError).outcome, 'unknown');
  await stage.advance(100);
  assert.equal([changes, stage.held.length], [1, 0]);
});

calls('put of what is not to be stored deletes it', async () => {
  const { cache, client, server } = cacheOf();
  await cache.put('a', 'v');
  assert.is(server.items.size, 1);
  await cache.put('a', undefined);
  assert.is(server.items.size, 0);
  const { ttl } = { ttl: (value: string) => value === 'kept' ? 60 : 0 };
  const picky = client.cache<string, string>({ key: (id) => id, load: () => 'v', ttl });
  assert.is(await picky.update('a', () => 'kept'), 'kept');
  assert.is(server.items.size, 1);
  assert.is(await picky.update('a', () => 'gone'), 'gone');
  assert.is(server.items.size, 0);
  await client.close();
});

for (const kind of ['put', 'invalidate', 'remove'] as const) {
  calls(`${kind}: the local tier is empty while it is under way`, async () => {
    const stage = stageOf({ local: { maxItems: 9, ttl: 60 } });
    const [first] = stage.members as [Member];
    stage.host.store('v1', 100);
    await fetched(first);
    assert.equal(brief(await first.fetch()), ['v1', 'local']);
    await first.write(kind);
    const during = await first.fetch();
    assert.is(during.isOver, false);
    assert.is(first.cache.stats().localItems, 0);
    await arrive(first);
  });

  calls(
    `${kind}: what was read while it was under way does not stay in the local tier`,
    async () => {
      const stage = stageOf({ local: { maxItems: 9, ttl: 60 } });
      const [first] = stage.members as [Member];
      stage.host.store('v1', 100);
      await first.write(kind);
      const change = stage.next;
      const during = await first.fetch();
      const read = stage.held.find((held) => held !== change);
      assert.ok(read);
      await stage.deliver(read);
      assert.equal(brief(during), ['v1', 'hit']);
      assert.is(first.cache.stats().localItems, 1);
      await stage.deliver(change);
      assert.is(first.cache.stats().localItems, 0);
      const after = await first.fetch();
      assert.is(after.isOver, false);
    },
  );
}

calls('a change by this process during a read: what it has found is not kept', async () => {
  const stage = stageOf({ local: { maxItems: 9, ttl: 60 } });
  const [first] = stage.members as [Member];
  stage.host.store('v1', 100);
  const early = await first.fetch();
  await first.write('put');
  await arrive(first);
  assert.equal(brief(early), ['v1', 'hit']);
  assert.is(first.cache.stats().localItems, 0);
});

calls('fetch without a cache: a policy is known by its values', async () => {
  const { client, server } = createTestClient();
  const load = (): undefined => undefined;
  const remembered = { ttl: 60, negativeTtl: 60 };
  const times = async (key: string, policy: { ttl: number }): Promise<number> => {
    let loads = 0;
    const count = (): undefined => void loads++;
    await client.fetch(key, count, policy);
    await settled();
    await client.fetch(key, count, policy);
    return loads;
  };
  assert.is(await times('a', remembered), 1);
  assert.is(await times('b', { ttl: 60 }), 2, 'fewer options');
  assert.is(await times('c', { ttl: 60, negativeTtl: 0 } as { ttl: number }), 2, 'another value');
  assert.is(await times('d', { ...remembered }), 1, 'the same again');
  assert.is(server.items.size, 2);
  for (const policy of [null, undefined, 5]) {
    assert.is(await usage(run(() => client.fetch('e', load, policy as never))), 'policy');
  }
  const local = { ttl: 60, local: { maxItems: 1, ttl: 1 } };
  assert.is(await usage(run(() => client.fetch('e', load, local))), 'local');
  assert.is(await usage(run(() => client.fetch('e', 'v' as never, remembered))), 'load');
  await client.close();
});

/** A rejection, also of what throws. */
async function run(call: () => Promise<unknown>): Promise<unknown> {
  return await call();
}

calls('a loader is told the key and why', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  await fetched(first);
  assert.is(loadOf(first).context.key, KEY);
  assert.is(loadOf(first).context.reason, 'cold');
  assert.is(loadOf(first).context.old, undefined);
  await stage.finish();
});

for (const text of [false, true]) {
  calls(
    `${text ? 'text' : 'meta'}: a lease whose owner has died ends, and the next value is stored`,
    async () => {
      const stage = new Stage({ policy: { ttl: 8, lease: 2, jitter: 0 }, text });
      const [first, second] = stage.members as [Member, Member];
      await fetched(first);
      await stage.crash(first);
      const call = await fetched(second);
      for (let time = 0; time < 3200 && stage.loads.length === 0; time += 20) {
        await stage.advance(20);
        await arrive(second);
      }
      await loadOf(second).succeed();
      await arrive(second);
      assert.equal(brief(call), ['v1', 'taken-over']);
      assert.is(stage.host.fresh, 'v1');
      assert.is(second.cache.stats().takeovers, text ? 0 : 1);
    },
  );
}

calls('text: a claim whose placeholder is gone before it is read is made again', async () => {
  const stage = new Stage({ policy: { ttl: 8 }, text: true });
  const [first] = stage.members as [Member];
  const call = await first.fetch();
  await stage.deliver(stage.next);
  await stage.deliver(stage.next);
  stage.evict();
  await arrive(first);
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal(brief(call), ['v1', 'loaded']);
  assert.is(stage.host.fresh, 'v1');
});

calls('text: the placeholder of another caller, or its value, is no claim', async () => {
  for (const replaced of ['claimed', 'filled']) {
    const stage = new Stage({ policy: { ttl: 8 }, text: true });
    const [first, second] = stage.members as [Member, Member];
    const call = await first.fetch();
    await stage.deliver(stage.next);
    await stage.deliver(stage.next);
    stage.evict();
    const read = stage.next;
    await second.fetch();
    await arrive(second);
    if (replaced === 'filled') {
      await loadOf(second).succeed();
      await arrive(second);
    }
    await stage.deliver(read);
    await arrive(first);
    assert.is(stage.loads.filter(({ member }) => member === first).length, 0);
    if (replaced === 'filled') assert.equal(brief(call), ['v1', 'hit']);
    else assert.is(call.isOver, false);
    await stage.finish();
    assert.is(call.value, 'v1');
  }
});

calls('text: after three claims in vain a value is loaded without', async () => {
  const stage = new Stage({ policy: { ttl: 8 }, text: true });
  const [first] = stage.members as [Member];
  const call = await first.fetch();
  let claims = 0;
  for (let i = 0; i < 20 && stage.held.length > 0; i++) {
    const { next } = stage;
    if (next.command.verb === 'add') claims++;
    await stage.deliver(next);
    if (next.command.verb === 'add') stage.evict();
  }
  assert.is(claims, 3);
  assert.is(loadOf(first).context.reason, 'error');
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal(brief(call), ['v1', 'failed-open']);
  assert.is(stage.host.hasItem, false);
});

calls('text: of two readers of an old value one loads it', async () => {
  const stage = new Stage({ policy: { ttl: 8, grace: 60, jitter: 0, softTimeout: 0 }, text: true });
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 100);
  const both = [await first.fetch(), await second.fetch()];
  // Both see that there is no marker, before either sets it.
  for (let i = 0; i < 6; i++) await stage.deliver(stage.next);
  await stage.advance(0);
  assert.is(stage.loads.length, 1);
  assert.equal(both.map(brief), [['v1', 'stale'], ['v1', 'stale']]);
});

calls('text: what cannot be read is loaded again, and replaced', async () => {
  const stage = new Stage({ policy: { ttl: 8, grace: 5, jitter: 0 }, text: true });
  const [first] = stage.members as [Member];
  stage.host.store('{', 100, 32);
  const call = await fetched(first);
  assert.equal([loadOf(first).context.reason, loadOf(first).context.old], ['cold', undefined]);
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal(brief(call), ['v1', 'loaded']);
  assert.is(stage.host.fresh, 'v1');
});

calls('in text, the marker of a long key has a digest of it', async () => {
  const { client, server } = createTestClient({ dialect: 'text', unicodeKeys: true });
  const cache = client.cache<string>({ key: (id) => id, load: () => 'v', ttl: 60, grace: 9 });
  const markerOf = async (key: string): Promise<string | undefined> => {
    server.clear();
    await cache.put(key, 'v');
    return [...server.items.keys()].find((name) => name.endsWith('~fresh'));
  };
  for (const key of ['k', 'k'.repeat(244), 'é'.repeat(122)]) {
    assert.is(await markerOf(key), `${key}~fresh`);
  }
  assert.is(await markerOf('k'.repeat(245)), `${'k'.repeat(200)}~fb704cc6.eb8505b0~fresh`);
  assert.is(await markerOf('é'.repeat(125)), `${'é'.repeat(100)}~e91547e3.841dcc31~fresh`);
  await client.close();
});

calls(
  'a value that is not stored, and was changed meanwhile, is no answer for later calls',
  async () => {
    for (const isChanged of [false, true]) {
      const stage = stageOf({ ttl: () => 0 });
      const [first, writer] = stage.members as [Member, Member];
      await fetched(first);
      if (isChanged) {
        await writer.write('remove');
        await arrive(writer);
      }
      await loadOf(first).succeed();
      await arrive(first);
      const { outdated, stores } = first.cache.stats();
      assert.equal([outdated, stores], [isChanged ? 1 : 0, 0]);
    }
  },
);

calls.run();
