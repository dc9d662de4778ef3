import * as assert from 'uvu/assert';
import { memoryServers } from '../../../test/support/memory-servers.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { createTestClient } from '../../testing/mod.ts';
import type { Dialer } from '../../io/transport.ts';
import { ConnectionError, type MemcacheError, UsageError } from '../../wire/errors.ts';
import { type Client, ServerClient } from '../server-client.ts';
import { FallbackClient } from './fallback-client.ts';
import { HashClient } from '../cluster/hash-client.ts';
import type { HashClientOptions } from '../options.ts';
import { ClusterClient } from '../cluster/cluster-client.ts';
import { Memcache } from '../memcache.ts';
import { RetryingClient } from './retrying.ts';

const face = suite('clients around a client: its face');

const [first, second, third] = ['cache:1', 'cache:2', 'cache:3'] as const;

/** A client of three servers; so many dials to the second fail. */
function threeServers(failures = 0, options: HashClientOptions = {}): HashClient {
  const { endpoints, dial, clock } = memoryServers(3);
  let left = failures;
  const failing: Dialer = (to, events, signal) => {
    if (!('port' in to) || to.port !== 2 || left-- <= 0) return dial(to, events, signal);
    return Promise.reject(new Error('refused'));
  };
  const reconnectDelay = Number.MIN_VALUE;
  return new HashClient(endpoints, { dial: failing, clock, reconnectDelay, ...options });
}

/** What wraps a client of many servers, by name. Each keeps its face, and its type. */
const wrappers: Readonly<Record<string, (hash: HashClient) => ClusterClient>> = {
  RetryingClient: (hash) => new RetryingClient(hash),
  FallbackClient: (hash) => new FallbackClient([hash, createTestClient().client]),
  'several': (hash) => new FallbackClient([new RetryingClient(new RetryingClient(hash))]),
};

for (const [name, wrap] of Object.entries(wrappers)) {
  face(`${name}: knows the servers and changes them`, async () => {
    const hash = threeServers();
    const client = wrap(hash);
    assert.equal(client.servers, [first, second, third]);
    assert.is(await client.removeServer(third), true);
    client.addServer({ server: 'cache:3', name: 'c' });
    assert.equal([client.servers, hash.servers], [[first, second, 'c'], [first, second, 'c']]);
    assert.is(client.serverOf('k'), hash.serverOf('k'));
    await client.close();
  });

  face(`${name}: gives each server for itself`, async () => {
    const client = wrap(threeServers());
    await client.set('k', 'x');
    const one = client.server(client.serverOf('k') ?? '');
    assert.is(await one.get('k'), 'x');
    assert.type(await one.version(), 'string');
    await one.close();
    assert.is(await client.get('k'), 'x', 'to close one does nothing');
    assert.throws(() => client.server('d'), /"d" is unknown/);
    await client.close();
  });

  face(`${name}: asks all servers, and says of each what came of it`, async () => {
    const client = wrap(threeServers(Infinity));
    for (const call of [client.version(), client.stats(['settings'])]) {
      const found: [string, unknown][] = [...(await call)];
      assert.equal(found.map(([server]) => server), [first, second, third]);
      assert.equal(
        found.map(([, one]) => one instanceof ConnectionError),
        [false, true, false],
      );
    }
    const failed = await client.flushAll();
    assert.equal([...failed.keys()], [second]);
    const wrong = new Watched(client.flushAll(-1));
    await settled();
    assert.is(wrong.brief, 'UsageError usage not-sent');
    await client.close();
  });
}

face('RetryingClient: what is asked of servers is tried again as all else', async () => {
  const calls: ((client: RetryingClient<HashClient>) => Promise<unknown>)[] = [
    (client) => client.version(),
    (client) => client.stats(),
    (client) => client.flushAll(),
    (client) => client.server(second).version(),
  ];
  for (const call of calls) {
    const client = new RetryingClient(threeServers(2), { attempts: 3 });
    const result = await call(client);
    const each = result instanceof Map ? [...result.values()] : [result];
    assert.ok(each.every((one) => !(one instanceof Error)), String(each));
    await client.close();
  }
});

face('RetryingClient: an error of one server is told of, though reads ignore errors', async () => {
  const client = new RetryingClient(threeServers(Infinity, { ignoreErrors: true }));
  assert.instance((await client.stats()).get(second), ConnectionError);
  assert.equal(await client.server(second).stats(), new Map(), 'its own reads ignore them');
  await client.close();
});

face('RetryingClient: its end is the end of what its servers wait for', async () => {
  const client = new RetryingClient(threeServers(Infinity), { delay: 100 });
  const call = new Watched(client.server(second).version());
  await settled();
  assert.is(call.state, 'pending');
  await client.close();
  await settled();
  assert.is(call.brief, 'ConnectionError connection not-sent');
});

face('RetryingClient: what falls back is refused, as its other caches would be lost', () => {
  const fallback = new FallbackClient([createTestClient().client, createTestClient().client]);
  assert.throws(
    () => new RetryingClient(fallback),
    (error: unknown) => error instanceof UsageError && error.argument === 'client',
  );
});

/** What `ServerClient` and `ClusterClient` have beside the operations on items. */
const ofOne = methodsOf(ServerClient);
const ofMany = methodsOf(ClusterClient);

face('a wrapper has the methods of its client, and at run time no others', async () => {
  const { client } = createTestClient();
  const { executor } = client.dependencies;
  const plain = new Memcache({ ...client.dependencies, executor });
  const overOne = [new RetryingClient(client), new FallbackClient([new RetryingClient(client)])];
  const overMany = Object.values(wrappers).map((wrap) => wrap(threeServers()));
  const overPlain = [new RetryingClient(plain), new FallbackClient([plain])];
  const has = (one: object, names: readonly string[]): string[] => {
    return names.filter((name) => name in one);
  };
  assert.ok(ofOne.includes('cacheMemlimit') && ofMany.includes('addServer'));
  const both = ofOne.filter((name) => ofMany.includes(name));
  assert.equal(both, ['version', 'stats', 'flushAll']);
  for (const one of overOne) {
    assert.equal([has(one, ofOne), has(one, ofMany)], [ofOne, both]);
  }
  for (const one of overMany) {
    assert.equal([has(one, ofMany), has(one, ofOne)], [ofMany, both]);
  }
  for (const one of overPlain) assert.equal(has(one, [...ofOne, ...ofMany]), []);
  for (const one of [...overOne, ...overMany, ...overPlain]) await one.close();
});

face('a class made of a wrapper may have a method of its own', async () => {
  class Loud extends RetryingClient<Client> {
    override async version(): Promise<string> {
      return await Promise.resolve('LOUD');
    }
  }
  const client = new Loud(createTestClient().client);
  assert.is(await client.version(), 'LOUD');
  await client.close();
});

face('withPrefix has the methods of its client, over the same connections', async () => {
  const { client } = createTestClient();
  const many = threeServers();
  for (const one of [client, new RetryingClient(client), new FallbackClient([client])]) {
    const prefixed = one.withPrefix('a:').withPrefix('b:');
    assert.ok(await prefixed.version());
    await prefixed.set('k', 'one');
    assert.is(await client.get('a:b:k'), 'one');
    await prefixed.close();
    assert.is(await one.get('a:b:k'), 'one');
    await client.flushAll();
  }
  for (const one of [many, new RetryingClient(many), new FallbackClient([many])]) {
    const prefixed = one.withPrefix('a:').withPrefix('b:');
    assert.equal(prefixed.servers, many.servers);
    assert.is(prefixed.serverOf('k'), many.serverOf('a:b:k'));
    await prefixed.set('k', 'one');
    assert.is(await many.get('a:b:k'), 'one');
    assert.is(await many.server(prefixed.serverOf('k')!).get('a:b:k'), 'one');
    await prefixed.server(prefixed.serverOf('k')!).delete('k');
    assert.is(await many.get('a:b:k'), undefined);
    await prefixed.close();
  }
  await client.close();
  await many.close();
});

face('withPrefix of a FallbackClient reads all caches', async () => {
  const [first, second] = [createTestClient().client, createTestClient().client];
  const both = new FallbackClient([first, second], { copyUp: { expire: 60 } });
  await second.set('a:k', 'old');
  assert.is(await both.withPrefix('a:').get('k'), 'old');
  assert.is(await first.get('a:k'), 'old');
  await both.close();
});

// That this compiles is the proof.
interface Caches {
  any: RetryingClient;
  all: FallbackClient[];
  one: RetryingClient<Client>;
  many: RetryingClient<HashClient>;
  moving: FallbackClient<HashClient>;
}

face('both are types, and have the methods of what they are over', async () => {
  const { client } = createTestClient();
  const caches: Caches = {
    any: new RetryingClient(createTestClient().client),
    all: [],
    one: new RetryingClient(client),
    many: new RetryingClient(threeServers()),
    moving: new FallbackClient([threeServers(), client]),
  };
  const version: string = await caches.one.version();
  const versions: Map<string, string | MemcacheError> = await caches.many.version();
  const moving: Map<string, string | MemcacheError> = await caches.moving.version();
  assert.equal(moving.get(first), version);
  assert.equal(versions.get(third), version);
  const general: Memcache = caches.many;
  const server: ServerClient = caches.moving.server(first);
  assert.equal([await general.get('k'), await server.get('k')], [undefined, undefined]);
  // @ts-expect-error A HashClient has no dump of all its servers.
  void caches.many.metadump;
  assert.ok(caches.any instanceof RetryingClient && caches.moving instanceof FallbackClient);
  class Named extends RetryingClient<Client> {
    readonly name = 'mine';
  }
  const named = new Named(createTestClient().client);
  assert.equal([named.name, await named.version()], ['mine', version]);
  caches.all = [caches.moving, named];
  for (const one of [caches.any, caches.one, caches.many, ...caches.all]) await one.close();
});

face.run();

function methodsOf({ prototype }: { readonly prototype: Memcache }): string[] {
  // What they override, the constructor too, every client has.
  return Object.getOwnPropertyNames(prototype).filter((name) => !(name in Memcache.prototype));
}
