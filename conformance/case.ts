/**
 * One thing that must be so, as data: it needs no globals and no test framework, so that anybody
 * may run it under any.
 */
export interface Case<Context> {
  /** Says what must be so. */
  readonly name: string;
  /** What an environment must have for it; a case whose needs are not met is skipped, by name. */
  readonly needs?: readonly string[];
  /** Throws, or rejects, when it is not so. */
  run(context: Context): void | Promise<void>;
}

/** What came of a list of cases. */
export interface CaseReport {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly error: Error }[];
  /** The cases whose needs were not met, with the first need that was not. */
  readonly skipped: readonly { readonly name: string; readonly need: string }[];
}

export interface RunOptions {
  /** Milliseconds that each case may take; 10000 by default. */
  readonly timeout?: number;
  /** Whether the environment has what a case needs; nothing by default. */
  readonly has?: (need: string) => boolean;
}

declare const setTimeout: (call: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/**
 * Runs cases one after the other.
 *
 * @param context What the cases are run against, or how to make it anew for each.
 */
export async function runCases<Context>(
  cases: readonly Case<Context>[],
  context: () => Context | Promise<Context>,
  options: RunOptions = {},
): Promise<CaseReport> {
  let passed = 0;
  const failed: { name: string; error: Error }[] = [];
  const skipped: { name: string; need: string }[] = [];
  for (const one of cases) {
    const need = missingNeed(one, options.has);
    if (need !== undefined) {
      skipped.push({ name: one.name, need });
      continue;
    }
    try {
      await runCase(one, await context(), options.timeout);
      passed++;
    } catch (error) {
      failed.push({
        name: one.name,
        error: error instanceof Error ? error : new Error(String(error)),
      });
    }
  }
  return { passed, failed, skipped };
}

/** The first need of a case that is not met, if there is one. */
export function missingNeed(
  one: Pick<Case<never>, 'needs'>,
  has: (need: string) => boolean = () => false,
): string | undefined {
  return one.needs?.find((need) => !has(need));
}

/** Runs one case within its time; rejects when it fails or takes longer. */
export async function runCase<Context>(
  one: Case<Context>,
  context: Context,
  timeout = 10_000,
): Promise<void> {
  await within(timeout, async () => await one.run(context));
}

/** Rejects when the work takes longer than this. */
export async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`not done within ${milliseconds} ms`);
    timer = setTimeout(() => reject(error), milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
