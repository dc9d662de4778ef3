import * as assert from 'uvu/assert';
import { suite } from '../../runner/suite.ts';
import type { StageBug } from '../../support/cache-stage.ts';
import { replayLine, simulate } from './simulation.ts';

// Law: in orders at random of the steps of two to four clients, with crashes, ends of leases, lost
// replies, restarts and jumps of the clock, the laws of a cache hold. `npm run reliability` plays more.

const simulation = suite('reliability: a cache at random', 300_000);

const PARTS = 5;
const PART = 4000;

for (let part = 0; part < PARTS; part++) {
  const [from, to] = [part * PART + 1, (part + 1) * PART];
  simulation(`orders ${from} to ${to} break no law`, async () => {
    const broken: string[] = [];
    for (let seed = from; seed <= to; seed++) {
      const run = await simulate(seed);
      if (run.violations.length === 0) continue;
      broken.push(`${replayLine(run)}\n${run.violations.join('\n')}`);
    }
    assert.equal(broken, []);
  });
}

simulation('a seed gives the same order twice', async () => {
  for (const seed of [7, 8, 9]) {
    const first = await simulate(seed);
    assert.ok(first.path.length > 2);
    assert.equal(await simulate(seed), first);
  }
});

const bugs: readonly StageBug[] = ['plain-fill', 'I-fill', 'any-connection', 'share-outdated'];

for (const bug of bugs) {
  simulation(`the bug "${bug}" is found, and its seed finds it again`, async () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const run = await simulate(seed, bug);
      if (run.violations.length === 0) continue;
      assert.match(run.violations.join('\n'), /law 2/);
      assert.equal(await simulate(seed, bug), run);
      return;
    }
    throw new Error('no seed has found it');
  });
}

simulation.run();
