import { join } from 'node:path';
import { bundle } from './bundle.ts';
import { type Cores, layouts } from './cores.ts';
import type { LoadRequest, LoadResult } from './load.ts';
import { runProgram } from './run-program.ts';
import { median, ratio, ratios, spread } from './sample.ts';
import type { Items, ScriptName } from './script.ts';
import { type ServerName, serverNames, startServer } from './server-process.ts';
import { connectionTable } from './server-connections.ts';
import { memoryTable } from './server-memory.ts';
import type { Table } from './table.ts';

const LOAD = join(import.meta.dirname, 'load.ts');
const SCRIPTS: readonly ScriptName[] = ['get', 'set', 'mix', 'mg', 'ms'];
const IN_FLIGHT = 64;
const VALUE = 64;

/** The embedded server in its own process, beside memcached with one thread. */
export async function* serverTables(quick: boolean): AsyncGenerator<Table> {
  for (const cores of layouts()) yield await speedTable(cores, quick);
  yield await sizeTable(quick);
  yield await connectionTable(quick);
  yield await memoryTable(quick);
}

async function speedTable(cores: Cores, quick: boolean): Promise<Table> {
  const items = { keys: 10_000, valueLength: VALUE };
  const rounds = await playRounds(quick ? 1 : 3, cores, items, SCRIPTS, quick ? 0.2 : 1);
  const rows = SCRIPTS.map((script) => {
    const [ours, theirs] = [rounds.of('memwire', script), rounds.of('memcached', script)];
    const row = [script, spread(rates(ours), kilo), median(costs(ours)).toFixed(2), busy(ours)];
    if (theirs.length === 0) return [...row, '-', '-', '-', '-', '-'];
    return [
      ...row,
      spread(rates(theirs), kilo),
      median(costs(theirs)).toFixed(2),
      busy(theirs),
      ratio(median(ratios(rates(ours), rates(theirs)))),
      ratio(median(ratios(costs(ours), costs(theirs)))),
    ];
  });
  const share = (script: ScriptName, what: 'rate' | 'cost'): number => {
    const each = (name: ServerName): number[] =>
      rounds.of(name, script).map((result) => result[what]);
    return median(ratios(each('memwire'), each('memcached')));
  };
  // Processor time is that of the last layout, sharing a core; rates are those with a core each.
  const figures = SCRIPTS.map((script): [string, number] => [
    `${script} CPU`,
    share(script, 'cost'),
  ]);
  if (cores.name === layouts()[0]!.name) {
    for (const script of SCRIPTS) figures.push([`${script} rate`, share(script, 'rate')]);
  }
  return {
    title: `Server and memcached -t 1, ${cores.name}`,
    figures: Object.fromEntries(figures),
    notes:
      'k ops/s [least..greatest], server CPU in us/op, share of its time the load was busy; then ' +
      'memwire over memcached, the median of the rounds: rate (more is better), CPU (less is). ' +
      `${IN_FLIGHT} in flight on one connection, ${items.keys} keys, values of ${VALUE} bytes.`,
    columns: ['load', 'memwire', 'us', 'busy', 'memcached', 'us', 'busy', 'rate', 'CPU'],
    rows,
  };
}

async function sizeTable(quick: boolean): Promise<Table> {
  const cores = layouts()[0]!;
  const sizes = quick ? [1000, 100_000] : [1000, 100_000, 1_000_000, 10_000_000];
  const scripts: readonly ScriptName[] = ['get', 'set'];
  const played: Rounds[] = [];
  for (const keys of sizes) {
    const items = { keys, valueLength: VALUE };
    // Half a minute is what ten million items take to be stored.
    const rounds = quick || keys > 1_000_000 ? 1 : 2;
    played.push(await playRounds(rounds, cores, items, scripts, quick ? 0.2 : 1));
  }
  const costsOf = (server: ServerName, script: ScriptName): number[][] =>
    played.map((rounds) => costs(rounds.of(server, script)));
  const growth = (server: ServerName, script: ScriptName): number => {
    const found = costsOf(server, script);
    return median(found.at(-1)!) / median(found[0]!);
  };
  const rows = serverNames().flatMap((server) =>
    scripts.map((script) => {
      const found = costsOf(server, script);
      return [
        `${server} ${script}`,
        ...found.map((cost) => spread(cost, (value) => value.toFixed(2))),
        ratio(growth(server, script)),
      ];
    })
  );
  return {
    title: `Cost of an operation by the number of items, ${cores.name}`,
    notes: 'Server CPU in us/op [least..greatest], keys at random; the last column over the first.',
    columns: ['items', ...sizes.map(String), 'growth'],
    rows,
    figures: Object.fromEntries(
      scripts.map((script) => [
        `${script} growth`,
        growth('memwire', script) / growth('memcached', script),
      ]),
    ),
  };
}

interface Rounds {
  /** What was measured in each round. */
  of(server: ServerName, script: ScriptName): readonly LoadResult[];
}

// Every round has fresh processes: how memory happens to lie, and what the compiler happens to
// choose, differs more between two processes than between two rounds of one.
async function playRounds(
  count: number,
  cores: Cores,
  items: Items,
  scripts: readonly ScriptName[],
  seconds: number,
): Promise<Rounds> {
  const found = new Map<string, LoadResult[]>();
  for (let round = 0; round < count; round++) {
    for (const name of serverNames()) {
      // Far more memory than the items need: nothing is evicted.
      const memory = Math.max(1024, items.keys / 4000);
      const server = await startServer(name, memory, cores.server);
      try {
        const { port, pid } = server;
        // Keys are drawn from all items; a script of a million of them is no help to a cache.
        const length = Math.min(1_000_000, Math.max(100_000, items.keys / 2));
        const inFlight = IN_FLIGHT;
        const request: LoadRequest = { port, pid, items, scripts, length, inFlight, seconds };
        for (const result of await runProgram<LoadResult[]>(bundle(LOAD), request, cores.load)) {
          const key = `${name} ${result.script}`;
          found.set(key, [...(found.get(key) ?? []), result]);
        }
      } finally {
        await server.stop();
      }
    }
  }
  return { of: (server, script) => found.get(`${server} ${script}`) ?? [] };
}

function rates(results: readonly LoadResult[]): number[] {
  return results.map(({ rate }) => rate);
}

function costs(results: readonly LoadResult[]): number[] {
  return results.map(({ cost }) => cost);
}

function busy(results: readonly LoadResult[]): string {
  return median(results.map((result) => result.busy)).toFixed(2);
}

function kilo(rate: number): string {
  return (rate / 1000).toFixed(0);
}
