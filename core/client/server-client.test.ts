import * as assert from 'uvu/assert';
import { metadump, version, watch } from '../../test/support/link-scene.ts';
import { settled, Watched } from '../../test/support/scripted.ts';
import { suite } from '../../test/runner/suite.ts';
import { UpstreamScene } from '../../test/support/upstream-scene.ts';
import type { Command } from '../wire/command.ts';
import type { ReplyItem } from '../wire/reply.ts';
import type { Executor } from './connection/executor.ts';
import type { CallOptions } from './options.ts';
import { ItemStream } from './server-client.ts';

const streams = suite('streams of items');

function itemsOf(
  executor: Executor,
  command: Command,
  options?: CallOptions,
): ItemStream<ReplyItem> {
  return new ItemStream(executor, command, options, (item) => item);
}

const line = (i: number): string => `key=${i} exp=-1 la=1 cas=${i} fetch=no cls=1 size=64\n`;
const dump = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => line(from + i)).join('');

streams('items come as they arrive, and the loop ends with the reply', async () => {
  const scene = new UpstreamScene();
  const keys: unknown[] = [];
  const loop = new Watched((async () => {
    for await (const item of itemsOf(scene.upstream, metadump)) {
      if (item.type === 'metadump') keys.push(item.key);
    }
  })());
  await settled();
  const transport = await scene.network.last.accept();
  assert.is(transport.take(), 'lru_crawler metadump all\r\n');
  await transport.reply(dump(0, 2));
  assert.equal(keys, ['0', '1']);
  await transport.reply(`${dump(2, 3)}END\r\n`);
  assert.equal(keys, ['0', '1', '2']);
  assert.is(loop.state, 'resolved');
  assert.is(scene.clock.timers, 0);
});

streams('others go over a connection of their own meanwhile', async () => {
  const scene = new UpstreamScene();
  const first = new Watched(itemsOf(scene.upstream, watch).next());
  await settled();
  const watching = await scene.network.last.accept();
  const other = new Watched(scene.upstream.execute(version));
  await settled();
  const shared = await scene.network.last.accept();
  await shared.reply('VERSION 1\r\n');
  assert.is(other.state, 'resolved');
  await watching.reply('OK\r\n');
  assert.is(first.state, 'resolved');
  await scene.upstream.close();
  assert.is(watching.ends.length, 1);
});

streams('a slow reader stops the reading, and the silence is no stall', async () => {
  const scene = new UpstreamScene();
  const items = itemsOf(scene.upstream, metadump);
  const first = new Watched(items.next());
  await settled();
  const transport = await scene.network.last.accept();
  await transport.reply(dump(0, 1000));
  assert.is(first.state, 'resolved');
  assert.ok(transport.paused);
  for (let i = 0; i < 5; i++) {
    scene.clock.advance(1500);
    await settled();
  }
  assert.equal(transport.ends, []);
  let count = 1;
  const loop = new Watched((async () => {
    for await (const _item of items) count++;
  })());
  await settled();
  assert.not(transport.paused);
  await transport.reply('END\r\n');
  await settled();
  assert.is(loop.state, 'resolved');
  assert.is(count, 1000);
});

streams('a loop that is left gives its connection up', async () => {
  const scene = new UpstreamScene();
  const items = itemsOf(scene.upstream, metadump);
  void items.next();
  await settled();
  const transport = await scene.network.last.accept();
  await transport.reply(dump(0, 1000));
  await items.return();
  await settled();
  assert.equal(transport.ends, ['abort']);
  assert.is(scene.clock.timers, 0);
});

streams('a signal ends the loop with an error', async () => {
  const scene = new UpstreamScene();
  const aborter = new AbortController();
  const loop = new Watched(itemsOf(scene.upstream, watch, { signal: aborter.signal }).next());
  await settled();
  const transport = await scene.network.last.accept();
  aborter.abort();
  await settled();
  assert.is(loop.state, 'rejected');
  assert.equal(transport.ends, ['abort']);
});

streams('a refusal and a lost connection end the loop with an error', async () => {
  const scene = new UpstreamScene();
  const refused = new Watched(itemsOf(scene.upstream, metadump).next());
  await settled();
  await (await scene.network.last.accept()).reply('BUSY currently processing crawler request\r\n');
  assert.is(refused.state, 'rejected');
  const items = itemsOf(scene.upstream, metadump);
  const first = new Watched(items.next());
  await settled();
  const transport = await scene.network.last.accept();
  await transport.reply(line(0));
  await transport.lose();
  assert.is(first.state, 'resolved');
  const second = new Watched(items.next());
  await settled();
  assert.is(second.brief, 'ConnectionError connection unknown');
});

streams('to leave a loop ends the wait for the next item, and counts as no failure', async () => {
  const scene = new UpstreamScene();
  for (let i = 0; i < 5; i++) {
    const items = itemsOf(scene.upstream, watch);
    const first = new Watched(items.next());
    await settled();
    const transport = await scene.network.last.accept();
    await transport.reply('OK\r\n');
    const next = new Watched(items.next());
    const left = new Watched(items.return());
    await settled();
    assert.equal([first.state, next.value, left.value], [
      'resolved',
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    assert.equal(transport.ends, ['abort']);
  }
  const dials = scene.network.dials.length;
  scene.do();
  assert.is(scene.network.dials.length, dials + 1, 'at once');
});

streams('close ends a dump that outruns its reader', async () => {
  const scene = new UpstreamScene();
  const items = itemsOf(scene.upstream, metadump);
  const first = new Watched(items.next());
  await settled();
  const transport = await scene.network.last.accept();
  await transport.reply(dump(0, 1000));
  assert.is(first.state, 'resolved');
  const closed = new Watched(scene.upstream.close());
  await settled();
  assert.is(closed.state, 'resolved');
  assert.equal(transport.ends, ['abort'], 'nothing of it is left open');
  const rest = new Watched((async () => {
    for await (const _ of { [Symbol.asyncIterator]: () => items });
  })());
  await settled();
  assert.is(rest.brief, 'ConnectionError closed unknown');
});

streams.run();
