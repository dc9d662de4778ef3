// One client under some loads: `worker.ts <WorkRequest as JSON>` prints a WorkReport as JSON. A
// process of its own, so that no client pays for what another one left behind.
import { GCProfiler, getHeapStatistics } from 'node:v8';
import { keysEach, type Load } from './loads.ts';
import { openRunner, type Run, type Runner } from './runner.ts';

export interface WorkRequest {
  /** The client, or the socket. */
  readonly name: string;
  /** Of the servers. */
  readonly ports: readonly number[];
  readonly loads: readonly Load[];
  /** Those that run before anything is measured: few operations a second are compiled late. */
  readonly before: readonly Load[];
  /** How long these run, storing their items included; each load then again half as long. */
  readonly warmUp: number;
  /** How long it is measured. */
  readonly seconds: number;
  /** How long it then runs to see what it allocates; 0: not at all. */
  readonly heapSeconds: number;
}

/** What one load came to, for each operation; for each key of getMany. */
export interface Measured {
  /** In a second. */
  readonly rate: number;
  /** Processor time of this process, in microseconds. */
  readonly cpu: number;
  /** Bytes of the JavaScript heap that it allocates; null where that was not looked at. */
  readonly heap: number | null;
}

export interface WorkReport {
  /** By the names of the loads: those that the client can do. */
  readonly results: Readonly<Record<string, Measured>>;
  /** The most memory the process had, in bytes. */
  readonly peak: number;
}

async function warm(runner: Runner, load: Load, seconds: number): Promise<Run> {
  const start = performance.now();
  const run = await runner.prepare(load);
  await run(seconds - (performance.now() - start) / 1000);
  return run;
}

async function measure(runner: Runner, load: Load, request: WorkRequest): Promise<Measured> {
  const run = await warm(runner, load, request.warmUp / 2);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const done = await run(request.seconds) * keysEach(load);
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { heapSeconds } = request;
  return {
    rate: done / elapsed,
    cpu: (user + system) / done,
    heap: heapSeconds > 0 ? await allocated(run, heapSeconds) / keysEach(load) : null,
  };
}

// Bytes for each operation: what is in use before a collection is what the one before it left and
// what was allocated since.
async function allocated(run: Run, seconds: number): Promise<number> {
  const profiler = new GCProfiler();
  let bytes = -getHeapStatistics().used_heap_size;
  profiler.start();
  const done = await run(seconds);
  bytes += getHeapStatistics().used_heap_size;
  for (const { beforeGC, afterGC } of profiler.stop().statistics) {
    bytes += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize;
  }
  return bytes / done;
}

const request = JSON.parse(process.argv[2] ?? '') as WorkRequest;
const runner = await openRunner(request.name, request.ports);
const { loads, before, warmUp } = request;
const results: Record<string, Measured> = {};
for (const load of before) {
  if (runner.can(load)) await warm(runner, load, warmUp);
}
for (const load of loads) {
  if (runner.can(load)) results[load.name] = await measure(runner, load, request);
}
await runner.close();
const report: WorkReport = { results, peak: process.resourceUsage().maxRSS * 1024 };
process.stdout.write(JSON.stringify(report));
// Some clients leave timers behind.
process.exit(0);
