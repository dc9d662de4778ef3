// Runs tests under mutants, in a process that is ended with a mutant that does not end. It reads
// tasks, one a line, and answers each with `@` and a line of JSON. Before each test it says `~` and
// the milliseconds within which it is heard of again.
//
// The script is loaded once, and the mutant switched in it. What a mutant leaves behind does not
// decide the next one: a test that fails must pass without the mutant, or else it is run again in a
// script that was loaded anew.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { Script } from 'node:vm';
import type { TestCase } from './collect.ts';
import { Observer } from './observer.ts';

/** What to do: observe all tests without a mutant, or run some under one. */
export type Task = { readonly type: 'observe' } | RunTask;

export interface RunTask {
  readonly type: 'run';
  readonly mutant: number;
  /** Whether the script is loaded under the mutant. */
  readonly atLoad: boolean;
  readonly tests: readonly { readonly index: number; readonly limits: Limits }[];
}

/** What a test may take: milliseconds, and turns of loops. */
export interface Limits {
  readonly milliseconds: number;
  readonly loops: number;
}

/** A test without a mutant. */
export interface ObservedTest extends Limits {
  readonly file: string;
  readonly name: string;
  readonly failure: string | null;
  /** The mutants that would have changed something. */
  readonly mutants: readonly number[];
}

export interface Observation {
  readonly tests: readonly ObservedTest[];
  /** The mutants that change something when the script is loaded. */
  readonly atLoad: readonly number[];
  readonly reached: readonly number[];
}

/** The first test that failed under a mutant, or null. */
export interface MutantResult {
  readonly killer: number | null;
  readonly failure: string;
  /** Tests that fail without a mutant, when they are run alone. */
  readonly unreliable: readonly number[];
}

/** The time in which the script is loaded, and in which what is late must come. */
const GRACE = 5000;
const UNLIMITED: Limits = { milliseconds: 600_000, loops: Infinity };

/** The script, loaded. */
interface Instance {
  readonly cases: readonly TestCase[];
  activate(mutant: number, loops: number): void;
  loopsAfter(): number;
}

const [, , path = ''] = process.argv;
const scope = globalThis as {
  firstMutant?: number;
  testCases?: TestCase[];
  loadTests?: () => Promise<void>;
  activate?: Instance['activate'];
  loopsAfter?: Instance['loopsAfter'];
};
const script = new Script(
  `(function (require, module, exports) {${readFileSync(path, 'utf8')}\n})`,
  { filename: path },
);
const require = createRequire(path);
let stray: string | null = null;
const note = (error: unknown): void => {
  stray = describe(error);
};
process.on('unhandledRejection', note).on('uncaughtException', note);
let base: Instance | null = null;
const unreliable = new Set<number>();

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as Task;
  const result = task.type === 'observe' ? await observe() : await run(task);
  process.stdout.write(`@${JSON.stringify(result)}\n`);
}

async function load(mutant: number): Promise<Instance> {
  tellLimit(0);
  scope.firstMutant = mutant;
  const cases: TestCase[] = scope.testCases = [];
  const start = script.runInThisContext() as (...words: unknown[]) => void;
  start(require, { exports: {} }, {});
  await scope.loadTests!();
  return { cases, activate: scope.activate!, loopsAfter: scope.loopsAfter! };
}

async function observe(): Promise<Observation> {
  const observer = new Observer();
  observer.install();
  const instance = await load(0);
  const atLoad = observer.take();
  const tests: ObservedTest[] = [];
  for (const [index, { file, name }] of instance.cases.entries()) {
    const start = performance.now();
    // So many that the difference is exact.
    const failure = await runTest(instance, index, 0, { ...UNLIMITED, loops: 2 ** 50 });
    const milliseconds = performance.now() - start;
    const loops = 2 ** 50 - loopsLeft;
    tests.push({ file, name, failure, milliseconds, loops, mutants: observer.take() });
  }
  return { tests, atLoad, reached: [...observer.reached] };
}

async function run({ mutant, atLoad, tests }: RunTask): Promise<MutantResult> {
  const result = (killer: number | null, failure: string): MutantResult => ({
    killer,
    failure,
    unreliable: [...unreliable],
  });
  let instance: Instance | null = null;
  try {
    if (atLoad) instance = await load(mutant);
  } catch (error) {
    return result(-1, describe(error));
  }
  for (const { index, limits } of tests) {
    if (unreliable.has(index)) continue;
    const failure = await runTest(instance ?? (base ??= await load(0)), index, mutant, limits);
    if (failure === null) continue;
    if (await runTest(base ??= await load(0), index, 0, limits) === null) {
      return result(index, failure);
    }
    // Something was left behind, by this mutant or by one before.
    base = await load(0);
    if (await runTest(base, index, 0, UNLIMITED) !== null) {
      unreliable.add(index);
      base = null;
      continue;
    }
    const again = await runTest(instance ?? base, index, mutant, limits);
    if (again === null) continue;
    base = null;
    return result(index, again);
  }
  return result(null, '');
}

/** What the last test has left of its turns of loops. */
let loopsLeft = 0;

/** The failure of a test, or null. */
async function runTest(
  instance: Instance,
  index: number,
  mutant: number,
  { milliseconds, loops }: Limits,
): Promise<string | null> {
  tellLimit(milliseconds);
  stray = null;
  instance.activate(mutant, loops);
  try {
    await instance.cases[index]!.run(milliseconds);
    // Rejections that nothing handles are told later.
    await new Promise(setImmediate);
    return instance.loopsAfter() < 0 ? 'a loop without an end' : stray;
  } catch (error) {
    return describe(error);
  } finally {
    loopsLeft = instance.loopsAfter();
    instance.activate(0, Infinity);
  }
}

function tellLimit(milliseconds: number): void {
  process.stdout.write(`~${Math.round(milliseconds + GRACE)}\n`);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'it threw what is no error';
}
