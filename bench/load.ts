// The process that puts load on a server: `load.ts <LoadRequest as JSON>` prints LoadResult[] as
// JSON. A process of its own, so that it can be kept off the server's processor.
import { Driver } from './driver.ts';
import { fillScript, type Items, loadScript, type ScriptName } from './script.ts';
import { cpuSeconds } from './server-process.ts';

export interface LoadRequest {
  readonly port: number;
  /** The server's process, whose use of the processor is measured. */
  readonly pid: number;
  readonly items: Items;
  readonly scripts: readonly ScriptName[];
  /** How many commands a script has before it repeats. */
  readonly length: number;
  readonly inFlight: number;
  /** How long to measure each script, after a lap that is not counted. */
  readonly seconds: number;
}

export interface LoadResult {
  readonly script: ScriptName;
  /** Commands in a second. */
  readonly rate: number;
  /** Processor time of the server for each command, in microseconds. */
  readonly cost: number;
  /** The share of its time in which the load's own process was busy: near 1 it is what limits. */
  readonly busy: number;
}

const FILL_IN_FLIGHT = 1000;
// All of ten million would not fit into a buffer.
const FILL_STEP = 1_000_000;

async function load(request: LoadRequest): Promise<LoadResult[]> {
  const driver = await Driver.open(request.port);
  const { items } = request;
  for (let from = 0; from < items.keys; from += FILL_STEP) {
    const fill = fillScript(items, from, Math.min(items.keys, from + FILL_STEP));
    const inFlight = Math.min(FILL_IN_FLIGHT, fill.count);
    await driver.run(fill, inFlight, () => driver.answered >= fill.count);
  }
  const results: LoadResult[] = [];
  for (const script of request.scripts) results.push(await measure(driver, request, script));
  driver.close();
  return results;
}

async function measure(
  driver: Driver,
  { pid, items, length, inFlight, seconds }: LoadRequest,
  name: ScriptName,
): Promise<LoadResult> {
  const script = loadScript(name, items, length);
  const state = (): { time: number; answered: number; server: number; own: number } => ({
    time: performance.now() / 1000,
    answered: driver.answered,
    server: cpuSeconds(pid),
    own: cpuSeconds(process.pid),
  });
  let start: ReturnType<typeof state> | null = null;
  let end: ReturnType<typeof state> | null = null;
  await driver.run(script, inFlight, () => {
    if (end !== null) return true;
    if (start === null) {
      if (driver.answered >= script.count) start = state();
    } else if (performance.now() / 1000 - start.time >= seconds) {
      end = state();
    }
    return end !== null;
  });
  const [from, to] = [start ?? state(), end ?? state()];
  const count = to.answered - from.answered;
  return {
    script: name,
    rate: count / (to.time - from.time),
    cost: (to.server - from.server) * 1e6 / count,
    busy: (to.own - from.own) / (to.time - from.time),
  };
}

console.log(JSON.stringify(await load(JSON.parse(process.argv[2] ?? '') as LoadRequest)));
