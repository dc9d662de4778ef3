import { join } from 'node:path';
import { clients, OURS } from './clients/adapters.ts';
import type { Load } from './clients/loads.ts';
import { sockets } from './clients/runner.ts';
import type { Measured, WorkReport, WorkRequest } from './clients/worker.ts';
import type { Cores } from './cores.ts';
import { runProgram } from './run-program.ts';
import { median, ratios } from './sample.ts';
import { startServer } from './server-process.ts';

const WORKER = join(import.meta.dirname, 'clients/worker.ts');

/** The clients of others. */
export const peers: readonly string[] = clients.filter((name) => !name.startsWith(OURS));

/** All that is measured: our client, the others, the bare sockets. */
export const subjects: readonly string[] = [...clients, ...sockets];

/** How all of them are measured. Times are in seconds, as in a `WorkRequest`. */
export interface Plan extends Omit<WorkRequest, 'name' | 'ports'> {
  readonly rounds: number;
  /** The memory of memcached in megabytes, and more of its options. */
  readonly memory: number;
  readonly options: readonly string[];
}

/** A fresh process for each of them in each round. They take turns, each round from another on. */
export async function play(cores: Cores, plan: Plan): Promise<Runs> {
  const { rounds, memory, options, ...work } = plan;
  const reports = new Map<string, WorkReport[]>(subjects.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // To the terminal alone: minutes go by before the first table.
    console.error(`clients, ${cores.name}: round ${round + 1} of ${rounds}`);
    const server = await startServer('memcached', memory, cores.server, options);
    try {
      for (const name of [...subjects.slice(round), ...subjects.slice(0, round)]) {
        const request: WorkRequest = { name, ports: [server.port], ...work };
        reports.get(name)!.push(await runProgram<WorkReport>(WORKER, request, cores.load));
      }
    } finally {
      await server.stop();
    }
  }
  return new Runs(cores, plan.loads, reports);
}

/** What came of it. */
export class Runs {
  readonly cores: Cores;
  readonly loads: readonly Load[];
  readonly #reports: ReadonlyMap<string, readonly WorkReport[]>;

  constructor(
    cores: Cores,
    loads: readonly Load[],
    reports: ReadonlyMap<string, readonly WorkReport[]>,
  ) {
    this.cores = cores;
    this.loads = loads;
    this.#reports = reports;
  }

  /** What was measured in each round; nothing for a load that the client cannot do. */
  each(name: string, load: string, what: keyof Measured): number[] {
    return this.#of(name).flatMap(({ results }) => results[load]?.[what] ?? []);
  }

  /** The median of that; NaN where there is nothing. */
  middle(name: string, load: string, what: keyof Measured): number {
    return median(this.each(name, load, what));
  }

  /** The most memory its process had in any round, in bytes. */
  peak(name: string): number {
    return Math.max(...this.#of(name).map(({ peak }) => peak));
  }

  /** Which of some has the best median. */
  fastest(among: readonly string[], load: string): string {
    const rate = (name: string): number => this.middle(name, load, 'rate') || 0;
    return among.reduce((best, name) => rate(name) > rate(best) ? name : best);
  }

  /** How many times as fast one is as another: the median of the rounds. */
  times(name: string, other: string, load: string): number {
    return median(ratios(this.each(name, load, 'rate'), this.each(other, load, 'rate')));
  }

  #of(name: string): readonly WorkReport[] {
    return this.#reports.get(name) ?? [];
  }
}
