// Runs the tests of a file under each of its mutants, in processes that take turns.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundle } from '../../../bench/bundle.ts';
import { bundleTests, ROOT } from './bundle.ts';
import { type Mutant, mutate } from './mutants.ts';
import type { MutantResult } from './worker.ts';

/** What became of the mutants of a file. */
export interface MutationReport {
  readonly file: string;
  readonly killed: readonly Mutant[];
  /** How many did not end; the tests have failed by that. */
  readonly timedOut: number;
  readonly survivors: readonly Mutant[];
}

/** The tests that should kill the mutants of a folder: files, and folders of files. */
const suites: Readonly<Record<string, readonly string[]>> = {
  'core/wire': ['core/wire', 'test/conformance/wire.test.ts'],
  'core/io': ['core/io'],
  'core/client/cache': ['core/client/cache'],
  'core/client/connection': ['core/client/connection', 'test/conformance/memcache-faults.test.ts'],
  'core/client/cluster': ['core/client/cluster', 'test/conformance/memcache-hash.test.ts'],
  'core/client/wrappers': ['core/client/wrappers', 'test/conformance/memcache-retrying.test.ts'],
};

/** Tests of seconds, which are run last. */
const slow = /conformance|plain|input\.test/;
/** Tests with random inputs, of many seconds: what only they kill is a test that is missing. */
const random = /fuzz|hostile-values|properties/;

/** Milliseconds that the tests may take under a mutant: so many times as long as without, and more. */
const PATIENCE = 3;
const AT_LEAST = 5000;

/**
 * Runs the tests of a file under its mutants.
 *
 * @param file From the root: `core/wire/ring.ts`.
 * @param workers How many processes.
 * @param chosen Which mutants; all by default.
 */
export async function runMutants(
  file: string,
  workers: number,
  chosen: (mutant: Mutant) => boolean = () => true,
  tests: readonly string[] = testsOf(file),
): Promise<MutationReport> {
  const mutable = mutate(file, readFileSync(join(ROOT, file), 'utf8'));
  const script = join(ROOT, '.test/mutation', `${file.replaceAll('/', '-')}.cjs`);
  mkdirSync(dirname(script), { recursive: true });
  writeFileSync(script, await bundleTests(file, mutable, tests));
  const start = performance.now();
  const first = new Worker(script, Infinity);
  const unchanged = await first.run(0);
  first.stop();
  if (unchanged === null || unchanged.killer !== null) {
    throw new Error(`the tests of ${file} fail without a mutant: ${unchanged?.failure}`);
  }
  const limit = AT_LEAST + PATIENCE * (performance.now() - start);
  const left = mutable.mutants.filter(chosen).values();
  let timedOut = 0;
  const killed: Mutant[] = [];
  const survivors: Mutant[] = [];
  await Promise.all(Array.from({ length: workers }, async () => {
    const worker = new Worker(script, limit);
    for (const mutant of left) {
      const result = await worker.run(mutant.id);
      if (result === null) timedOut++;
      else if (result.killer === null) survivors.push(mutant);
      else killed.push(mutant);
    }
    worker.stop();
  }));
  survivors.sort((one, other) => one.id - other.id);
  return { file, killed, timedOut, survivors };
}

/** The tests that should kill the mutants of a file, its own first. */
export function testsOf(file: string): string[] {
  const folder = Object.keys(suites).find((name) => file.startsWith(`${name}/`));
  if (folder === undefined) throw new Error(`there are no tests for mutants of ${file}`);
  const all = suites[folder]!.flatMap((place) => place.endsWith('.ts') ? [place] : testsIn(place));
  const own = file.replace(/\.ts$/, '.test.ts');
  const rank = (test: string): number => test === own ? 0 : slow.test(test) ? 2 : 1;
  return all.sort((one, other) => rank(one) - rank(other));
}

/** The files under a place that can have mutants. */
export function sourcesOf(place: string): string[] {
  if (place.endsWith('.ts')) return [place];
  return filesIn(place).filter((file) => !/\.(test|check)\.ts$/.test(file));
}

function testsIn(place: string): string[] {
  return filesIn(place).filter((file) => file.endsWith('.test.ts') && !random.test(file));
}

function filesIn(place: string): string[] {
  if (!existsSync(join(ROOT, place))) throw new Error(`there is no ${place}`);
  return readdirSync(join(ROOT, place)).filter((name) => name.endsWith('.ts')).sort()
    .map((name) => `${place.replace(/\/$/, '')}/${name}`);
}

/** A process that runs the tests, replaced by another one when it does not end. */
class Worker {
  readonly #script: string;
  readonly #limit: number;
  #child: ChildProcess | null = null;

  constructor(script: string, limit: number) {
    this.#script = script;
    this.#limit = limit;
  }

  /** The result under a mutant, or null if it did not end. */
  run(id: number): Promise<MutantResult | null> {
    const child = this.#child ??= this.#start();
    return new Promise((resolve) => {
      const lines = createInterface({ input: child.stdout! });
      const watchdog = this.#limit === Infinity
        ? undefined
        : setTimeout(() => child.kill('SIGKILL'), this.#limit);
      const end = (result: MutantResult | null): void => {
        clearTimeout(watchdog);
        child.removeAllListeners('exit');
        lines.close();
        resolve(result);
      };
      lines.on('line', (line) => {
        if (line.startsWith('@{')) end(JSON.parse(line.slice(1)) as MutantResult);
      });
      child.on('exit', () => {
        this.#child = null;
        end(null);
      });
      child.stdin!.write(`${id}\n`);
    });
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
  }

  #start(): ChildProcess {
    const program = bundle(join(import.meta.dirname, 'worker.ts'));
    // A mutant that fills the memory ends soon.
    const args = ['--max-old-space-size=1024', program, this.#script, String(this.#limit)];
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  }
}
