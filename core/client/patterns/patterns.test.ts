import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import type { Dialer } from '../../io/transport.ts';
import { MemoryServer } from '../../server/memory.ts';
import { TimeoutError, UsageError } from '../../wire/errors.ts';
import { jittered } from '../expire.ts';
import type { ClientOptions } from '../options.ts';
import { Client, PooledClient } from '../server-client.ts';
import { RetryingClient } from '../wrappers/retrying.ts';

const patterns = suite('client: jitter, and what may not be repeated');

/** A client that notes the flags of its meta commands. */
function noted(options: ClientOptions): { client: Client; flags: string[] } {
  const flags: string[] = [];
  const { dial } = new MemoryServer();
  const onCommand: ClientOptions['onCommand'] = (command) => {
    if ('flags' in command && Array.isArray(command.flags)) flags.push(command.flags.join(' '));
  };
  return { client: new Client('a', { dial, dialect: 'meta', onCommand, ...options }), flags };
}

patterns('an expiry is shortened by at most its jitter, and never to never', () => {
  assert.is(jittered(300, 0.1, () => 0), 300);
  assert.is(jittered(300, 0.1, () => 1), 270);
  assert.is(jittered(300, 1, () => 1), 1);
  assert.is(jittered(1, 1, () => 0.999), 1);
  for (const exptime of [0, -1, 2_592_001]) assert.is(jittered(exptime, 1, () => 1), exptime);
});

patterns('a wrong timeout of what sends several commands is refused before the first', async () => {
  const { client, flags } = noted({});
  const lock = (await client.lock('l', { ttl: 30 }))!;
  const space = client.namespace('user');
  await space.set('k', 'v');
  flags.length = 0;
  for (const timeout of [-1, 0, NaN, '5', null] as number[]) {
    const calls = [
      lock.extend(30, { timeout }),
      lock.release({ timeout }),
      client.lock('m', { ttl: 30, timeout }),
      client.rateLimit('r', { limit: 1, window: 1, timeout }),
      client.incr('n', 1, { initial: 1, timeout }),
      space.get('k', { timeout }),
      space.invalidate({ timeout }),
    ];
    for (const result of await Promise.allSettled(calls)) {
      const error: unknown = result.status === 'rejected' ? result.reason : undefined;
      assert.instance(error, UsageError);
      assert.is((error as UsageError).argument, 'timeout');
    }
  }
  assert.equal(flags, []);
  await client.close();
});

patterns('jitter is for stores alone, and has its chance from random', async () => {
  const { client, flags } = noted({ expire: 300, jitter: 0.1, random: () => 0.5 });
  await client.set('k', 'x');
  await client.set('k', 'x', { expire: 100 });
  await client.set('k', 'x', { expire: 0 });
  await client.set('k', 'x', { expire: new Date(2_000_000_000_000) });
  await client.append('k', 'x');
  await client.incr('n', 1, { initial: 1 });
  assert.equal(flags, ['F16 T285', 'F16 T95', 'F16', 'F16 T2000000000', 'F16 MA', 'v D1 N285 J1']);
  flags.length = 0;
  await client.touch('k', 100);
  await client.gat('k', 100);
  await client.meta.set('k', 'x');
  await client.meta.set('k', 'x', { expire: 100 });
  assert.equal(flags, ['T100', 'v f T100', 'F16', 'T100 F16']);
  await client.close();
});

patterns('each item of setMany has a jitter of its own', async () => {
  let chance = 0;
  const { client, flags } = noted({ expire: 100, jitter: 0.5, random: () => (chance += 0.2) });
  await client.setMany([['a', 'x'], ['b', 'x'], ['c', 'x']]);
  assert.equal(flags.map((flag) => flag.split(' ')[1]), ['T90', 'T80', 'T70']);
  await client.close();
});

patterns('a lock or a count that may have been taken is not repeated', async () => {
  const sent: string[] = [];
  const { dial } = new MemoryServer();
  const client = new Client('a', { dial, dialect: 'meta' });
  const silent = {
    execute: (command: { readonly verb: string }): Promise<never> => {
      sent.push(command.verb);
      return Promise.reject(new TimeoutError('no reply', 'unknown'));
    },
    close: () => Promise.resolve(),
  };
  const { ServerClient } = await import('../server-client.ts');
  const over = new ServerClient({ ...client.dependencies, executor: silent });
  const retrying = new RetryingClient(over, { attempts: 5 });
  for (
    const call of [
      () => retrying.lock('k', { ttl: 5 }),
      () => retrying.rateLimit('k', { limit: 1, window: 1 }),
      () => retrying.incr('k', 1, { initial: 1 }),
    ]
  ) {
    const error = await call().catch((cause: unknown) => cause);
    assert.instance(error, TimeoutError);
  }
  assert.equal(sent, ['ms', 'ma', 'ma']);
  await client.close();
});

for (const dialect of ['meta', 'text'] as const) {
  patterns(`${dialect}: on a new server a lock is not that of its holder before`, async () => {
    let server = new MemoryServer();
    const dial: Dialer = (...given) => server.dial(...given);
    const connect = (): PooledClient =>
      new PooledClient('a', { dial, dialect, idleTimeout: 1, reconnectDelay: 1 });
    const [one, other] = [connect(), connect()];
    const first = await one.lock('k', { ttl: 30 });
    server = new MemoryServer();
    // Its connections are closed, and others lead to the new server.
    await new Promise((resolve) => setTimeout(resolve, 30));
    const second = await other.lock('k', { ttl: 30 });
    assert.is(first!.token, second!.token);
    assert.is(await first!.extend(60), false);
    assert.is(await first!.release(), false);
    assert.is(await one.lock('k', { ttl: 30 }), undefined, 'it is still held');
    assert.is(await second!.extend(60), true);
    assert.ok(second!.token > first!.token);
    assert.is(await second!.release(), true);
    await Promise.all([one.close(), other.close()]);
  });
}

patterns('an item that was invalidated is no lock that is free', async () => {
  const client = new Client('a', { dial: new MemoryServer().dial, dialect: 'meta' });
  await client.set('k', 'v');
  await client.meta.delete('k', { invalidate: true });
  assert.is(await client.lock('k', { ttl: 30 }), undefined);
  await client.close();
});

patterns.run();
