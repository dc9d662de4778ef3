import * as assert from 'uvu/assert';
import { CountingClock, settled } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { Client } from './server-client.ts';
import type { HashClientOptions, WithDial } from './options.ts';
import { ClusterDiscovery } from './cluster/discovery/cluster-discovery.ts';
import { HashClient } from './cluster/hash-client.ts';
import type { Memcache } from './memcache.ts';
import { RetryingClient } from './wrappers/retrying.ts';

const random = suite('client: where chance comes from');

/** How often two sources of chance are asked while calls of a client fail. */
interface Asked {
  given: number;
  fixed: number;
}

async function failing(make: (options: HashClientOptions & WithDial) => Memcache): Promise<Asked> {
  const asked = { given: 0, fixed: 0 };
  const clock = new CountingClock();
  const real = Math.random;
  Math.random = () => ++asked.fixed && 1;
  try {
    const client = make({
      clock,
      dial: () => Promise.reject(new Error('refused')),
      random: () => ++asked.given && 1,
    });
    const call = client.get('k').catch(() => {});
    for (let turn = 0; turn < 5; turn++) {
      await settled();
      clock.advance(1000);
    }
    await call;
    await client.close();
  } finally {
    Math.random = real;
  }
  return asked;
}

for (
  const [name, make] of Object.entries<Parameters<typeof failing>[0]>({
    Client: (options) => new Client('a', options),
    HashClient: (options) => new HashClient(['a'], options),
    RetryingClient: (options) => new RetryingClient(new Client('a', options)),
    ClusterDiscovery: (options) =>
      new HashClient(new ClusterDiscovery(new Client('a', options)), options),
  })
) {
  random(`${name} has its jitter from the client's own random`, async () => {
    const { given, fixed } = await failing(make);
    assert.is(fixed, 0, 'Math.random');
    assert.ok(given > 0);
  });
}

random.run();
