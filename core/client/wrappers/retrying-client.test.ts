import * as assert from 'uvu/assert';
import { withSend } from '../../../test/support/intercept.ts';
import { memoryServers } from '../../../test/support/memory-servers.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { createTestClient, type TestClient, TestServer } from '../../testing/mod.ts';
import type { Dialer } from '../../io/transport.ts';
import { MemcacheError, UsageError } from '../../wire/errors.ts';
import { Client, type ServerClient } from '../server-client.ts';
import { HashClient } from '../cluster/hash-client.ts';
import { RetryingClient } from './retrying.ts';

const client = suite('retrying client');

/** Lets a server do what it was asked, and loses its reply. */
async function loseReply({ server, clock }: TestClient): Promise<void> {
  await settled();
  clock.advance(1);
  server.down();
  server.recover();
  await settled();
}

for (const dialect of ['meta', 'text'] as const) {
  client(`${dialect}: what may be done twice is, over a new connection`, async () => {
    const scene = createTestClient({ dialect });
    const one = new RetryingClient(scene.client);
    scene.server.slow(1);
    const call = new Watched(one.set('k', 'x'));
    await loseReply(scene);
    assert.is(call.value, true);
    await one.close();
  });

  client(`${dialect}: an incr whose fate is unknown is not, unless it may`, async () => {
    for (const retryUnsafe of [false, true]) {
      const scene = createTestClient({ dialect });
      const one = new RetryingClient(scene.client, { retryUnsafe });
      await one.set('k', 1);
      scene.server.slow(1);
      const call = new Watched(one.incr('k'));
      await loseReply(scene);
      assert.is(call.brief, retryUnsafe ? 'resolved' : 'ConnectionError connection unknown');
      assert.is(await one.get('k'), retryUnsafe ? 3 : 2);
      await one.close();
    }
  });
}

// The law: wherever the network is cut, a set is done and an incr is counted at most once, and what
// the caller is told of it is true.
for (const dialect of ['meta', 'text'] as const) {
  client(`${dialect}: with the network cut at any byte, no incr is counted twice`, async () => {
    const seen = new Set<string>();
    for (let cut = 0; cut < 64; cut++) {
      const server = new TestServer({ memory: 1024 * 1024 });
      const { client: setter } = createTestClient({ server });
      await setter.set('k', 1);
      const dial = cutAfter(cut, server.dial);
      const one = new RetryingClient(new Client('h', { dial, dialect, clock: server.clock }));
      const call = new Watched(one.incr('k'));
      await settled();
      server.clock.advance(25);
      await settled();
      const count = await setter.get<number>('k');
      const outcome = call.error instanceof MemcacheError ? call.error.outcome : 'done';
      const truth = { 'not-sent': [1], unknown: [1, 2], done: [2] }[outcome];
      assert.ok(
        count !== undefined && truth.includes(count),
        `cut at ${cut}: ${outcome}, and ${count}`,
      );
      seen.add(`${outcome} ${count}`);
      assert.ok(await one.set('k', 'x'));
      await Promise.all([one.close(), setter.close()]);
    }
    assert.equal([...seen].sort(), ['done 2', 'unknown 1', 'unknown 2']);
  });

  client(`${dialect}: with the network cut at any byte, a set is done`, async () => {
    for (let cut = 0; cut < 64; cut++) {
      const server = new TestServer({ memory: 1024 * 1024 });
      const dial = cutAfter(cut, server.dial);
      const one = new RetryingClient(new Client('h', { dial, dialect, clock: server.clock }));
      const call = new Watched(one.set('k', 'x'));
      await settled();
      server.clock.advance(25);
      await settled();
      assert.equal([call.value, server.items.size], [true, 1], `cut at ${cut}`);
      await one.close();
    }
  });
}

client('has the keys, the values and the dialect of the client it is made of', async () => {
  const { client: plain, server } = createTestClient({ keyPrefix: 'app:', dialect: 'auto' });
  const one = new RetryingClient(plain, { attempts: 3 });
  await one.set('k', { a: 1 });
  assert.equal(await plain.get('k'), { a: 1 });
  assert.equal([...server.items.keys()], ['app:k']);
  await one.close();
});

client('every call of a server that is down is tried as often as it says', async () => {
  let attempts = 0;
  const { client: plain, server, clock } = createTestClient({ onCommand: () => void attempts++ });
  const one = new RetryingClient(plain, { attempts: 4, delay: 10, random: () => 1 });
  server.down();
  const call = new Watched(one.get('k'));
  for (const wait of [10, 20, 40]) {
    await settled();
    clock.advance(wait);
  }
  await settled();
  assert.equal([call.brief, attempts], ['ConnectionError connection not-sent', 4]);
  server.recover();
  assert.is(await one.get('k'), undefined);
  await one.close();
});

client('reads that fail for good are misses where the client ignores errors', async () => {
  const { client: plain, server } = createTestClient({ ignoreErrors: true });
  const one = new RetryingClient(plain);
  server.down();
  assert.is(await one.get('k'), undefined);
  assert.equal([one.ignored, plain.ignored], [1, 0]);
  await one.close();
});

client(
  'over many servers each key stays on its own, and so do keys that share a route',
  async () => {
    const { endpoints, dial } = memoryServers(3);
    const plain = new HashClient(endpoints, { dial });
    const one = new RetryingClient(plain);
    const keys = Array.from({ length: 60 }, (_, i) => `key${i}`);
    await one.setMany(keys.map((key) => [key, key] as const));
    assert.equal([...(await one.getMany(keys)).keys()], keys);
    assert.is((await plain.getMany(keys)).size, 60);
    await one.set(['user:1', 'cart'], 'x');
    assert.is(await plain.server(plain.serverOf('user:1') ?? '').get('cart'), 'x');
    assert.equal(await one.getMany([['user:1', 'cart']]), new Map([['cart', 'x']]));
    await one.close();
  },
);

client('options that are no object are refused', () => {
  for (const options of [null, 5, 'attempts', []]) {
    assert.throws(
      () => new RetryingClient(createTestClient().client, options as never),
      (error: unknown) => error instanceof UsageError && error.argument === 'options',
    );
  }
});

client('what is no client is refused', () => {
  assert.throws(
    () => new RetryingClient({} as ServerClient),
    (error: unknown) => error instanceof UsageError && error.argument === 'client',
  );
});

client.run();

/** Dials; the first connection ends when so many bytes have gone over it, in both directions together. */
function cutAfter(bytes: number, dial: Dialer): Dialer {
  let room = bytes;
  let isFirst = true;
  return async (to, events, signal) => {
    if (!isFirst) return await dial(to, events, signal);
    isFirst = false;
    const take = (chunk: Uint8Array): Uint8Array => {
      const taken = chunk.subarray(0, room);
      room -= taken.length;
      return taken;
    };
    const transport = await dial(to, {
      onData(chunk) {
        const taken = take(chunk);
        if (taken.length > 0) events.onData(taken);
        if (taken.length < chunk.length) transport.close();
      },
      onDrain: () => events.onDrain(),
      onClosed: (cause) => events.onClosed(cause),
    }, signal);
    return withSend(transport, (chunk) => {
      const taken = take(chunk);
      transport.send(taken);
      if (taken.length < chunk.length) transport.close();
      // The system has taken them, and that is all a client ever knows.
      return chunk.length;
    });
  };
}
