import * as assert from 'uvu/assert';
import { stateTable } from '../../../core/client/cache/item.ts';
import { Takeovers } from '../../../core/client/cache/cache-state.ts';
import { sights, type StageBug } from '../../support/cache-stage.ts';
import { suite } from '../../runner/suite.ts';
import { explore } from './explorer.ts';
import { type NamedScene, shortScenes } from './scenes.ts';

// Law: in every order of the steps of three clients on one key, under each lease one load begins at
// most, no value of before an invalidation is fresh after it, and all calls end. `npm run reliability`
// explores more.

const explorer = suite('reliability: all orders of a cache', 120_000);

explorer('no order breaks a law, and each row of the state table is entered', async () => {
  const rows = stateTable.map(() => 0);
  let states = 0;
  let steps = 0;
  for (const scene of shortScenes) {
    const found = await explore(scene);
    assert.equal(found.broken, null, scene.name);
    assert.ok(found.depth >= 6, scene.name);
    states += found.states;
    steps += found.steps;
    found.rows.forEach((count, row) => void (rows[row]! += count));
  }
  console.log(`explorer: ${states} states, ${steps} steps, rows ${rows.join(' ')}`);
  assert.equal(rows.map((count) => count > 0), stateTable.map(() => true));
});

const bugs: readonly (readonly [bug: StageBug, name: string, shows: RegExp])[] = [
  ['plain-fill', 'a cold key, invalidated', /law 2: v1 is stored as fresh/],
  [
    'I-fill',
    'an old value, written; the loader fails, the item is evicted',
    /law 2: v1 is returned as stale after v2/,
  ],
  [
    'any-connection',
    'a cold key, deleted; the server starts again',
    /law 2: v1 is stored as fresh/,
  ],
  ['any-connection', 'a cold key, deleted; it gets another server', /law 2: v1 is stored as fresh/],
  ['share-outdated', 'calls that share loads, and a deletion; evict', /law 2: v1 .* shared/],
];

for (const [bug, name, shows] of bugs) {
  explorer(`the explorer finds the bug "${bug}": ${name}`, async () => {
    const { broken } = await explore({ ...sceneOf(name), bug });
    assert.match(broken?.violations.join('\n') ?? '', shows);
  });
}

// The time that an old item has left says nothing about its lease: the first reader may come late.
explorer('the explorer finds a takeover by the time that is left', async () => {
  const right = Object.getOwnPropertyDescriptor(Takeovers.prototype, 'isDue')!;
  Takeovers.prototype.isDue = () => sights.ttl <= 4 - 2;
  try {
    const { broken } = await explore(sceneOf('an old value whose readers come late'));
    assert.match(broken?.violations.join('\n') ?? '', /law 1: two loads under one lease/);
  } finally {
    Object.defineProperty(Takeovers.prototype, 'isDue', right);
  }
});

function sceneOf(name: string): NamedScene {
  const scene = shortScenes.find((one) => one.name === name);
  assert.ok(scene, name);
  return scene;
}

explorer.run();
