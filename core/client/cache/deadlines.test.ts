import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { CountingClock, settled, Watched } from '../../../test/support/scripted.ts';
import { KEY } from '../../../test/support/cache-host.ts';
import { type Member, Stage } from '../../../test/support/cache-stage.ts';
import { TestServer } from '../../testing/mod.ts';
import { Client } from '../server-client.ts';

// Law: a call ends by its deadline, however many commands it sends, and leaves no timer.

const deadlines = suite('cache: deadlines');

const inText = (): Stage =>
  new Stage({ policy: { ttl: 8, grace: 4, lease: 2, jitter: 0 }, text: true });

// A command has a second at most.
for (const timeout of [300, 1100]) {
  deadlines(`the commands of a claim have ${timeout} ms together`, async () => {
    const stage = inText();
    const [{ cache }] = stage.members as [Member];
    const call = new Watched(cache.fetch(KEY, { timeout }));
    await stage.settle();
    await stage.deliver(stage.next);
    assert.match(stage.next.text, /^add /);
    await stage.advance(timeout - 150);
    await stage.deliver(stage.next);
    assert.match(stage.next.text, /^gets /);
    await stage.advance(149);
    assert.is(call.state, 'pending');
    await stage.advance(2);
    assert.is(call.brief, 'TimeoutError timeout not-sent');
  });
}

deadlines('so have the commands of a first read', async () => {
  const stage = inText();
  const [{ cache }] = stage.members as [Member];
  void cache.put(KEY, 'v');
  await stage.settle();
  while (stage.held.length > 0) await stage.deliver(stage.next);
  const call = new Watched(cache.fetch(KEY, { timeout: 1500 }));
  await stage.settle();
  await stage.advance(900);
  await stage.deliver(stage.next);
  assert.match(stage.next.text, /^gets .*~fresh$/);
  await stage.advance(599);
  assert.is(call.state, 'pending');
  await stage.advance(2);
  assert.is(call.brief, 'TimeoutError timeout not-sent');
});

deadlines('a value that is stored without its marker is stored', async () => {
  const stage = inText();
  const [{ cache }] = stage.members as [Member];
  const put = new Watched(cache.put(KEY, 'v', { timeout: 300 }));
  await stage.settle();
  await stage.advance(200);
  await stage.deliver(stage.next);
  assert.match(stage.next.text, /^set .*~fresh$/);
  await stage.advance(99);
  assert.is(put.state, 'pending');
  await stage.advance(2);
  assert.is(put.state, 'resolved');
  while (stage.held.length > 0) await stage.deliver(stage.next);
  const update = new Watched(cache.update(KEY, () => 'w', { timeout: 300 }));
  await stage.settle();
  while (!stage.next.text.endsWith('~fresh')) await stage.deliver(stage.next);
  await stage.advance(300);
  assert.is(update.brief, 'resolved');
  assert.is(update.value, 'w');
});

deadlines('a call has its own time where the client gives commands more', async () => {
  const clock = new CountingClock();
  const client = new Client('a', {
    dial: () => new Promise(() => {}),
    clock,
    timeout: 1e9,
    connectTimeout: 1e9,
  });
  const cache = client.cache({
    key: (id: string) => id,
    load: () => 'v',
    ttl: 9,
    lease: 1,
    wait: 500,
  });
  const call = new Watched(cache.fetch('a'));
  await settled();
  clock.advance(1499);
  await settled();
  assert.is(call.state, 'pending');
  clock.advance(2);
  await settled();
  assert.is(call.brief, 'TimeoutError timeout not-sent');
});

deadlines('a load that goes on after the client was closed leaves no timer', async () => {
  const server = new TestServer();
  const clock = new CountingClock();
  const client = new Client('a', { dial: server.dial, clock });
  const cache = client.cache({
    key: (id: string) => id,
    load: () => new Promise<string>(() => {}),
    ttl: 9,
  });
  cache.fetch('a').catch(() => {});
  await settled();
  assert.ok(clock.timers > 0);
  await client.close();
  assert.is(clock.timers, 1, 'the time of the caller');
});

deadlines.run();
