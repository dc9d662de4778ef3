// npm run bench                        everything
// npm run bench -- parsers | server | clients   parts
//   --quick   fewer rounds and smaller inputs: to see that it runs
//   --write   also write the tables to docs/benchmark.md and docs/benchmark-core.md
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clientTables } from './clients.ts';
import { machine } from './machine.ts';
import { parserTables } from './parsers.ts';
import { serverTables } from './server.ts';
import { asMarkdown, asText, type Table, wrap } from './table.ts';

const parts = { parsers: parserTables, server: serverTables, clients: clientTables } as const;

/** The pages of the documentation, and the parts that are on them. */
const pages = [
  {
    file: 'benchmark-core.md',
    title: 'Measurements: parsers and embedded server',
    has: ['parsers', 'server'],
  },
  { file: 'benchmark.md', title: 'Measurements: clients', has: ['clients'] },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const wanted = positionals.length === 0 ? Object.keys(parts) : positionals;
const unknown = wanted.find((name) => !(name in parts));
if (unknown !== undefined) {
  throw new Error(`there is no ${unknown} to measure, only ${Object.keys(parts).join(' and ')}`);
}

console.log(machine());
const tables = new Map<string, Table[]>();
for (const [name, measure] of Object.entries(parts)) {
  if (!wanted.includes(name)) continue;
  const found: Table[] = [];
  tables.set(name, found);
  for await (const table of measure(values.quick)) {
    found.push(table);
    console.log(`\n${asText(table)}`);
  }
}
if (values.write) {
  for (const { file, title, has } of pages) {
    const all = has.flatMap((name) => tables.get(name) ?? []);
    if (all.length === 0) continue;
    writeFileSync(join(import.meta.dirname, '../docs', file), page(title, has, all));
  }
}

function page(title: string, has: readonly string[], all: readonly Table[]): string {
  const command = ['npm run bench --', ...has.filter((name) => tables.has(name)), '--write'];
  const head =
    `Written by \`${command.join(' ')}\` on ${machine()}. The numbers of one run on one machine: ` +
    'compare within a table, not with other pages.';
  return [`# ${title}\n\n${wrap(head, 100).join('\n')}\n`, ...all.map(asMarkdown)].join('\n');
}
