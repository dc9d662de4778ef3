// Runs uvu suites on any runtime. uvu's own runner takes a throw in a hook, a file without `.run()`
// and a test that never ends for a success; this one does not.

/** What one file's suites came to. */
export interface FileReport {
  readonly file: string;
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
  readonly milliseconds: number;
}

type Runner = () => Promise<[errors: string | true, ran: number, skipped: number, total: number]>;

// uvu reads these when it is imported, so they are set before any file is.
const uvu = globalThis as { UVU_DEFER?: number; UVU_QUEUE?: unknown[][]; UVU_INDEX?: number };
uvu.UVU_DEFER = 1;
uvu.UVU_QUEUE = [];

/**
 * Imports a test file and runs the suites that it makes.
 *
 * @param timeout Milliseconds that all of the file may take.
 */
export async function runFile(
  file: string,
  load: () => Promise<unknown>,
  timeout: number,
): Promise<FileReport> {
  const start = Date.now();
  const suites: unknown[] = [];
  uvu.UVU_INDEX = uvu.UVU_QUEUE!.push(suites) - 1;
  let passed = 0;
  let skipped = 0;
  const failures: string[] = [];
  try {
    await load();
    if (suites.length === 0) failures.push('has no suite that was run');
    for (const suite of suites as Runner[]) {
      const left = timeout - (Date.now() - start);
      const [errors, ran, without, total] = await within(left, suite());
      passed += ran;
      skipped += without;
      if (errors !== true) failures.push(plain(errors));
      // A hook threw: its tests count for nothing, and uvu says nothing.
      if (ran !== total && errors === true) failures.push(`${total - ran} tests did not finish`);
    }
  } catch (error) {
    failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return { file, passed, skipped, failures, milliseconds: Date.now() - start };
}

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('the file did not finish in its time')),
      Math.max(1, milliseconds),
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\u001b\[\d+m/g, '').trim();
}
