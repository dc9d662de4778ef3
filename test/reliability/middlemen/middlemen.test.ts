// The law: behind the bridge and behind the example proxy the embedded server gives the bytes that
// memcached gives alone, but for what the middleman refuses and the errors that it hides.
// `npm run reliability -- --sequences` runs it longer.
import { suite } from '../../runner/suite.ts';
import { findProgram, versionOf } from '../../support/memcached.ts';
import { COMMANDS, compare } from '../../support/side-by-side.ts';
import { middlemen } from './middlemen.ts';

const differential = suite('reliability: middlemen');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261127);
const sequences = Number(process.env['MEMWIRE_SEQUENCES'] ?? 200);
const program = findProgram('memcached');

for (const [what, middleman] of Object.entries(middlemen)) {
  const name = `${sequences} random sequences of ${COMMANDS} requests have the same replies ` +
    `behind the ${what}`;
  if (program === null) {
    differential.skip(`${name} (needs memcached)`);
    continue;
  }
  differential(name, async () => {
    const version = versionOf(program);
    const found = await compare({ program, version, seed, sequences, middleman });
    if (found !== null) throw new Error(found);
  });
}

differential.run();
