import * as assert from 'uvu/assert';
import { memoryServers } from '../../../test/support/memory-servers.ts';
import { suite } from '../../../test/runner/suite.ts';
import type { Dialer } from '../../io/transport.ts';
import { ConnectionError, MemcacheError, UsageError } from '../../wire/errors.ts';
import { Client } from '../server-client.ts';
import type { ClusterServer } from './cluster-server.ts';
import { FallbackClient } from '../wrappers/fallback-client.ts';
import { RetryingClient } from '../wrappers/retrying.ts';
import { HashClient } from './hash-client.ts';
import type { HashClientOptions } from '../options.ts';
import { hashSchemes } from '../hashing/schemes.ts';
import { profiles } from '../values/profiles/profiles.ts';

const hash = suite('hash client');

const keys = Array.from({ length: 60 }, (_, i) => `key${i}`);

/** A client of embedded servers, which can be switched off by their ports. */
function embedded(
  options: HashClientOptions = {},
  count = 3,
): {
  readonly client: HashClient;
  readonly off: Set<number>;
  readonly one: (port: number, prefix?: string) => Client;
  readonly dial: Dialer;
} {
  const memory = memoryServers(count);
  const off = new Set<number>();
  const dial: Dialer = (to, events, signal) => {
    if ('port' in to && off.has(to.port)) return Promise.reject(new Error('it is off'));
    return memory.dial(to, events, signal);
  };
  return {
    client: new HashClient(memory.endpoints.slice(0, 3), { dial, ...options }),
    off,
    one: (port, keyPrefix = '') => new Client({ host: 'cache', port }, { dial, keyPrefix }),
    dial,
  };
}

function isUsage(argument: string): (error: unknown) => boolean {
  return (error) => error instanceof UsageError && error.argument === argument;
}

hash('each key is on the server that the scheme gives it, and on no other', async () => {
  const { client, one } = embedded();
  await client.setMany(keys.map((key) => [key, 1] as const));
  const held: number[] = [];
  for (const port of [1, 2, 3]) {
    const there = [...(await one(port).getMany(keys)).keys()];
    assert.ok(there.every((key) => client.serverOf(key) === `cache:${port}`));
    held.push(there.length);
  }
  assert.is(held.reduce((sum, count) => sum + count), keys.length);
  assert.ok(Math.min(...held) > 5, String(held));
  await client.close();
});

hash('what is no command is refused, by every client', async () => {
  const { client, one } = embedded();
  const clients = [
    one(1),
    client,
    new RetryingClient(client),
    new FallbackClient([client, one(1)]),
  ];
  for (const bad of [undefined, null, 'get', 5, [], {}, { verb: 'nope' }, { verb: 'get' }]) {
    for (const each of clients) {
      const error = await each.execute(bad as never).catch((failure: unknown) => failure);
      assert.instance(
        error,
        UsageError,
        `${JSON.stringify(bad)} for ${each.constructor.name}: ${String(error)}`,
      );
    }
  }
  const error = await client.execute(undefined as never).catch((failure: unknown) => failure);
  assert.is((error as UsageError).argument, 'command');
  await client.close();
});

hash('getMany gives what is there in the order it was asked for', async () => {
  const { client } = embedded();
  await client.setMany(keys.map((key) => [key, key] as const));
  const asked = [...keys].reverse().flatMap((key) => [key, `${key}?`]);
  assert.equal([...(await client.getMany(asked)).keys()], [...keys].reverse());
  assert.equal([...(await client.getsMany(asked)).keys()], [...keys].reverse());
  await client.close();
});

hash('a routing key keeps together what is used together', async () => {
  const { client, one } = embedded();
  const entries = keys.map((key) => [['user:1', key], key] as const);
  assert.equal(await client.setMany(entries), new Map());
  const port = Number(client.serverOf('user:1')?.slice(-1));
  assert.is((await one(port).getMany(keys)).size, keys.length);
  const pairs = entries.map(([pair]) => pair);
  assert.equal(await client.getMany(pairs), new Map(keys.map((key) => [key, key])));
  const pair = ['user:1', 'key0'] as const;
  assert.is(await client.get(pair), 'key0');
  assert.is(await client.set(pair, '5'), true);
  assert.is(await client.incr(pair), 6n);
  assert.is(await client.touch(pair, 100), true);
  const { cas } = (await client.gets(pair))!;
  assert.is(await client.cas(pair, 7, cas), 'stored');
  assert.is((await client.meta.get(pair))?.value, 7);
  assert.equal(await client.deleteMany(pairs), new Map());
  assert.is((await one(port).getMany(keys)).size, 0);
  await client.close();
});

hash('a client of one server takes routing keys too', async () => {
  const { one } = embedded();
  const client = one(1, 'app:');
  await client.set(['user:1', 'a'], 1);
  assert.is(await client.get('a'), 1);
  assert.equal(await client.getMany([['user:1', 'a'], 'b']), new Map([['a', 1]]));
  await client.close();
});

hash('a key that is a list of anything else is refused', async () => {
  const { client } = embedded();
  for (const wrong of [['a'], ['a', 'b', 'c'], [5, 'a'], ['a', 5], ['a', ['b', 'c']]]) {
    const key = wrong as unknown as string;
    for (const call of [client.get(key), client.set(key, 1), client.getMany([key])]) {
      assert.ok(isUsage('key')(await call.then(() => null, (error: unknown) => error)));
    }
  }
  await client.close();
});

hash('the prefix is not hashed, as pymemcache does not', async () => {
  const { client, dial } = embedded();
  const other = new HashClient(['cache:1', 'cache:2', 'cache:3'], { dial, keyPrefix: 'app:' });
  const bytes = keys.map((key) => new TextEncoder().encode(key));
  assert.equal(keys.map((key) => other.serverOf(key)), keys.map((key) => client.serverOf(key)));
  assert.equal(bytes.map((key) => other.serverOf(key)), keys.map((key) => client.serverOf(key)));
});

hash('a profile says what is hashed, what is sent, and what values are', async () => {
  const { client, one, dial } = embedded({ profile: 'memcached-npm', keyPrefix: 'app:' });
  const long = 'k'.repeat(300);
  await client.set(long, { a: 1 });
  const port = Number(client.serverOf(long)?.slice(-1));
  const sent = profiles['memcached-npm'].toKey(long, 'app:');
  assert.is(sent.length, 32);
  const raw = await one(port).execute({ verb: 'get', keys: [sent] });
  assert.equal(raw.type === 'values' && raw.items.map(({ flags }) => flags), [2]);
  assert.equal(await client.getMany([long]), new Map([[long, { a: 1 }]]));
  const bare = new HashClient(['cache:1', 'cache:2', 'cache:3'], {
    dial,
    scheme: profiles['memcached-npm'].scheme,
  });
  const hashed = keys.map((key) => bare.serverOf(`app:${key}`));
  assert.equal(keys.map((key) => client.serverOf(key)), hashed, 'with the prefix');
});

hash('pymemcache: text that is not ASCII is hashed as text', () => {
  const { client } = embedded({ profile: 'pymemcache', unicodeKeys: true });
  const names = ['cache:1', 'cache:2', 'cache:3'];
  const nodeFor = hashSchemes.pymemcache(names.map((name) => ({ name })));
  for (const key of keys.map((one) => `${one}é`)) {
    assert.is(client.serverOf(key), names[nodeFor(key)]);
  }
});

hash('a server may be named, and weighed', async () => {
  const { dial } = embedded();
  const servers: ClusterServer[] = [
    { server: 'cache:1', name: 'one' },
    { server: { host: 'cache', port: 2 }, name: 'two', weight: 3 },
  ];
  const client = new HashClient(servers, { dial, scheme: 'weightedKetama' });
  assert.equal(client.servers, ['one', 'two']);
  const many = Array.from({ length: 1000 }, (_, i) => client.serverOf(`key${i}`));
  const share = many.filter((name) => name === 'two').length;
  assert.ok(share > 650 && share < 850, String(share));
  assert.throws(() => new HashClient(servers, { dial }), isUsage('weight'));
  await client.close();
});

hash('the name of an IPv6 server has no brackets', () => {
  const { dial } = embedded();
  const client = new HashClient(['[::1]:11211', '::2', '/run/memcached'], { dial });
  assert.equal(client.servers, ['::1:11211', '::2:11211', '/run/memcached']);
});

hash('version, stats and flushAll speak to all, and tell of each', async () => {
  const { client } = embedded({ ignoreErrors: true });
  await client.setMany(keys.map((key) => [key, 1] as const));
  const versions = await client.version();
  assert.equal([...versions.keys()], ['cache:1', 'cache:2', 'cache:3']);
  assert.ok([...versions.values()].every((version) => typeof version === 'string'));
  const stats = await client.stats();
  const items = [...stats.values()].map((one) =>
    one instanceof MemcacheError ? 0 : Number(one.get('curr_items'))
  );
  assert.is(items.reduce((sum, count) => sum + count), keys.length);
  assert.equal(await client.flushAll(), new Map());
  assert.equal(await client.getMany(keys), new Map());
  await client.close();
});

hash('flushAll deletes at once, if nothing else is said', async () => {
  const delays: unknown[] = [];
  const { client } = embedded({
    onCommand: (command) => void (command.verb === 'flush_all' && delays.push(command.delay)),
  });
  await client.flushAll();
  await client.flushAll(5);
  assert.equal(delays, [0, 0, 0, 5, 5, 5]);
  await client.close();
});

hash(
  'the client of one server counts that one, and gives up nothing when it is closed',
  async () => {
    const { client } = embedded();
    await client.set('k', 'v');
    const name = client.serverOf('k') ?? '';
    const one = client.server(name);
    assert.equal([...one.counters().servers.keys()], [name]);
    assert.is(one.counters().calls, client.counters().calls);
    const call = client.fetch('new', () => new Promise<string>(() => {}), { ttl: 60 });
    while (client.dependencies.held?.size === 0) await client.get('k');
    const { bytesOut } = client.counters();
    await one.close();
    assert.equal([client.dependencies.held?.size, client.counters().bytesOut], [1, bytesOut]);
    call.catch(() => {});
    await client.close();
  },
);

hash('a server with a property that there is none of is refused by its name', () => {
  const { dial } = embedded();
  assert.throws(
    () => new HashClient([{ server: 'a:1', nam: 'a' } as ClusterServer], { dial }),
    (error: unknown) => error instanceof UsageError && error.argument === 'server.nam',
  );
});

hash('of a server that is down, all operations tell why', async () => {
  const { client, off } = embedded({ ignoreErrors: true });
  off.add(2);
  for (const results of [await client.version(), await client.stats()]) {
    const failed = [...results].filter(([, result]) => result instanceof ConnectionError);
    assert.equal(failed.map(([name]) => name), ['cache:2']);
  }
  assert.equal([...(await client.flushAll()).keys()], ['cache:2']);
  let refused: unknown;
  await client.flushAll(-1).catch((error: unknown) => {
    refused = error;
  });
  assert.ok(isUsage('delay')(refused));
  await client.close();
});

hash('setMany and deleteMany report the keys of a server that is down', async () => {
  const { client, off } = embedded();
  off.add(2);
  const lost = keys.filter((key) => client.serverOf(key) === 'cache:2');
  for (const quiet of [false, true]) {
    const failed = await client.setMany(keys.map((key) => [key, 1] as const), { quiet });
    assert.equal([...failed.keys()], lost);
    for (const error of failed.values()) {
      assert.instance(error, ConnectionError);
      assert.is(error.outcome, 'not-sent');
    }
    assert.equal([...(await client.deleteMany(keys, { quiet })).keys()], lost);
  }
  await client.close();
});

hash('ignoreErrors: the keys of a server that is down are misses, and only they', async () => {
  const { client, off } = embedded({ ignoreErrors: true });
  off.add(2);
  const there = keys.filter((key) => client.serverOf(key) !== 'cache:2');
  await client.setMany(keys.map((key) => [key, 1] as const));
  assert.equal(await client.getMany(keys), new Map(there.map((key) => [key, 1])));
  assert.is(client.ignored, 1);
  await client.close();
});

hash('without it getMany fails when one of the servers does', async () => {
  const { client, off } = embedded();
  off.add(2);
  const error = await client.getMany(keys).then(() => null, (one: unknown) => one);
  assert.instance(error, ConnectionError);
  await client.close();
});

hash('server(name) is a client of that one, up or not', async () => {
  const { client, off } = embedded();
  const two = client.server('cache:2');
  assert.match(await two.version(), /^\d/);
  await two.set('here', 1);
  await two.close();
  assert.is(await two.get('here'), 1, 'to close it does nothing');
  assert.throws(() => client.server('cache:9'), isUsage('server'));
  off.add(3);
  const error = await client.server('cache:3').version().then(() => null, (one: unknown) => one);
  assert.instance(error, ConnectionError);
  await client.close();
});

hash('addServer takes a share of the keys, removeServer gives it back', async () => {
  const { client, one } = embedded({}, 4);
  await client.setMany(keys.map((key) => [key, 1] as const));
  client.addServer('cache:4');
  assert.equal(client.servers, ['cache:1', 'cache:2', 'cache:3', 'cache:4']);
  const moved = keys.filter((key) => client.serverOf(key) === 'cache:4');
  assert.ok(moved.length > 3 && moved.length < 30, String(moved.length));
  assert.is((await client.getMany(keys)).size, keys.length - moved.length, 'no other key moves');
  await client.setMany(moved.map((key) => [key, 2] as const));
  assert.is((await one(4).getMany(keys)).size, moved.length);
  const pending = client.getMany(moved);
  assert.is(await client.removeServer('cache:4'), true);
  assert.is((await pending).size, moved.length, 'what it was asked before has ended');
  assert.is((await client.getMany(keys)).size, keys.length);
  assert.is(await client.removeServer('cache:4'), false);
  assert.throws(() => client.addServer('cache:1'), isUsage('server'));
  await client.close();
});

const wrong: readonly (readonly [argument: string, servers: unknown, options: object])[] = [
  ['servers', [], {}],
  ['servers', 5, {}],
  ['server', '', {}],
  ['server', 'a,,b', {}],
  ['servers', undefined, {}],
  ['server', [5], {}],
  ['server', [{ server: 5 }], {}],
  ['node', ['a:1', 'a:1'], {}],
  ['node', [{ server: 'a:1', name: '' }], {}],
  ['weight', [{ server: 'a:1', weight: -1 }], { scheme: 'ketama' }],
  ['scheme', ['a'], { scheme: 'constructor' }],
  ['scheme', ['a'], { scheme: 5 }],
  ['profile', ['a'], { profile: 'perl' }],
  ['retryAttempts', ['a'], { retryAttempts: -1 }],
  ['retryAttempts', ['a'], { retryAttempts: NaN }],
  ['retryTimeout', ['a'], { retryTimeout: 0 }],
  ['deadTimeout', ['a'], { deadTimeout: Infinity }],
  ['maxPoolSize', ['a'], { maxPoolSize: 0 }],
  ['dial', ['a'], { dial: undefined }],
];
for (const [argument, servers, options] of wrong) {
  hash(`is not made with a wrong ${argument}: ${JSON.stringify([servers, options])}`, () => {
    const { dial } = embedded();
    assert.throws(
      () => new HashClient(servers as string[], { dial, ...options }),
      isUsage(argument),
    );
  });
}

hash.run();
