/** A command or program that can be called. */
export interface UsageRow {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** A command and its parameters: `set KEY [VALUE]`. */
export function usage({ name, parameters }: UsageRow): string {
  return [name, ...parameters].join(' ');
}

/** Usages and summaries, one line each. */
export function usages(
  rows: readonly (UsageRow & { readonly summary: string })[],
): string {
  return rows.map((row) => `  ${usage(row).padEnd(24)} ${row.summary}\n`).join('');
}
