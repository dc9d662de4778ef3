import { type Contender, play } from './client-runs.ts';
import { kilo } from './client-tables.ts';
import { FLOOR, OURS } from './clients/adapters.ts';
import { lonely } from './clients/loads.ts';
import { installClients } from './clients.ts';
import { layouts } from './cores.ts';
import { median, ratio, ratios } from './sample.ts';
import { pythonWithPymemcache } from './subject.ts';
import type { Table } from './table.ts';

const PEER = 'pymemcache';

/** Call after call, beside a client that waits for each: pymemcache, the Python client. */
export async function* pymemcacheTables(quick: boolean): AsyncGenerator<Table> {
  installClients();
  const python = pythonWithPymemcache() !== null;
  const contenders: Contender[] = [
    { title: OURS, name: OURS },
    { title: FLOOR, name: FLOOR },
    { title: 'memcache', name: 'memcache' },
    ...(python ? [{ title: PEER, name: PEER, runtime: 'python' } as const] : []),
  ];
  const runs = await play(layouts().at(-1)!, {
    contenders,
    loads: lonely,
    before: [],
    warmUp: 0,
    ...(quick
      ? { rounds: 1, settle: 0.05, turns: 1, seconds: 0.05 }
      : { rounds: 3, settle: 1.5, turns: 5, seconds: 0.15 }),
    heapSeconds: 0,
    memory: 64,
    options: [],
  });
  const cost = (load: string): number =>
    median(ratios(runs.each(PEER, load, 'cpu'), runs.each(OURS, load, 'cpu')));
  const named = (id: string): string => lonely.find((one) => one.id === id)!.name;
  yield {
    title: `One call after the other, ${runs.cores.name}`,
    notes: 'k operations a second, then microseconds of processor time of the client for each. ' +
      'pymemcache, in Python, waits for each reply by itself, without an event loop: nothing could ' +
      `be simpler.${
        python ? '' : " Skipped: pymemcache (Debian's python3-pymemcache) is missing."
      }`,
    columns: [
      'load',
      ...contenders.map(({ title }) => title),
      ...contenders.map(({ title }) => `${title} µs`),
      `rate/${PEER}`,
      `${PEER} µs/ours`,
    ],
    rows: lonely.map(({ name: load }) => [
      load,
      ...contenders.map(({ title }) => kilo(runs.middle(title, load, 'rate'))),
      ...contenders.map(({ title }) => dash(runs.middle(title, load, 'cpu'), (v) => v.toFixed(1))),
      dash(runs.times(OURS, PEER, load), ratio),
      dash(cost(load), ratio),
    ]),
    figures: {
      quiet1: runs.times(OURS, PEER, named('quiet1')),
      get1: cost(named('get1')),
      set1: cost(named('set1')),
    },
  };
}

function dash(value: number, show: (value: number) => string): string {
  return Number.isNaN(value) ? '-' : show(value);
}
