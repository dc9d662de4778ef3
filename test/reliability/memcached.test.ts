import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { findProgram } from '../support/memcached.ts';
import { runReal } from './real.ts';

// Law: whatever becomes of three servers, the calls of 200 callers to each item are linearizable, and
// fail with no other errors than lost connections and time limits.

// A long form: MEMWIRE_ROUNDS=200 npm test -- reliability/memcached
const rounds = Number(process.env['MEMWIRE_ROUNDS'] ?? 6);
const real = suite('reliability: real servers', 60_000 + 3000 * rounds);
const program = findProgram('memcached');
const name = 'three servers killed, stopped and continued under 200 callers break no law';

if (program === null) {
  real.skip(`${name} (needs memcached)`);
} else {
  real(name, async () => {
    const report = await runReal({ program, rounds, callers: 200, seed: 1 });
    assert.equal(report.violations, []);
    assert.is(report.kills, rounds / 2);
    assert.is(report.stops, rounds / 2);
    assert.ok(report.calls > report.failures && report.failures > 0);
  });
}

real.run();
