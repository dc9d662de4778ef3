// The queue in which uvu collects suites, made here so that files do not share it.
//
// uvu reads these globals when it is imported: import this file before it.
const uvu = globalThis as { UVU_DEFER?: number; UVU_QUEUE?: unknown[][]; UVU_INDEX?: number };
uvu.UVU_DEFER = 1;
uvu.UVU_QUEUE = [];

/** The properties of a suite that uvu does not report: its name, and the skipped tests. */
export interface SuiteName {
  readonly name: string;
  readonly skipped: readonly string[];
}

let names: SuiteName[] = [];

/** Starts the queue of another file. */
export function openGroup(): { readonly suites: unknown[]; readonly names: SuiteName[] } {
  const suites: unknown[] = [];
  names = [];
  uvu.UVU_INDEX = uvu.UVU_QUEUE!.push(suites) - 1;
  return { suites, names };
}

/** Sets the name of the suite that is queued next. */
export function nameNext(name: SuiteName): void {
  names.push(name);
}
