import * as assert from 'uvu/assert';
import { Client, HashClient, listen, PooledClient } from '../../test/runner/runtime.ts';
import { suite } from '../../test/runner/suite.ts';
import { DnsDiscovery } from '../../transport-node/dns-discovery.ts';
import { Client as WebClient, webDialer } from '../../transport-web/mod.ts';
import { Bridge } from '../bridge/mod.ts';
import { MemoryServer } from '../server/memory.ts';
import { Server } from '../server/serve.ts';
import { createTestClient, TestServer } from '../testing/mod.ts';
import { UsageError } from '../wire/errors.ts';
import { createCluster } from './cluster/create-cluster.ts';
import { ClusterDiscovery } from './cluster/discovery/cluster-discovery.ts';
import { Discovery } from './cluster/discovery/discovery.ts';
import { toEndpoint } from './connection/endpoint.ts';
import { FallbackClient } from './wrappers/fallback-client.ts';
import {
  checkBulkOptions,
  checkBulkStoreOptions,
  checkCallOptions,
  checkStoreOptions,
  checkWriteOptions,
} from './options.ts';
import { checkMetaOptions } from './meta/meta-options.ts';
import { RetryingClient } from './wrappers/retrying.ts';
import { defaultSerde } from './values/serde.ts';

const unknown = suite('unknown options');

const { dial } = new MemoryServer();
const client = new Client('localhost', { dial });
const tls = { rejectUnauthorized: false };
const never = (): never => assert.unreachable('nothing is looked up') as never;
const bridge = { dial, upstream: 'localhost' };

/** What is made with each option, as a caller in JavaScript may: any. */
const makers: readonly (readonly [
  name: string,
  make: (options: never) => unknown,
  ...wrong: (readonly [name: string, likely?: string])[],
])[] = [
  [
    'Client',
    (o: object) => new Client('h', o),
    ['timout', 'timeout'],
    ['ignore_exc', 'ignoreErrors'],
    ['key_prefix', 'keyPrefix'],
    ['namespace', 'keyPrefix'],
    ['ssl', 'tls'],
    ['username', 'auth'],
    ['retries'],
  ],
  ['PooledClient', (o: object) => new PooledClient('h', o), ['max_pool_size', 'maxPoolSize']],
  [
    'HashClient',
    (o: object) => new HashClient(['h'], o),
    ['retry_attempts', 'retryAttempts'],
    ['hasher', 'scheme'],
    ['weights'],
  ],
  ['createCluster', (o: never) => createCluster(['h'], o), ['timout', 'timeout']],
  ['WebClient', (o: object) => new WebClient('ws://h/', o), ['timout', 'timeout']],
  ['webDialer', webDialer, ['tokn', 'token']],
  ['RetryingClient', (o: object) => new RetryingClient(client, o), ['retries', 'attempts']],
  ['FallbackClient', (o: object) => new FallbackClient([client], o), ['copy_up', 'copyUp']],
  ['Discovery', (o: object) => new Discovery(never, o), ['intervall', 'interval']],
  ['ClusterDiscovery', (o: object) => new ClusterDiscovery(client, o), ['adress', 'address']],
  ['DnsDiscovery', (o: object) => new DnsDiscovery('h', o), ['resolver', 'resolve']],
  ['Server', (o: object) => new Server(o), ['maxConections', 'maxConnections']],
  ['TestServer', (o: object) => new TestServer(o), ['memroy', 'memory']],
  ['createTestClient', createTestClient, ['timout', 'timeout'], ['clock'], ['dial']],
  ['Bridge', (o: object) => new Bridge({ ...bridge, ...o }), ['origin', 'origins']],
  ['an endpoint', toEndpoint, ['hostname', 'host']],
];

for (const [name, make, ...wrong] of makers) {
  for (const [option, likely] of wrong) {
    unknown(`${name} has no ${option}${likely === undefined ? '' : `: ${likely} is meant`}`, () => {
      const given = name === 'an endpoint'
        ? { host: 'h', port: 1, [option]: 'x' }
        : { [option]: 5 };
      const error = refusal(() => make(given as never));
      assert.ok(error.argument.endsWith(option), error.argument);
      if (likely !== undefined) assert.match(error.rule, `did you mean ${likely}?`);
    });
  }
}

for (const [name, make] of makers) {
  // The others are given more than what is tried here.
  if (name === 'Bridge' || name === 'an endpoint') continue;
  unknown(`${name} takes no options that are no object`, () => {
    for (const options of [null, 5, 'x', []]) {
      assert.is(refusal(() => make(options as never)).argument, 'options', String(options));
    }
  });
}

unknown('what is within an option is looked at too', async () => {
  const wrong: readonly (readonly [argument: string, make: () => unknown])[] = [
    ['tls.rejectUnauthorized', () => new Client('h', { dial, tls: tls as object })],
    ['tls.rejectUnauthorized', () => toEndpoint({ host: 'h', port: 1, tls: tls as object })],
    ['tls.rejectUnauthorized', () => new Bridge({ ...bridge, upstreamTls: tls as object })],
    [
      'tls.rejectUnauthorized',
      () => new Bridge(bridge).checkPlace({ host: 'localhost', port: 1, tls: tls as object }),
    ],
    [
      'auth.user',
      () => new Client('h', { dial, auth: { username: 'u', password: 'p', user: 'u' } as never }),
    ],
    [
      'copyUp.ttl',
      () => new FallbackClient([client], { copyUp: { expire: 1, ttl: 1 } as { expire: number } }),
    ],
    ['server.wieght', () => new HashClient([{ server: 'h', wieght: 2 } as { server: string }])],
  ];
  for (const [argument, make] of wrong) assert.is(refusal(make).argument, argument);
  const at = { host: '127.0.0.1', port: 0, tls: { requestCert: true } as object };
  assert.is((await rejection(listen(at, never))).argument, 'tls.requestCert');
});

unknown('calls: each verb has its own, and names what is likely meant', () => {
  const all = { timeout: 5, signal: new AbortController().signal };
  const store = { ...all, noreply: true, expire: 5, flags: 5 };
  const checks:
    readonly (readonly [check: (options: never) => void, taken: object, wrong: object])[] = [
      [checkCallOptions, all, { expire: 5 }],
      [checkWriteOptions, { ...all, noreply: true }, { ttl: 5 }],
      [checkStoreOptions, store, { ttl: 5 }],
      [checkBulkOptions, { ...all, quiet: true }, { expire: 5 }],
      [checkBulkStoreOptions, { ...all, quiet: true, expire: 5, flags: 5 }, { lifetime: 5 }],
      [(o: never) => checkMetaOptions('mg', o), { opaque: 'x', touch: 5, ttl: true }, {
        expire: 5,
      }],
      [(o: never) => checkMetaOptions('ms', o), { ...store, ifCas: 5n }, { ttl: 5 }],
      [(o: never) => checkMetaOptions('md', o), { clear: true }, { ttl: 5 }],
      [(o: never) => checkMetaOptions('ma', o), { initial: 5, ttl: true }, { lifetime: 5 }],
    ];
  for (const [check, taken, wrong] of checks) {
    check(taken as never);
    check({} as never);
    assert.is(refusal(() => check(wrong as never)).argument, Object.keys(wrong)[0]);
    assert.is(refusal(() => check(null as never)).argument, 'options');
  }
  assert.match(refusal(() => checkStoreOptions({ lifetime: 5 } as object)).rule, /mean expire/);
  // As other clients have the time to live in the place of options.
  assert.match(refusal(() => checkStoreOptions(60 as never)).rule, '{ expire: 60 }');
});

for (
  const [name, ...before] of [
    ['version'],
    ['stats', []],
    ['flushAll', 0],
    ['cacheMemlimit', 64],
    ['verbosity', 0],
    ['shutdown'],
    ['quit'],
    ['raw', 'version'],
  ] as const
) {
  unknown(`${name} has no retries`, async () => {
    const call = client[name].bind(client) as (...args: unknown[]) => Promise<unknown>;
    assert.is((await rejection(call(...before, { retries: 5 }))).argument, 'retries');
    assert.is((await rejection(call(...before, null))).argument, 'options');
  });
}

for (const name of ['metadump', 'mgdump', 'watch'] as const) {
  unknown(`${name} has no retries`, async () => {
    const lines = client[name](undefined, { retries: 5 } as object);
    assert.is((await rejection(lines.next())).argument, 'retries');
  });
}

const v = 'v';
const calls: Readonly<Record<string, readonly unknown[]>> = {
  get: ['k'],
  gets: ['k'],
  gat: ['k', 1],
  gats: ['k', 1],
  getMany: [['k']],
  getsMany: [['k']],
  set: ['k', v],
  add: ['k', v],
  replace: ['k', v],
  append: ['k', v],
  prepend: ['k', v],
  cas: ['k', v, 1n],
  delete: ['k'],
  touch: ['k', 1],
  incr: ['k', 1],
  decr: ['k', 1],
  setMany: [{ k: v }],
  deleteMany: [['k']],
  'meta.get': ['k'],
  'meta.set': ['k', v],
  'meta.delete': ['k'],
  'meta.arithmetic': ['k'],
  'meta.debug': ['k'],
  'meta.noop': [],
};
for (const [name, before] of Object.entries(calls)) {
  unknown(`${name} has no lifetime`, async () => {
    const owner = (name.startsWith('meta.') ? client.meta : client) as unknown as Record<
      string,
      (...args: unknown[]) => Promise<unknown>
    >;
    const method = name.replace('meta.', '');
    for (const options of [{ lifetime: 5 }, { timeout: 5, lifetime: undefined }]) {
      assert.is(
        (await rejection(Reflect.get(owner, method).call(owner, ...before, options)))
          .argument,
        'lifetime',
      );
    }
  });
}

unknown('a serde that gives null is named by every call that stores', async () => {
  const odd = { ...defaultSerde, serialize: () => null as never };
  const one = new Client('localhost', { dial, serde: odd });
  for (const call of [one.set('k', 1), one.setMany({ k: 1 }), one.meta.set('k', 1)]) {
    assert.is((await rejection(call)).argument, 'serde');
  }
  await one.close();
});

unknown('recache: seconds that the server would take for 1970 are refused', async () => {
  const wrong = client.meta.get('k', { recache: 2_592_001 });
  assert.is((await rejection(wrong)).argument, 'recache');
});

unknown('a client of one server has no pool and no scheme', () => {
  const options = { dial, maxPoolSize: 4 };
  assert.is(refusal(() => new Client('h', options)).argument, 'maxPoolSize');
  assert.is(
    refusal(() => new PooledClient('h', { dial, scheme: 'jump' } as object)).argument,
    'scheme',
  );
});

unknown('raw and shutdown have options of their own', async () => {
  const version = await client.raw('version', { reply: 'line', value: null, timeout: 500 });
  assert.is(version.type, 'line');
  const error: unknown = await client.shutdown({ graceful: true }).catch((e: unknown) => e);
  assert.not.instance(error, UsageError);
});

unknown.after(() => client.close());
unknown.run();

function refusal(make: () => unknown): UsageError {
  try {
    make();
  } catch (error) {
    assert.instance(error, UsageError);
    return error as UsageError;
  }
  return assert.unreachable('it was made') as never;
}

async function rejection(call: Promise<unknown>): Promise<UsageError> {
  const error: unknown = await call.then(() => undefined, (reason: unknown) => reason);
  assert.instance(error, UsageError);
  return error as UsageError;
}
