import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../test/support/memcached.ts';
import { contenders, type Plan, play } from './client-runs.ts';
import {
  costTable,
  firstTable,
  memoryTable,
  rateTable,
  sizeTable,
  subjects,
} from './client-tables.ts';
import { CLASSIC, FLOOR } from './clients/adapters.ts';
import { getOf, type Load, loads, loadsOf } from './clients/loads.ts';
import { layouts } from './cores.ts';
import type { Table } from './table.ts';

const FOLDER = join(import.meta.dirname, 'clients');

/**
 * Our client beside the others and beside a bare socket, against memcached with one thread.
 *
 * @param only The ids of some loads, to measure these alone.
 */
export async function* clientTables(
  quick: boolean,
  only: readonly string[],
): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('clients are measured against memcached');
  installClients();
  // Sharing a core, if processors can be chosen at all: that is what the targets are about.
  const [shared, ...others] = layouts().toReversed();
  const plan = mainPlan(quick, loadsOf(only));
  const runs = await play(shared!, plan);
  if (only.length === 0) yield firstTable(runs);
  yield rateTable(runs);
  yield costTable(runs);
  yield memoryTable(runs);
  if (only.length > 0) return;
  yield sizeTable(await play(shared!, sizePlan(quick)));
  for (const cores of others) {
    const apart = await play(cores, { ...plan, heapSeconds: 0, rounds: 1 });
    yield rateTable(apart);
    yield costTable(apart);
  }
}

/** Installs the packages of others, where they are not there yet. */
export function installClients(): void {
  if (existsSync(join(FOLDER, 'node_modules/.package-lock.json'))) return;
  const { status } = spawnSync('npm', ['ci'], { cwd: FOLDER, stdio: 'inherit' });
  if (status !== 0) throw new Error('the other clients could not be installed');
}

/** How the clients are measured, for a reader of the tables. */
export function clientsMethod(quick: boolean): string {
  const { rounds, turns, seconds, warmUp } = mainPlan(quick, loads);
  return 'Each client has one connection and a process of its own, and is given work for ' +
    `${warmUp} s before anything is measured. Then they take turns at each load, ${turns} times for ` +
    `${seconds} s; and all of this is done ${rounds} times with fresh processes, another client ` +
    'beginning each time. The numbers are medians of the turns; ratios are medians of the ratios ' +
    'of each turn. Sharing a core, the client and memcached are kept on one processor, so that a ' +
    'rate says how much work an operation is to both of them; with a core each they work side by ' +
    'side. Two things bound what a client can reach. `raw text` and `raw meta` are bare sockets ' +
    'that send requests made beforehand and only count the bytes of the replies. `floor` is what ' +
    'any client with a promise for each call pays: it writes the key, makes a promise and counts ' +
    'the bytes of replies, but checks and parses nothing. What the first call of a connection ' +
    'costs, and very many calls at once, is in [benchmark-calls.md](benchmark-calls.md).';
}

const MEMORY = 1024;

function mainPlan(quick: boolean, wanted: readonly Load[]): Plan {
  const times = quick
    ? { rounds: 1, warmUp: 0.04, settle: 0.02, turns: 1, seconds: 0.05, heapSeconds: 0.02 }
    : { rounds: 3, warmUp: 1.5, settle: 0.3, turns: 3, seconds: 0.12, heapSeconds: 0.1 };
  // One by one first: with few operations a second, code is compiled late.
  const before = [loads[0]!];
  const all = contenders(subjects);
  return { ...times, contenders: all, loads: wanted, before, memory: MEMORY, options: [] };
}

function sizePlan(quick: boolean): Plan {
  const sizes = (quick ? [1, 4] : [1, 4, 16, 32]).map(getOf);
  return {
    contenders: contenders(subjects.filter((name) => name !== FLOOR && name !== CLASSIC)),
    loads: sizes,
    before: [sizes[0]!],
    // Some clients take many seconds for one of the greatest.
    rounds: 1,
    ...(quick ? { warmUp: 0.04, turns: 1, seconds: 0.05 } : { warmUp: 1, turns: 2, seconds: 0.3 }),
    settle: 0.1,
    heapSeconds: 0,
    memory: MEMORY,
    options: ['-I', '64m'],
  };
}
