import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../test/support/memcached.ts';
import { type Plan, play } from './client-runs.ts';
import { comparison, costTable, memoryTable, rateTable, sizeTable } from './client-tables.ts';
import { getOf, loads, loadsOf } from './clients/loads.ts';
import { layouts } from './cores.ts';
import type { Table } from './table.ts';
import { targetTable } from './targets.ts';

const FOLDER = join(import.meta.dirname, 'clients');

/** Our client beside the others and beside a bare socket, against memcached with one thread. */
export async function* clientTables(
  quick: boolean,
  only: readonly string[],
): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('clients are measured against memcached');
  installClients();
  const { main, sizes } = plans(quick);
  if (only.length > 0) {
    yield* onlyTables({ ...main, loads: loadsOf(only) });
    return;
  }
  // Sharing a core, if processors can be chosen at all: that is what the targets are about.
  const [shared, ...others] = layouts().toReversed();
  const runs = await play(shared!, main);
  const bySize = await play(shared!, sizes);
  yield { ...targetTable(runs, bySize), chart: comparison(runs) };
  yield rateTable(runs);
  yield costTable(runs);
  yield memoryTable(runs);
  yield sizeTable(bySize);
  for (const cores of others) {
    const apart = await play(cores, { ...main, heapSeconds: 0 });
    yield rateTable(apart);
    yield costTable(apart);
  }
}

async function* onlyTables(plan: Plan): AsyncGenerator<Table> {
  const runs = await play(layouts().at(-1)!, plan);
  yield rateTable(runs);
  yield costTable(runs);
  yield memoryTable(runs);
}

/** Installs the packages of others, where they are not there yet. */
export function installClients(): void {
  if (existsSync(join(FOLDER, 'node_modules/.package-lock.json'))) return;
  const { status } = spawnSync('npm', ['ci'], { cwd: FOLDER, stdio: 'inherit' });
  if (status !== 0) throw new Error('the other clients could not be installed');
}

/** How the clients are measured, for a reader of the tables. */
export function clientsMethod(quick: boolean): string {
  const { rounds, seconds } = plans(quick).main;
  return 'Each client has one connection and runs in a fresh process for each round, in which it ' +
    `is given each load for ${seconds} s, once that is warm. The numbers are medians of ` +
    `the rounds (${rounds}), in which the clients take turns, and so does who begins; ratios are medians ` +
    'of the ratios of each round. Sharing a core, the client and memcached are kept on one ' +
    'processor, so that a rate says how much work an operation is to both of them; with a core ' +
    'each they work side by side. `raw text` and `raw meta` are bare sockets that send requests ' +
    'made beforehand and only count the bytes of the replies: what Node and memcached leave a ' +
    'client to reach. What the first call of a connection costs, and very many calls at once, is ' +
    'in [benchmark-calls.md](benchmark-calls.md).';
}

interface Plans {
  readonly main: Plan;
  readonly sizes: Plan;
}

function plans(quick: boolean): Plans {
  const times = quick
    ? { warmUp: 0.04, settle: 0.02, turns: 1, seconds: 0.05, heapSeconds: 0.02 }
    : { warmUp: 1.5, settle: 0.15, turns: 3, seconds: 0.12, heapSeconds: 0.1 };
  const memory = 1024;
  const before = loads.filter(({ inFlight, items }) => inFlight === 1 && items.keys > 1);
  const [smallest, ...larger] = (quick ? [1, 4] : [1, 4, 16, 32]).map(getOf);
  return {
    main: { ...times, loads, before, rounds: quick ? 1 : 5, memory, options: [] },
    sizes: {
      ...times,
      heapSeconds: 0,
      loads: [smallest!, ...larger],
      before: [smallest!],
      // Some clients take many seconds for one of the greatest.
      rounds: quick ? 1 : 3,
      memory,
      options: ['-I', '64m'],
    },
  };
}
