// Runs uvu suites on any runtime. uvu's own runner counts an exception in a hook, a file without
// `.run()` and a test that never ends as a success; this one does not.
import { within } from '../../conformance/case.ts';
import { openGroup } from './queue.ts';

/** The result of a suite. */
export interface SuiteReport {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  /** The names of the skipped tests. */
  readonly skipped: readonly string[];
}

/** The result of a file, which is good if it has no failures. */
export interface FileReport {
  readonly file: string;
  readonly suites: readonly SuiteReport[];
  readonly failures: readonly string[];
  readonly milliseconds: number;
}

type Runner = () => Promise<[errors: string | true, ran: number, skipped: number, total: number]>;

/**
 * Imports a test file and runs the suites that it makes.
 *
 * @param timeout The time limit of the whole file, in milliseconds.
 */
export async function runFile(
  file: string,
  load: () => Promise<unknown>,
  timeout: number,
): Promise<FileReport> {
  const start = Date.now();
  const { suites, names } = openGroup();
  const reports: SuiteReport[] = [];
  const failures: string[] = [];
  try {
    await load();
    if (suites.length === 0) failures.push('has no suite that was run');
    for (const [index, suite] of (suites as Runner[]).entries()) {
      const { name, skipped } = names[index] ?? { name: file, skipped: [] };
      const left = timeout - (Date.now() - start);
      const [errors, ran, , total] = await within(left, suite);
      if (errors !== true) failures.push(plain(errors));
      // A hook threw: its tests did not run, and uvu does not report it.
      if (ran !== total && errors === true) failures.push(`${total - ran} tests did not finish`);
      reports.push({ name, passed: ran, failed: total - ran, skipped });
    }
  } catch (error) {
    failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return { file, suites: reports, failures, milliseconds: Date.now() - start };
}

function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\u001b\[\d+m/g, '').trim();
}
