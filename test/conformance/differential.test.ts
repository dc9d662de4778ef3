import { findProgram, versionOf } from '../support/memcached.ts';
import { COMMANDS, compare } from '../support/side-by-side.ts';
import { suite } from '../runner/suite.ts';
import { runtime } from '../runner/runtime.ts';

// The law: to the same requests the embedded server and memcached give the same bytes, except for
// the differences of that version in the table of changes.

// Each runtime runs different sequences.
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261121) +
  ['node', 'deno', 'bun'].indexOf(runtime);
const sequences = Number(process.env['MEMWIRE_SEQUENCES'] ?? 1000);

const differential = suite('embedded server and memcached, side by side', 300_000);
const program = findProgram('memcached');
const programs = [program, process.env['MEMCACHED_NEWEST'] ?? null]
  .filter((path, i) => i === 0 || path !== null);

for (const path of programs) {
  const version = path === null ? '' : versionOf(path);
  const name = `say the same to ${sequences} random sequences of ${COMMANDS} requests`;
  if (path === null) {
    differential.skip(`${name} (needs memcached)`);
    continue;
  }
  differential(`${name}: ${version}`, async () => {
    const found = await compare({ program: path, version, seed, sequences });
    if (found !== null) throw new Error(found);
  });
}

differential.run();
