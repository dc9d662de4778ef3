// Runs one test file in a process of its own and prints what came of it as one line of JSON.
import { pathToFileURL } from 'node:url';
import { runFile } from './driver.ts';

const [file = '', timeout = '120000'] = process.argv.slice(2);
const stray: string[] = [];
const note = (error: unknown): void => {
  stray.push(`outside of any test: ${error instanceof Error ? error.stack : String(error)}`);
};
process.on('unhandledRejection', note).on('uncaughtException', note);

const report = await runFile(file, () => import(pathToFileURL(file).href), Number(timeout));
const line = JSON.stringify({ ...report, failures: [...report.failures, ...stray] });
// A socket that a failed test left open must not keep the process.
process.stdout.write(`\n${line}\n`, () => process.exit(0));
