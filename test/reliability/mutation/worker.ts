// Runs the tests under one mutant after the other: reads their numbers, one a line, and answers each
// with a line of JSON. A mutant that does not end is ended with this process.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import type { FileReport } from '../../runner/driver.ts';

type Tests = readonly ((limit: number) => Promise<FileReport>)[];

/** The result of the tests under a mutant: the first test file that failed, or null. */
export interface MutantResult {
  readonly id: number;
  readonly killer: string | null;
  readonly failure: string;
}

const scope = globalThis as { activeMutant?: number; runTests?: Tests };
const [, , path = '', limit = ''] = process.argv;
const script = new Script(
  `(function (require, module, exports) {${readFileSync(path, 'utf8')}\n})`,
  {
    filename: path,
  },
);
const require = createRequire(path);
let stray: string | null = null;
const note = (error: unknown): void => {
  stray = error instanceof Error ? error.message : 'it threw what is no error';
};
process.on('unhandledRejection', note).on('uncaughtException', note);

for await (const line of createInterface({ input: process.stdin })) {
  const result = await run(Number(line));
  process.stdout.write(`\n@${JSON.stringify(result)}\n`);
}

async function run(id: number): Promise<MutantResult> {
  scope.activeMutant = id;
  stray = null;
  try {
    const start = script.runInThisContext() as (...words: unknown[]) => void;
    start(require, { exports: {} }, {});
    for (const test of scope.runTests ?? []) {
      const { file, failures } = await test(Number(limit));
      const failure = failures[0] ?? stray;
      if (failure !== null) return { id, killer: file, failure };
    }
    return { id, killer: null, failure: '' };
  } catch (error) {
    return { id, killer: 'import', failure: String(error) };
  }
}
