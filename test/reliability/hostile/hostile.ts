// What hostile peers of a bridge cost others: the time of a page's calls beside each kind of them and
// without, in phases that take turns, with memcached, the bridge and the peers in processes of their
// own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { Endpoint } from '../../../core/io/transport.ts';
import {
  type HostileKind,
  hostileKinds,
  hostileToken,
  origin,
  startHostile,
} from '../../support/hostile.ts';
import { findProgram, startMemcached } from '../../support/memcached.ts';
import { RawPage } from '../../support/raw-page.ts';
import type { FuzzReport } from '../fuzz/run.ts';

const bin = (name: string): string => join(import.meta.dirname, '../../../node_modules/.bin', name);
const runtimes: Readonly<Record<string, readonly string[]>> = {
  // As docs/bridge.md says for pages that store large values.
  Node: [process.execPath, '--initial-old-space-size=128', '--import', 'tsx'],
  Deno: [bin('deno'), 'run', '--allow-all'],
  Bun: [bin('bun')],
};

/** The calls of a phase. */
const CALLS = 200;
/** The calls before them that are not counted. */
const WARM_UP = 20;
/** Milliseconds between them, so that the page stays within the rate that every page has. */
const REST = 2;
/** How many times as long the calls of others may take, in 99 of 100 cases. */
const RATIO = 2;
/**
 * How much more memory a bridge may have in the second half of the rounds than in the first, in MiB.
 * How much that is at all depends on when a runtime gives back the memory of buffers.
 */
const GROWTH = 128;

/** Measures so many pairs of phases for each kind of peer, on each runtime. */
export async function measureHostile(
  rounds: number,
  names: readonly string[] = Object.keys(runtimes),
  kinds: readonly HostileKind[] = hostileKinds,
): Promise<FuzzReport> {
  const program = findProgram('memcached');
  if (program === null) throw new Error('there is no memcached');
  const memcached = await startMemcached(program);
  const figures: (readonly [string, number])[] = [];
  const violations: string[] = [];
  try {
    for (const runtime of names) {
      for (const kind of kinds) {
        const found = await measureKind(rounds, runtime, kind, memcached.endpoint);
        figures.push(...found.figures);
        violations.push(...found.violations);
      }
    }
  } finally {
    await memcached.stop();
  }
  return { figures, violations };
}

async function measureKind(
  rounds: number,
  runtime: string,
  kind: HostileKind,
  upstream: Endpoint,
): Promise<FuzzReport> {
  const bridge = await BridgeProcess.start(runtime, upstream);
  const other = await BridgeProcess.start(runtime, upstream);
  const [page, idle] = [await bridge.open(), await other.open()];
  await measure(page, CALLS);
  const before = await bridge.memory();
  const peaks: number[] = [];
  const attack = async (attacked: BridgeProcess): Promise<number[]> => {
    const peers = await startHostile(process.execPath, attacked.port, [kind]);
    const times = await measure(page, CALLS);
    if (attacked === bridge) peaks.push(await bridge.memory());
    peers.kill('SIGKILL');
    await once(peers, 'exit');
    await attacked.settle();
    // What they left behind is cleared away, and is nobody's figure.
    await measure(page, CALLS);
    return times;
  };
  const quiet: number[] = [];
  const elsewhere: number[] = [];
  const beside: number[] = [];
  for (let round = 0; round < rounds; round++) {
    quiet.push(...await measure(page, CALLS));
    elsewhere.push(...await attack(other));
    beside.push(...await attack(bridge));
  }
  for (const one of [page, idle]) one.leave();
  for (const one of [bridge, other]) one.stop();
  const name = `${runtime}, ${kind}`;
  const without = percentile(quiet);
  const apart = percentile(elsewhere);
  const p99 = percentile(beside);
  const most = (from: number, to: number): number =>
    (Math.max(0, ...peaks.slice(from, to)) - before) / 2 ** 20;
  const violations: string[] = [];
  if (p99 > RATIO * Math.max(without, apart)) {
    violations.push(`${name}: ${p99} ms, ${without} without and ${apart} at another bridge`);
  }
  const half = Math.ceil(rounds / 2);
  const growth = most(half, rounds) - most(0, half);
  if (growth > GROWTH) violations.push(`${name}: ${growth} MiB more in the second half`);
  return {
    figures: [
      [`${name}: p99 without, in microseconds`, 1000 * without],
      [`${name}: p99 with them at another bridge`, 1000 * apart],
      [`${name}: p99 beside them`, 1000 * p99],
      [`${name}: MiB of memory more`, most(0, rounds)],
    ],
    violations,
  };
}

/** The milliseconds that each of so many calls took, once the processes have woken up. */
async function measure(page: RawPage, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = -WARM_UP; i < calls; i++) {
    await wait(REST);
    const start = performance.now();
    page.send('mn\r\n');
    const said = await Promise.race([page.hears(), page.gone.then(() => 'closed')]);
    if (said !== 'MN\r\n') throw new Error(`a call of a page that does no harm: ${said}`);
    if (i >= 0) times.push(performance.now() - start);
  }
  return times;
}

function percentile(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? 0;
}

/** A bridge in a process of a runtime. */
class BridgeProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  private constructor(child: ChildProcess, lines: Interface, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  static async start(runtime: string, upstream: Endpoint): Promise<BridgeProcess> {
    if (!('port' in upstream)) throw new Error('a bridge is given a host and a port');
    const [program = '', ...args] = runtimes[runtime] ?? [];
    const main = join(import.meta.dirname, 'bridge-main.ts');
    const child = spawn(program, [...args, main, upstream.host, String(upstream.port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const [port] = await once(lines, 'line') as [string];
    return new BridgeProcess(child, lines, Number(port));
  }

  open(): Promise<RawPage> {
    const protocols = ['memcached', `bearer.${hostileToken}`];
    return RawPage.open(this.port, { headers: { Origin: origin }, protocols });
  }

  /** The bytes of memory that it has. */
  async memory(): Promise<number> {
    return (await this.#ask())[0] ?? 0;
  }

  /** Waits until one socket is open, that of the page which does no harm. */
  async settle(): Promise<void> {
    while ((await this.#ask())[1] !== 1);
  }

  async #ask(): Promise<number[]> {
    const line = once(this.#lines, 'line') as Promise<[string]>;
    this.#child.stdin?.write('\n');
    return (await line)[0].split(' ').map(Number);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
