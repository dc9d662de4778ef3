// Our cache beside those of others: loads of a cold key, old values left as fresh, and what a hit costs.
import { join } from 'node:path';
import { findProgram } from '../test/support/memcached.ts';
import type { HotCall, HotReport, HotRequest } from './cache-hot-worker.ts';
import { CacheFleet, CALLERS, type Cold, LEASE, LOADING, PROCESSES } from './cache-fleet.ts';
import { staleFills } from './cache-races.ts';
import { installClients } from './clients.ts';
import { cacheNames, fillNames, OURS } from './clients/caches.ts';
import { layouts } from './cores.ts';
import { runProgram } from './run-program.ts';
import { median, percentile, ratio, ratios } from './sample.ts';
import { startServer } from './server-process.ts';
import type { Table } from './table.ts';

const WORKER = join(import.meta.dirname, 'cache-hot-worker.ts');

/** How often each is measured. */
interface Effort {
  readonly cold: number;
  readonly killed: number;
  readonly races: number;
  readonly windows: number;
}

export async function* cacheTables(quick: boolean): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('caches are measured on memcached');
  installClients();
  const effort = quick
    ? { cold: 1, killed: 1, races: 100, windows: 4 }
    : { cold: 20, killed: 5, races: 5000, windows: 60 };
  const server = await startServer('memcached', 256, null);
  try {
    yield await coldTable(server.port, effort);
    yield await staleTable(server.port, effort);
  } finally {
    await server.stop();
  }
  yield await hotTable(effort);
}

async function coldTable(port: number, effort: Effort): Promise<Table> {
  const rows: string[][] = [];
  let figures: Record<string, number> = {};
  for (const name of cacheNames) {
    console.error(`${name}: cold keys`);
    const fleet = new CacheFleet(name, port);
    try {
      const cold = await repeat(effort.cold, () => fleet.cold());
      const killed = await repeat(effort.killed, () => fleet.killed());
      const times = cold.flatMap((one) => one.times);
      const late = percentile(times, 99) - LOADING;
      rows.push([
        name,
        loads(cold),
        loads(killed),
        `${late.toFixed(0)} ms`,
        `${Math.max(...killed.flatMap((one) => one.times)).toFixed(0)} ms`,
      ]);
      if (name === OURS) {
        figures = {
          loads: Math.max(...cold.map((one) => one.loads)),
          'loads/killed': Math.max(...killed.map((one) => one.loads)),
          late,
        };
      }
    } finally {
      fleet.stop();
    }
  }
  return {
    title: 'Loads of a cold key',
    notes:
      `${PROCESSES} processes ask for a key that is not there, ${CALLERS} calls at once in each; ` +
      `a load takes ${LOADING} ms. \`killed\`: the process that began the first load gets SIGKILL in the ` +
      `middle of it, and the loads are those of the others; \`lease\` is ${LEASE} s. \`p99\` is how ` +
      'much longer than a load 99 of 100 callers wait at most, with none killed, and `longest` the ' +
      `longest wait with one killed. ${effort.cold} cold keys and ${effort.killed} kills each; if the ` +
      'numbers of loads differ, least and most. Packages: memcache 1.10.0, cacheable 2.5.0 and ' +
      'cache-manager 7.2.9 on keyv 5.6.0 with @keyv/memcache 2.0.2.',
    columns: ['cache', 'loads', 'killed', 'p99', 'longest'],
    rows,
    figures,
  };
}

async function staleTable(port: number, { races }: Effort): Promise<Table> {
  const rows: string[][] = [];
  let stale = 0;
  for (const name of fillNames) {
    console.error(`${name}: ${races} races`);
    const count = await staleFills(name, port, races);
    rows.push([name, String(count), `${(100 * count / races).toFixed(1)} %`]);
    if (name.startsWith(OURS)) stale += count;
  }
  return {
    title: 'Old values left as fresh',
    notes:
      `Of ${races} races for a key that is not there: two readers load it, and a writer changes ` +
      'its source and then deletes the key, or marks it as old (`grace`). Each request to memcached ' +
      'waits for its turn, and so do the load, before it reads the source and before it returns, and ' +
      'the change; whose turn it is is random, from the same seed for all. Counted are the races ' +
      'after which the next reader gets the value from before the change, although all have ended. ' +
      'The rows without a package are what is written by hand; `a lease, set` wins a lease, and stores ' +
      'without its cas. keyv, below cacheable and cache-manager, also sends a delete after each miss.',
    columns: ['cache', 'old values', 'of all'],
    rows,
    figures: { stale },
  };
}

async function hotTable({ windows }: Effort): Promise<Table> {
  const cores = layouts().at(-1)!;
  const milliseconds = 50;
  const server = await startServer('memcached', 64, cores.server);
  try {
    const request: HotRequest = { port: server.port, windows, milliseconds };
    const report = await runProgram<HotReport>(WORKER, request, cores.load);
    const share = (call: HotCall): number => median(ratios(report[call], report.get));
    return {
      title: `Hits of a cache, and meta commands with options, 64 in flight, ${cores.name}`,
      notes: 'Beside the plain operations: reads of values that are there, stores, changes of a ' +
        `number, deletes of keys that are not there. k operations a second, values of 100 bytes: medians of ${windows} windows of ` +
        `${milliseconds} ms, in which the calls take turns in one process; the ratios are medians of ` +
        'those within a turn.',
      columns: ['call', 'k/s', 'over get'],
      rows: (Object.keys(report) as HotCall[]).map((call) => [
        call,
        (median(report[call]) / 1000).toFixed(0),
        ratio(share(call)),
      ]),
      figures: Object.fromEntries(
        (Object.keys(report) as HotCall[]).map((call) => [call, share(call)]),
      ),
    };
  } finally {
    await server.stop();
  }
}

async function repeat(times: number, act: () => Promise<Cold>): Promise<Cold[]> {
  const found: Cold[] = [];
  for (let i = 0; i < times; i++) found.push(await act());
  return found;
}

/** `4`, or `1 to 4`. */
function loads(found: readonly Cold[]): string {
  const all = found.map((one) => one.loads);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return least === most ? String(least) : `${least} to ${most}`;
}
