import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import type { Member } from '../../../test/support/cache-stage.ts';
import { KEY } from '../../../test/support/cache-host.ts';
import { arrive, brief, fetched, loadOf, stageOf } from '../../../test/support/cache-steps.ts';

// What the servers of a key go through: each new one counts the versions of its items from 1, so
// that two items have the same.

const servers = suite('cache: servers');

servers(
  'a server restarts during a load: the versions count from 1 again, and none fits',
  async () => {
    const stage = stageOf();
    const [first, second, writer] = stage.members as [Member, Member, Member];
    await fetched(first);
    await stage.restart();
    await writer.write('remove');
    await arrive(writer);
    await fetched(second);
    await loadOf(first).succeed();
    await arrive(first);
    assert.is(stage.host.fresh, undefined);
    await loadOf(second).succeed();
    await arrive(second);
    assert.is(stage.host.fresh, 'v2');
  },
);

servers('a key gets another server during a load: nothing is stored there', async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  await fetched(first);
  stage.move();
  stage.version++;
  await fetched(second);
  await loadOf(first).succeed();
  await arrive(first);
  assert.is(stage.host.fresh, undefined);
  await loadOf(second).succeed();
  await arrive(second);
  assert.is(stage.host.fresh, 'v2');
});

servers("the server's clock jumps ahead: the placeholder is gone, and another loads", async () => {
  const stage = stageOf();
  const [first, second] = stage.members as [Member, Member];
  await fetched(first);
  stage.host.jump(3_600_000);
  await fetched(second);
  assert.is(stage.loads.length, 2);
  await stage.finish();
  assert.is(stage.host.fresh, 'v1');
});

servers(
  "the server's clock jumps back: a value is fresh for longer, and no call hangs",
  async () => {
    const stage = stageOf();
    const [first, second] = stage.members as [Member, Member];
    await fetched(first);
    await loadOf(first).succeed();
    await arrive(first);
    stage.host.jump(-3000);
    await stage.advance(9000);
    assert.equal(brief(await fetched(second)), ['v1', 'hit']);
  },
);

for (const change of ['restart', 'move'] as const) {
  servers(`${change}: a lease is not that of the item which had its version before`, async () => {
    const stage = stageOf({ grace: 30 });
    const [first, other, last] = stage.members as [Member, Member, Member];
    stage.host.store('v1', 20);
    await fetched(first);
    assert.equal(brief(await fetched(other)), ['v1', 'stale']);
    await stage.advance(2500);
    await stage[change]();
    await fetched(last);
    const before = stage.host.itemText;
    const call = await fetched(other);
    assert.not(call.isOver, 'it waits for the lease');
    assert.is(stage.host.itemText, before);
    await loadOf(last).succeed();
    await stage.finish();
    assert.is(call.end?.outcome, 'waited');
    assert.is(other.cache.stats().loads, 0);
  });
}

servers('a takeover goes to the server that has shown the lease', async () => {
  const stage = stageOf({ grace: 30 });
  const [first, other, last] = stage.members as [Member, Member, Member];
  stage.host.store('v1', 20);
  await fetched(first);
  await fetched(other);
  await stage.advance(2500);
  const call = await other.fetch();
  stage.move();
  await fetched(last);
  const before = stage.host.itemText;
  await arrive(other);
  assert.is(stage.host.itemText, before);
  assert.not(call.isOver);
  await stage.finish();
  assert.is(call.end?.outcome, 'waited');
});

servers('a load under a lease of the server before is not shared with later calls', async () => {
  const stage = stageOf();
  const [reader, writer] = stage.members as [Member, Member];
  const first = await reader.fetch();
  stage.move();
  await arrive(reader);
  const load = loadOf(reader);
  await writer.write('invalidate');
  await arrive(writer);
  const later = await reader.fetch();
  await load.succeed();
  await arrive(reader);
  assert.equal(brief(first), ['v1', 'loaded']);
  assert.not(later.isOver);
  await loadOf(reader).succeed();
  await arrive(reader);
  assert.equal(brief(later), ['v2', 'loaded']);
});

servers(
  'update does not replace the item of another server that has the same version',
  async () => {
    for (const change of ['restart', 'move'] as const) {
      const stage = stageOf();
      const [member] = stage.members as [Member];
      stage.host.store('v1', 100);
      const seen: unknown[] = [];
      let goOn = (): void => {};
      const changing = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const call = await member.call('update', () =>
        member.cache.update(KEY, async (value) => {
          seen.push(value);
          await changing;
          return `${value} changed`;
        }));
      await stage.deliver(stage.next);
      await stage[change]();
      stage.host.store('v9', 100);
      goOn();
      await stage.settle();
      await stage.finish();
      const isSeen = change === 'restart';
      assert.equal(seen, isSeen ? ['v1', 'v9'] : ['v1']);
      assert.is(call.value, isSeen ? 'v9 changed' : 'v1 changed');
      assert.is(stage.host.fresh, isSeen ? 'v9 changed' : 'v9');
    }
  },
);

servers.run();
