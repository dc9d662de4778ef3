// The classes of clients that a runtime exports: types and classes, over the runtime's own dialer.
import * as assert from 'uvu/assert';
import { HashClient as CoreHashClient } from '../../core/client/cluster/hash-client.ts';
import { Client as CoreClient } from '../../core/client/server-client.ts';
import { Server } from '../../core/server/serve.ts';
import type { Client as NodeClient } from '../../transport-node/mod.ts';
import { Client, HashClient, listen, PooledClient } from '../runner/runtime.ts';
import { suite } from '../runner/suite.ts';

const clients = suite('clients of a runtime');

clients('each has its name, and is one of the core', async () => {
  assert.equal([Client, PooledClient, HashClient].map(({ name }) => name), [
    'Client',
    'PooledClient',
    'HashClient',
  ]);
  // The name of a class is the type of its clients, too.
  await using client: NodeClient = new Client();
  await using hashed = new HashClient(['localhost']);
  assert.ok(client instanceof Client && client instanceof CoreClient);
  assert.ok(hashed instanceof HashClient && hashed instanceof CoreHashClient);
});

clients('a class of the program can extend one', async () => {
  class Greeter extends Client {
    async greet(name: string): Promise<string> {
      await this.set('greeting', `hello ${name}`);
      return await this.get<string>('greeting') ?? '';
    }
  }
  const listener = await listen({ host: '127.0.0.1', port: 0 }, new Server().accept);
  await using greeter = new Greeter(listener.endpoint, { timeout: 10_000 });
  assert.is(await greeter.greet('Ada'), 'hello Ada');
  assert.ok(greeter instanceof Client);
  await listener.close();
});

clients('fromEnv reads the environment of the process', async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0 }, new Server().accept);
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  const before = process.env['MEMCACHED_URL'];
  process.env['MEMCACHED_URL'] = `memcached://127.0.0.1:${port}?timeout=10000`;
  try {
    for (const client of [Client.fromEnv(), PooledClient.fromEnv(), HashClient.fromEnv()]) {
      await client.set('k', 'v');
      assert.is(await client.get('k'), 'v');
      await client.close();
    }
    delete process.env['MEMCACHED_URL'];
    assert.throws(() => Client.fromEnv(), /MEMCACHED_URL must be set/);
  } finally {
    if (before !== undefined) process.env['MEMCACHED_URL'] = before;
    await listener.close();
  }
});

clients.run();
