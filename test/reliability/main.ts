// npm run reliability                   many seeds of the simulation
//   --seconds N    how long; 60 by default
//   --from N       the first seed; 1000 by default
//   --calls N      calls in a run; 3000 by default
//   --rounds N     then kill, stop and continue real servers so often; 200 by default
//   --soak N       a soak of N operations, in thousands; 0 by default
//   --orders N     first try every order of the long scenes of a cache, and N at random; 0 by default
//   --fuzz N       N inputs for each decoder and connection, in thousands; 0 by default
//   --sequences N  N random sequences of requests for memcached and for the embedded server, alone,
//                  behind the bridge and behind the example proxy; 0 by default
//   --hostile N    N phases beside each kind of hostile peer of a bridge, on each runtime; 0 by default
//   --write        also write the figures to docs/reliability.md; those of other parts stay there
// npm run reliability -- --seed N       one run again, and what happened in it
//   --calls N      calls in it
//   --clients LIST --faults LIST          the ones that take part, by their numbers; `none` for none
//   --bug NAME     with a bug on purpose: deaf, forget, late, lie or repeat
//   --shrink       make it as short as it can be and still fail
// npm run reliability -- --cache N      one order of the steps of a cache again
// npm run reliability -- --input NAME:N  one input of a decoder or a connection again
// npm run reliability -- --mutants PLACE
//   the mutants of a file, such as core/wire/ring.ts, of several with commas between them, or of
//   each file of a folder: how many of them the tests kill, and those that survive without a reason in test/reliability/mutation/survivors
//   --workers N    in so many processes; 1 by default
//   --quick        with no more tests for each than a second has room for
//   --again        only those that survived the last time
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../../bench/machine.ts';
import { explore } from './cache/explorer.ts';
import { longScenes, shortScenes } from './cache/scenes.ts';
import { replayLine as replayOrder, simulate } from './cache/simulation.ts';
import { compileFleet } from './fleet/compiled.ts';
import { type Bug, bugs, type Plan, runFleet } from './fleet/fleet.ts';
import { replayLine, shrink } from './fleet/shrink.ts';
import { fuzzAll, fuzzOne, type FuzzReport } from './fuzz/run.ts';
import { measureHostile } from './hostile/hostile.ts';
import { compareAll } from './middlemen/compare-all.ts';
import { describeMutants } from './mutation/report.ts';
import { runMutants, sourcesOf } from './mutation/run.ts';
import { readReasons } from './mutation/survivors.ts';
import { runReal } from './real.ts';
import { runSoakApart, shortSoak } from './soak/run-soak.ts';
import { findProgram } from '../support/memcached.ts';

const PAGE = join(import.meta.dirname, '../../docs/reliability.md');

/** The figures of runs that are added up. */
const summed = [
  'commands',
  'served',
  'failures',
  'undecided',
  'faults',
  'events',
  'time',
] as const;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    from: { type: 'string', default: '1000' },
    calls: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string' },
    clients: { type: 'string' },
    faults: { type: 'string' },
    bug: { type: 'string' },
    cache: { type: 'string' },
    orders: { type: 'string', default: '0' },
    mutants: { type: 'string' },
    again: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    soak: { type: 'string', default: '0' },
    fuzz: { type: 'string', default: '0' },
    input: { type: 'string' },
    sequences: { type: 'string', default: '0' },
    hostile: { type: 'string', default: '0' },
    shrink: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

if (values.mutants !== undefined) await runMutantsOf(values.mutants);
else if (values.input !== undefined) console.log(await fuzzOne(values.input));
else if (values.cache !== undefined) await runOrder(Number(values.cache));
else if (values.seed === undefined) await runMany();
else await runOne(Number(values.seed));

async function runOne(seed: number): Promise<void> {
  const plan: Plan = {
    seed,
    calls: Number(values.calls),
    ...(values.clients === undefined ? {} : { clients: toList(values.clients) }),
    ...(values.faults === undefined ? {} : { faults: toList(values.faults) }),
    ...(values.bug === undefined ? {} : { bug: toBug(values.bug) }),
  };
  const report = await runFleet(plan, values.shrink ? null : (text) => console.log(text));
  const shown = values.shrink && report.violations.length > 0 ? await shrink(report) : report;
  console.log(shown.violations.length === 0 ? 'no law is broken' : shown.violations.join('\n'));
  console.log(replayLine(shown.plan));
  if (shown.violations.length > 0) process.exitCode = 1;
}

async function runMutantsOf(place: string): Promise<void> {
  const start = performance.now();
  const last = values.again ? readLast(place) : null;
  const files = place.split(',').flatMap(sourcesOf);
  const reports = await runMutants(files, Number(values.workers), {
    chosen: ({ file, name }) => last?.[file]?.includes(name) ?? last === null,
    quick: values.quick,
    onSurvivor: ({ file, line, name }) => console.warn(`${file}:${line}  ${name}`),
  });
  const survived = reports.map(({ file, survivors }) => [file, survivors.map(({ name }) => name)]);
  writeFileSync(lastOf(place), JSON.stringify(Object.fromEntries(survived)));
  for (const line of describeMutants(reports, readReasons())) console.log(line);
  console.log(`${count((performance.now() - start) / 1000)} seconds`);
}

/** The mutants that survived the last time, by file. */
function readLast(place: string): Readonly<Record<string, readonly string[]>> {
  return JSON.parse(readFileSync(lastOf(place), 'utf8'));
}

function lastOf(place: string): string {
  return join(
    import.meta.dirname,
    `../../.test/mutation/${place.replaceAll(/[/,]/g, '-').slice(0, 90)}.json`,
  );
}

async function runOrder(seed: number): Promise<void> {
  const { path, violations } = await simulate(seed);
  console.log(path.join('\n'));
  console.log(violations.length === 0 ? 'no law is broken' : violations.join('\n'));
  if (violations.length > 0) process.exitCode = 1;
}

async function runOrders(orders: number): Promise<(readonly [string, string])[]> {
  if (orders === 0) return [];
  const sums = { states: 0, steps: 0, broken: 0 };
  for (const scene of [...shortScenes, ...longScenes]) {
    const { states, steps, broken } = await explore(scene);
    console.log(`${scene.name}: ${count(states)} states`);
    sums.states += states;
    sums.steps += steps;
    if (broken === null) continue;
    sums.broken++;
    console.log(`${broken.violations.join('\n')}\n${broken.path.join('\n')}`);
  }
  for (let seed = Number(values.from); seed < Number(values.from) + orders; seed++) {
    const run = await simulate(seed);
    if (run.violations.length === 0) continue;
    sums.broken++;
    console.log(`${run.violations.join('\n')}\n${replayOrder(run)}`);
  }
  if (sums.broken > 0) process.exitCode = 1;
  return [
    ['a cache: states of which every order was tried', count(sums.states)],
    ['a cache: steps from one to another', count(sums.steps)],
    ['a cache: orders at random', count(orders)],
    ['a cache: orders that broke a law', count(sums.broken)],
  ];
}

async function runMany(): Promise<void> {
  const calls = Number(values.calls);
  const orders = await runOrders(Number(values.orders));
  const fleet = await compileFleet();
  const end = performance.now() + Number(values.seconds) * 1000;
  const started = process.cpuUsage();
  const sums = {
    runs: 0,
    commands: 0,
    served: 0,
    failures: 0,
    undecided: 0,
    faults: 0,
    events: 0,
    time: 0,
    broken: 0,
  };
  for (let seed = Number(values.from); performance.now() < end; seed++) {
    const report = await fleet.runFleet({ seed, calls });
    sums.runs++;
    for (const name of summed) sums[name] += report[name];
    if (report.violations.length === 0) continue;
    sums.broken++;
    const short = await shrink(report);
    console.log(`${short.violations.join('\n')}\n${replayLine(short.plan)}\n`);
  }
  const { user, system } = process.cpuUsage(started);
  const seconds = (user + system) / 1e6;
  const rows: (readonly [string, string])[] = [
    ['runs, each of a seed', count(sums.runs)],
    ['commands of callers', count(sums.commands)],
    ['commands that servers did', count(sums.served)],
    ['calls that failed, as faults made them', count(sums.failures)],
    ['faults', count(sums.faults)],
    ['events', count(sums.events)],
    ['hours of virtual time', count(sums.time / 3_600_000)],
    ['seconds of CPU', count(seconds)],
    ['commands of callers in a second of CPU', count(sums.commands / seconds)],
    ['histories that were too wide to check', count(sums.undecided)],
    ['runs that broke a law', count(sums.broken)],
    ...await runServers(Number(values.rounds)),
    ...orders,
    ...await runPart(
      'a soak',
      1000 * Number(values.soak),
      (operations) => runSoakApart({ ...shortSoak, operations }),
    ),
    ...await runPart(
      'fuzz',
      1000 * Number(values.fuzz),
      (inputs) => fuzzAll(inputs, Number(values.from)),
    ),
    ...await runPart(
      'sequences',
      Number(values.sequences),
      (sequences) => compareAll(sequences, Number(values.from)),
    ),
    ...await runPart('hostile peers', Number(values.hostile), (rounds) => measureHostile(rounds)),
  ];
  console.log(rows.map(([name, value]) => `${name.padEnd(52)} ${value.padStart(12)}`).join('\n'));
  if (values.write) writePage(rows);
  if (sums.broken > 0) process.exitCode = 1;
}

async function runPart(
  part: string,
  size: number,
  run: (size: number) => Promise<FuzzReport>,
): Promise<(readonly [string, string])[]> {
  if (size === 0) return [];
  const { figures, violations } = await run(size);
  if (violations.length > 0) process.exitCode = 1;
  console.log(violations.join('\n'));
  return figures.map(([name, value]) => [`${part}: ${name}`, count(value)]);
}

// The same laws with real servers, as far as callers can see them.
async function runServers(rounds: number): Promise<(readonly [string, string])[]> {
  const program = findProgram('memcached');
  if (program === null || rounds === 0) return [];
  const report = await runReal({ program, rounds, callers: 200, seed: Number(values.from) });
  if (report.violations.length > 0) process.exitCode = 1;
  console.log(report.violations.join('\n'));
  return [
    ['real servers: killed with -9', count(report.kills)],
    ['real servers: stopped and continued', count(report.stops)],
    ['real servers: calls', count(report.calls)],
    ['real servers: calls that failed', count(report.failures)],
    ['real servers: milliseconds after a deadline at most', count(report.latest)],
    ['real servers: histories that are not linearizable', count(report.violations.length)],
  ];
}

function toBug(text: string): Bug {
  const bug = bugs.find((name) => name === text);
  if (bug === undefined) throw new Error(`--bug is one of ${bugs.join(', ')}`);
  return bug;
}

function toList(text: string): number[] {
  return text === 'none' ? [] : text.split(',').map(Number);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

// Puts figures into the table of the page, and leaves those of other parts as they are.
function writePage(rows: readonly (readonly [string, string])[]): void {
  const page = readFileSync(PAGE, 'utf8');
  const [, part = ''] = page.split('<!-- figures -->');
  // Without the two lines of the head.
  const known = [...part.matchAll(/^\| (\S.*?) +\| +(\S*) \|$/gm)].slice(2);
  const all = new Map([
    ...known.map(([, name = '', value = '']) => [name, value] as const),
    ...rows,
  ]);
  const table = [
    '| what | figure |',
    '| --- | ---: |',
    ...[...all].map(([name, value]) => `| ${name} | ${value} |`),
  ].join('\n');
  const figures = `<!-- figures -->\n\n${table}\n\n${machine()}\n`;
  writeFileSync(PAGE, page.replace(/<!-- figures -->[^]*?(?=\n## |$)/, () => figures));
}
