// Runs test files one after the other in a process of their own, and prints the result of each as a
// line of JSON: `run-file.ts [--timeout MILLISECONDS] FILE...`
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { runFile } from './driver.ts';

const { values: { timeout }, positionals } = parseArgs({
  allowPositionals: true,
  options: { timeout: { type: 'string', default: '120000' } },
});
let stray: string[] = [];
const note = (error: unknown): void => {
  stray.push(`outside of any test: ${error instanceof Error ? error.stack : String(error)}`);
};
process.on('unhandledRejection', note).on('uncaughtException', note);

const reports: string[] = [];
for (const file of positionals) {
  stray = [];
  const report = await runFile(file, () => import(pathToFileURL(file).href), Number(timeout));
  reports.push(JSON.stringify({ ...report, failures: [...report.failures, ...stray] }));
}
// A socket that a failed test left open must not keep the process.
process.stdout.write(`\n${reports.join('\n')}\n`, () => process.exit(0));
