// One client in a process of its own, so that none pays for what another left behind:
// `worker.ts <Opening as JSON>`. Reads an Ask a line and answers each with a line of JSON. The
// client stays warm in between, so that several can take turns at one load.
import { createInterface } from 'node:readline';
import { keysEach, type Load } from './loads.ts';
import { type Opening, openRunner, type Run } from './runner.ts';

/** What is to be done, for so many seconds: give a load a warm-up, then measure the same load. */
export type Ask =
  | { readonly ask: 'load'; readonly load: Load; readonly seconds: number }
  | { readonly ask: 'measure' | 'heap'; readonly seconds: number }
  | { readonly ask: 'peak' };

/** The answers: whether the client can do the load, what was measured, bytes. */
export interface Answers {
  readonly load: boolean;
  readonly measure: Measured;
  /** Bytes of the JavaScript heap allocated for each operation; for each key of getMany. */
  readonly heap: number;
  /** The most memory the process had, in bytes. */
  readonly peak: number;
}

/** What a load came to, for each operation; for each key of getMany. */
export interface Measured {
  /** How many were done. */
  readonly count: number;
  /** In a second. */
  readonly rate: number;
  /** Processor time of this process, in microseconds. */
  readonly cpu: number;
  /** The part of it outside the kernel: what the client's own code costs. */
  readonly user: number;
}

const opening = JSON.parse(process.argv[2] ?? '') as Opening;
const runner = await openRunner(opening);
let run: Run = () => Promise.resolve(0);
let keys = 1;

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Ask))}\n`);
}
await runner.close();
// Some clients leave timers behind.
process.exit(0);

async function answer(asked: Ask): Promise<Answers[Ask['ask']]> {
  switch (asked.ask) {
    case 'load':
      return await prepare(asked.load, asked.seconds);
    case 'measure':
      return await measure(asked.seconds);
    case 'heap':
      return await allocated(asked.seconds);
    case 'peak':
      return process.resourceUsage().maxRSS * 1024;
  }
}

async function prepare(load: Load, seconds: number): Promise<boolean> {
  if (!runner.can(load)) return false;
  const start = performance.now();
  keys = keysEach(load);
  run = await runner.prepare(load);
  await run(seconds - (performance.now() - start) / 1000);
  return true;
}

async function measure(seconds: number): Promise<Measured> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const done = await run(seconds) * keys;
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { count: done, rate: done / elapsed, cpu: (user + system) / done, user: user / done };
}

// What is in use before a collection is what the one before it left and what was allocated since.
async function allocated(seconds: number): Promise<number> {
  // Bun has it not.
  const { GCProfiler, getHeapStatistics } = await import('node:v8');
  const profiler = new GCProfiler();
  let bytes = -getHeapStatistics().used_heap_size;
  profiler.start();
  const done = await run(seconds) * keys;
  bytes += getHeapStatistics().used_heap_size;
  for (const { beforeGC, afterGC } of profiler.stop().statistics) {
    bytes += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize;
  }
  return bytes / done;
}
