import { ratio } from './sample.ts';
import type { Table } from './table.ts';

/** What a part of the bench is to reach; see `Table.figures`. */
interface Target {
  readonly figure: string;
  readonly title: string;
  /** A number that is to be reached, or not to be exceeded. */
  readonly least?: number;
  readonly most?: number;
  readonly unit?: string;
}

const PEER = 'rate over that of the fastest other client';
const FLOOR = 'rate over that of the floor';

/** All of them, by the part that measures them. */
export const targets: Readonly<Record<string, readonly Target[]>> = {
  clients: [
    { figure: 'get1/peer', title: `get, one by one: ${PEER}`, least: 1.35 },
    { figure: 'get1/floor', title: `get, one by one: ${FLOOR}`, least: 0.86 },
    { figure: 'get64/peer', title: `get, 64 in flight: ${PEER}`, least: 6 },
    { figure: 'get64/floor', title: `get, 64 in flight: ${FLOOR}`, least: 0.9 },
    { figure: 'get256/peer', title: `get, 256 in flight: ${PEER}`, least: 6 },
    { figure: 'get256/floor', title: `get, 256 in flight: ${FLOOR}`, least: 0.82 },
    { figure: 'set64/peer', title: `set, 64 in flight: ${PEER}`, least: 5 },
    { figure: 'set64/floor', title: `set, 64 in flight: ${FLOOR}`, least: 0.92 },
    { figure: 'mix256/peer', title: `90/10, 256 in flight: ${PEER}`, least: 6.3 },
    { figure: 'many/peer', title: `getMany of 100: ${PEER}`, least: 2.5 },
    { figure: 'many/raw', title: 'getMany of 100: rate over that of a raw socket', least: 0.55 },
    { figure: 'get10k/peer', title: `get of 10 kB, 64 in flight: ${PEER}`, least: 2.5 },
    { figure: 'set10k/peer', title: `set of 10 kB, 64 in flight: ${PEER}`, least: 1.5 },
    { figure: 'get1m-bytes/peer', title: `get of 1 MB, bytes: ${PEER}`, least: 1.4 },
    { figure: 'get1m-text/peer', title: `get of 1 MB, text: ${PEER}`, least: 3 },
    { figure: 'set1m-bytes/peer', title: `set of 1 MB, bytes: ${PEER}`, least: 1.5 },
    { figure: 'set1m-text/peer', title: `set of 1 MB, text: ${PEER}`, least: 1.2 },
    // Memory that no cache holds costs a linear client a little; a quadratic one grows by the size.
    { figure: 'growth', title: 'time for a byte of 32 MB over one of 1 MB', most: 1.5 },
    { figure: 'get64/heap', title: 'heap of a get', most: 700, unit: 'B' },
    { figure: 'set64/heap', title: 'heap of a set', most: 700, unit: 'B' },
    { figure: 'meta64/get64', title: 'client.meta.get: rate over that of get', least: 0.8 },
  ],
  pymemcache: [
    { figure: 'quiet1', title: "set without a reply: rate over pymemcache's", least: 1 },
    { figure: 'get1', title: "get, one by one: pymemcache's CPU over ours", least: 1 },
    { figure: 'set1', title: "set, one by one: pymemcache's CPU over ours", least: 1 },
  ],
  runtimes: [
    ...(['Bun', 'Deno'] as const).flatMap((runtime) =>
      ([['get1', 'get, one by one'], ['get64', 'get, 64 in flight'], [
        'set64',
        'set, 64 in flight',
      ], ['many', 'getMany of 100']] as const).map(([id, load]) => ({
        figure: `${runtime} ${id}`,
        title: `${runtime}, ${load}: share of its raw socket over Node's share`,
        least: 0.85,
      }))
    ),
    { figure: 'Deno get1/raw', title: 'Deno, get, one by one: share of its raw', least: 0.75 },
  ],
  parsers: [
    { figure: 'replies, positions', title: 'replies, positions only', least: 1500, unit: 'MB/s' },
    { figure: 'replies, views', title: 'replies, a view a value', least: 1000, unit: 'MB/s' },
    { figure: 'requests, positions', title: 'requests, positions only', least: 1500, unit: 'MB/s' },
    { figure: 'requests, views', title: 'requests, a view a value', least: 1000, unit: 'MB/s' },
  ],
  server: [
    ...(['get', 'set', 'mg', 'ms'] as const).flatMap((verb) => [
      { figure: `${verb} CPU`, title: `server, ${verb}: CPU over that of memcached`, most: 1 },
      {
        figure: `${verb} rate`,
        title: `server, ${verb}, a core each: rate over that of memcached`,
        least: 0.8,
      },
    ]),
    { figure: 'idle', title: 'server: memory of an idle connection', most: 4096, unit: 'B' },
    // What does not fit into a cache costs memcached more, too.
    { figure: 'get growth', title: "server, get: growth with items over memcached's", most: 1 },
    { figure: 'set growth', title: "server, set: growth with items over memcached's", most: 1 },
  ],
  cluster: [
    { figure: 'get', title: "get: Client's CPU over HashClient's with three servers", least: 0.85 },
    { figure: 'set', title: "set: Client's CPU over HashClient's with three servers", least: 0.85 },
    { figure: 'get each', title: 'get: the same, as many in flight for each server', least: 0.85 },
    { figure: 'set each', title: 'set: the same, as many in flight for each server', least: 0.85 },
  ],
  cache: [
    { figure: 'loads', title: 'cache(): loads of a cold key', most: 1 },
    { figure: 'loads/killed', title: 'cache(): loads after a kill', most: 1 },
    { figure: 'late', title: 'cache(): p99 of the waits over a load', most: 50, unit: 'ms' },
    { figure: 'stale', title: 'cache(): old values left as fresh', most: 0 },
    { figure: 'cache.fetch', title: 'cache.fetch of a hit: rate over that of get', least: 0.9 },
    ...['get', 'set', 'arithmetic', 'delete'].map((name) => ({
      figure: `meta.${name}`,
      title: `meta.${name} with options: rate over that of get`,
      least: 0.8,
    })),
  ],
  proxy: [
    { figure: 'get', title: 'proxy, get: CPU that it adds to a request', most: 35, unit: 'µs' },
    { figure: 'set', title: 'proxy, set: CPU that it adds to a request', most: 35, unit: 'µs' },
  ],
  bridge: [
    { figure: 'get', title: 'bridge, get: CPU that it adds to a request', most: 35, unit: 'µs' },
    { figure: 'set', title: 'bridge, set: CPU that it adds to a request', most: 35, unit: 'µs' },
  ],
};

/**
 * What was to be reached and what was, of the parts that were measured.
 *
 * @param measured The figures of each of them.
 */
export function targetTable(
  measured: ReadonlyMap<string, Readonly<Record<string, number>>>,
): Table {
  const rows = Object.entries(targets).flatMap(([part, some]) => {
    const figures = measured.get(part);
    return figures === undefined ? [] : some.map((target) => row(target, figures, part));
  });
  return {
    title: 'Targets',
    notes: 'What is to be reached and what was, for memwire. Rates and processor time of clients ' +
      'are those sharing a core with memcached, heap is allocated for an operation; the tables ' +
      'have the numbers that these come from.',
    columns: ['target', 'wanted', 'measured', 'verdict'],
    rows,
  };
}

function row(
  { figure, title, least, most, unit }: Target,
  figures: Readonly<Record<string, number>>,
  part: string,
): string[] {
  const limit = least ?? most!;
  const show = (value: number): string =>
    unit === undefined
      ? ratio(value)
      : `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
  const wanted = `${least === undefined ? '<=' : '>='} ${show(limit)}`;
  const value = figures[figure];
  if (value === undefined) throw new Error(`${part} measures no ${figure}`);
  if (Number.isNaN(value)) return [title, wanted, '-', 'not measured'];
  const met = least === undefined ? value <= limit : value >= limit;
  const off = Math.abs(value / limit - 1) * 100;
  return [title, wanted, show(value), met ? 'met' : `missed by ${off.toFixed(off < 10 ? 1 : 0)} %`];
}
