// The laws of decoders and connections for random bytes, in a process of its own with a limited heap
// and a watchdog; and that each broken law is found. `npm run reliability -- --fuzz` runs it longer.
import * as assert from 'uvu/assert';
import { suite } from '../../runner/suite.ts';
import { fuzzApart, MEMORY, sizeOf } from './run.ts';
import { targets } from './targets.ts';

const fuzz = suite('reliability: fuzz');
const first = Number(process.env['MEMWIRE_SEED'] ?? 1);
const inputs = Number(process.env['MEMWIRE_RUNS'] ?? 5000);

for (const target of Object.keys(targets) as (keyof typeof targets)[]) {
  const size = sizeOf(target, inputs);
  fuzz(`${size} inputs for ${target} break no law`, async () => {
    const result = await fuzzApart({ target, first, inputs: size, memory: MEMORY });
    assert.is(result.violation, null);
    assert.is(result.inputs, size);
  });
}

for (
  const [target, why] of [
    ['loops', 'no progress within 1000 ms'],
    ['grows', 'its process died, as one whose heap grows beyond 32 MiB does'],
    ['throws', 'TypeError: no error of the protocol'],
    ['differs', 'Error: cut it gives'],
  ] as const
) {
  fuzz(`a target that ${target} is found, and its input can be judged again`, async () => {
    const { violation, inputs: judged } = await fuzzApart({
      ...{ target, first: 1, inputs: 100 },
      memory: 32,
    });
    assert.is(judged, target === 'loops' || target === 'grows' ? 2 : 3);
    const text = violation ?? '';
    assert.ok(text.startsWith(`${target}, input 3: ${why}`), text);
    assert.ok(text.endsWith(`\nnpm run reliability -- --input ${target}:3`), text);
    const again = await fuzzApart({ target, first: 3, inputs: 1, memory: 32 });
    assert.ok(again.violation?.startsWith(`${target}, input 3: ${why}`), String(again.violation));
  });
}

fuzz('a fast path that is not taken is found', async () => {
  const result = await fuzzApart({ target: 'isSlow', first: 1, inputs: 100, memory: 32 });
  assert.match(result.violation ?? '', 'only 0 were on the fast path');
});

fuzz.run();
