import * as assert from 'uvu/assert';
import { EmbeddedBridge, ScriptedBridge } from '../../test/support/bridge-scene.ts';
import { suite } from '../../test/runner/suite.ts';
import { serverError } from '../wire/reply.ts';
import { type Verb, verbs } from '../wire/verbs.ts';
import type { Policy } from './policy.ts';

const policy = suite('bridge: policy and prefix');

/** A request with each verb that a server can be sent. */
const requests: Readonly<Record<Exclude<Verb, 'auth'>, string>> = {
  get: 'get a',
  gets: 'gets a',
  gat: 'gat 0 a',
  gats: 'gats 0 a',
  set: 'set a 0 0 1\r\n1',
  add: 'add a 0 0 1\r\n1',
  replace: 'replace a 0 0 1\r\n1',
  append: 'append a 0 0 1\r\n1',
  prepend: 'prepend a 0 0 1\r\n1',
  cas: 'cas a 0 0 1 5\r\n1',
  delete: 'delete a',
  incr: 'incr a 1',
  decr: 'decr a 1',
  touch: 'touch a 0',
  mg: 'mg a v',
  ms: 'ms a 1\r\n1',
  md: 'md a',
  ma: 'ma a',
  mn: 'mn',
  me: 'me a',
  stats: 'stats',
  version: 'version',
  verbosity: 'verbosity 1',
  flush_all: 'flush_all',
  cache_memlimit: 'cache_memlimit 64',
  shutdown: 'shutdown',
  quit: 'quit',
  slabs: 'slabs automove 0',
  lru: 'lru mode flat',
  extstore: 'extstore compact_under 1',
  lru_crawler: 'lru_crawler enable',
  'lru_crawler metadump': 'lru_crawler metadump all',
  'lru_crawler mgdump': 'lru_crawler mgdump all',
  watch: 'watch mutations',
  refresh_certs: 'refresh_certs',
  'config get': 'config get cluster',
  raw: 'frobnicate',
};
const refused: readonly Verb[] = ['me', 'config get'];

for (const [verb, request] of Object.entries(requests) as [Verb, string][]) {
  const { class: kind } = verbs[verb];
  const goes = kind !== 'admin' && !refused.includes(verb);
  policy(`${verb} ${goes ? 'goes through' : 'is refused'}`, async () => {
    const page = new EmbeddedBridge().open();
    const answer = await page.say(`${request}\r\n`);
    if (!goes) assert.is(answer, 'CLIENT_ERROR not allowed\r\n');
    assert.is(page.ended, goes ? verb === 'quit' ? '1000 quit' : null : '1008 not allowed');
  });

  policy(`${verb} and a bridge that is read-only`, async () => {
    const page = new EmbeddedBridge({ readOnly: true }).open();
    await page.say(`${request}\r\n`);
    const reads = goes && kind === 'read' && verb !== 'quit';
    assert.is(page.ended === null, reads);
  });
}

for (const flag of ['T30', 'N30', 'R30', 'E5']) {
  policy(`mg with ${flag} is no read`, async () => {
    const page = new EmbeddedBridge({ readOnly: true }).open();
    await page.say(`mg a v ${flag}\r\n`);
    assert.is(page.ended, '1008 not allowed');
  });
}

for (const flag of ['Pother-pool', 'Lother-path']) {
  policy(`the hint ${flag}, which a proxy behind the bridge may obey, is refused`, async () => {
    const page = new EmbeddedBridge().open();
    await page.say(`mg a v ${flag}\r\n`);
    assert.is(page.ended, '1008 not allowed');
  });
}

policy('a prefix stands before every key, and no page sees it', async () => {
  const bridge = new ScriptedBridge({ prefix: 'app1:' });
  const { page, upstream } = await bridge.said('get a b\r\ngat 5 a\r\ndelete a\r\nmg a k v\r\n');
  assert.is(
    upstream.take(),
    'get app1:a app1:b\r\ngat 5 app1:a\r\ndelete app1:a\r\nmg app1:a k v O1\r\n',
  );
  await upstream.reply(
    'VALUE app1:b 0 1\r\nx\r\nEND\r\nEND\r\nDELETED\r\nVA 1 kapp1:a O1\r\nx\r\n',
  );
  assert.is(page.take(), 'VALUE b 0 1\r\nx\r\nEND\r\nEND\r\nDELETED\r\nVA 1 ka\r\nx\r\n');
});

policy('a prefix goes inside of base64, and comes out of it', async () => {
  const bridge = new ScriptedBridge({ prefix: 'app1:' });
  const { page, upstream } = await bridge.said(`mg ${btoa('a b')} k b\r\n`);
  assert.is(upstream.take(), `mg ${btoa('app1:a b')} b k O1\r\n`);
  await upstream.reply(`HD k${btoa('app1:a b')} b O1\r\n`);
  assert.is(page.take(), `HD k${btoa('a b')} b\r\n`);
});

policy('nobody gets out of a prefix, whatever the key', async () => {
  const server = new EmbeddedBridge().server;
  const outside = new EmbeddedBridge({}, server).open();
  await outside.say('set secret 0 0 1\r\nx\r\nset app2:a 0 0 1\r\nx\r\n');
  const inside = new EmbeddedBridge({ prefix: 'app1:' }, server).open();
  for (const key of ['secret', 'app2:a', '../secret', 'app1:', '\x01']) {
    assert.is(await inside.say(`mg ${btoa(key)} b v\r\nmd ${btoa(key)} b\r\n`), 'EN\r\nNF\r\n');
  }
  assert.is(await inside.say(`mg c2VjcmV0= b v\r\n`), 'CLIENT_ERROR error decoding key\r\n');
  assert.is(await outside.say('mg secret v\r\nmg app2:a v\r\n'), 'VA 1\r\nx\r\nVA 1\r\nx\r\n');
});

policy('a key is as long with its prefix as a key may be, base64 counted', async () => {
  const bridge = new EmbeddedBridge({ prefix: 'app1:' });
  assert.is(await bridge.open().say(`get ${'k'.repeat(245)}\r\n`), 'END\r\n');
  assert.is(await bridge.open().say(`mg ${btoa('k'.repeat(181))} b\r\n`), 'EN\r\n');
  for (const line of [`get ${'k'.repeat(246)}`, `mg ${btoa('k'.repeat(182))} b`]) {
    const page = bridge.open();
    await page.say(`${line}\r\n`);
    assert.is(page.ended, '1008 bad request');
  }
});

policy("an opaque is the page's own, and comes back to it", async () => {
  const { page, upstream } = await new ScriptedBridge().said('mg a v Omine\r\n');
  assert.is(upstream.take(), 'mg a v O1\r\n');
  await upstream.reply('EN O1\r\n');
  assert.is(page.take(), 'EN Omine\r\n');
});

for (
  const [reply, own] of [
    ['VA 1 f0 O1\r\nx\r\n', 'VA 1 f0 Omine\r\nx\r\n'],
    ['VA 1 f00 O1\r\nx\r\n', 'VA 1 f00 Omine\r\nx\r\n'],
    ['VA 0 f0 O1 W\r\n\r\n', 'VA 0 f0 Omine W\r\n\r\n'],
    ['VA 1 O1 X Z\r\nx\r\n', 'VA 1 Omine X Z\r\nx\r\n'],
    ['EN O1\r\n', 'EN Omine\r\n'],
    ['SERVER_ERROR busy\r\n', 'SERVER_ERROR upstream unavailable\r\n'],
  ] as const
) {
  policy(`the opaque of a plain read comes back in its place: ${reply.trim()}`, async () => {
    const bridge = new ScriptedBridge({ prefix: 'app1:' });
    const { page, upstream } = await bridge.said('mg a v f Omine\r\nmg a v f\r\n');
    assert.is(upstream.take(), 'mg app1:a v f O1\r\nmg app1:a v f O2\r\n');
    await upstream.reply(`${reply}EN O2\r\n`);
    assert.is(page.take(), `${own}EN\r\n`);
  });
}

policy('a policy of the user can change, answer and refuse', async () => {
  const page = new EmbeddedBridge({
    policy(command) {
      if (command.verb === 'delete') return serverError('not today');
      if (command.verb === 'version') return { type: 'VERSION', version: '0' };
      return command.verb === 'incr' ? { ...command, delta: 10n } : command;
    },
  }).open();
  const counted = page.say('set a 0 0 1\r\n1\r\nincr a 1\r\nversion\r\ndelete a\r\nmn\r\n');
  assert.is(await counted, 'STORED\r\n11\r\nVERSION 0\r\nSERVER_ERROR not today\r\n');
  assert.is(page.ended, '1008 not today');
});

const failing: readonly (readonly [string, Policy])[] = [
  ['throws', () => {
    throw new Error('oops');
  }],
  ['answers with two lines', () => serverError('not\r\nSTORED')],
];

for (const [how, fails] of failing) {
  policy(`a policy of the user that ${how} lets nothing through`, async () => {
    const bridge = new EmbeddedBridge({ policy: fails });
    const page = bridge.open();
    assert.is(await page.say('mn\r\n'), 'CLIENT_ERROR not allowed\r\n');
    assert.is(page.ended, '1008 not allowed');
    assert.ok(bridge.log.some((event) => event.type === 'failed'));
  });
}

policy('a command of a policy that cannot be sent is a bad request', async () => {
  const page = new EmbeddedBridge({
    policy: (command) => command.verb === 'delete' ? { ...command, key: 'a b' } : command,
  }).open();
  assert.is(await page.say('delete a\r\n'), 'CLIENT_ERROR bad request\r\n');
});

policy('a reason is no longer than a WebSocket takes', async () => {
  const page = new EmbeddedBridge({ policy: () => serverError('x'.repeat(500)) }).open();
  await page.say('mn\r\n');
  assert.is(page.ended, `1008 ${'x'.repeat(60)}`);
});

policy('a policy of the user cannot allow what the bridge refuses', async () => {
  const page = new EmbeddedBridge({
    policy: () => ({ verb: 'flush_all', delay: 0, noreply: false }),
  }).open();
  await page.say('mn\r\n');
  assert.is(page.ended, '1008 not allowed');
});

policy.run();
