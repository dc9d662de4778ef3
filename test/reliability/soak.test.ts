import * as assert from 'uvu/assert';
import { runtime } from '../runner/runtime.ts';
import { suite } from '../runner/suite.ts';
import { runSoakApart, shortSoak } from './soak/run-soak.ts';

// Law: after millions of operations, clients that come and go, thousands of connections, and calls to
// a server that is silent, a process holds what it held before. `npm run reliability` runs it longer.

const soak = suite('reliability: soak', 600_000);

if (runtime === 'node') {
  soak('nothing is held after operations, clients, connections and silence', async () => {
    const { violations, figures } = await runSoakApart(shortSoak);
    for (const [name, value] of figures) console.log(`${name}: ${Math.round(value)}`);
    assert.equal(violations, []);
  });
}

soak.run();
