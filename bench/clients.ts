import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../test/memcached.ts';
import { subjects } from './clients/adapters.ts';
import { loads, type Measured } from './clients/loads.ts';
import { type Cores, layouts } from './cores.ts';
import { median, ratio, ratios, spread } from './sample.ts';
import { startServer } from './server-process.ts';
import type { Table } from './table.ts';

const FOLDER = join(import.meta.dirname, 'clients');
const OURS = 'memwire';

interface Report {
  readonly results: Readonly<Record<string, Measured>>;
  /** The most memory the process had, in kB. */
  readonly peak: number;
}

/** Our client beside the others, against memcached with one thread. */
export async function* clientTables(quick: boolean): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('clients are measured against memcached');
  if (!existsSync(join(FOLDER, 'node_modules'))) {
    const { status } = spawnSync('npm', ['ci'], { cwd: FOLDER, stdio: 'inherit' });
    if (status !== 0) throw new Error('the other clients could not be installed');
  }
  for (const cores of layouts().toReversed()) {
    const reports = await play(cores, quick ? 1 : 3, quick ? 0.3 : 1);
    yield rateTable(cores, reports);
    yield costTable(cores, reports);
  }
}

// A fresh process for each client and round, in turn.
async function play(
  cores: Cores,
  rounds: number,
  seconds: number,
): Promise<ReadonlyMap<string, readonly Report[]>> {
  const reports = new Map<string, Report[]>(subjects.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const server = await startServer('memcached', 256, cores.server);
    try {
      for (const name of subjects) {
        reports.get(name)!.push(await runWorker(name, server.port, seconds, cores.load));
      }
    } finally {
      await server.stop();
    }
  }
  return reports;
}

function runWorker(
  name: string,
  port: number,
  seconds: number,
  core: number | null,
): Promise<Report> {
  const node = [
    process.execPath,
    ...['--import', 'tsx', join(FOLDER, 'worker.ts'), name, String(port), String(seconds)],
  ];
  const [program = '', ...args] = core === null ? node : ['taskset', '-c', String(core), ...node];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(said.trim().split('\n').at(-1) ?? '') as Report);
      else reject(new Error(`${name} ended with ${code}`));
    });
  });
}

function rateTable(cores: Cores, reports: ReadonlyMap<string, readonly Report[]>): Table {
  const rows = Object.keys(loads).map((load) => {
    const ours = rates(reports, OURS, load);
    const others = subjects.filter((name) => !name.startsWith(OURS))
      .map((name) => ({ name, rates: rates(reports, name, load) }))
      .filter((other) => other.rates.length > 0)
      .toSorted((left, right) => median(right.rates) - median(left.rates));
    const [best] = others;
    return [
      load,
      spread(ours, kilo),
      ...subjects.slice(1).map((name) => kilo(median(rates(reports, name, load)))),
      best === undefined ? '-' : ratio(median(ratios(ours, best.rates))),
      best?.name ?? '-',
    ];
  });
  return {
    title: `Clients, ${cores.name} with memcached -t 1`,
    notes: 'k operations a second (k keys for getMany), one connection each, values of 100 bytes ' +
      'where no size is named; the median of fresh processes that take turns, of memwire with ' +
      '[least..greatest]. The ratio is that to the fastest of the others in the same rounds.',
    columns: ['load', ...subjects, 'ratio', 'to'],
    rows,
  };
}

function costTable(cores: Cores, reports: ReadonlyMap<string, readonly Report[]>): Table {
  const rows = Object.keys(loads).map((load) => [
    load,
    ...subjects.map((name) => {
      const found = (reports.get(name) ?? []).flatMap(({ results }) => results[load]?.cpu ?? []);
      return found.length === 0 ? '-' : median(found).toFixed(2);
    }),
  ]);
  const peaks = subjects.map((name) =>
    (median((reports.get(name) ?? []).map(({ peak }) => peak)) / 1024).toFixed(0)
  );
  return {
    title: `What clients cost, ${cores.name}`,
    notes: 'Seconds of processor time for a million operations; in the last line the most memory ' +
      'that the process had over all loads, in MB.',
    columns: ['load', ...subjects],
    rows: [...rows, ['peak memory', ...peaks]],
  };
}

function rates(
  reports: ReadonlyMap<string, readonly Report[]>,
  name: string,
  load: string,
): number[] {
  return (reports.get(name) ?? []).flatMap(({ results }) => results[load]?.rate ?? []);
}

function kilo(rate: number): string {
  if (Number.isNaN(rate)) return '-';
  return (rate / 1000).toFixed(rate < 10_000 ? 2 : rate < 100_000 ? 1 : 0);
}
