import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { createTestClient } from '../../testing/mod.ts';
import { VirtualClock } from '../../io/clock.ts';
import { MemoryServer } from '../../server/memory.ts';
import { AbortError, ProtocolError, UsageError } from '../../wire/errors.ts';
import { HashClient } from '../cluster/hash-client.ts';
import type { ClientOptions } from '../options.ts';
import { Client } from '../server-client.ts';

const namespace = suite('namespace');

/** A client whose commands are counted by their verbs. */
function counted(options: ClientOptions = {}): { client: Client; verbs: string[] } {
  const verbs: string[] = [];
  const { dial } = new MemoryServer();
  const onCommand: ClientOptions['onCommand'] = ({ verb }) => void verbs.push(verb);
  return { client: new Client('a', { dial, onCommand, ...options }), verbs };
}

namespace('the calls of a tick share one read of the generation', async () => {
  const { client, verbs } = counted({ dialect: 'meta' });
  const users = client.namespace('users');
  await users.set('a', 1);
  verbs.length = 0;
  assert.equal(await Promise.all([users.get('a'), users.get('b'), users.get('a')]), [
    1,
    undefined,
    1,
  ]);
  assert.equal(verbs, ['mg', 'mg', 'mg', 'mg']);
  await users.get('a');
  assert.is(verbs.length, 6);
  await client.close();
});

namespace('a call with a signal has a read of its own, which the signal ends', async () => {
  const { client } = counted();
  const users = client.namespace('users');
  await users.set('a', 1);
  const aborter = new AbortController();
  const aborted = users.get('a', { signal: aborter.signal }).catch((error: unknown) => error);
  const other = users.get('a');
  aborter.abort();
  assert.instance(await aborted, AbortError);
  assert.is(await other, 1);
  await client.close();
});

namespace('a generation that is kept hides an invalidation elsewhere for its time', async () => {
  const clock = new VirtualClock();
  const { client, verbs } = counted({ clock, dialect: 'meta' });
  const kept = client.namespace('users', { generationTtl: 500 });
  const other = client.namespace('users');
  await kept.set('a', 1);
  verbs.length = 0;
  assert.is(await kept.get('a'), 1);
  assert.equal(verbs, ['mg'], 'one round trip');
  await other.invalidate();
  clock.advance(499);
  assert.is(await kept.get('a'), 1);
  clock.advance(1);
  assert.is(await kept.get('a'), undefined);
  await kept.set('a', 2);
  await kept.invalidate();
  assert.is(await kept.get('a'), undefined, 'its own is seen at once');
  await client.close();
});

namespace('a generation has no expiry, and is no concern of the serde', async () => {
  const clock = new VirtualClock();
  const server = new MemoryServer();
  const serde = {
    serialize: () => ({ value: 'x', flags: 7 }),
    deserialize: (): never => assert.unreachable() as never,
  };
  const { dial } = server;
  const client = new Client('a', { dial, expire: 5, serde });
  const users = client.namespace('users');
  await users.set('a', 1);
  server.clock.advance(10_000);
  const [generation] = await new Client('a', { dial }).getMany(['users:generation']);
  assert.ok(generation !== undefined);
  clock.advance(1);
  await client.close();
});

namespace('an item that is no number is reported', async () => {
  const { client } = counted();
  await client.set('users:generation', 'x');
  const error = await client.namespace('users').get('a').catch((cause: unknown) => cause);
  assert.instance(error, ProtocolError);
  await client.close();
});

namespace('keys of bytes, prefixes and namespaces within each other', async () => {
  const { client } = counted({ unicodeKeys: true, keyPrefix: 'é:' });
  const users = client.withPrefix('x:').namespace('users');
  const inner = users.withPrefix('p:').namespace('inner');
  const bytes = new Uint8Array([0xc3, 0xa9, 0x31]);
  await users.set(bytes, 'bytes');
  await users.setMany([['é', 'text'], ['plain', 'ascii']]);
  await inner.set('é', 'inner');
  const keys = [bytes, 'é', 'plain'];
  assert.equal(
    await users.getMany(keys),
    new Map<unknown, string>([[bytes, 'bytes'], ['é', 'text'], ['plain', 'ascii']]),
  );
  assert.equal(await inner.getMany(['é']), new Map([['é', 'inner']]));
  await inner.invalidate();
  assert.equal(await inner.getMany(['é']), new Map());
  assert.is((await users.getMany(keys)).size, 3);
  await inner.set('é', 'inner');
  await users.invalidate();
  assert.is(await inner.get('é'), undefined, 'an outer one drops the inner one');
  await client.close();
});

namespace('binary keys travel as base64', async () => {
  const { client } = counted({ binaryKeys: true });
  const users = client.namespace('users');
  await users.set('a b', 1);
  assert.equal(await users.getMany(['a b', 'c']), new Map([['a b', 1]]));
  await users.invalidate();
  assert.is(await users.get('a b'), undefined);
  await client.close();
});

namespace('a key whose prefix the profile would hash away is refused', async () => {
  const { dial } = new MemoryServer();
  const client = new HashClient(['a', 'b'], { dial, profile: 'memcached-npm' });
  const users = client.namespace('users');
  await users.set('a', 'x');
  assert.is(await users.get('a'), 'x');
  const error = await users.get('x'.repeat(300)).catch((cause: unknown) => cause);
  assert.ok(error instanceof UsageError && error.argument === 'key');
  await client.close();
});

namespace('a read that fails is a miss with ignoreErrors', async () => {
  const { client, server } = createTestClient({ ignoreErrors: true });
  const users = client.namespace('users');
  await users.set('a', 1);
  server.down();
  assert.is(await users.get('a'), undefined);
  assert.ok(users.ignored > 0);
  await client.close();
});

namespace('a name and an option that are unsound are refused', () => {
  const { client } = counted();
  for (const generationTtl of [-1, NaN, '5'] as number[]) {
    assert.throws(
      () => client.namespace('n', { generationTtl }),
      (error: unknown) => error instanceof UsageError && error.argument === 'generationTtl',
    );
  }
  assert.throws(() => client.namespace('n', { ttl: 5 } as object), /ttl/);
});

namespace.run();
