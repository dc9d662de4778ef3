import { runInThisContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { suite } from '../../runner/suite.ts';
import { type Mutant, mutate } from './mutants.ts';
import { Observer } from './observer.ts';
import { describeMutants } from './report.ts';
import { runMutants } from './run.ts';
import { parseReasons } from './survivors.ts';

const mutation = suite('mutation');

/** What a file is under one of its mutants. */
function under(text: string, id: number): unknown {
  const scope = globalThis as {
    activeMutant?: number;
    loopsLeft?: number;
    endlessLoop?: () => never;
    result?: unknown;
  };
  scope.activeMutant = id;
  scope.loopsLeft = 100;
  scope.endlessLoop = () => {
    throw new Error('a loop without an end');
  };
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

mutation('a loop of a mutant that does not end throws', () => {
  const source = [
    'export const result = (function () {',
    '  let i = 0;',
    '  for (; i < 3; i++);',
    '  while (i < 5) i++;',
    '  return i;',
    '})();',
  ].join('\n');
  const { mutants, text } = mutate('a.ts', source);
  assert.is(under(text, 0), 5);
  const found = mutants.map((mutant) => `${described(mutant)} | ${String(under(text, mutant.id))}`);
  assert.equal(found, [
    'swapped constant: 0 | 5',
    'swapped constant: 3 | 5',
    'boundary: i < 3 | 5',
    'comparison: i < 3 | 5',
    'arithmetic: i++ | Error: a loop without an end',
    'swapped constant: 5 | 6',
    'boundary: i < 5 | 6',
    'comparison: i < 5 | 3',
    'arithmetic: i++ | Error: a loop without an end',
    'dropped statement: i++; | Error: a loop without an end',
  ]);
});

mutation('a negative number is one constant', () => {
  const { mutants, text } = mutate('a.ts', 'export const result = -1;');
  const found = mutants.map((mutant) => `${described(mutant)} | ${String(under(text, mutant.id))}`);
  assert.equal(found, ['swapped constant: -1 | 0']);
});

mutation('a name says where a mutant is, and is unique', () => {
  const source = 'class A { go(): number { return 1 + 1 } }\nconst b = { c: 1 };';
  assert.equal(mutate('a.ts', source).mutants.map(({ name }) => name), [
    'A.go | swapped constant | 1 -> 1 + 1',
    'A.go | swapped constant | 1 -> 1 + 1 #2',
    'A.go | arithmetic | 1 + 1 -> 1 - 1',
    'b.c | swapped constant | 1 -> 1 + 1',
  ]);
});

mutation('an observed file reports the mutants that change something', () => {
  const source = [
    'export const result = (function (values) {',
    '  let sum = 0;',
    '  for (let i = 0; i < values.length; i++) sum += values[i];',
    '  return sum > 6 || sum === 6 && values.length < 3;',
    '})([1, 2, 3]);',
  ].join('\n');
  const observer = new Observer();
  observer.install();
  const { mutants, observed } = mutate('a.ts', source);
  assert.is(under(observed, 0), false);
  const differing = new Set(observer.take());
  assert.is(observer.reached.size, mutants.length);
  // False either way.
  assert.equal(mutants.filter(({ id }) => !differing.has(id)).map(({ from, to }) => [from, to]), [[
    'sum > 6 || sum === 6 && values.length < 3',
    'sum > 6 && sum === 6 && values.length < 3',
  ]]);
  assert.equal(observer.take(), []);
});

mutation('a reason says which of the survivors it is for', () => {
  const text =
    'a.ts\n  It is faster.\n    f | 1 -> 2\n    g | 1 -> 2\nb.ts\n  A hint.\n    h | 1 -> 2\n';
  const reasons = parseReasons(text);
  assert.equal([...reasons.get('a.ts')!], [
    ['f | 1 -> 2', 'It is faster.'],
    ['g | 1 -> 2', 'It is faster.'],
  ]);
  assert.equal([...reasons.get('b.ts')!], [['h | 1 -> 2', 'A hint.']]);
  assert.throws(() => parseReasons('a.ts\n    f | 1 -> 2'), /nothing is above/);
});

mutation(
  'a report tells survivors with a reason, without, and reasons that are out of date',
  () => {
    const mutant = { id: 1, file: 'a.ts', kind: 'boolean', line: 7, from: 'a', to: 'b' };
    const reach = 'no test reaches it';
    const report = {
      file: 'a.ts',
      killed: [{ ...mutant, name: 'killed' }],
      timedOut: 1,
      survivors: [{ ...mutant, name: 'open', reach }, { ...mutant, name: 'known', reach }],
    } as const;
    const reasons = new Map([[
      'a.ts',
      new Map([['known', 'so'], ['killed', 'so'], ['gone', 'so']]),
    ]]);
    assert.equal(describeMutants([report], reasons), [
      'a.ts: 2 of 4 killed, 1 of them timed out; 1 survive with a reason, 1 without',
      '  no test reaches it:',
      '    open    (a.ts:7)',
      '  these do not survive, or are no more:',
      '    killed',
      '    gone',
      '50.0 % of 4 mutants are killed; 75.0 % are killed or survive with a reason',
    ]);
  },
);

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
    const [report] = await runMutants([file], 1, {
      chosen(mutant) {
        const name = described(mutant);
        return names.includes(name) && seen.size < seen.add(name).size;
      },
      tests: [file.replace(/\.ts$/, '.test.ts')],
    });
    assert.equal(report!.survivors, []);
    assert.is(report!.killed.length + report!.timedOut, names.length);
  });
}

mutation('a mutant that changes nothing survives a test of very many turns of loops', async () => {
  const name = 'PlainReply.read | boundary | at < 0 -> at <= 0';
  const [report] = await runMutants(['core/wire/plain.ts'], 1, {
    chosen: (mutant) => mutant.name === name,
    tests: ['core/wire/plain.test.ts'],
  });
  assert.equal(report!.survivors.map((survivor) => survivor.name), [name]);
});

mutation('a mutant without a test survives', async () => {
  const [report] = await runMutants(['core/wire/prefix.ts'], 1, {
    chosen: ({ kind, line }) => line < 30 && kind === 'boolean',
    tests: ['core/wire/errors.test.ts'],
  });
  assert.ok(report!.survivors.length > 0);
  assert.ok(report!.survivors.every(({ reach }) => reach === 'no test reaches it'));
});

mutation.run();
