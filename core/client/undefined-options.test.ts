import * as assert from 'uvu/assert';
import { MemoryServer } from '../server/memory.ts';
import { serverOptions } from '../server/options.ts';
import { createTestClient } from '../testing/create-test-client.ts';
import { TestServer } from '../testing/test-server.ts';
import { suite } from '../../test/runner/suite.ts';
import { HashClient } from './cluster/hash-client.ts';
import type { Memcache } from './memcache.ts';
import { clientTable, hashClientTable } from './options.ts';
import { Client } from './server-client.ts';
import { RetryingClient } from './wrappers/retrying.ts';

// With `exactOptionalPropertyTypes`, too, a program may pass on an option that it was not given.
const options = suite('an option that is undefined is one that is left out');

/** Options with these names, all undefined. */
const noneOf = (names: object): Readonly<Record<string, undefined>> =>
  Object.fromEntries(Object.keys(names).map((name) => [name, undefined]));

const { dial } = new MemoryServer();

const clients: Readonly<Record<string, () => Memcache>> = {
  Client: () => new Client('localhost', { ...noneOf(clientTable), dial }),
  HashClient: () => new HashClient(['a', 'b'], { ...noneOf(hashClientTable), dial }),
  RetryingClient: () =>
    new RetryingClient(new Client('localhost', { dial }), {
      ...noneOf({ attempts: 0, delay: 0, maxDelay: 0, timeout: 0, attemptTimeout: 0 }),
      ...noneOf({ retryFor: 0, doNotRetryFor: 0 }),
    }),
  createTestClient: () =>
    createTestClient({ server: undefined, reconnectDelay: undefined, serde: undefined }).client,
};

for (const [name, make] of Object.entries(clients)) {
  options(name, async () => {
    const client = make();
    await client.set('key', 'value', { expire: undefined, flags: undefined, timeout: undefined });
    assert.is(await client.get('key', { signal: undefined }), 'value');
    await client.close();
  });
}

options('Server', () => {
  const { server } = new MemoryServer(noneOf(serverOptions));
  assert.equal(server.engine.options, serverOptions);
});

options('TestServer', () => {
  const { items } = new TestServer(noneOf(serverOptions));
  assert.is(items.size, 0);
});

options.run();
