// Suites with random inputs.
import { Random } from '../../conformance/random.ts';
import { type Suite, suite } from '../runner/suite.ts';

/** A suite, and the random numbers of the test that runs. */
export interface SeededSuite {
  readonly suite: Suite;
  readonly random: () => Random;
}

/**
 * A suite each of whose tests has the same random numbers, however often and in which order they are
 * run: those of `MEMWIRE_SEED`, or of the seed that is given.
 */
export function seeded(name: string, seed: number): SeededSuite {
  const first = Number(process.env['MEMWIRE_SEED'] ?? seed);
  let random = new Random(first);
  const tests = suite(name);
  const add = (test: string, run: () => void | Promise<void>): void =>
    tests(test, () => {
      random = new Random(first);
      return run();
    });
  return { suite: Object.assign(add, tests), random: () => random };
}
