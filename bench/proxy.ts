import { join } from 'node:path';
import { findProgram } from '../test/support/memcached.ts';
import { bundle } from './bundle.ts';
import { type Cores, layouts, pin } from './cores.ts';
import type { LoadRequest, LoadResult } from './load.ts';
import { runProgram } from './run-program.ts';
import { median, ratio, ratios, spread } from './sample.ts';
import type { Items, ScriptName } from './script.ts';
import { type ServerProcess, startProgram, startServer } from './server-process.ts';
import type { Table } from './table.ts';

const LOAD = join(import.meta.dirname, 'load.ts');
const PROXY = join(import.meta.dirname, '../examples/proxy.ts');
const RELAY = join(import.meta.dirname, 'relay.ts');
const SCRIPTS: readonly ScriptName[] = ['get', 'set', 'many', 'mg'];
const ITEMS: Items = { keys: 10_000, valueLength: 64 };
const IN_FLIGHT = 64;

/**
 * How the load gets to memcached: by itself, through a relay that passes on what it is sent, or through
 * a proxy to so many servers.
 */
const ways = { direct: 0, relay: 1, 'one server': 1, 'two servers': 2 } as const;
type Way = keyof typeof ways;

/** Those with a program between the load and memcached. */
const between: readonly Way[] = ['relay', 'one server', 'two servers'];

/** What is measured of each way, round by round. */
type Found = ReadonlyMap<Way, readonly (readonly LoadResult[])[]>;

/** The proxy of the examples, beside memcached without it. */
export async function* proxyTables(quick: boolean): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('the proxy is measured before memcached');
  for (const cores of layouts()) {
    yield rateTable(cores, await play(cores, quick, IN_FLIGHT));
  }
  for (const cores of layouts()) yield waitTable(cores, await play(cores, quick, 1));
}

function rateTable(cores: Cores, found: Found): Table {
  return {
    title: `A proxy before memcached -t 1, ${where(cores)}`,
    notes:
      'k ops/s [least..greatest], CPU of memcached in us/op; then through a relay of Node that passes ' +
      'on what it is sent and reads none of it, and through the proxy with one server and with two: ' +
      'k ops/s, CPU of the relay or the proxy alone in us/op, and how much of the direct rate it is, ' +
      'the median of the rounds. ' +
      `${IN_FLIGHT} in flight on one connection, ${ITEMS.keys} keys, values of 64 bytes; \`many\` ` +
      'asks for 100 keys at once.',
    columns: ['load', 'direct', 'us', ...between.flatMap((way) => [way, 'us', 'rate'])],
    rows: SCRIPTS.map((script, i) => {
      const of = (way: Way): LoadResult[] => found.get(way)!.map((results) => results[i]!);
      const kilo = (rate: number): string => (rate / 1000).toFixed(rate < 10_000 ? 1 : 0);
      const cells = (way: Way): string[] => [
        spread(rates(of(way)), kilo),
        median(of(way).map(({ cost }) => cost)).toFixed(2),
      ];
      const part = (way: Way): string => ratio(median(ratios(rates(of(way)), rates(of('direct')))));
      return [script, ...cells('direct'), ...between.flatMap((way) => [...cells(way), part(way)])];
    }),
  };
}

function waitTable(cores: Cores, found: Found): Table {
  const cost = (way: Way, script: ScriptName): number =>
    median(found.get(way)!.map((results) => results[SCRIPTS.indexOf(script)]!.cost));
  return {
    title: `The wait for a reply, ${where(cores)}`,
    notes:
      'us for each command [least..greatest], one at a time, and what the relay and the proxy add, ' +
      'the median of the rounds; then the processor time that they themselves take for each, in us. ' +
      '`many` asks for 100 keys at once.',
    columns: [
      'load',
      ...found.keys(),
      ...between.map((way) => `adds, ${way}`),
      ...between.map((way) => `CPU, ${way}`),
    ],
    // The last one wins: sharing a core.
    figures: { get: cost('one server', 'get'), set: cost('one server', 'set') },
    rows: SCRIPTS.map((script, i) => {
      const of = (way: Way): number[] => found.get(way)!.map((results) => 1e6 / results[i]!.rate);
      const added = (way: Way): string =>
        median(of(way).map((time, round) => time - of('direct')[round]!)).toFixed(0);
      const waits = [...found.keys()].map((way) => spread(of(way), (time) => time.toFixed(0)));
      const costs = between.map((way) => cost(way, script).toFixed(1));
      return [script, ...waits, ...between.map(added), ...costs];
    }),
  };
}

// Fresh processes in every round, as for the server.
async function play(cores: Cores, quick: boolean, inFlight: number): Promise<Found> {
  const found = new Map<Way, (readonly LoadResult[])[]>();
  for (let round = 0; round < (quick ? 1 : 2); round++) {
    for (const [way, servers] of Object.entries(ways) as [Way, number][]) {
      const results = await measure(cores, way, servers, inFlight, quick ? 0.2 : 0.5);
      found.set(way, [...found.get(way) ?? [], results]);
    }
  }
  return found;
}

async function measure(
  cores: Cores,
  way: Way,
  servers: number,
  inFlight: number,
  seconds: number,
): Promise<LoadResult[]> {
  const started: Pick<ServerProcess, 'port' | 'pid' | 'stop'>[] = [];
  try {
    for (let i = 0; i < Math.max(1, servers); i++) {
      started.push(await startServer('memcached', 1024, cores.server));
    }
    if (servers > 0) {
      const upstreams = started.flatMap(({ port }) => ['--upstream', `127.0.0.1:${port}`]);
      const proxy = await startProgram(
        way === 'relay'
          ? [bundle(RELAY), String(started[0]!.port)]
          : [bundle(PROXY), '--listen', '0', ...upstreams],
      );
      started.push(proxy);
      if (cores.server !== null) pin(proxy.pid, cores.server);
    }
    const { port, pid } = started.at(-1)!;
    const scripts = SCRIPTS;
    const request: LoadRequest = {
      port,
      pid,
      items: ITEMS,
      scripts,
      length: 10_000,
      inFlight,
      seconds,
    };
    return await runProgram<LoadResult[]>(bundle(LOAD), request, cores.load);
  } finally {
    for (const one of started.toReversed()) await one.stop();
  }
}

function where({ name, server }: Cores): string {
  return server === null ? name : `${name}, proxy and servers on that of the server`;
}

function rates(results: readonly LoadResult[]): number[] {
  return results.map(({ rate }) => rate);
}
