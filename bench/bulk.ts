import { join } from 'node:path';
import { findProgram } from '../test/support/memcached.ts';
import type { BulkReport, BulkRequest, ClientName, WayName } from './bulk-worker.ts';
import { layouts } from './cores.ts';
import { runProgram } from './run-program.ts';
import { median } from './sample.ts';
import { startServer } from './server-process.ts';
import type { Table } from './table.ts';

const WORKER = join(import.meta.dirname, 'bulk-worker.ts');

/** No longer may the library hold the event loop, in milliseconds, on a machine that is quiet. */
const LIMIT = 50;

type Job = Pick<BulkRequest, 'way' | 'count' | 'valueLength'>;

const small: readonly WayName[] = [
  'getMany',
  'getsMany',
  'setMany',
  'setMany, quiet',
  'setMany, noreply',
  'deleteMany',
  'gets at once',
  'sets at once',
  'sets one by one, noreply',
];
const allJobs: readonly Job[] = [
  ...small.map((way) => ({ way, count: 100_000, valueLength: 100 })),
  { way: 'setMany', count: 4000, valueLength: 10_000 },
  { way: 'setMany', count: 1000, valueLength: 50_000 },
  { way: 'getMany', count: 4000, valueLength: 10_000 },
  { way: 'getMany', count: 1000, valueLength: 50_000 },
];
const CLIENTS: readonly ClientName[] = ['auto', 'text', 'pooled'];

/** Very many items at once, on memcached: none may fail, and the event loop is to go on. */
export async function* bulkTables(quick: boolean): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('bulk calls are measured on memcached');
  const rounds = quick ? 1 : 2;
  const jobs = allJobs.map((job) => quick ? { ...job, count: job.count / 10 } : job);
  const cores = layouts()[0]!;
  const found = new Map<string, BulkReport[]>();
  const name = (job: Job, client: ClientName): string => JSON.stringify([job, client]);
  for (let round = 0; round < rounds; round++) {
    console.error(`bulk: round ${round + 1} of ${rounds}`);
    const server = await startServer('memcached', 1024, cores.server);
    try {
      for (const job of jobs) {
        for (const client of CLIENTS) {
          const request: BulkRequest = { ...job, client, port: server.port };
          const report = await runProgram<BulkReport>(WORKER, request, cores.load);
          const key = name(job, client);
          found.set(key, [...found.get(key) ?? [], report]);
        }
      }
    } finally {
      await server.stop();
    }
  }
  const rows = jobs.map((job) => {
    const of = (client: ClientName): BulkReport[] => found.get(name(job, client)) ?? [];
    const all = CLIENTS.flatMap(of);
    const longest = Math.max(...CLIENTS.map((client) => median(of(client).map(heldBy))));
    return [
      `${job.way}, ${job.count} x ${size(job.valueLength)}`,
      String(all.reduce((sum, { failed }) => sum + failed, 0)),
      ...CLIENTS.flatMap((client) => [
        median(of(client).map(({ total }) => total)).toFixed(0),
        median(of(client).map(heldBy)).toFixed(0),
      ]),
      longest <= LIMIT ? 'yes' : 'no',
    ];
  });
  yield {
    title: `Very many items, ${cores.name}`,
    notes:
      'How many failed in all rounds, by what the call said or the server had afterwards; the ' +
      'milliseconds until all were done; and the longest time that the event loop was held ' +
      'meanwhile, in ms, as a timer of a millisecond saw it: what of it this thread was computing, ' +
      'where the system tells. Each in a fresh process with a new client; medians of the rounds ' +
      `(${rounds}). \`at once\` is a Promise.all: the loop that makes the calls is the caller's own, ` +
      'and held is measured from its end. `auto` and `text` are Client with these dialects, the ' +
      `last is PooledClient. None is to hold the loop longer than ${LIMIT} ms.`,
    columns: ['call', 'failed', ...CLIENTS.flatMap((name) => [name, 'held']), `<= ${LIMIT}`],
    rows,
  };
}

function heldBy({ held, computed }: BulkReport): number {
  return Number.isNaN(computed) ? held : Math.min(held, computed);
}

function size(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${bytes / 1000} kB`;
}
