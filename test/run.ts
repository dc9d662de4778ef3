// npm test: everything that must hold before a change lands.
//   npm test            the checks, then every test file
//   npm test -- link    the test files with `link` in their path, and no checks
// With CI set, a test that is skipped is a failure.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { FileReport, SuiteReport } from './driver.ts';

const ROOT = join(import.meta.dirname, '..');
const FILE_TIMEOUT = 180_000;
const strict = process.env['CI'] !== undefined && process.env['CI'] !== '';
const words = process.argv.slice(2);

/** What is not a test file, in the order in which it is run. */
const checks: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['format', 'deno', 'fmt', '--check', '--quiet'],
  ['build', 'tsc', '-b'],
  ['types of tests', 'tsc', '-p', 'test', '--noEmit'],
  ['types of the test page', 'tsc', '-p', 'test/browser', '--noEmit'],
  ['types of the playground', 'tsc', '-p', 'examples/playground/page', '--noEmit'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings', '--quiet'],
];

let passed = 0;
let failed = 0;
let skipped = 0;
const start = Date.now();

if (words.length === 0) {
  for (const [name, program, ...args] of checks) {
    const { code, output } = await run(join(ROOT, 'node_modules/.bin', program), args);
    row(name, code === 0 ? 1 : 0, code === 0 ? 0 : 1, 0);
    if (code !== 0) console.log(output);
  }
}

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !/(^|\/)(node_modules|dist)\//.test(file))
  .filter((file) => words.every((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  failed++;
  console.log(`no test file has ${words.join(' ')} in its path`);
}

// Processes, so that no file sees what another one left behind. Many only wait for a server.
const waiting = [...files];
await Promise.all(Array.from({ length: availableParallelism() + 1 }, async () => {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    report(await runTestFile(file));
  }
}));

const without = skipped === 0 ? '' : `, ${skipped} skipped`;
console.log(`\n${files.length} files in ${((Date.now() - start) / 1000).toFixed(0)} s`);
if (strict && skipped > 0) console.log('with CI set, nothing may be skipped');
console.log(`${passed} passed, ${failed} failed${without}`);
process.exitCode = failed > 0 || (strict && skipped > 0) ? 1 : 0;

async function runTestFile(file: string): Promise<FileReport> {
  const args = ['--import', 'tsx', 'test/run-file.ts', file, String(FILE_TIMEOUT)];
  const { code, output } = await run(process.execPath, args);
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as FileReport;
  } catch {
    const failure = `it ended with ${code} and no report:\n${output}`;
    return { file, suites: [], failures: [failure], milliseconds: 0 };
  }
}

function report({ file, suites, failures, milliseconds }: FileReport): void {
  for (const suite of suites) row(suite.name, suite.passed, suite.failed, suite.skipped.length);
  // What failed outside of any suite: the import, a hook, the time limit.
  const outside = failures.length > 0 && suites.every((suite) => suite.failed === 0);
  if (outside || suites.length === 0) row(file, 0, 1, 0);
  for (const failure of failures) console.log(`${file} (${milliseconds} ms)\n${failure}\n`);
  for (const name of suites.flatMap((suite: SuiteReport) => suite.skipped)) {
    console.log(`  skipped: ${name}`);
  }
}

function row(name: string, good: number, bad: number, left: number): void {
  passed += good;
  failed += bad;
  skipped += left;
  const counts = [`${good} passed`, bad > 0 && `${bad} FAILED`, left > 0 && `${left} skipped`];
  console.log(`${name.padEnd(64)} ${counts.filter((count) => count !== false).join(', ')}`);
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
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
