import { type Contender, play } from './client-runs.ts';
import { kilo } from './client-tables.ts';
import { OURS } from './clients/adapters.ts';
import { type Load, loadsOf } from './clients/loads.ts';
import { installClients } from './clients.ts';
import { layouts } from './cores.ts';
import { median, ratio, ratios } from './sample.ts';
import type { Table } from './table.ts';

const RAW = 'raw';
const runtimes = [['Node', 'node'], ['Bun', 'bun'], ['Deno', 'deno']] as const;

/** The client on each runtime, beside a bare socket of that runtime. */
export async function* runtimeTables(quick: boolean): AsyncGenerator<Table> {
  installClients();
  const contenders = runtimes.flatMap(([title, runtime]): Contender[] => [
    { title, name: OURS, runtime },
    { title: `${title} ${RAW} text`, name: 'raw text', runtime },
    { title: `${title} ${RAW} meta`, name: 'raw meta', runtime },
  ]);
  const loads = loadsOf(['get1', 'get64', 'set64', 'many']);
  const runs = await play(layouts().at(-1)!, {
    contenders,
    loads,
    before: quick ? [] : [loads[0]!],
    warmUp: 1.5,
    ...(quick
      ? { rounds: 1, settle: 0.05, turns: 1, seconds: 0.05 }
      : { rounds: 3, settle: 0.3, turns: 5, seconds: 0.12 }),
    heapSeconds: 0,
    memory: 64,
    options: [],
  });
  // The faster of the raw sockets, by the load: text is, where many keys are asked for at once.
  const raw = (title: string, load: string): string =>
    runs.fastest([`${title} ${RAW} text`, `${title} ${RAW} meta`], load);
  const shares = (title: string, load: string): number[] =>
    ratios(runs.each(title, load, 'rate'), runs.each(raw(title, load), load, 'rate'));
  const ofNode = (title: string, load: string): number =>
    median(ratios(shares(title, load), shares('Node', load)));
  const figures = (title: string, { id, name }: Load): [string, number][] => [
    [`${title} ${id}`, ofNode(title, name)],
    [`${title} ${id}/${RAW}`, median(shares(title, name))],
  ];
  yield {
    title: `Runtimes, ${runs.cores.name}`,
    notes:
      'k operations a second (k keys for getMany) of the client and of the faster raw socket of the ' +
      'same runtime, made by its own interface; the share of the latter that the client reaches, ' +
      "and that share over Node's.",
    columns: ['load', ...runtimes.flatMap(([title]) => [title, RAW, 'share', '/Node'])],
    rows: loads.map(({ name: load }) => [
      load,
      ...runtimes.flatMap(([title]) => [
        kilo(runs.middle(title, load, 'rate')),
        kilo(runs.middle(raw(title, load), load, 'rate')),
        ratio(median(shares(title, load))),
        ratio(ofNode(title, load)),
      ]),
    ]),
    figures: Object.fromEntries(
      runtimes.flatMap(([title]) => loads.flatMap((load) => figures(title, load))),
    ),
  };
}
