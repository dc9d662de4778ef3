import { peers, type Runs } from './client-runs.ts';
import { growth } from './client-tables.ts';
import { OURS } from './clients/adapters.ts';
import type { LoadName } from './clients/loads.ts';
import { ratio } from './sample.ts';
import type { Table } from './table.ts';

/** At least so many times the rate of the fastest other client, sharing a core. */
const rates: readonly (readonly [LoadName, number])[] = [
  ['get, one by one', 1.15],
  ['get, 64 in flight', 5],
  ['90/10, 256 in flight', 4.5],
  ['set, 64 in flight', 4],
  ['getMany of 100', 2],
  ['get of 10 kB, 64 in flight', 2],
  ['get of 1 MB', 1],
];

/** At most so many bytes of heap for each operation. */
const heaps: readonly (readonly [LoadName, number])[] = [
  ['get, 64 in flight', 1200],
  ['90/10, 256 in flight', 1200],
  ['set, 64 in flight', 1200],
];

/**
 * At most so much longer for a byte of the greatest value than for one of the smallest. Memory that
 * no cache holds costs a linear client a little; one that is quadratic grows like the size.
 */
const LINEAR = 1.5;

/** What the client is to reach, and what it does reach. */
export function targetTable(runs: Runs, sizes: Runs): Table {
  const size = sizes.loads.at(-1)!.name;
  const slower = growth(sizes, OURS);
  const rows = [
    ...rates.map(([load, target]) => {
      const times = runs.times(OURS, runs.fastest(peers, load), load);
      const verdict = judge(times >= target, times / target);
      return [`rate, ${load}`, `>= ${ratio(target)}`, ratio(times), verdict];
    }),
    ...heaps.map(([load, target]) => {
      const bytes = runs.middle(OURS, load, 'heap');
      const verdict = judge(bytes <= target, bytes / target);
      return [`heap, ${load}`, `<= ${target} B`, `${bytes.toFixed(0)} B`, verdict];
    }),
    [`growth, ${size}`, `<= ${LINEAR}`, ratio(slower), judge(slower <= LINEAR, slower / LINEAR)],
  ];
  return {
    title: 'Targets',
    notes:
      `For memwire, ${runs.cores.name}: rates as multiples of the fastest other client, heap ` +
      'allocated for an operation, and the growth of the time for a megabyte with the size of the ' +
      'value. The tables below have the numbers that these come from.',
    columns: ['target', 'wanted', 'measured', 'verdict'],
    rows,
  };
}

function judge(met: boolean, share: number): string {
  return `${met ? 'met' : 'missed'} by ${Math.abs((share - 1) * 100).toFixed(0)} %`;
}
