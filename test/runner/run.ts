// npm test: all checks and tests that must pass before a change lands.
//   npm test               the checks, then every test file
//   npm test -- link       the test files with `link` in their path, and no checks
//   npm test -- link deno  those, on Deno
//   npm test -- --quick    takes a minute: the checks, and the tests of core and conformance on Node
//                          alone, without those that need another program
// With CI set, a skipped test is a failure.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { FileReport, SuiteReport } from './driver.ts';
import { entries } from '../../package/entries.ts';
import { Matrix, type Runtime } from './matrix.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILE_TIMEOUT = 300_000;
const strict = process.env['CI'] !== undefined && process.env['CI'] !== '';
const words = process.argv.slice(2).filter((word) => word !== '--quick');
const quick = words.length < process.argv.length - 2;
/** The environment of the quick run: no program but Node is started, and random tests are short. */
const environment = quick ? { MEMWIRE_PROGRAMS: 'none', MEMWIRE_RUNS: '500' } : {};

/** The checks besides test files, in order. */
const checks: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['format', 'deno', 'fmt', '--check', '--quiet'],
  ['build', 'tsc', '-b'],
  ['types of tests', 'tsc', '-p', 'test', '--noEmit'],
  ['types of Deno', 'deno', 'check', '--quiet', 'transport-deno/types.check.ts'],
  ['types of Bun', 'tsc', '-p', 'transport-bun/tsconfig.check.json'],
  ['types of Workers', 'tsc', '-p', 'transport-web/tsconfig.check.json'],
  ['types of the test page', 'tsc', '-p', 'test/browser', '--noEmit'],
  ['types of the playground', 'tsc', '-p', 'demo/playground/page', '--noEmit'],
  ['types of the fleets in it', 'tsc', '-p', 'demo/playground/fleet', '--noEmit'],
  ['lint of comments', 'deno', 'doc', '--quiet', '--lint', ...Object.values(entries)],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings', '--quiet'],
];

/** The command of each runtime that runs a program. */
const runtimes: Readonly<Record<Runtime, readonly [program: string, ...args: string[]]>> = {
  node: [process.execPath, '--import', 'tsx'],
  deno: [tool('deno'), 'run', '--allow-all'],
  bun: [tool('bun')],
};

/** Files that one process runs, one after the other. */
interface Job {
  readonly files: readonly string[];
  readonly runtime: Runtime;
}

/** The checks of the quick run. It leaves out those of code that it does not run. */
const quickChecks = ['format', 'build', 'types of tests', 'lint'];

const matrix = new Matrix();
const start = Date.now();

const jobs = jobsOf(
  readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !/(^|\/)(node_modules|dist)\//.test(file))
    .sort(),
);
if (jobs.length === 0) {
  matrix.add(`test files with ${words.join(' ')}`, 'node', { passed: 0, failed: 1, skipped: 0 });
}

// Tests with memcached, whose clock is real, and tests with a browser mostly wait, so they run in
// parallel with the others and with the checks.
const isSlow = ({ files }: Job): boolean =>
  files.some((file) => /(memcache(d|-[\w-]+)|chromium|playground)\.test/.test(file));
// These take a processor, or more, for a minute each: one at a time, or others would be late.
const isHeavy = (job: Job): boolean => !isSlow(job) && isLengthy(job.files);
const isOther = (job: Job): boolean => !isSlow(job) && !isHeavy(job);
await Promise.all([
  runAll(jobs.filter(isSlow), 4 * availableParallelism()),
  runChecks().then(() =>
    Promise.all([
      runAll(jobs.filter(isHeavy), 1),
      runAll(jobs.filter(isOther), availableParallelism()),
    ])
  ),
]);

const { passed, failed, skipped } = matrix.total;
const without = skipped === 0 ? '' : `, ${skipped} ${quick ? 'left out' : 'skipped'}`;
console.log(`\n${matrix.toString()}\n`);
const runs = jobs.reduce((sum, { files }) => sum + files.length, 0);
console.log(`${runs} runs of files in ${((Date.now() - start) / 1000).toFixed(0)} s`);
const isMissing = strict && !quick && skipped > 0;
if (isMissing) console.log('with CI set, nothing may be skipped');
if (quick) {
  const needs = matrix.needs.join(', ');
  const long = 'older servers and proxies, faults, broken subjects, the limits of a bridge';
  console.log(`left out: tests that need ${needs}; long tests: ${long}; npm test runs them`);
}
console.log(`${passed} passed, ${failed} failed${without}`);
process.exitCode = failed > 0 || isMissing ? 1 : 0;

async function runChecks(): Promise<void> {
  if (words.length > 0) return;
  for (const [name, program, ...args] of checks) {
    if (quick && !quickChecks.includes(name)) continue;
    const { code, output } = await run(tool(program), args);
    matrix.add(name, 'node', {
      passed: code === 0 ? 1 : 0,
      failed: code === 0 ? 0 : 1,
      skipped: 0,
    });
    console.log(`${code === 0 ? 'good' : 'FAILED'}  ${name}`);
    if (code !== 0) console.log(output);
  }
}

// Runs each job in a process of its own, `workers` at a time, so that no file is affected by another.
async function runAll(queue: Job[], workers: number): Promise<void> {
  await Promise.all(Array.from({ length: workers }, async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      for (const one of await runJob(job)) report(job.runtime, one);
    }
  }));
}

// A folder is one process, since starting one takes longer than most files; but the files of
// test/conformance mostly wait, and those of test/reliability take long, so they run in parallel.
function jobsOf(files: readonly string[]): Job[] {
  const jobs = new Map<string, { files: string[]; runtime: Runtime }>();
  for (const file of files) {
    for (const runtime of runtimesOf(file)) {
      if (!words.every((word) => word === runtime || file.includes(word))) continue;
      const key = `${groupOf(file)} ${runtime}`;
      const job = jobs.get(key);
      if (job === undefined) jobs.set(key, { files: [file], runtime });
      else job.files.push(file);
    }
  }
  // The folders first, because they take longer than the files of test/conformance.
  return [...jobs.values()].reverse();
}

function groupOf(file: string): string {
  // The folders within a part of the core have few tests each.
  if (file.startsWith('core/')) return file.split('/').slice(0, 2).join('/');
  if (!/^test\/(conformance|reliability)\//.test(file)) return dirname(file);
  // Without memcached they do not wait, and most of their time is spent on starting a process.
  return quick ? /^test\/conformance\/(memcache)?/.exec(file)![0] : file;
}

// core and conformance run on every runtime; the other tests are about Node, or use it.
function runtimesOf(file: string): readonly Runtime[] {
  if (quick) {
    return /^(core|cli\/console|test\/conformance)\//.test(file) && !isLong(file) ? ['node'] : [];
  }
  // Pure calculation, the same on each runtime, and processes of Node.
  if (/^test\/reliability\/(main|(cache|fuzz|middlemen|mutation|soak)\/)/.test(file)) {
    return ['node'];
  }
  // Deno can also run this one.
  if (file === 'transport-node/bridge.test.ts') return ['node', 'deno'];
  return /^(core|cli\/console|test\/(conformance|reliability))\//.test(file)
    ? ['node', 'deno', 'bun']
    : ['node'];
}

/** Whether a file alone would take more than a tenth of the quick run. */
function isLong(file: string): boolean {
  const names = [
    'memcache-(field|faults|models)',
    'fault-errors',
    'model-server',
    'broken-subjects',
    'bridge-(flood|limits)',
  ];
  return new RegExp(`/(${names.join('|')})\\.test`).test(file);
}

async function runJob({ files, runtime }: Job): Promise<FileReport[]> {
  const [program, ...args] = runtimes[runtime];
  const { code, output } = await run(program, [
    ...args,
    'test/runner/run-file.ts',
    '--timeout',
    String(timeoutOf(files)),
    ...files,
  ], files.length * timeoutOf(files));
  try {
    const lines = output.trimEnd().split('\n').slice(-files.length);
    return lines.map((line) => JSON.parse(line) as FileReport);
  } catch {
    const failures = [`it ended with ${code} and no report:\n${output}`];
    return files.map((file) => ({ file, suites: [], failures, milliseconds: 0 }));
  }
}

/** Whether they build the site, play thousands of orders, or soak. */
function isLengthy(files: readonly string[]): boolean {
  return files.some((file) => /^test\/(site|reliability)\//.test(file));
}

/** The time limit of each file of a job. */
function timeoutOf(files: readonly string[]): number {
  return isLengthy(files) ? 4 * FILE_TIMEOUT : FILE_TIMEOUT;
}

function report(runtime: Runtime, { file, suites, failures, milliseconds }: FileReport): void {
  for (const { name, passed, failed, skipped } of suites) {
    matrix.add(name, runtime, { passed, failed, skipped: skipped.length });
  }
  // Failures outside of suites: in the import, in a hook, or by the time limit.
  const outside = failures.length > 0 && suites.every((suite) => suite.failed === 0);
  if (outside || suites.length === 0) {
    matrix.add(file, runtime, { passed: 0, failed: 1, skipped: 0 });
  }
  const verdict = failures.length > 0 || suites.length === 0 ? 'FAILED' : 'good  ';
  console.log(`${verdict}  ${runtime.padEnd(4)}  ${file}  ${milliseconds} ms`);
  for (const failure of failures) console.log(`${failure}\n`);
  for (const name of suites.flatMap((suite: SuiteReport) => suite.skipped)) {
    matrix.addNeed(/\(needs (.*)\)$/.exec(name)?.[1] ?? name);
    if (!quick) console.log(`  skipped: ${name}`);
  }
}

function tool(name: string): string {
  return join(ROOT, 'node_modules/.bin', name);
}

function run(
  program: string,
  args: readonly string[],
  timeout: number = FILE_TIMEOUT,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Stops an endless loop, which its own time limit cannot.
      timeout: timeout + 10_000,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}
