import { resolve } from 'node:path';
import { OURS } from './clients/adapters.ts';
import { type Load, loadsOf } from './clients/loads.ts';
import { layouts } from './cores.ts';
import { median, ratio, ratios, spread } from './sample.ts';
import type { Measured as Figures } from './clients/worker.ts';
import { startServer } from './server-process.ts';
import { Subject } from './subject.ts';
import type { Table } from './table.ts';

const WARM_UP = 1.5;
/** How often the two take turns in a round, and for how long. */
const TURNS = 15;
const TURN = 0.1;

const columns = [
  { name: 'user µs/op', what: 'user', digits: 3, scale: 1 },
  { name: 'user + system', what: 'cpu', digits: 3, scale: 1 },
  { name: 'k ops/s', what: 'rate', digits: 1, scale: 1000 },
  { name: 'heap B/op', what: 'heap', digits: 0, scale: 1 },
] as const;

/** What a round found, for each column: the medians of its turns, of the ratio as well. */
type Round = readonly { readonly now: number; readonly before: number; readonly ratio: number }[];

/**
 * Two builds of memwire at the same load: what a change is worth. In each round both are in fresh
 * processes, which take turns of a tenth of a second, so that whatever else the machine does meets
 * both of them.
 *
 * @param dist The `dist` folder of the other build.
 * @param ids The loads; all of them if there are none.
 */
export async function* buildTables(
  dist: string,
  ids: readonly string[],
  rounds: number,
): AsyncGenerator<Table> {
  const cores = layouts().at(-1)!;
  const server = await startServer('memcached', 1024, cores.server);
  const opening = { name: OURS, ports: [server.port] };
  try {
    for (const load of loadsOf(ids)) {
      const found: Round[] = [];
      for (let round = 0; round < rounds; round++) {
        const now = new Subject(opening, cores.load);
        const before = new Subject(
          { ...opening, dist: resolve(dist), firstKey: 10_000 },
          cores.load,
        );
        try {
          found.push(await takeTurns(now, before, load, round % 2 === 0));
        } finally {
          await Promise.all([now.close(), before.close()]);
        }
      }
      yield buildTable(`${load.name}, ${cores.name}`, found);
    }
  } finally {
    await server.stop();
  }
}

async function takeTurns(
  now: Subject,
  before: Subject,
  load: Load,
  nowFirst: boolean,
): Promise<Round> {
  const [first, second] = nowFirst ? [now, before] : [before, now];
  await first.load(load, WARM_UP);
  await second.load(load, WARM_UP);
  const turns = { first: [] as Figures[], second: [] as Figures[] };
  for (let turn = 0; turn < TURNS; turn++) {
    turns.first.push(await first.measure(TURN));
    turns.second.push(await second.measure(TURN));
  }
  const [ours, theirs] = nowFirst ? [turns.first, turns.second] : [turns.second, turns.first];
  const heap = { now: await now.heap(TURN), before: await before.heap(TURN) };
  return columns.map(({ what, scale }) => {
    const each = (figures: readonly Figures[], other: number): number[] =>
      what === 'heap' ? [other] : figures.map((found) => found[what] / scale);
    const [left, right] = [each(ours, heap.now), each(theirs, heap.before)];
    return { now: median(left), before: median(right), ratio: median(ratios(left, right)) };
  });
}

function buildTable(title: string, rounds: readonly Round[]): Table {
  return {
    title,
    notes: 'This build and the other, for each operation (key of getMany): medians of the rounds ' +
      'with [least..greatest]; the ratio, this over the other, is the median of those of the turns, ' +
      'and then of the rounds.',
    columns: ['measured', 'this', 'other', 'this/other', 'of each round'],
    rows: columns.map(({ name, digits }, i) => {
      const all = rounds.map((round) => round[i]!);
      const show = (value: number): string => value.toFixed(digits);
      const shares = all.map((found) => found.ratio);
      return [
        name,
        spread(all.map(({ now }) => now), show),
        spread(all.map(({ before }) => before), show),
        median(shares).toFixed(3),
        `${ratio(Math.min(...shares))}..${ratio(Math.max(...shares))}`,
      ];
    }),
  };
}
