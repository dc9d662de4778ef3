import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { settled } from '../../../test/support/scripted.ts';
import { KEY } from '../../../test/support/cache-host.ts';
import type { Member } from '../../../test/support/cache-stage.ts';
import { arrive, brief, fetched, loadOf, stageOf } from '../../../test/support/cache-steps.ts';

// Each test is one order of the steps of clients on one server. Those of one key that are a dozen
// steps long are all tried in test/reliability/cache.

const races = suite('cache: races');

for (const kind of ['invalidate', 'remove', 'put'] as const) {
  races(`${kind} during a load: what was loaded is an answer, and not stored`, async () => {
    const stage = stageOf();
    const [winner, writer, reader] = stage.members as [Member, Member, Member];
    const first = await fetched(winner);
    await writer.write(kind);
    await arrive(writer);
    await loadOf(winner).succeed();
    await arrive(winner);
    assert.equal(brief(first), ['v1', 'loaded']);
    assert.is(winner.cache.stats().outdated, 1);
    const second = await fetched(reader);
    if (kind === 'put') assert.equal(brief(second), ['v2', 'hit']);
    else {
      await loadOf(reader).succeed();
      await arrive(reader);
      assert.equal(brief(second), ['v2', 'loaded']);
      assert.is(stage.host.fresh, 'v2');
    }
  });

  races(`${kind} during a load: a later call of the same process does not share it`, async () => {
    const stage = stageOf();
    const [winner, writer] = stage.members as [Member, Member];
    await fetched(winner);
    await writer.write(kind);
    await arrive(writer);
    const later = await winner.fetch();
    assert.is(stage.held.length, 0, 'it waits for the load');
    await loadOf(winner).succeed();
    await arrive(winner);
    if (kind !== 'put') {
      await loadOf(winner).succeed();
      await arrive(winner);
    }
    assert.is(later.value, 'v2');
  });
}

races('what a process has loaded is stored before it reads it for a change, or peeks', async () => {
  const stage = stageOf();
  const [member] = stage.members as [Member];
  const first = await fetched(member);
  await loadOf(member).succeed();
  assert.equal(brief(first), ['v1', 'loaded']);
  const change = (old?: string): string => `${String(old)}!`;
  const update = await member.call('update', () => member.cache.update(KEY, change));
  const peek = await member.call('peek', () => member.cache.peek(KEY));
  assert.equal(stage.held.map(({ command }) => command.verb), ['ms'], 'the store alone');
  const late = await member.call('peek', () => member.cache.peek(KEY, { timeout: 5 }));
  await stage.advance(5);
  assert.is(late.error?.name, 'TimeoutError');
  const wrong = await member.call('peek', () => member.cache.peek(KEY, { timeout: -1 }));
  assert.is(wrong.error?.name, 'UsageError');
  await arrive(member);
  assert.equal([update.value, stage.host.fresh], ['v1!', 'v1!']);
  assert.ok(['v1', 'v1!'].includes(String(peek.value)));
  const again = await member.call('peek', () => member.cache.peek(KEY));
  assert.is(stage.held.length, 1, 'nothing is waited for');
  await arrive(member);
  assert.is(again.value, 'v1!');
});

races('two puts: the last to arrive wins', async () => {
  const stage = stageOf();
  const [one, other] = stage.members as [Member, Member];
  await one.write('put');
  await other.write('put');
  await arrive(other);
  await arrive(one);
  assert.is(stage.host.fresh, 'v2');
});

races(
  'a lease is over while its loader runs: the next one stores, the late one does not',
  async () => {
    const stage = stageOf();
    const [slow, next] = stage.members as [Member, Member];
    const late = await fetched(slow);
    await stage.advance(3000);
    stage.version++;
    const call = await fetched(next);
    await loadOf(next).succeed();
    await arrive(next);
    assert.equal(brief(call), ['v2', 'loaded']);
    await loadOf(slow).succeed();
    await arrive(slow);
    assert.equal(brief(late), ['v1', 'loaded']);
    assert.is(stage.host.fresh, 'v2');
  },
);

races('a lease lasts as long as it says, whatever second of the server it began in', async () => {
  for (let offset = 0; offset < 1000; offset += 100) {
    const stage = stageOf();
    const [first, second] = stage.members as [Member, Member];
    await stage.advance(offset);
    await fetched(first);
    await stage.crash(first);
    await stage.advance(1999);
    await fetched(second);
    assert.is(stage.loads.length, 0, `after ${offset} ms`);
  }
});

races('the winner dies before its store arrives: another loads after its lease', async () => {
  const stage = stageOf();
  const [winner, other] = stage.members as [Member, Member];
  await fetched(winner);
  await stage.crash(winner);
  const call = await fetched(other);
  for (let i = 0; i < 100 && stage.loads.length === 0; i++) {
    await stage.advance(40);
    await arrive(other);
  }
  assert.is(stage.now - call.start <= 3100, true, 'soon after the lease');
  assert.ok(stage.now - call.start >= 2000);
  await loadOf(other).succeed();
  await arrive(other);
  assert.is(call.value, 'v1');
});

races('a call is about to share a load that is aborted: it looks again', async () => {
  for (let turns = 0; turns < 8; turns++) {
    const stage = stageOf();
    const [member] = stage.members as [Member];
    const aborter = new AbortController();
    const first = await member.fetch({ signal: aborter.signal });
    const second = await member.fetch();
    await stage.deliver(stage.next);
    aborter.abort();
    for (let i = 0; i < turns; i++) await Promise.resolve();
    await stage.deliver(stage.next);
    await stage.finish();
    assert.is(first.error?.name, 'AbortError');
    assert.equal([second.value, second.error], ['v1', null], `after ${turns} turns`);
  }
});

races('a lease that is taken over late lasts as long as any', async () => {
  const stage = stageOf({ wait: 60_000 });
  const [winner, other, third] = stage.members as [Member, Member, Member];
  await fetched(winner);
  await stage.crash(winner);
  await stage.advance(200);
  await fetched(other);
  for (let i = 0; i < 100 && stage.loads.length === 0; i++) {
    await stage.advance(40);
    await arrive(other);
  }
  assert.is(other.cache.stats().takeovers, 1);
  // By now the placeholder of the first winner would have ended.
  await stage.advance(1200);
  await fetched(third);
  assert.is(stage.loads.length, 1);
});

races('the winner dies while its store is on its way: it is stored', async () => {
  const stage = stageOf();
  const [winner, other] = stage.members as [Member, Member];
  await fetched(winner);
  await loadOf(winner).succeed();
  await stage.crash(winner);
  await stage.deliver(stage.next);
  assert.equal(brief(await fetched(other)), ['v1', 'hit']);
});

races('the winner dies after its store', async () => {
  const stage = stageOf();
  const [winner, other] = stage.members as [Member, Member];
  await fetched(winner);
  await loadOf(winner).succeed();
  await arrive(winner);
  await stage.crash(winner);
  assert.equal(brief(await fetched(other)), ['v1', 'hit']);
});

races('the winner of an old value dies: it is served, and taken over after the lease', async () => {
  const stage = stageOf({ grace: 20 });
  const [winner, other] = stage.members as [Member, Member];
  stage.host.store('v1', 20);
  await fetched(winner);
  await stage.crash(winner);
  assert.equal(brief(await fetched(other)), ['v1', 'stale']);
  await stage.advance(1900);
  assert.equal(brief(await fetched(other)), ['v1', 'stale']);
  assert.is(stage.loads.length, 0);
  await stage.advance(100);
  const call = await fetched(other);
  stage.version++;
  await loadOf(other).succeed();
  await arrive(other);
  assert.equal(brief(call), ['v1', 'taken-over']);
  assert.is(other.cache.stats().takeovers, 1);
});

races('the first reader comes late in the grace: the lease is not over yet', async () => {
  const stage = stageOf({ grace: 20 });
  const [winner, other] = stage.members as [Member, Member];
  // By the time that is left alone the lease would be over.
  stage.host.store('v1', 10);
  await fetched(winner);
  assert.equal(brief(await fetched(other)), ['v1', 'stale']);
  assert.is(stage.loads.length, 1);
});

races(
  'an evicted placeholder: the next reader loads, and the first store finds no item',
  async () => {
    const stage = stageOf();
    const [first, second] = stage.members as [Member, Member];
    const early = await fetched(first);
    stage.evict();
    const later = await fetched(second);
    await loadOf(first).succeed();
    await arrive(first);
    assert.is(early.value, 'v1');
    assert.is(first.cache.stats().stores, 0);
    await loadOf(second).succeed();
    await arrive(second);
    assert.is(later.value, 'v1');
    assert.is(second.cache.stats().stores, 1);
  },
);

races('append to an invalidated item clears its mark, and it is old by its time', async () => {
  const stage = stageOf();
  const [first, second, third] = stage.members as [Member, Member, Member];
  stage.host.store('v1', 12);
  stage.host.invalidate(4);
  const call = await fetched(first);
  void third.client.append(KEY, '+');
  await arrive(third);
  assert.is(stage.host.isStale, false);
  await fetched(second);
  assert.is(stage.loads.length, 2, 'the lease is lost with the mark');
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal(brief(call), ['v1', 'loaded']);
  assert.is(first.cache.stats().outdated, 1);
  await loadOf(second).succeed();
  await arrive(second);
  assert.is(stage.host.fresh, 'v1');
});

races('peek of an invalidated item leaves its lease to the next fetch', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 12);
  stage.host.invalidate(4);
  const peeked = await first.call('peek', () => first.cache.peek(KEY));
  await arrive(first);
  assert.is(peeked.value, 'v1');
  await fetched(second);
  assert.is(stage.loads.length, 1);
});

races('update of an invalidated item does not make it fresh', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 12);
  stage.host.invalidate(4);
  const seen: unknown[] = [];
  const updated = await first.call('update', () => {
    return first.cache.update(KEY, (value) => void seen.push(value));
  });
  await arrive(first);
  assert.equal([seen, updated.value], [[undefined], undefined]);
  await fetched(second);
  assert.is(stage.loads.length, 1, 'the lease is left to the next fetch');
});

races('update is tried again when another caller was faster', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 12);
  const updated = await first.call('update', () => first.cache.update(KEY, (value) => `${value}+`));
  await stage.deliver(stage.next);
  await second.write('put');
  await arrive(second);
  await arrive(first);
  await stage.advance(10);
  await arrive(first);
  assert.is(updated.value, 'v2+');
  assert.is(stage.host.fresh, 'v2+');
});

races('a call that is aborted before the reply gives up the lease that it has won', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  const aborter = new AbortController();
  const call = await first.fetch({ signal: aborter.signal });
  aborter.abort();
  await settled();
  assert.is(call.error?.name, 'AbortError');
  await arrive(first);
  await fetched(second);
  assert.is(stage.loads.length, 1);
});

races('so does one whose time is over before the reply', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  const call = await first.fetch({ timeout: 50 });
  await stage.advance(50);
  assert.is(call.error?.name, 'TimeoutError');
  await arrive(first);
  await fetched(second);
  assert.is(stage.loads.length, 1);
});

races('abort of one caller leaves the load to the other; that of the last ends it', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  const one = new AbortController();
  const two = new AbortController();
  const call = await first.fetch({ signal: one.signal });
  const other = await first.fetch({ signal: two.signal });
  await stage.deliver(stage.next);
  const { context: { signal } } = loadOf(first);
  one.abort();
  await settled();
  assert.equal([call.error?.name, other.error], ['AbortError', null]);
  await arrive(first);
  await settled();
  two.abort();
  await settled();
  assert.is(other.error?.name, 'AbortError');
  assert.is(signal.aborted, true);
  await arrive(first);
  await fetched(second);
  assert.is(stage.loads.length, 1, 'the lease was given up');
});

races('the lease of a loader that fails is given up: the next caller loads at once', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  const call = await fetched(first);
  await loadOf(first).fail();
  assert.is(call.error?.message, 'the source fails');
  await arrive(first);
  await fetched(second);
  assert.is(stage.loads.length, 1);
});

races('an old value is served while a failed load backs off, then it is tried again', async () => {
  const stage = stageOf({ errorBackoff: 1 });
  const [first] = stage.members as [Member];
  stage.host.store('v1', 4);
  const call = await fetched(first);
  await loadOf(first).fail();
  assert.equal(brief(call), ['v1', 'stale']);
  assert.equal(brief(await fetched(first)), ['v1', 'stale']);
  assert.is(stage.loads.length, 0);
  await stage.advance(1000);
  await fetched(first);
  assert.is(stage.loads.length, 1);
});

races('softTimeout: the old value is the answer, and the load goes on', async () => {
  const stage = stageOf({ softTimeout: 100 });
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 4);
  stage.version++;
  const call = await fetched(first);
  await stage.advance(99);
  assert.is(call.isOver, false);
  await stage.advance(1);
  assert.equal(brief(call), ['v1', 'stale']);
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal(brief(await fetched(second)), ['v2', 'hit']);
});

races('refreshAhead: one caller of the fleet loads behind its answer', async () => {
  const stage = stageOf({ refreshAhead: 6 });
  const [first, second, third] = stage.members as [Member, Member, Member];
  stage.host.store('v1', 12);
  assert.equal(brief(await fetched(first)), ['v1', 'hit']);
  await stage.advance(3000);
  stage.version++;
  assert.equal(brief(await fetched(first)), ['v1', 'ahead']);
  assert.is((await fetched(second)).value, 'v1');
  assert.is(stage.loads.length, 1);
  assert.is(loadOf(first).context.reason, 'ahead');
  assert.is(loadOf(first).context.old, 'v1');
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal(brief(await fetched(third)), ['v2', 'hit']);
});

races('fresh: true gives a value that was loaded after the call', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  stage.host.store('v1', 12);
  stage.version++;
  const call = await first.fetch({ fresh: true });
  await arrive(first);
  const beside = await fetched(second);
  assert.equal(brief(beside), ['v1', 'stale']);
  await stage.advance(500);
  assert.is(call.isOver, false, 'an old value is no answer');
  await loadOf(first).succeed();
  await arrive(first);
  assert.equal(brief(call), ['v2', 'loaded']);
});

for (const onWaited of ['load', 'reject'] as const) {
  races(`onWaited: ${onWaited}`, async () => {
    const stage = stageOf({ onWaited, wait: 1000, lease: 10 });
    const [winner, other] = stage.members as [Member, Member];
    await fetched(winner);
    const call = await fetched(other);
    for (let i = 0; i < 40; i++) {
      await arrive(other);
      await stage.advance(25);
    }
    if (onWaited === 'reject') {
      assert.is(call.error?.name, 'TimeoutError');
      assert.match(call.error?.message ?? '', /1000 ms of wait/);
      return;
    }
    await loadOf(other).succeed();
    assert.equal(brief(call), ['v1', 'failed-open']);
    assert.is(stage.host.fresh, undefined, 'it is not stored');
  });
}

races('a load without the cache is not shared with a call that comes after its begin', async () => {
  const stage = stageOf({ wait: 1000, lease: 10 });
  const [winner, other, writer] = stage.members as [Member, Member, Member];
  await fetched(winner);
  const early = await fetched(other);
  await stage.advance(1000);
  assert.is(loadOf(other).context.reason, 'error');
  await arrive(other);
  await writer.write('remove');
  await arrive(writer);
  const later = await other.fetch();
  await loadOf(other).succeed();
  await arrive(other);
  assert.equal(brief(early), ['v1', 'failed-open']);
  assert.is(later.isOver, false);
  await loadOf(other).succeed();
  await arrive(other);
  assert.equal(brief(later), ['v2', 'loaded']);
});

races('a load whose store has failed is not shared with a later call either', async () => {
  const stage = stageOf();
  const [first, writer] = stage.members as [Member, Member];
  await fetched(first);
  await writer.write('remove');
  await arrive(writer);
  const later = await first.fetch();
  await loadOf(first).succeed();
  await stage.cut(first);
  await arrive(first);
  await loadOf(first).succeed();
  await arrive(first);
  assert.is(later.value, 'v2');
});

races('a call ends by its deadline while a takeover hangs', async () => {
  const stage = stageOf({ errorBackoff: 0 });
  const [first] = stage.members as [Member];
  stage.host.store('v1', 4);
  await fetched(first);
  await loadOf(first).fail();
  const call = await first.fetch({ timeout: 100 });
  await stage.deliver(stage.next);
  await stage.advance(100);
  assert.is(call.error?.name, 'TimeoutError');
});

races('waiters of a process share one poll', async () => {
  const stage = stageOf();
  const [winner, other] = stage.members as [Member, Member];
  await fetched(winner);
  const calls = await Promise.all(Array.from({ length: 20 }, () => other.fetch()));
  await arrive(other);
  await stage.advance(40);
  assert.is(stage.held.length, 1);
  await loadOf(winner).succeed();
  await stage.finish();
  assert.equal(new Set(calls.map(({ end }) => end?.outcome)), new Set(['waited']));
});

races('nobody waits any more when a poll wins: the lease is given up', async () => {
  const stage = stageOf();
  const [winner, other, third] = stage.members as [Member, Member, Member];
  await fetched(winner);
  const call = await other.fetch({ timeout: 30 });
  await arrive(other);
  await stage.advance(10);
  await loadOf(winner).fail();
  await arrive(winner);
  await stage.advance(30);
  assert.is(call.error?.name, 'TimeoutError');
  await arrive(other);
  await fetched(third);
  assert.is(stage.loads.length, 1);
  assert.is(loadOf(third).context.reason, 'cold');
});

races('the local tier answers for its ttl, and not after a change by the process', async () => {
  const stage = stageOf({ local: { maxItems: 1, ttl: 2 } });
  const [first] = stage.members as [Member];
  stage.host.store('v1', 12);
  assert.equal(brief(await fetched(first)), ['v1', 'hit']);
  const local = await first.fetch();
  assert.equal(brief(local), ['v1', 'local']);
  assert.is(first.cache.stats().localItems, 1);
  await first.write('put');
  await arrive(first);
  assert.equal(brief(await fetched(first)), ['v2', 'hit']);
  await stage.advance(2000);
  assert.equal(brief(await fetched(first)), ['v2', 'hit']);
  void first.cache.fetch('other');
  await stage.finish();
  assert.is(first.cache.stats().localItems, 1, 'it is bounded');
});

races.run();
