// Runs a fuzzer in a process with a limited heap, and watches its progress.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundle } from '../../../bench/bundle.ts';
import { temporaryFile } from '../../support/temporary.ts';
import { brokenTargets, type TargetName, targets } from './targets.ts';

/** What to do. */
export interface FuzzPlan {
  readonly target: TargetName;
  /** The first seed; each input has its own. */
  readonly first: number;
  readonly inputs: number;
  /** What the inputs may hold, in MiB: the limit of the heap, and of the heap with all buffers. */
  readonly memory: number;
}

/** What the process of a fuzzer reports. */
export interface FuzzResult {
  readonly inputs: number;
  /** How many there were of what the target counts. */
  readonly taken: number;
  /** Bytes of the heap and the buffers together, at most, garbage included. */
  readonly peak: number;
  /** Microseconds of CPU. */
  readonly cpu: number;
  /** Which law the last input broke, if it did. */
  readonly violation: string | null;
}

/** The memory that the long and the short form allow. */
export const MEMORY = 128;

/**
 * Milliseconds of CPU without progress after which an input counts as one that never ends: on a busy
 * machine the process may wait for long.
 */
const STALL = 1000;

/** Judges inputs until one breaks a law. A violation has the line that judges it again. */
export async function fuzzApart(plan: FuzzPlan): Promise<FuzzResult> {
  const campaign = new Campaign(plan);
  const result = await campaign.result;
  const { seed } = campaign;
  if (result === null) {
    const violation = campaign.isStalled
      ? `no progress within ${STALL} ms`
      : `its process died, as one whose heap grows beyond ${plan.memory} MiB does`;
    const inputs = seed - plan.first;
    return { inputs, taken: 0, peak: 0, cpu: 0, violation: toText(plan, seed, violation) };
  }
  const { violation } = result;
  return violation === null ? result : { ...result, violation: toText(plan, seed, violation) };
}

/** The figures of a fuzzer, and the laws that it broke. */
export interface FuzzReport {
  readonly figures: readonly (readonly [name: string, value: number])[];
  readonly violations: readonly string[];
}

/** Judges so many inputs of each decoder and each connection. */
export async function fuzzAll(inputs: number, first: number): Promise<FuzzReport> {
  const figures: [string, number][] = [];
  const violations: string[] = [];
  for (const target of Object.keys(targets) as (keyof typeof targets)[]) {
    const result = await fuzzApart({
      target,
      first,
      inputs: sizeOf(target, inputs),
      memory: MEMORY,
    });
    figures.push([`${target}: inputs`, result.inputs]);
    const { counts } = targets[target];
    if (counts !== null) figures.push([`${target}: ${counts}`, result.taken]);
    figures.push([`${target}: seconds of CPU`, result.cpu / 1e6]);
    figures.push([`${target}: MiB of memory at most`, result.peak / 2 ** 20]);
    if (result.violation !== null) violations.push(result.violation);
  }
  return { figures, violations };
}

/** The streams of a page take ten times as long as others. */
export function sizeOf(target: TargetName, inputs: number): number {
  return target === 'frames' ? Math.ceil(inputs / 10) : inputs;
}

/** Judges one input again: `client:1234`. */
export async function fuzzOne(input: string): Promise<string> {
  const [name = '', seed = ''] = input.split(':');
  if (!(name in targets)) throw new Error(`there is no ${name}`);
  const plan = { target: name as TargetName, first: Number(seed), inputs: 1, memory: MEMORY };
  return (await fuzzApart(plan)).violation ?? 'no law is broken';
}

function toText({ target }: FuzzPlan, seed: number, violation: string): string {
  const { describe } = { ...targets, ...brokenTargets }[target];
  return `${target}, input ${seed}: ${violation}\n${describe(seed)}\n` +
    `npm run reliability -- --input ${target}:${seed}`;
}

/** The process of a fuzzer. */
class Campaign {
  /** Its report; null if it stalled or died. */
  readonly result: Promise<FuzzResult | null>;
  /** Whether it was killed since it made no progress. */
  isStalled = false;
  readonly #file = temporaryFile('seed', '');
  readonly #first: number;

  constructor(plan: FuzzPlan) {
    this.#first = plan.first;
    this.result = this.#run(plan);
  }

  /** The seed of the input that it judged last. */
  get seed(): number {
    return this.#progress ?? this.#first;
  }

  get #progress(): number | null {
    const data = readFileSync(this.#file);
    return data.length < 4 ? null : data.readUInt32LE();
  }

  async #run(plan: FuzzPlan): Promise<FuzzResult | null> {
    const child = spawn(process.execPath, [
      `--max-old-space-size=${plan.memory}`,
      bundle(join(import.meta.dirname, 'campaign-main.ts')),
      JSON.stringify(plan),
      this.#file,
    ], { stdio: ['ignore', 'pipe', 'ignore'] });
    let seen: number | null = null;
    let since = 0;
    const watchdog = setInterval(() => {
      const progress = this.#progress;
      const now = cpuOf(child);
      if (progress !== seen) since = now;
      seen = progress;
      if (seen === null || now - since < STALL) return;
      this.isStalled = true;
      child.kill('SIGKILL');
    }, STALL / 10);
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    clearInterval(watchdog);
    return printed === '' ? null : JSON.parse(printed) as FuzzResult;
  }
}

/** Milliseconds of CPU that a process has used; where the system does not say, the time. */
function cpuOf({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    // In user mode and in the kernel, in hundredths of a second.
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return performance.now();
  }
}
