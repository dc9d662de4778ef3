// What it costs that a connection is proved before data leaves on it: a connection's first calls,
// and then the steady state.
import { join } from 'node:path';
import { findProgram } from '../test/support/memcached.ts';
import { type Cores, layouts } from './cores.ts';
import type {
  Dialect,
  FirstReport,
  FirstRequest,
  SteadyReport,
  SteadyRequest,
} from './first-worker.ts';
import { runProgram } from './run-program.ts';
import { median, percentile, ratio, ratios } from './sample.ts';
import { startServer } from './server-process.ts';
import type { Table } from './table.ts';

const WORKER = join(import.meta.dirname, 'first-worker.ts');
const DIALECTS: readonly Dialect[] = ['auto', 'meta', 'text'];

export async function* firstSetTables(quick: boolean): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('first calls are measured on memcached');
  const [apart, shared = apart] = layouts();
  yield await firstTable(apart!, quick);
  yield await steadyTable(shared!, quick);
}

async function firstTable(cores: Cores, quick: boolean): Promise<Table> {
  const connections = quick ? 20 : 500;
  const request = { warmUp: quick ? 5 : 100, connections };
  const report = await onServer<FirstReport, FirstRequest>(cores, request);
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

async function steadyTable(cores: Cores, quick: boolean): Promise<Table> {
  const windows = quick ? 4 : 60;
  const milliseconds = 50;
  const request = { windows, milliseconds };
  const report = await onServer<SteadyReport, SteadyRequest>(cores, request);
  const kilo = (rate: number): string => (rate / 1000).toFixed(0);
  return {
    title: `Then, with 64 calls in flight, ${cores.name}`,
    notes:
      'k operations a second, values of 100 bytes, and us of processor time of the client for ' +
      `each: medians of ${windows} windows of ${milliseconds} ms, in which the dialects take turns in ` +
      'one process; the ratios are medians of those within a turn.',
    columns: [
      'load',
      ...DIALECTS.flatMap((dialect) => [dialect, 'us']),
      ...['auto / meta', 'us', 'text / meta', 'us'],
    ],
    rows: (['get', 'set'] as const).map((call) => {
      const all = (dialect: Dialect, what: 'rate' | 'cpu'): number[] =>
        report[call][dialect].map((found) => found[what]);
      const share = (dialect: Dialect, what: 'rate' | 'cpu'): string =>
        ratio(median(ratios(all(dialect, what), all('meta', what))));
      return [
        call,
        ...DIALECTS.flatMap((dialect) => [
          kilo(median(all(dialect, 'rate'))),
          median(all(dialect, 'cpu')).toFixed(2),
        ]),
        ...(['auto', 'text'] as const).flatMap((dialect) => [
          share(dialect, 'rate'),
          share(dialect, 'cpu'),
        ]),
      ];
    }),
  };
}

async function onServer<Report, Request extends { readonly port: number }>(
  cores: Cores,
  request: Omit<Request, 'port'>,
): Promise<Report> {
  const server = await startServer('memcached', 64, cores.server);
  try {
    return await runProgram<Report>(WORKER, { ...request, port: server.port }, cores.load);
  } finally {
    await server.stop();
  }
}
