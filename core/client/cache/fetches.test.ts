import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { type Member, Stage } from '../../../test/support/cache-stage.ts';
import { arrive, brief, fetched, loadOf, stageOf } from '../../../test/support/cache-steps.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import { createTestClient, TestServer, VirtualClock } from '../../testing/mod.ts';
import type { Dialer } from '../../io/transport.ts';
import { fromLatin1 } from '../../wire/bytes.ts';
import { ConnectionError, ProtocolError, TimeoutError } from '../../wire/errors.ts';
import { HashClient } from '../cluster/hash-client.ts';
import type { ItemKey } from '../keys.ts';

const fetches = suite('cache: fetches');

const never = (): Promise<never> => new Promise(() => {});

fetches('without a timeout a call has the lease and the wait', async () => {
  const { client, clock } = createTestClient();
  const call = new Watched(client.fetch('a', never, { ttl: 60, lease: 2, wait: 500 }));
  await settled();
  clock.advance(2499);
  await settled();
  assert.is(call.state, 'pending');
  clock.advance(1);
  await settled();
  assert.is(call.brief, 'TimeoutError timeout not-sent');
  assert.match(call.error?.message ?? '', /within 2500 ms/);
  await client.close();
});

fetches('a call that has less time than a command ends by its own', async () => {
  const { client, clock, server } = createTestClient({ timeout: 1501 });
  server.slow(10_000);
  const call = new Watched(client.fetch('a', never, { ttl: 60, lease: 1, wait: 500 }));
  await settled();
  clock.advance(1499);
  await settled();
  assert.is(call.state, 'pending');
  clock.advance(1);
  await settled();
  assert.is(call.brief, 'TimeoutError timeout not-sent');
  const closed = client.close();
  for (let i = 0; i < 4; i++) {
    await settled();
    clock.advance(10_000);
  }
  await closed;
});

fetches('the time of a call begins with the call, at any time of the clock', async () => {
  const server = new TestServer({}, new VirtualClock(0));
  const { client, clock } = createTestClient({ server, timeout: 1000 });
  server.slow(400);
  const call = new Watched(client.fetch('a', never, { ttl: 60 }, { timeout: 3000 }));
  for (const [time, state] of [[400, 'pending'], [2599, 'pending'], [1, 'rejected']] as const) {
    await settled();
    clock.advance(time);
    await settled();
    assert.is(call.state, state);
  }
  server.recover();
  await client.close();
});

fetches('a call whose time is over with that of its read loads nothing', async () => {
  const { client, clock, server } = createTestClient({ timeout: 1000 });
  server.slow(5000);
  let loads = 0;
  const load = (): number => ++loads;
  const call = new Watched(client.fetch('a', load, { ttl: 60 }, { timeout: 1000 }));
  await settled();
  clock.advance(1000);
  for (let i = 0; i < 3; i++) await settled();
  assert.equal([call.brief, loads], ['TimeoutError timeout not-sent', 0]);
  server.recover();
  const closed = client.close();
  clock.advance(5000);
  await closed;
});

fetches('a command of a call with more time has no more than the client gives', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  const call = await first.fetch({ fresh: true, timeout: 5000 });
  await stage.advance(999);
  assert.is(stage.loads.length, 0);
  await stage.advance(1);
  await loadOf(first).succeed();
  assert.equal(brief(call), ['v1', 'failed-open']);
});

fetches('items are the same by key and route', async () => {
  const server = new TestServer();
  const { clock, dial } = server;
  const client = new HashClient(['a:1', 'b:1'], { clock, dial });
  const local = { maxItems: 9, ttl: 9 };
  const cache = client.cache<string, ItemKey>({ key: (id) => id, load: never, ttl: 60, local });
  for (const server of ['a:1', 'b:1']) await client.server(server).set('k', 'v');
  const outcomeOf = async (key: ItemKey): Promise<string> => {
    const before = cache.stats().outcomes;
    assert.is(await cache.fetch(key), 'v');
    const after = cache.stats().outcomes;
    return after.hit > before.hit ? 'hit' : after.local > before.local ? 'local' : 'other';
  };
  const bytes = fromLatin1;
  for (
    const same of [['k', ['k', 'k']], [['r1', 'k'], [bytes('r1'), 'k']], [['r2', 'k']]] as const
  ) {
    const [first, ...others] = same;
    assert.is(await outcomeOf(first), 'hit');
    for (const key of others) assert.is(await outcomeOf(key), 'local');
  }
  assert.is(cache.stats().localItems, 3);
  await client.close();
});

fetches('a value is the answer before it is stored', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  const call = await fetched(first);
  const other = await first.fetch();
  await loadOf(first).succeed();
  assert.is(stage.held.length, 1);
  assert.equal(brief(call), ['v1', 'loaded']);
  assert.is(other.isOver, false, 'it came after the begin of the load');
  await arrive(first);
  assert.equal(brief(other), ['v1', 'shared']);
});

fetches('a load is joined without a read for as long as its lease', async () => {
  const stage = stageOf({ lease: 2 });
  const [first] = stage.members as [Member];
  await fetched(first);
  await stage.advance(1999);
  await first.fetch();
  assert.is(stage.held.length, 0);
  await stage.advance(1);
  await first.fetch();
  assert.is(stage.held.length, 1);
  await stage.finish();
});

for (const end of ['succeed', 'fail'] as const) {
  fetches(`nothing is left of a load: ${end}`, async () => {
    const stage = stageOf();
    const [first] = stage.members as [Member];
    await fetched(first);
    await loadOf(first)[end]();
    await arrive(first);
    assert.is(first.cache.stats().loadFailures, end === 'fail' ? 1 : 0);
    assert.is(first.clock.timers.length, 0);
    assert.is(first.client.dependencies.held?.size ?? 0, 0);
  });
}

fetches('nothing is left of a load that is aborted', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  const aborter = new AbortController();
  await first.fetch({ signal: aborter.signal });
  await arrive(first);
  aborter.abort();
  await stage.settle();
  await arrive(first);
  assert.is(first.clock.timers.length, 0);
  assert.is(first.client.dependencies.held?.size ?? 0, 0);
});

fetches('a load of before is no answer when the cache is down', async () => {
  const { client, server } = createTestClient();
  let loads = 0;
  const cache = client.cache<number, string>({ key: (id) => id, load: () => ++loads, ttl: 60 });
  assert.is(await cache.fetch('a'), 1);
  await settled();
  server.down();
  assert.is(await cache.fetch('a'), 2);
  assert.is(await cache.fetch('a'), 3);
  await client.close();
});

fetches('a load without the cache that is aborted leaves its place to another', async () => {
  const { client, server, clock } = createTestClient();
  server.down();
  let loads = 0;
  const cache = client.cache<number, string>({
    key: (id) => id,
    load: () => ++loads === 1 ? never() : loads,
    ttl: 60,
    failOpen: { concurrency: 1 },
  });
  const aborter = new AbortController();
  const first = new Watched(cache.fetch('a', { signal: aborter.signal }));
  for (let i = 0; i < 3; i++) await settled();
  const refused = new Watched(cache.fetch('b'));
  for (let i = 0; i < 3; i++) await settled();
  assert.is(refused.brief, 'ConnectionError overloaded not-sent');
  aborter.abort();
  await settled();
  assert.is(first.brief, 'AbortError aborted not-sent');
  assert.is(await cache.fetch('a'), 2);
  assert.is(await cache.fetch('b'), 3);
  assert.is(clock.elapsed(), Date.UTC(2026, 0, 1));
  await client.close();
});

fetches('a load that is refused leaves no timer', async () => {
  const stage = stageOf({ failOpen: { concurrency: 1 } });
  const [first] = stage.members as [Member];
  const call = await first.fetch();
  const refused = await first.call('fetch', () => first.cache.fetch('other'));
  await stage.cut(first);
  assert.is((refused.error as ConnectionError).code, 'overloaded');
  await loadOf(first).succeed();
  assert.is(call.value, 'v1');
  assert.is(first.clock.timers.length, 0);
  const { loads, loadFailures, storeFailures } = first.cache.stats();
  assert.equal([loads, loadFailures, storeFailures], [1, 0, 0]);
});

/** A stage in which a second client waits for the value of one that has died, until its lease is over. */
async function takeover(): Promise<{ stage: Stage; member: Member }> {
  const stage = new Stage({ policy: { ttl: 8, lease: 2, jitter: 0, wait: 60_000 } });
  const [winner, member] = stage.members as [Member, Member];
  await fetched(winner);
  await stage.crash(winner);
  await fetched(member);
  for (let time = 0; time < 3000; time += 5) {
    await stage.advance(5);
    const read = stage.held.find((held) => held.command.verb === 'mg');
    if (read !== undefined) await stage.deliver(read);
    if (stage.held.length > 0) return { stage, member };
  }
  throw new Error('it is not taken over');
}

fetches('a takeover that is lost with its connection is no takeover: it looks again', async () => {
  const { stage, member } = await takeover();
  assert.match(stage.next.text, /^md I/);
  await stage.cut(member);
  assert.equal(stage.held.map(({ command: { verb } }) => verb), ['mg']);
  assert.is(member.cache.stats().takeovers, 0);
});

fetches('a takeover that is not answered: the call loads without, the next one waits', async () => {
  const { stage, member } = await takeover();
  const lost = stage.next;
  stage.held = [];
  lost.fail(new TimeoutError('late', 'unknown'));
  await stage.settle();
  assert.is(loadOf(member).context.reason, 'error');
  assert.is(member.cache.stats().takeovers, 0);
  await loadOf(member).succeed();
  await fetched(member);
  assert.equal([stage.loads.length, stage.held.length], [0, 0]);
});

fetches('a server that has forgotten meta commands is no fault of the caller', async () => {
  const options = { policy: { ttl: 8, lease: 2, jitter: 0, wait: 60_000 }, text: false };
  const stage = new Stage(options);
  const [winner, member] = stage.members as [Member, Member];
  await fetched(winner);
  await stage.crash(winner);
  const call = await fetched(member);
  for (let time = 0; time < 1990; time += 10) {
    await stage.advance(10);
    await arrive(member);
  }
  while (stage.held.length === 0) await stage.advance(1);
  await stage.advance(20);
  stage.listener = { onServed: () => void (options.text = true) };
  await arrive(member);
  await loadOf(member).succeed();
  assert.equal(brief(call), ['v1', 'failed-open']);
});

fetches('each wait begins with short ones', async () => {
  const stage = stageOf({ lease: 60, wait: 60_000 });
  const [winner, other, writer] = stage.members as [Member, Member, Member];
  for (let round = 0; round < 2; round++) {
    await fetched(winner);
    await fetched(other);
    await stage.advance(5);
    assert.is(stage.held.length, 1, `round ${round}`);
    for (let i = 0; i < 10; i++) {
      await arrive(other);
      await stage.advance(25);
    }
    await loadOf(winner).succeed();
    await arrive(winner);
    await arrive(other);
    await stage.advance(100);
    await writer.write('remove');
    await arrive(writer);
  }
});

fetches('a value that was loaded while its key moved is no answer for later calls', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  await fetched(first);
  const later = await first.fetch();
  stage.move();
  await loadOf(first).succeed();
  await arrive(first);
  assert.is(later.isOver, false);
  await stage.finish();
  assert.is(later.value, 'v1');
  assert.is(first.cache.stats().loads, 2);
});

fetches(
  'after a failed load of an old value the next try is after the backoff, not before',
  async () => {
    const stage = stageOf({ errorBackoff: 1.5, grace: 60 });
    const [first] = stage.members as [Member];
    stage.host.store('v1', 30);
    await fetched(first);
    await loadOf(first).fail();
    await stage.advance(1499);
    assert.equal(brief(await fetched(first)), ['v1', 'stale']);
    assert.is(stage.loads.length, 0);
    await stage.advance(1);
    await fetched(first);
    assert.is(stage.loads.length, 1);
  },
);

fetches('a load that is aborted under a lease takes no place of one without', async () => {
  const { client, server } = createTestClient();
  const aborter = new AbortController();
  let loads = 0;
  const cache = client.cache<number, string>({
    key: (id) => id,
    load: () => ++loads === 1 ? never() : loads,
    ttl: 60,
    failOpen: { concurrency: 1 },
  });
  const call = cache.fetch('a', { signal: aborter.signal }).catch(() => {});
  await settled();
  aborter.abort();
  await call;
  server.down();
  const ends = new Watched(
    Promise.all([cache.fetch('b'), cache.fetch('c').catch(() => 'refused')]),
  );
  for (let i = 0; i < 5; i++) await settled();
  assert.equal(ends.value, [2, 'refused']);
  await client.close();
});

fetches('what a server says that has no room for a placeholder: the key is claimed', async () => {
  const stage = stageOf({ lease: 2 });
  const [first] = stage.members as [Member];
  const call = await first.fetch();
  const read = stage.next;
  stage.held = [];
  read.settle({ type: 'EN', flags: [] });
  await stage.settle();
  assert.match(stage.next.text, /^ms F67108864 T3 ME [\w.]+ k$/);
  await arrive(first);
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal([...brief(call), stage.host.fresh], ['v1', 'loaded', 'v1']);
});

fetches('a put that is answered by what is no answer rejects', async () => {
  const stage = stageOf();
  const [first] = stage.members as [Member];
  const put = await first.write('put');
  stage.next.settle({ type: 'VERSION', version: '1' });
  await stage.settle();
  assert.instance(put.error, ProtocolError);
});

fetches('a key that is none keeps no other of a fetchMany waiting', async () => {
  const { client } = createTestClient();
  const cache = client.cache<string, string>({
    key: (id) => id === 'x' ? 5 as never : id,
    loadMany: (ids) => new Map(ids.map((id) => [id, id])),
    ttl: 60,
  });
  const many = new Watched(cache.fetchMany(['a', 'x']));
  for (let i = 0; i < 5; i++) await settled();
  assert.is(many.brief, 'UsageError usage not-sent');
  assert.is(await cache.peek('a'), 'a');
  await client.close();
});

fetches('fetchMany loads at once what servers of different speed lack', async () => {
  for (const options of [undefined, { timeout: 900 }]) {
    const [quick, slow] = [new TestServer(), new TestServer()];
    const { clock } = quick;
    slow.slow(0);
    const late: (() => void)[] = [];
    const dial: Dialer = (to, events, signal) => {
      if ('port' in to && to.port === 1) return quick.dial(to, events, signal);
      return slow.dial(to, {
        ...events,
        onData: (chunk) => void late.push(() => events.onData(chunk.slice())),
        onDrain: () => events.onDrain(),
        onClosed: (cause) => events.onClosed(cause),
      }, signal);
    };
    const scheme = () => (key: string | Uint8Array): number => String(key).startsWith('q') ? 0 : 1;
    const servers = ['quick:1', 'slow:2'];
    const client = new HashClient(servers, { clock, dial, dialect: 'text', scheme });
    const asked: (readonly string[])[] = [];
    const cache = client.cache<string, string>({
      key: (id) => id,
      loadMany(ids) {
        asked.push(ids);
        return new Map(ids.map((id) => [id, id]));
      },
      ttl: 60,
    });
    await cache.put('q1', 'v');
    const many = new Watched(cache.fetchMany(['q1', 'q2', 's1'], options));
    for (let i = 0; i < 40 && many.state === 'pending'; i++) {
      for (let turn = 0; turn < 3; turn++) await settled();
      late.shift()?.();
    }
    assert.equal(asked, [['q2', 's1']]);
    assert.is(many.value?.size, 3);
    void client.close();
  }
});

fetches('a wait of no time is over at once', async () => {
  const stage = stageOf({ wait: 0 });
  const [winner, other] = stage.members as [Member, Member];
  await fetched(winner);
  const call = await fetched(other);
  await stage.advance(0);
  await loadOf(other).succeed();
  assert.equal(brief(call), ['v1', 'failed-open']);
});

fetches('a caller that comes to a load which was aborted looks again', async () => {
  const stage = stageOf();
  const [winner, other] = stage.members as [Member, Member];
  await fetched(winner);
  const aborter = new AbortController();
  const early = await other.fetch({ signal: aborter.signal });
  const later = await other.fetch();
  await arrive(other);
  await loadOf(winner).fail();
  await arrive(winner);
  // The loader itself aborts the call that has begun it.
  stage.listener = {
    onLoad() {
      stage.listener = {};
      aborter.abort();
    },
  };
  await stage.advance(5);
  await arrive(other);
  assert.is((early.error as Error).name, 'AbortError');
  await loadOf(other).succeed();
  await arrive(other);
  assert.is(later.value, 'v1');
});

fetches.run();
