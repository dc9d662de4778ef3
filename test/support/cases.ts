// Turns lists of cases into suites.
import { type Case, missingNeed, runCase } from '../../conformance/case.ts';
import { suite } from '../runner/suite.ts';

/** Makes a suite of a list of cases. */
export function caseSuite<Context>(
  name: string,
  cases: readonly Case<Context>[],
  context: () => Context | Promise<Context>,
  options: {
    readonly timeout?: number;
    readonly has?: (need: string) => boolean;
    /** The reason to skip all of them. */
    readonly skip?: string | undefined;
    readonly before?: () => Promise<void>;
    readonly after?: () => Promise<void>;
  } = {},
): void {
  const all = suite(name);
  let ready: Promise<void> | null = null;
  for (const one of cases) {
    const need = options.skip ?? missingNeed(one, options.has);
    if (need !== undefined) {
      all.skip(`${one.name} (needs ${need})`);
      continue;
    }
    all(one.name, async () => {
      await (ready ??= options.before?.() ?? Promise.resolve());
      await runCase(one, await context(), options.timeout);
    });
  }
  all.after(async () => {
    // A skipped suite has nothing to close.
    if (ready !== null) await options.after?.();
  });
  all.run();
}

/** The result of each case by name: an error, or null. */
export type CaseResults = Readonly<Record<string, string | null>>;

/**
 * A suite of cases that run elsewhere, in a page or a Worker: all of them at once, as to ask for
 * each would take longer.
 */
export function distantSuite(
  name: string,
  cases: readonly Pick<Case<never>, 'name'>[],
  run: () => Promise<CaseResults>,
  options: { readonly skip?: string | undefined; readonly after?: () => Promise<void> } = {},
): void {
  let found: CaseResults = {};
  const judged = cases.map(({ name }): Case<undefined> => ({
    name,
    run() {
      const error = found[name];
      if (error !== null) throw new Error(error ?? 'it was not run');
    },
  }));
  caseSuite(name, judged, () => undefined, {
    ...options,
    async before() {
      found = await run();
    },
  });
}

let count = 0;

/** Eight letters and digits that no other test uses, as part of keys. */
export function uniqueKey(): string {
  const number = (process.pid % 46_000) * 46_656 + count++;
  return `m${number.toString(36).padStart(7, '0')}`;
}
