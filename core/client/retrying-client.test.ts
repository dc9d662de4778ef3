import * as assert from 'uvu/assert';
import { settled, Watched } from '../../test/scripted.ts';
import { suite } from '../../test/suite.ts';
import { createTestClient, type TestClient } from '../testing/mod.ts';
import { UsageError } from '../wire/errors.ts';
import type { OneServer } from './one-server.ts';
import { RetryingClient } from './retrying-client.ts';

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

client('what is no client is refused', () => {
  assert.throws(
    () => new RetryingClient({} as OneServer),
    (error: unknown) => error instanceof UsageError && error.argument === 'client',
  );
});

client.run();
