// Collects the tests of files one by one, in place of the suites that run them.
import { within } from '../../../conformance/case.ts';
import type { Suite } from '../../runner/suite.ts';

/** One test. */
export interface TestCase {
  readonly file: string;
  readonly name: string;
  /** Rejects if the test fails, or takes longer than so many milliseconds. */
  run(limit: number): Promise<void>;
}

const scope = globalThis as { testFile?: string; testCases?: TestCase[] };

/** What `suite` of the runner is in a bundle. The limits of tests are those of their mutants. */
export function suite(name: string): Suite {
  const file = scope.testFile ?? '';
  const cases = scope.testCases ?? [];
  const before: (() => void | Promise<void>)[] = [];
  let begun: Promise<void> | null = null;
  const begin = async (): Promise<void> => {
    for (const hook of before) await hook();
  };
  const add = (test: string, run: () => void | Promise<void>): void => {
    const whole = async (): Promise<void> => {
      await (begun ??= begin());
      await run();
    };
    cases.push({ file, name: `${name}: ${test}`, run: (limit) => within(limit, whole) });
  };
  return Object.assign(add, {
    skip() {},
    before: (hook: () => void | Promise<void>) => void before.push(hook),
    // The process ends without.
    after() {},
    run() {},
  });
}
