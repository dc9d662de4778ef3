import { runInThisContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { suite } from '../../runner/suite.ts';
import { type Mutant, mutate } from './mutants.ts';
import { runMutants } from './run.ts';

const mutation = suite('mutation');

/** What a file is under one of its mutants. */
function under(text: string, id: number): unknown {
  const scope = globalThis as { activeMutant?: number; result?: unknown };
  scope.activeMutant = id;
  try {
    runInThisContext(`{ ${text.replace('export const result', 'globalThis.result')} }`);
    return scope.result;
  } catch (error) {
    return String(error);
  }
}

const described = ({ kind, from }: Mutant): string => `${kind}: ${from}`;

mutation('each place has its mutants, one of which is active at a time', () => {
  const source = [
    '// A comment.',
    'export const result = (function () {',
    "  const seen = ['x'];",
    '  if (1 < 2 && !false) seen.push(3 - 1);',
    "  else throw new TypeError('never' + 1);",
    '  return seen.join();',
    '})();',
  ].join('\n');
  const { mutants, text } = mutate('a.ts', source);
  assert.is(under(text, 0), 'x,2');
  const found = mutants.map((mutant) => `${described(mutant)} | ${String(under(text, mutant.id))}`);
  assert.equal(found, [
    "swapped constant: 'x' | ,2",
    'swapped constant: 1 | TypeError: never1',
    'swapped constant: 2 | x,2',
    'boundary: 1 < 2 | x,2',
    'comparison: 1 < 2 | TypeError: never1',
    'boolean: false | TypeError: never1',
    'boolean: !false | TypeError: never1',
    'boolean: 1 < 2 && !false | x,2',
    'swapped constant: 3 | x,3',
    'swapped constant: 1 | x,1',
    'arithmetic: 3 - 1 | x,4',
    'dropped statement: seen.push(3 - 1); | x',
  ]);
});

/** Mutants that the tests beside a file kill. */
const killed: Readonly<Record<string, readonly string[]>> = {
  'core/wire/numbers.ts': ['boundary: p >= at', 'comparison: found === null'],
  'core/wire/prefix.ts': [
    'dropped statement: checkCommand(confined);',
    'arithmetic: prefix.length + key.length',
  ],
  'core/wire/client-connection.ts': [
    'dropped statement: this.#close(error);',
    'arithmetic: ring.cursor++',
  ],
  'core/wire/server-connection.ts': [
    'comparison: this.#output === null',
    'comparison: this.#authError !== null',
  ],
  'core/wire/errors.ts': ['dropped statement: this.outcome = outcome;'],
};

for (const [file, names] of Object.entries(killed)) {
  mutation(`the tests of ${file} kill its mutants`, async () => {
    const seen = new Set<string>();
    const report = await runMutants(file, 1, (mutant) => {
      const name = described(mutant);
      return names.includes(name) && seen.size < seen.add(name).size;
    }, [file.replace(/\.ts$/, '.test.ts')]);
    assert.equal(report.survivors, []);
    assert.is(report.killed.length + report.timedOut, names.length);
  });
}

mutation('a mutant without a test survives', async () => {
  const { survivors } = await runMutants(
    'core/wire/prefix.ts',
    1,
    ({ kind, line }) => line < 30 && kind === 'boolean',
    ['core/wire/errors.test.ts'],
  );
  assert.ok(survivors.length > 0);
});

mutation.run();
