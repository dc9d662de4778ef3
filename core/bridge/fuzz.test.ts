// The law: for any bytes of a page, in any pieces, the upstream receives only commands that read and
// write items under the prefix, and nothing is thrown. The same holds for the commands of a policy.
import * as assert from 'uvu/assert';
import { bytes } from '../../conformance/assert.ts';
import { Random } from '../../conformance/random.ts';
import { RandomRequests } from '../../conformance/random-requests.ts';
import { BridgeScene } from '../../test/support/bridge-scene.ts';
import { FakePeer } from '../../test/support/fake-peer.ts';
import { hostileStream } from '../../test/support/hostile-stream.ts';
import { settled } from '../../test/support/scripted.ts';
import { StrictUpstream } from '../../test/support/strict-upstream.ts';
import { suite } from '../../test/runner/suite.ts';
import type { Command } from '../wire/command.ts';

const fuzz = suite('bridge: fuzz');
const random = new Random(Number(process.env['MEMWIRE_SEED'] ?? 20261121));
const rounds = Number(process.env['MEMWIRE_RUNS'] ?? 3000);
const requests = new RandomRequests(random);

fuzz(`${rounds} streams of a hostile page`, async () => {
  const upstream = new StrictUpstream('app1:');
  const scene = new BridgeScene({ dial: upstream.dial, prefix: 'app1:' });
  let told = 0;
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const page = scene.open();
    const text = hostileStream(random, requests);
    const most = random.pick([1, 7, 2000]);
    for (let at = 0; at < text.length && page.ended === null;) {
      const end = at + 1 + random.below(most);
      page.session?.onData(bytes(text.slice(at, end)));
      at = end;
    }
    await settled();
    try {
      told += upstream.judge();
    } catch (cause) {
      throw new Error(`after ${JSON.stringify(text)}`, { cause });
    }
    if (page.session !== null && scene.log.some(({ type }) => type === 'denied')) refused++;
    scene.log.length = 0;
    page.leave();
    scene.clock.advance(5000);
  }
  assert.ok(told > rounds / 2, `the upstream was told ${told} commands`);
  assert.ok(refused > rounds / 10, `${refused} streams were refused`);
});

// Keys and flags of a policy, right and wrong.
const keys = ['a', 'a b', 'a\r\nflush_all\r\n', '\0', 'é', 'k'.repeat(246), bytes('a\n')];
const flagLists = [
  ...[[], ['v', 'q'], ['q'], ['v', 'v'], ['q', 'q'], ['v\r\nmn'], ['O a'], ['!']],
  ...[['v', 'f'], ['v', 'f', 'O1'], ['v', 'f', 'O\r\nmn'], ['v', 'f', 'O'], ['v', 'f', 'q']],
];
const verbsOfPolicies = ['get', 'delete', 'touch', 'set', 'mg', 'ms', 'md', 'flush_all'] as const;

function anyCommand(): Command {
  const key = random.pick(keys);
  const noreply = random.chance(0.5);
  const base64 = random.chance(0.5);
  const flags = random.pick(flagLists);
  const value = random.pick(['x', 'x\r\nflush_all\r\n', bytes('\r\n')]);
  const verb = random.pick(verbsOfPolicies);
  switch (verb) {
    case 'get':
      return { verb, keys: [random.pick(keys), key].slice(random.below(3)) };
    case 'delete':
      return { verb, key, noreply };
    case 'touch':
      return { verb, key, expire: random.pick([0, 1.5, 2 ** 40]), noreply };
    case 'set':
      return { verb, key, flags: random.pick([0, -1]), expire: 0, value, noreply };
    case 'ms':
      return { verb, key, base64, flags, value };
    case 'flush_all':
      return { verb, delay: 0, noreply };
    default:
      return { verb, key, base64, flags };
  }
}

const judged = Math.ceil(rounds / 3);
fuzz(`${judged} commands of a policy that breaks the rules`, async () => {
  const upstream = new StrictUpstream('app1:');
  const scene = new BridgeScene({ dial: upstream.dial, prefix: 'app1:', policy: anyCommand });
  let told = 0;
  for (let round = 0; round < judged; round++) {
    const page = scene.open();
    page.session?.onData(bytes('mn\r\n'));
    await settled();
    told += upstream.judge();
    page.leave();
    scene.clock.advance(5000);
  }
  const refused = scene.log.filter(({ type }) => type === 'denied').length;
  assert.ok(told > judged / 20, `the upstream was told ${told} commands`);
  assert.ok(refused > judged / 2, `${refused} commands were refused`);
});

fuzz('the judge knows what is wrong', async () => {
  const upstream = new StrictUpstream('app1:');
  const peer = await FakePeer.dial(upstream.dial);
  const told = (text: string): number => {
    peer.send(text);
    return upstream.judge();
  };
  assert.is(told(`get app1:a\r\nset app1:a 0 0 1\r\nx\r\nmg ${btoa('app1:a')} b v\r\nmn\r\n`), 4);
  for (
    const line of [
      'flush_all',
      'get a',
      'get app1:a b',
      'set a 0 0 1\r\nx',
      'set app1:a 0 0 1\r\nxy',
      `mg ${btoa('app2:a')} b`,
      'mg app1:a v q',
      'mg app1:a v P1',
      'get app1:a noreply\n',
      'me app1:a',
      'delete app1:a noreply',
    ]
  ) {
    assert.throws(() => told(`${line}\r\n`), undefined, line);
  }
});

fuzz.run();
