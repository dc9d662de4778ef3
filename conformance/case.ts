// Cases as data, and their runner.
import { systemClock } from '../core/io/clock.ts';

/**
 * One requirement, as data: it needs no globals and no test framework, so it can run under any.
 */
export interface Case<Context> {
  /** States the requirement; unique in its list. */
  readonly name: string;
  /**
   * The features that the subject must have, named as in the table of features of the list. A case
   * whose needs are not met is skipped, by name.
   */
  readonly needs?: readonly string[] | undefined;
  /** Throws, or rejects, when the requirement is not met. */
  run(context: Context): void | Promise<void>;
}

/** The results of a list of cases, in its order. */
export interface CaseReport {
  /** The names of the cases that passed. */
  readonly passed: readonly string[];
  /** The cases that failed, each with its error, which may be that it took too long. */
  readonly failed: readonly { readonly name: string; readonly error: Error }[];
  /** The skipped cases, each with the first need that was not met. */
  readonly skipped: readonly { readonly name: string; readonly need: string }[];
}

/** The options of `runCases`. */
export interface RunOptions {
  /** Milliseconds that each case may take, its context included; 10000 by default. */
  readonly timeout?: number | undefined;
  /** Whether the subject has a feature; none by default, so that cases with needs are skipped. */
  readonly has?: ((need: string) => boolean) | undefined;
}

/**
 * Runs cases one after the other. It never rejects: failures are in the report, and no promise that
 * a broken subject rejects is left unhandled.
 *
 * @param context Makes the context of a case: called once for each.
 */
export async function runCases<Context>(
  cases: readonly Case<Context>[],
  context: () => Context | Promise<Context>,
  { timeout = 10_000, has }: RunOptions = {},
): Promise<CaseReport> {
  const passed: string[] = [];
  const failed: { name: string; error: Error }[] = [];
  const skipped: { name: string; need: string }[] = [];
  for (const one of cases) {
    const { name } = one;
    const need = missingNeed(one, has);
    if (need !== undefined) {
      skipped.push({ name, need });
      continue;
    }
    try {
      await within(timeout, async () => await one.run(await context()));
      passed.push(name);
    } catch (error) {
      failed.push({ name, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
  return { passed, failed, skipped };
}

/**
 * The first need of a case that is not met, if there is one: for other test runners.
 *
 * @param has As in `RunOptions`.
 */
export function missingNeed(
  one: Pick<Case<never>, 'needs'>,
  has: (need: string) => boolean = () => false,
): string | undefined {
  return one.needs?.find((need) => !has(need));
}

/**
 * Runs one case, regardless of its needs: for other test runners.
 *
 * @param timeout Milliseconds that it may take.
 * @throws The error of the case, or one for its time limit.
 */
export async function runCase<Context>(
  one: Case<Context>,
  context: Context,
  timeout = 10_000,
): Promise<void> {
  await within(timeout, async () => await one.run(context));
}

/** The same cases with one more need. */
export function needing<Context>(
  needs: readonly string[],
  ...cases: readonly Case<Context>[]
): Case<Context>[] {
  return cases.map((one) => ({
    ...one,
    needs: [...new Set([...needs, ...(one.needs ?? [])])],
  }));
}

/** Rejects when the work takes longer than so many milliseconds. */
export async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let cancel: () => void = () => {};
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`not done within ${milliseconds} ms`);
    cancel = systemClock.after(milliseconds, () => reject(error));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    cancel();
  }
}
