// npm run bench                        everything but faults, in less than 25 minutes
// npm run bench -- PART...             parsers, server, proxy, bridge, hashing, cluster, clients,
//                                      pymemcache, runtimes, first-set, bulk, cache, walk or faults
//   --quick     fewer rounds and smaller inputs: to see that it runs
//   --verbose   walk: also which functions are called
//   --only IDS  clients: these loads alone, such as get64,set64; see clients/loads.ts
//   --against DIST
//               clients: this build beside that in another dist folder, and nothing else
//   --rounds N  --against: how many rounds, with fresh processes; 5 by default
//   --write     also write the tables to the pages of docs, and the chart of the clients
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bridgeTables } from './bridge.ts';
import { buildTables } from './builds.ts';
import { bulkTables } from './bulk.ts';
import { cacheTables } from './cache.ts';
import { chartFigures, drawChart, readFigures } from './chart.ts';
import { clientsMethod, clientTables } from './clients.ts';
import { clusterTables } from './cluster.ts';
import { faultTables } from './faults.ts';
import { firstSetTables } from './first-set.ts';
import { hashingTables } from './hashing.ts';
import { machine } from './machine.ts';
import { parserTables } from './parsers.ts';
import { proxyTables } from './proxy.ts';
import { pymemcacheTables } from './pymemcache.ts';
import { runtimeTables } from './runtimes.ts';
import { serverTables } from './server.ts';
import { asMarkdown, asText, type Table, wrap } from './table.ts';
import { targets, targetTable } from './targets.ts';
import { walkTables } from './walk.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '5' },
  },
});
const { quick, verbose, against } = values;
const only = values.only.split(',').filter((id) => id !== '');

type Measure = () => AsyncIterable<Table> | Iterable<Table>;

const parts: Readonly<Record<string, Measure>> = {
  parsers: () => parserTables(quick),
  server: () => serverTables(quick),
  proxy: () => proxyTables(quick),
  hashing: () => hashingTables(quick),
  cluster: () => clusterTables(quick),
  bridge: () => bridgeTables(quick),
  clients: () =>
    against === undefined
      ? clientTables(quick, only)
      : buildTables(against, only, Number(values.rounds)),
  pymemcache: () => pymemcacheTables(quick),
  runtimes: () => runtimeTables(quick),
  'first-set': () => firstSetTables(quick),
  bulk: () => bulkTables(quick),
  cache: () => cacheTables(quick),
  walk: () => walkTables(quick, verbose),
  faults: () => faultTables(quick),
};

interface Page {
  /** In docs, without its extension. */
  readonly name: string;
  readonly title: string;
  /** The parts that are on it. */
  readonly has: readonly string[];
  /**
   * How it was measured, where the tables do not say so. The page then begins with its first table,
   * and has the targets.
   */
  readonly method?: (quick: boolean) => string;
}

const pages: readonly Page[] = [
  {
    name: 'benchmark-core',
    title: 'Measurements: parsers and embedded server',
    has: ['parsers', 'server'],
  },
  {
    name: 'benchmark-proxy',
    title: 'Measurements: proxy and bridge',
    has: ['proxy', 'bridge'],
  },
  { name: 'benchmark-hashing', title: 'Measurements: hashing', has: ['hashing'] },
  { name: 'benchmark-cluster', title: 'Measurements: many servers', has: ['cluster'] },
  {
    name: 'benchmark-calls',
    title: 'Measurements: first calls and very many',
    has: ['first-set', 'bulk'],
  },
  { name: 'benchmark-cache', title: 'Measurements: caches', has: ['cache'] },
  { name: 'faults-of-clients', title: 'Clients at fault', has: ['faults'] },
  {
    name: 'benchmark',
    title: 'Measurements: clients',
    has: ['clients', 'pymemcache', 'runtimes'],
    method: clientsMethod,
  },
];

const wanted = positionals.length === 0
  ? Object.keys(parts).filter((name) => name !== 'faults')
  : positionals;
const unknown = wanted.find((name) => !(name in parts));
if (unknown !== undefined) {
  throw new Error(`there is no ${unknown} to measure, only ${Object.keys(parts).join(' and ')}`);
}

console.log(machine());
const start = performance.now();
const tables = new Map<string, Table[]>();
for (const [name, measure] of Object.entries(parts)) {
  if (!wanted.includes(name)) continue;
  const found: Table[] = [];
  try {
    for await (const table of measure()) {
      found.push(table);
      console.log(`\n${asText(table)}`);
    }
    tables.set(name, found);
  } catch (error) {
    // What was measured for many minutes is not lost to it.
    console.error(`${name} failed:`, error);
    process.exitCode = 1;
  }
}
const reached = targetTable(figuresOf(tables));
if (reached.rows.length > 0) console.log(`\n${asText(reached)}`);
console.error(`${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
if (values.write) {
  for (const page of pages) {
    const measured = page.has.filter((name) => wanted.includes(name));
    const all = measured.flatMap((name) => tables.get(name) ?? []);
    if (all.length > 0 && measured.every((name) => tables.has(name))) write(page, all);
  }
}

/** What was measured of the targets, by the part; nothing of a part that measured a few loads. */
function figuresOf(
  found: ReadonlyMap<string, readonly Table[]>,
): ReadonlyMap<string, Readonly<Record<string, number>>> {
  return new Map(
    [...found].filter(([name]) => name in targets && (name !== 'clients' || only.length === 0))
      .map(([name, some]) => [name, Object.assign({}, ...some.map(({ figures }) => figures))]),
  );
}

function write({ name, title, has, method }: Page, all: readonly Table[]): void {
  const file = join(import.meta.dirname, '../docs', name);
  const chart = all.find((table) => table.chart !== undefined)?.chart;
  const command = ['npm run bench --', ...has.filter((part) => tables.has(part))];
  if (values.quick) command.push('--quick');
  const head =
    `Written by \`${command.join(' ')} --write\` on ${date()}, on ${machine()}. The numbers of ` +
    'one run on one machine: compare within a table, not with other pages.';
  const paragraphs = (...texts: string[]): string[] =>
    texts.map((text) => `${wrap(text, 100).join('\n')}\n`);
  const top = [
    `# ${title}\n`,
    ...(chart === undefined ? [] : [`![${chart.title}](${name}.svg)\n`]),
  ];
  const [first, ...rest] = all.map(asMarkdown);
  const text = method === undefined ? [...top, ...paragraphs(head), first!, ...rest] : [
    // A newcomer wants the first table, and everybody else what was promised.
    ...top,
    first!,
    '## How it was measured\n',
    ...paragraphs(head, method(values.quick)),
    asMarkdown(reached),
    ...rest,
  ];
  writeFileSync(`${file}.md`, text.join('\n'));
  if (chart === undefined) return;
  // The site draws another one of the figures, which answers to the pointer.
  const figures = chartFigures(chart);
  writeFileSync(`${file}.json`, figures);
  writeFileSync(`${file}.svg`, drawChart(readFigures(figures)));
}

/** `2026-01-31`. */
function date(): string {
  return new Date().toISOString().slice(0, 10);
}
