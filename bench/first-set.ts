// What it costs that a connection is proved before data leaves on it: a connection's first calls,
// and then the steady state.
import { join } from 'node:path';
import { findProgram } from '../test/memcached.ts';
import { type Plan, play, type Runs } from './client-runs.ts';
import { META, OURS, TEXT } from './clients/adapters.ts';
import { loads } from './clients/loads.ts';
import { type Cores, layouts } from './cores.ts';
import type { FirstReport, FirstRequest } from './first-worker.ts';
import { runProgram } from './run-program.ts';
import { median, percentile, ratio, ratios, spread } from './sample.ts';
import { startServer } from './server-process.ts';
import type { Table } from './table.ts';

const WORKER = join(import.meta.dirname, 'first-worker.ts');
const STEADY = [OURS, META, TEXT];

export async function* firstSetTables(quick: boolean): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('first calls are measured on memcached');
  const [apart, shared = apart] = layouts();
  yield await firstTable(apart!, quick);
  const plan: Plan = {
    loads: loads.filter(({ name }) => name === 'get, 64 in flight' || name === 'set, 64 in flight'),
    before: [],
    ...(quick ? { warmUp: 0.1, seconds: 0.1 } : { warmUp: 0.6, seconds: 0.5 }),
    heapSeconds: 0,
    rounds: quick ? 1 : 9,
    memory: 64,
    options: [],
  };
  yield steadyTable(await play(shared!, plan, STEADY), plan.rounds);
}

async function firstTable(cores: Cores, quick: boolean): Promise<Table> {
  const connections = quick ? 20 : 500;
  const server = await startServer('memcached', 64, cores.server);
  let report: FirstReport;
  try {
    const request: FirstRequest = { port: server.port, warmUp: quick ? 5 : 100, connections };
    report = await runProgram<FirstReport>(WORKER, request, cores.load);
  } finally {
    await server.stop();
  }
  const bare = report['raw set'];
  const micro = (milliseconds: number): string => (1000 * milliseconds).toFixed(0);
  return {
    title: `The first call of a connection, ${cores.name}`,
    notes: 'us from the start of the dial to the end of the call, over TCP on the loopback, on a ' +
      `connection of its own each time: ${connections} of each, taking turns. \`raw set\` is a bare ` +
      'socket that connects and sends one `set`; what the others take more than that is the median ' +
      'of the differences turn by turn. Before a first write, `auto` and `meta` ask the server one ' +
      'question, a round trip; a first read waits for nothing.',
    columns: ['call', 'median', '99th of 100', 'more than raw'],
    rows: Object.entries(report).map(([name, times]) => [
      name,
      micro(median(times)),
      micro(percentile(times, 99)),
      micro(median(times.map((time, i) => time - bare[i]!))),
    ]),
  };
}

function steadyTable(runs: Runs, rounds: number): Table {
  const kilo = (rate: number): string => (rate / 1000).toFixed(0);
  return {
    title: `Then, with 64 calls in flight, ${runs.cores.name}`,
    notes:
      'k operations a second [least..greatest], values of 100 bytes, and processor time of the ' +
      `client in us for each; medians of the rounds (${rounds}), in which the dialects take turns in ` +
      'fresh processes, and of the ratios of each round.',
    columns: [
      'load',
      ...['auto', 'meta', 'text'].flatMap((dialect) => [dialect, 'us']),
      'auto / meta',
      'us',
      'text / meta',
      'us',
    ],
    rows: runs.loads.map(({ name: load }) => {
      const share = (name: string, what: 'rate' | 'cpu'): string =>
        ratio(median(ratios(runs.each(name, load, what), runs.each(META, load, what))));
      return [
        load,
        ...STEADY.flatMap((name) => [
          spread(runs.each(name, load, 'rate'), kilo),
          runs.middle(name, load, 'cpu').toFixed(2),
        ]),
        ...[OURS, TEXT].flatMap((name) => [share(name, 'rate'), share(name, 'cpu')]),
      ];
    }),
  };
}
