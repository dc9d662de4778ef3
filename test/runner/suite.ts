// Suites of tests with time limits, on uvu.
import { nameNext } from './queue.ts';
import { within } from '../../conformance/case.ts';
import { suite as uvuSuite } from 'uvu';

/** A suite of tests. Each file makes its own: uvu's shared one leaks from file to file. */
export interface Suite {
  (name: string, run: () => void | Promise<void>): void;
  /** Skips a test, which the report then lists: `name (needs memcached)`. */
  skip(name: string, run?: () => void | Promise<void>): void;
  before(hook: () => void | Promise<void>): void;
  after(hook: () => void | Promise<void>): void;
  /** Call it once, at the end. */
  run(): void;
}

/** @param limit The time limit of each test in milliseconds. uvu itself has none. */
export function suite(name: string, limit: number = 60_000): Suite {
  const tests = uvuSuite(name);
  const skipped: string[] = [];
  const add = (test: string, run: () => void | Promise<void>): void =>
    tests(test, () => within(limit, async () => await run()));
  return Object.assign(add, {
    skip(test: string): void {
      skipped.push(test);
      tests.skip(test);
    },
    before: (hook: () => void | Promise<void>): void => tests.before(hook),
    after: (hook: () => void | Promise<void>): void => tests.after(hook),
    run(): void {
      nameNext({ name, skipped });
      tests.run();
    },
  });
}
