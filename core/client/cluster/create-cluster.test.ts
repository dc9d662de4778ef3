import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { memoryServers } from '../../../test/support/memory-servers.ts';
import { keyText } from '../../wire/key.ts';
import { UsageError } from '../../wire/errors.ts';
import { hashSchemes } from '../hashing/schemes.ts';
import { createCluster, type CreateClusterOptions } from './create-cluster.ts';

const connecting = suite('createCluster');

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

connecting('a read of many keys is split, and joined in the order of the request', async () => {
  const { endpoints, dial, clock } = memoryServers(2);
  const cluster = createCluster(endpoints, { dial, clock, scheme: 'ketama' });
  const places = new Set(KEYS.map((key) => cluster.memberOf(key)?.node.name));
  assert.is(places.size, 2, 'both servers have some of the keys');
  for (const key of KEYS) {
    const store = { verb: 'set', key, value: key, flags: 0, expire: 0, noreply: false } as const;
    assert.equal(await cluster.execute(store), { type: 'STORED' });
  }
  const keys = [...KEYS.toReversed(), 'missing', 'a'];
  const reply = await cluster.execute({ verb: 'get', keys });
  assert.is(reply.type, 'values');
  if (reply.type !== 'values') return;
  assert.equal(reply.items.map(({ key }) => keyText(key)), [...KEYS.toReversed(), 'a']);
  await cluster.close();
});

connecting('a scheme may be a function, and a command without a key takes a route', async () => {
  const { endpoints, dial, clock } = memoryServers(2);
  const cluster = createCluster(endpoints, { dial, clock, scheme: hashSchemes.modula });
  assert.is((await cluster.execute({ verb: 'version' }, { route: 'a' })).type, 'VERSION');
  const error = await cluster.execute({ verb: 'version' }).catch((cause: unknown) => cause);
  assert.instance(error, UsageError);
  await cluster.close();
});

connecting('it refuses the options that are for keys and values', () => {
  const { dial } = memoryServers(1);
  const own = [
    ...['binaryKeys', 'ignoreErrors', 'keyPrefix', 'maxKeys', 'noreply'],
    ...['onIgnored', 'profile', 'serde', 'unicodeKeys'],
  ];
  for (const option of own) {
    const options: CreateClusterOptions = { dial, [option]: undefined };
    assert.throws(() => createCluster(['h'], options), new RegExp(`${option}.*takes commands`));
  }
});

connecting('options that are no object are refused', () => {
  for (const options of [null, 5, 'dial', []]) {
    assert.throws(
      () => createCluster(['h'], options as never),
      (error: unknown) => error instanceof UsageError && error.argument === 'options',
    );
  }
});

connecting.run();
