import type { Chart } from './chart.ts';
import type { Runs } from './client-runs.ts';
import { CLASSIC, FLOOR, OURS, peerNames } from './clients/adapters.ts';
import type { Load } from './clients/loads.ts';
import { sockets } from './clients/runner.ts';
import { median, ratio, ratios, spread } from './sample.ts';
import type { Table } from './table.ts';

/** All that is measured: our client, the others, what bounds them. */
export const subjects: readonly string[] = [OURS, CLASSIC, ...peerNames, FLOOR, ...sockets];

/** The loads that are shown first, to those who want to know what the client is worth to them. */
const FIRST: readonly string[] = [
  'get1',
  'get64',
  'set64',
  'mix256',
  'many',
  'get10k',
  'get1m-bytes',
  'set1m-bytes',
];

function firstLoads(runs: Runs): Load[] {
  return runs.loads.filter(({ id }) => FIRST.includes(id));
}

/** What a newcomer wants to know, with a picture of it. */
export function firstTable(runs: Runs): Table {
  return {
    title: 'Beside the other clients',
    notes: 'Thousands of operations a second (of keys, for getMany) that a client does with one ' +
      'connection to memcached, both on one processor, with values of 100 bytes where no size is ' +
      'named: more is better. `90/10` is nine gets and one set. In the last column how many times ' +
      'as fast memwire is as the fastest of the others, which the picture shows for all of them.',
    columns: ['load', OURS, ...peerNames, 'memwire/fastest'],
    rows: firstLoads(runs).map(({ name: load }) => [
      load,
      ...[OURS, ...peerNames].map((name) => kilo(runs.middle(name, load, 'rate'))),
      ratio(runs.times(OURS, runs.fastest(peerNames, load), load)),
    ]),
    chart: comparison(runs),
    figures: figures(runs),
  };
}

/** For targets: our client beside the fastest of the others, the floor and the bare sockets. */
function figures(runs: Runs): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { id, name: load } of runs.loads) {
    found[`${id}/peer`] = runs.times(OURS, runs.fastest(peerNames, load), load);
    found[`${id}/floor`] = runs.times(OURS, FLOOR, load);
    found[`${id}/raw`] = runs.times(OURS, runs.fastest(sockets, load), load);
    found[`${id}/heap`] = runs.middle(OURS, load, 'heap');
  }
  const [meta, get] = ['meta64', 'get64'].map((id) => runs.loads.find((one) => one.id === id));
  if (meta !== undefined && get !== undefined) {
    found['meta64/get64'] = median(
      ratios(runs.each(OURS, meta.name, 'rate'), runs.each(OURS, get.name, 'rate')),
    );
  }
  return found;
}

export function rateTable(runs: Runs): Table {
  const rows = runs.loads.map(({ name: load }) => {
    const best = runs.fastest(peerNames, load);
    return [
      load,
      ...subjects.map((name) =>
        name === OURS || name === best
          ? spread(runs.each(name, load, 'rate'), kilo)
          : kilo(runs.middle(name, load, 'rate'))
      ),
      number(runs.times(OURS, best, load), 2),
      Number.isNaN(runs.middle(best, load, 'rate')) ? '-' : best,
      number(runs.times(OURS, FLOOR, load), 2),
      number(runs.times(OURS, runs.fastest(sockets, load), load), 2),
    ];
  });
  return {
    title: `Rates, ${runs.cores.name} with memcached -t 1`,
    notes: 'k operations a second (k keys for getMany), values of 100 bytes where no size is ' +
      'named; of memwire and of the fastest of the others with [least..greatest]. The ratios are ' +
      'those of memwire to the latter, to the floor, and to the faster of the raw sockets.',
    columns: ['load', ...subjects, '/fastest', 'which is', '/floor', '/raw'],
    rows,
  };
}

export function costTable(runs: Runs): Table {
  const of = (what: 'user' | 'cpu', title: string): string[][] =>
    runs.loads.map(({ name: load }) => [
      `${load}${title}`,
      ...subjects.map((name) => number(runs.middle(name, load, what), 2)),
    ]);
  return {
    title: `Processor time of the client, ${runs.cores.name}`,
    notes:
      'Microseconds of its process for each operation (key for getMany): user time, which is ' +
      "the client's own code and Node's, and then with the time in the kernel.",
    columns: ['load', ...subjects],
    rows: [...of('user', ', user'), ...of('cpu', ', all')],
  };
}

export function memoryTable(runs: Runs): Table {
  const heap = runs.loads.map(({ name: load }) => [
    load,
    ...subjects.map((name) => number(runs.middle(name, load, 'heap'), 0)),
  ]);
  const peaks = subjects.map((name) => number(runs.peak(name) / 1e6, 0));
  return {
    title: 'Memory',
    notes:
      'Bytes of JavaScript heap allocated for each operation (key for getMany), by what each ' +
      'collection found and left; memory outside of that heap, where large values and what is ' +
      'read from sockets lie, is not in it. In the last line the most memory, of all kinds, that ' +
      'the process ever had over all these loads, in MB.',
    columns: ['load', ...subjects],
    rows: [...heap, ['peak of the process', ...peaks]],
  };
}

export function sizeTable(runs: Runs): Table {
  return {
    title: `Time for a value by its size, ${runs.cores.name}`,
    notes:
      'Milliseconds for a get, one by one; in the last column the time for a megabyte of the ' +
      'greatest value over that for one of the smallest: 1 is linear. Against memcached -I 64m ' +
      '-m 1024. A client that refuses the size has no number.',
    columns: ['client', ...runs.loads.map(({ name }) => name.replace('get of ', '')), 'growth'],
    rows: [OURS, ...peerNames, ...sockets].map((name) => [
      name,
      ...runs.loads.map((load) => number(1000 / runs.middle(name, load.name, 'rate'), 2)),
      number(growth(runs, name), 2),
    ]),
    figures: { growth: growth(runs, OURS) },
  };
}

/** How much longer a byte of the greatest value takes than one of the smallest. */
function growth(runs: Runs, name: string): number {
  const [small, large] = [runs.loads[0]!, runs.loads.at(-1)!];
  const slower = runs.middle(name, small.name, 'rate') / runs.middle(name, large.name, 'rate');
  return slower * small.items.valueLength / large.items.valueLength;
}

/** All clients as multiples of the fastest of the others. */
function comparison(runs: Runs): Chart {
  return {
    title: `Rates as multiples of the fastest other client, ${runs.cores.name} with memcached`,
    series: [OURS, ...peerNames],
    groups: firstLoads(runs).map(({ name: load }) => {
      const best = runs.fastest(peerNames, load);
      const values = [OURS, ...peerNames].map((name) => runs.times(name, best, load));
      return { name: load, values };
    }),
  };
}

/** Thousands, with three digits that count; `-` where nothing was measured. */
export function kilo(rate: number): string {
  return number(rate / 1000, rate < 10_000 ? 2 : rate < 100_000 ? 1 : 0);
}

function number(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
