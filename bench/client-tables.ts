import type { Chart } from './chart.ts';
import { peers, type Runs, subjects } from './client-runs.ts';
import { OURS } from './clients/adapters.ts';
import { sockets } from './clients/runner.ts';
import { median, ratio, ratios, spread } from './sample.ts';
import type { Table } from './table.ts';

export function rateTable(runs: Runs): Table {
  const rows = runs.loads.map(({ name: load }) => {
    const best = runs.fastest(peers, load);
    return [
      load,
      ...subjects.map((name) =>
        name === OURS || name === best
          ? spread(runs.each(name, load, 'rate'), kilo)
          : kilo(runs.middle(name, load, 'rate'))
      ),
      ratio(runs.times(OURS, best, load)),
      best,
      ratio(runs.times(OURS, runs.fastest(sockets, load), load)),
    ];
  });
  return {
    title: `Rates, ${runs.cores.name} with memcached -t 1`,
    notes: 'k operations a second (k keys for getMany), values of 100 bytes where no size is ' +
      'named; of memwire and of the fastest of the others with [least..greatest]. The ratios are ' +
      'those of memwire to the latter, and to the faster of the raw sockets.',
    columns: ['load', ...subjects, 'ratio', 'to', 'to raw'],
    rows,
  };
}

export function costTable(runs: Runs): Table {
  return {
    title: `Processor time, ${runs.cores.name}`,
    notes: "Seconds of the client's process for a million operations (keys for getMany).",
    columns: ['load', ...subjects],
    rows: runs.loads.map(({ name: load }) => [
      load,
      ...subjects.map((name) => number(runs.middle(name, load, 'cpu'), 2)),
    ]),
  };
}

export function memoryTable(runs: Runs): Table {
  const heap = runs.loads.map(({ name: load }) => [
    load,
    ...subjects.map((name) => number(runs.middle(name, load, 'heap') / 1000, 2)),
  ]);
  const peaks = subjects.map((name) => number(runs.peak(name) / 1e6, 0));
  return {
    title: 'Memory',
    notes: 'kB of JavaScript heap allocated for each operation (key for getMany), by what each ' +
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
    rows: subjects.map((name) => [
      name,
      ...runs.loads.map((load) => number(1000 / runs.middle(name, load.name, 'rate'), 2)),
      number(growth(runs, name), 2),
    ]),
  };
}

/** How much longer a byte of the greatest value takes than one of the smallest. */
export function growth(runs: Runs, name: string): number {
  const [small, large] = [runs.loads[0]!, runs.loads.at(-1)!];
  const slower = ratios(runs.each(name, small.name, 'rate'), runs.each(name, large.name, 'rate'));
  return median(slower) * small.items.valueLength / large.items.valueLength;
}

/** All clients as multiples of the fastest of the others. */
export function comparison(runs: Runs): Chart {
  return {
    title: `Rates as multiples of the fastest other client, ${runs.cores.name} with memcached`,
    series: [OURS, ...peers],
    groups: runs.loads.map(({ name: load }) => {
      const best = runs.fastest(peers, load);
      return { name: load, values: [OURS, ...peers].map((name) => runs.times(name, best, load)) };
    }),
  };
}

function kilo(rate: number): string {
  return number(rate / 1000, rate < 10_000 ? 2 : rate < 100_000 ? 1 : 0);
}

function number(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
