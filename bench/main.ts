// npm run bench                        everything
// npm run bench -- parsers | server    a part
//   --quick   fewer rounds and smaller inputs: to see that it runs
//   --write   also write the tables to docs/benchmark-core.md
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './machine.ts';
import { parserTables } from './parsers.ts';
import { serverTables } from './server.ts';
import { asMarkdown, asText, type Table, wrap } from './table.ts';

const parts = { parsers: parserTables, server: serverTables } as const;

const PAGE = join(import.meta.dirname, '../docs/benchmark-core.md');

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
const tables: Table[] = [];
for (const [name, measure] of Object.entries(parts)) {
  if (!wanted.includes(name)) continue;
  for await (const table of measure(values.quick)) {
    tables.push(table);
    console.log(`\n${asText(table)}`);
  }
}
if (values.write) {
  mkdirSync(dirname(PAGE), { recursive: true });
  writeFileSync(PAGE, page(tables));
}

function page(all: readonly Table[]): string {
  const command = ['npm run bench --', ...positionals, '--write'].join(' ');
  const head =
    `Written by \`${command}\` on ${machine()}. The numbers of one run on one machine: ` +
    'compare within a table, not with other pages.';
  const title = '# Measurements: parsers and embedded server';
  return [`${title}\n\n${wrap(head, 100).join('\n')}\n`, ...all.map(asMarkdown)].join('\n');
}
