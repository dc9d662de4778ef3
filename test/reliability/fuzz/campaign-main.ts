// The process of a fuzzer: `campaign-main.ts PLAN FILE`, the plan in JSON, judges one input after the
// other. It writes the seed of each to the file before it begins, so that whoever watches it knows
// at which input it stalled or died, and prints its report.
import { openSync, writeSync } from 'node:fs';
import type { FuzzPlan, FuzzResult } from './run.ts';
import { brokenTargets, targets } from './targets.ts';

/** The memory is looked at after so many inputs. */
const EVERY = 1000;
const MEGABYTE = 2 ** 20;

const { target, first, inputs, memory } = JSON.parse(process.argv[2] ?? '') as FuzzPlan;
const { judge, counts } = { ...targets, ...brokenTargets }[target];
const file = openSync(process.argv[3] ?? '', 'w');
const place = new Uint32Array(1);
// Traces take most of the time, as most inputs end with an error.
const { stackTraceLimit } = Error;
Error.stackTraceLimit = 0;

const start = process.cpuUsage();
let taken = 0;
let peak = 0;
let violation: string | null = null;
let seed = first;
for (; seed < first + inputs && violation === null; seed++) {
  place[0] = seed;
  writeSync(file, place, 0, 4, 0);
  try {
    taken += await judge(seed);
  } catch (error) {
    violation = await explain(error);
  }
  if ((seed - first) % EVERY !== 0) continue;
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  peak = Math.max(peak, heapUsed + arrayBuffers);
  if (peak > memory * MEGABYTE) violation = `it holds ${Math.round(peak / MEGABYTE)} MiB`;
}
// One input may have none of it.
if (violation === null && counts !== null && inputs > 10 && taken < inputs / 10) {
  violation = `only ${taken} were ${counts}`;
}
const { user, system } = process.cpuUsage(start);
const result: FuzzResult = { inputs: seed - first, taken, peak, cpu: user + system, violation };
console.log(JSON.stringify(result));

// The same again, with the place where it happens.
async function explain(error: unknown): Promise<string> {
  Error.stackTraceLimit = stackTraceLimit;
  try {
    await judge(seed);
  } catch (again) {
    return again instanceof Error ? again.stack ?? again.message : String(again);
  }
  return `${String(error)}, and not when it was judged again`;
}
