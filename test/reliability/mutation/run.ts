// Runs the tests of files under each of their mutants, in processes that take turns.
//
// First all tests run once without a mutant, and note for each mutant the tests in which it would
// change something. Only these are run under it, until one fails.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundle } from '../../../bench/bundle.ts';
import { bundleTests, ROOT } from './bundle.ts';
import { type MutableFile, type Mutant, mutate } from './mutants.ts';
import type { Limits, MutantResult, Observation, ObservedTest, RunTask, Task } from './worker.ts';

/** A mutant that no test kills. */
export interface Survivor extends Mutant {
  /** How near the tests come to it. */
  readonly reach: 'no test reaches it' | 'no test makes it differ' | 'no test sees the difference';
}

/** What became of the mutants of a file. */
export interface MutationReport {
  readonly file: string;
  readonly killed: readonly Mutant[];
  /** How many did not end; the tests have failed by that. */
  readonly timedOut: number;
  readonly survivors: readonly Survivor[];
}

/** The tests that should kill the mutants of a folder: files, and folders of files. */
const suites: Readonly<Record<string, readonly string[]>> = {
  'core/wire': ['core/wire', 'test/conformance/wire.test.ts'],
  'core/io': ['core/io'],
  'core/client/cache': ['core/client/cache'],
  'core/client/connection': ['core/client/connection'],
  'core/client/cluster': ['core/client/cluster'],
  'core/client/wrappers': ['core/client/wrappers'],
};

/** Tests with random inputs, of many seconds: what only they kill is a test that is missing. */
const random = /fuzz|hostile-values|properties/;

/** What a test may take under a mutant: so many times as without, and more. */
const PATIENCE = 10;
const AT_LEAST: Limits = { milliseconds: 2000, loops: 100_000 };

/** Milliseconds of the tests that a quick run takes for a mutant. */
const QUICK = 1000;

/** Time that a test in another file takes counts so many times. */
const DISTANCE = 10;

/**
 * Runs the tests of files under their mutants.
 *
 * @param files From the root, all in one folder: `core/wire/ring.ts`.
 * @param workers How many processes.
 * @param options.chosen Which mutants; all by default.
 * @param options.tests The files of the tests; those of the folder by default.
 * @param options.quick Runs no more tests under a mutant than a second has room for.
 * @param options.onSurvivor Is told of each survivor at once.
 */
export async function runMutants(
  files: readonly string[],
  workers: number,
  { chosen = () => true, tests = testsOf(files[0]!), quick = false, onSurvivor = () => {} }: {
    readonly chosen?: (mutant: Mutant) => boolean;
    readonly tests?: readonly string[];
    readonly quick?: boolean;
    readonly onSurvivor?: (mutant: Mutant) => void;
  } = {},
): Promise<MutationReport[]> {
  const mutable = mutateAll(files);
  // Both at once, of the same tests, even if these are being changed.
  const [observed, script] = await Promise.all([
    writeScript(mutable, tests, 'observed'),
    writeScript(mutable, tests, 'text'),
  ]);
  const observation = await observe(observed);
  const mutants = [...mutable.values()].flatMap((file) => file.mutants).filter(chosen);
  const plan = new Plan(observation, quick ? QUICK : Infinity);
  const killed = new Set<Mutant>();
  const timedOut = new Set<Mutant>();
  const left = plan.sort(mutants).values();
  await Promise.all(Array.from({ length: workers }, async () => {
    const worker = new Worker(script);
    for (const mutant of left) {
      for (const task of plan.tasksOf(mutant)) {
        const result = await worker.run<MutantResult>(task);
        plan.add(mutant, result);
        if (result === null) timedOut.add(mutant);
        else if (result.killer !== null) killed.add(mutant);
        if (result?.killer !== null) break;
      }
      if (!killed.has(mutant) && !timedOut.has(mutant)) onSurvivor(mutant);
    }
    worker.stop();
  }));
  return files.map((file) => {
    const own = mutants.filter((mutant) => mutant.file === file);
    const survivors = own.filter((mutant) => !killed.has(mutant) && !timedOut.has(mutant));
    return {
      file,
      killed: own.filter((mutant) => killed.has(mutant)),
      timedOut: own.filter((mutant) => timedOut.has(mutant)).length,
      survivors: survivors.map((mutant) => ({ ...mutant, reach: plan.reachOf(mutant) })),
    };
  });
}

/** The tests that should kill the mutants of a file. */
export function testsOf(file: string): string[] {
  const folder = Object.keys(suites).find((name) => file.startsWith(`${name}/`));
  if (folder === undefined) throw new Error(`there are no tests for mutants of ${file}`);
  return suites[folder]!.flatMap((place) => place.endsWith('.ts') ? [place] : testsIn(place));
}

/** The files under a place that can have mutants. */
export function sourcesOf(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  return filesIn(place).filter((file) => !/\.(test|check)\.ts$/.test(file) && !isText(file));
}

// Notes on verbs, from which a page of the docs is made.
function isText(file: string): boolean {
  return file === 'core/wire/verb-notes.ts';
}

function testsIn(place: string): string[] {
  return filesIn(place).filter((file) => file.endsWith('.test.ts') && !random.test(file));
}

function filesIn(place: string): string[] {
  if (!existsSync(join(ROOT, place))) throw new Error(`there is no ${place}`);
  return readdirSync(join(ROOT, place)).filter((name) => name.endsWith('.ts')).sort()
    .map((name) => `${place.replace(/\/$/, '')}/${name}`);
}

function mutateAll(files: readonly string[]): Map<string, MutableFile> {
  const mutable = new Map<string, MutableFile>();
  let first = 1;
  for (const file of files) {
    const made = mutate(file, readFileSync(join(ROOT, file), 'utf8'), first);
    mutable.set(file, made);
    first += made.mutants.length;
  }
  return mutable;
}

async function writeScript(
  mutable: ReadonlyMap<string, MutableFile>,
  tests: readonly string[],
  form: 'text' | 'observed',
): Promise<string> {
  const name = [...mutable.keys()].join(' ').replaceAll('/', '-').slice(0, 60);
  const script = join(ROOT, '.test/mutation', `${name}-${process.pid}-${form}.cjs`);
  mkdirSync(dirname(script), { recursive: true });
  const texts = new Map([...mutable].map(([file, made]) => [file, made[form]]));
  writeFileSync(script, await bundleTests(texts, tests));
  return script;
}

async function observe(script: string): Promise<Observation> {
  const worker = new Worker(script);
  const observation = await worker.run<Observation>({ type: 'observe' });
  worker.stop();
  if (observation === null) throw new Error('the tests do not end without a mutant');
  const failed = observation.tests.find(({ failure }) => failure !== null);
  if (failed !== undefined) {
    throw new Error(`${failed.file}, ${failed.name}, fails without a mutant: ${failed.failure}`);
  }
  return observation;
}

/** Which tests are run under a mutant, and in which order. */
class Plan {
  readonly #tests: readonly ObservedTest[];
  readonly #atLoad: ReadonlySet<number>;
  readonly #reached: ReadonlySet<number>;
  readonly #patience: number;
  readonly #testsOf = new Map<number, number[]>();
  readonly #unreliable = new Set<number>();
  /** The tests that have killed a mutant, by its file. */
  readonly #killers = new Map<string, Set<number>>();
  #lastKiller = -1;

  /** @param patience The milliseconds that the tests of a mutant may take, all in all. */
  constructor({ tests, atLoad, reached }: Observation, patience: number) {
    this.#patience = patience;
    this.#tests = tests;
    this.#atLoad = new Set(atLoad);
    this.#reached = new Set(reached);
    for (const [index, { mutants }] of tests.entries()) {
      for (const id of mutants) {
        const found = this.#testsOf.get(id);
        if (found === undefined) this.#testsOf.set(id, [index]);
        else found.push(index);
      }
    }
  }

  /** What may kill a mutant: the tests in which it differs, and all if it does so when loaded. */
  tasksOf({ id, file }: Mutant): RunTask[] {
    const own = file.replace(/\.ts$/, '');
    const killers = this.#killers.get(file);
    // The test that killed the mutant before; then those beside the file or that killed others of
    // it, and those that are fast.
    const rank = (index: number): number => {
      if (index === this.#lastKiller) return -1;
      const test = this.#tests[index]!;
      const isNear = test.file.startsWith(own) || killers?.has(index);
      return test.milliseconds * (isNear ? 1 : DISTANCE);
    };
    const toTask = (indexes: Iterable<number>, atLoad: boolean): RunTask => {
      const order = [...indexes].map((index) => ({ index, rank: rank(index) }));
      order.sort((one, other) => one.rank - other.rank);
      let left = this.#patience;
      const tests = order.map(({ index }) => ({ index, limits: limitsOf(this.#tests[index]!) }))
        .filter(({ index }) => {
          const { milliseconds } = this.#tests[index]!;
          if (milliseconds > left) return false;
          left -= milliseconds;
          return true;
        });
      return { type: 'run', mutant: id, atLoad, tests };
    };
    const differing = this.#testsOf.get(id);
    return [
      ...(differing === undefined ? [] : [toTask(differing, false)]),
      ...(this.#atLoad.has(id) ? [toTask(this.#tests.keys(), true)] : []),
    ];
  }

  /** Those last whose tests are unknown, since they change something when loaded. */
  sort(mutants: readonly Mutant[]): Mutant[] {
    const last = ({ id }: Mutant): number => Number(this.#atLoad.has(id));
    return mutants.toSorted((one, other) => last(one) - last(other));
  }

  add({ file }: Mutant, result: MutantResult | null): void {
    if (result === null) return;
    if (result.killer !== null) {
      this.#lastKiller = result.killer;
      const killers = this.#killers.get(file) ?? new Set();
      this.#killers.set(file, killers.add(result.killer));
    }
    for (const index of result.unreliable) {
      if (this.#unreliable.has(index)) continue;
      this.#unreliable.add(index);
      const { file, name } = this.#tests[index]!;
      console.warn(`${file}, ${name}, fails when it is run alone, so it kills nothing`);
    }
  }

  reachOf({ id }: Mutant): Survivor['reach'] {
    if (this.#atLoad.has(id) || this.#testsOf.has(id)) return 'no test sees the difference';
    return this.#reached.has(id) ? 'no test makes it differ' : 'no test reaches it';
  }
}

function limitsOf({ milliseconds, loops }: Limits): Limits {
  return {
    milliseconds: AT_LEAST.milliseconds + PATIENCE * milliseconds,
    loops: AT_LEAST.loops + PATIENCE * loops,
  };
}

/** A process that runs tests, replaced by another one when it is not heard of in time. */
class Worker {
  readonly #script: string;
  #child: ChildProcess | null = null;

  constructor(script: string) {
    this.#script = script;
  }

  /** The result of a task, or null if it did not end. */
  run<Result>(task: Task): Promise<Result | null> {
    const child = this.#child ??= this.#start();
    return new Promise((resolve) => {
      const lines = createInterface({ input: child.stdout! });
      let watchdog: NodeJS.Timeout | undefined;
      const end = (result: Result | null): void => {
        clearTimeout(watchdog);
        child.removeAllListeners('exit');
        lines.close();
        resolve(result);
      };
      lines.on('line', (line) => {
        if (line.startsWith('@{')) end(JSON.parse(line.slice(1)) as Result);
        if (!line.startsWith('~')) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => child.kill('SIGKILL'), Number(line.slice(1)));
      });
      child.on('exit', () => {
        this.#child = null;
        end(null);
      });
      child.stdin!.write(`${JSON.stringify(task)}\n`);
    });
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const program = bundle(join(import.meta.dirname, 'worker.ts'));
    // A mutant that fills the memory ends soon.
    const args = ['--max-old-space-size=1024', program, this.#script];
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  }
}
