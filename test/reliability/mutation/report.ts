// What became of mutants, as text.
import type { MutationReport, Survivor } from './run.ts';

/**
 * The figures of each file, its survivors without a reason, in the form in which they are given one,
 * and the reasons that are out of date.
 */
export function describeMutants(
  reports: readonly MutationReport[],
  reasons: ReadonlyMap<string, ReadonlyMap<string, string>>,
): string[] {
  const lines: string[] = [];
  const sums = { all: 0, killed: 0, explained: 0 };
  for (const { file, killed, timedOut, survivors } of reports) {
    const explained = reasons.get(file) ?? new Map<string, string>();
    const open = survivors.filter(({ name }) => !explained.has(name));
    const all = killed.length + timedOut + survivors.length;
    if (all === 0) continue;
    sums.all += all;
    sums.killed += killed.length + timedOut;
    sums.explained += survivors.length - open.length;
    lines.push(
      `${file}: ${killed.length + timedOut} of ${all} killed, ${timedOut} of them timed out; ` +
        `${survivors.length - open.length} survive with a reason, ${open.length} without`,
      ...describeOpen(file, open),
    );
    const names = new Set(survivors.map(({ name }) => name));
    const stale = [...explained.keys()].filter((name) => !names.has(name));
    if (stale.length > 0) {
      lines.push('  these do not survive, or are no more:', ...stale.map(indent));
    }
  }
  const rate = (100 * sums.killed / sums.all).toFixed(1);
  const known = (100 * (sums.killed + sums.explained) / sums.all).toFixed(1);
  lines.push(
    `${rate} % of ${sums.all.toLocaleString('en')} mutants are killed; ` +
      `${known} % are killed or survive with a reason`,
  );
  return lines;
}

function describeOpen(file: string, open: readonly Survivor[]): string[] {
  const reaches = [...new Set(open.map(({ reach }) => reach))].sort();
  return reaches.flatMap((reach) => [
    `  ${reach}:`,
    ...open.filter((survivor) => survivor.reach === reach).map(({ name, line }) =>
      `${indent(name)}    (${file}:${line})`
    ),
  ]);
}

function indent(name: string): string {
  return `    ${name}`;
}
