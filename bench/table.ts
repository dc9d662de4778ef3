import type { Chart } from './chart.ts';

/** Something measured, as a person reads it. */
export interface Table {
  readonly title: string;
  /** What the numbers mean and how they were taken. */
  readonly notes: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a page shows on its top. */
  readonly chart?: Chart;
  /** What the targets of its part are about, by name: see targets.ts. NaN: it could not be measured. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** The table for a terminal: the first column to the left, numbers to the right. */
export function asText(table: Table): string {
  const [head = [], ...rows] = aligned(table);
  const rule = head.map((cell) => '-'.repeat(cell.length));
  const lines = [head, rule, ...rows].map((cells) => cells.join('  ').trimEnd());
  const notes = wrap(table.notes, 98).map((line) => `  ${line}`);
  return [table.title, ...notes, ...lines].join('\n');
}

/** The table for a page of the documentation, as `deno fmt` would lay it out. */
export function asMarkdown(table: Table): string {
  const [head = [], ...rows] = aligned(table);
  const rule = head.map((cell, i) =>
    i === 0 ? '-'.repeat(cell.length) : `${'-'.repeat(cell.length - 1)}:`
  );
  const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `## ${table.title}\n\n${wrap(table.notes, 100).join('\n')}\n\n${lines.join('\n')}\n`;
}

function aligned({ columns, rows }: Table): string[][] {
  const widths = columns.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0))
  );
  return [columns, ...rows].map((cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
  );
}

/** The lines of a paragraph that are no longer than `width`. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
