import * as assert from 'uvu/assert';
import { suite } from '../../runner/suite.ts';
import { runSoakApart, shortSoak } from './run-soak.ts';

// Law: after millions of operations, clients that come and go, thousands of connections, and calls to
// a server that is silent, a process holds what it held before. `npm run reliability` runs it longer.

const soak = suite('reliability: soak', 600_000);

soak('nothing is held after operations, clients, connections and silence', async () => {
  const { violations, figures } = await runSoakApart(shortSoak);
  for (const [name, value] of figures) console.log(`${name}: ${Math.round(value)}`);
  assert.equal(violations, []);
});

soak.run();
