import { spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { type Bug, type Report, runFleet } from './fleet/fleet.ts';
import { replayLine, shrink } from './fleet/shrink.ts';
import type { TraceEvent } from './fleet/trace.ts';

// Law: whatever fails in a fleet, every call ends once, by its deadline, with a true outcome, and
// the calls to each item are linearizable. `npm run reliability` runs many more seeds.

const fleet = suite('reliability: simulated fleets');

const SEEDS = 16;
const CALLS = 400;

fleet(`${SEEDS} seeds break no law`, async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const report = await runFleet({ seed, calls: CALLS });
    assert.ok(report.commands >= CALLS);
    if (report.violations.length > 0) {
      broken.push(`${replayLine(report.plan)}\n${report.violations.join('\n')}`);
    }
  }
  assert.equal(broken, []);
});

fleet('a seed gives the same trace twice', async () => {
  for (const seed of [2, 9, 30]) {
    const traces: string[][] = [];
    const reports: Report[] = [];
    for (let i = 0; i < 2; i++) {
      const trace: string[] = [];
      reports.push(await runFleet({ seed, calls: CALLS }, (text) => trace.push(text)));
      traces.push(trace);
    }
    assert.ok(traces[0]!.length > 2 * 100);
    assert.equal(traces[0], traces[1]);
    assert.equal(reports[0], reports[1]);
  }
});

fleet('a run that is watched is the same, and shows each call, packet and fault', async () => {
  const plan = { seed: 9, calls: CALLS };
  const events: TraceEvent[] = [];
  const report = await runFleet(plan, null, (_at, event) => events.push(event));
  assert.equal(report, await runFleet(plan));
  const numbers = (type: 'call' | 'ended' | 'sent' | 'arrived' | 'fault'): number =>
    events.filter((event) => event.type === type).length;
  assert.ok(numbers('call') > 50);
  assert.is(numbers('call'), numbers('ended'));
  assert.ok(numbers('sent') > numbers('call'));
  assert.is(numbers('fault'), report.faults);
  const items = events.flatMap((event) => event.type === 'call' ? event.call.items : []);
  const registers = new Set(items.map(({ register }) => register));
  assert.is(items.length, report.commands);
  for (const event of events) {
    if (event.type === 'history') assert.ok(registers.has(event.register), event.register);
  }
});

// On Node itself this would compare a trace with itself.
if ('Deno' in globalThis || 'Bun' in globalThis) {
  fleet('a seed gives the trace that it gives on Node', async () => {
    const fleetModule = new URL('./fleet/fleet.ts', import.meta.url).href;
    const script = `import { runFleet } from '${fleetModule}';
      for (const seed of [2, 9, 30]) console.log((await runFleet({ seed, calls: 200 })).digest);`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const { stdout, stderr } = spawnSync('node', args, { encoding: 'utf8' });
    const digests: number[] = [];
    for (const seed of [2, 9, 30]) digests.push((await runFleet({ seed, calls: 200 })).digest);
    assert.is(stdout, `${digests.join('\n')}\n`, stderr);
  });
}

fleet('another seed gives another trace', async () => {
  const digests = new Set<number>();
  for (let seed = 1; seed <= 5; seed++) digests.add((await runFleet({ seed, calls: 50 })).digest);
  assert.is(digests.size, 5);
});

// What each bug shows itself by.
const bugs: readonly (readonly [bug: Bug, shows: RegExp])[] = [
  ['deaf', /at least was due/],
  ['forget', /no order explains|under one lease/],
  ['late', /after its deadline/],
  ['lie', /its call says that it was not|calls say|no order explains/],
  ['repeat', /ProtocolError|was done 2 times|no order explains/],
];

for (const [bug, shows] of bugs) {
  fleet(`the bug "${bug}" is found`, async () => {
    const report = await firstBroken(bug);
    assert.match(report.violations.join('\n'), shows);
  });
}

fleet('a run that fails is made short, and its line runs it again', async () => {
  const report = await firstBroken('forget');
  const short = await shrink(report, 40);
  assert.ok(short.commands < report.commands / 2, `${short.commands} of ${report.commands}`);
  assert.ok(short.violations.length > 0);
  const again = await runFleet(short.plan);
  assert.equal(again, short);
  assert.match(replayLine(short.plan), new RegExp(`--seed ${short.plan.seed} --calls \\d+`));
});

async function firstBroken(bug: Bug): Promise<Report> {
  for (let seed = 1; seed <= 60; seed++) {
    const report = await runFleet({ seed, calls: CALLS, bug });
    if (report.violations.length > 0) return report;
  }
  throw new Error(`no seed has found ${bug}`);
}

fleet.run();
