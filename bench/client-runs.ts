import type { Load } from './clients/loads.ts';
import type { Measured } from './clients/worker.ts';
import type { Cores } from './cores.ts';
import { median, ratios } from './sample.ts';
import { startServer } from './server-process.ts';
import { type Runtime, Subject } from './subject.ts';

/** What is measured: a client by its name in `clients/adapters.ts`, and what runs it. */
export interface Contender {
  readonly title: string;
  readonly name: string;
  /** Node by default. */
  readonly runtime?: Runtime;
}

/** The same under their own names, on Node. */
export function contenders(names: readonly string[]): Contender[] {
  return names.map((name) => ({ title: name, name }));
}

/** How all of them are measured. Times are in seconds. */
export interface Plan {
  readonly contenders: readonly Contender[];
  readonly loads: readonly Load[];
  /** Those that run before anything is measured: few operations a second are compiled late. */
  readonly before: readonly Load[];
  /** How long each of these runs. */
  readonly warmUp: number;
  /** How long each load runs before it is measured. */
  readonly settle: number;
  /** How often all take turns at a load in a round, and for how long. */
  readonly turns: number;
  readonly seconds: number;
  /** How long each load then runs to see what it allocates; 0: not at all. */
  readonly heapSeconds: number;
  /** How often all of it is done, with fresh processes. */
  readonly rounds: number;
  /** The memory of memcached in megabytes, and more of its options. */
  readonly memory: number;
  readonly options: readonly string[];
}

/** Each has so many keys for itself, which is more than any load has. */
const KEYS = 10_000;

/** Measures all of them. They take turns at each load, each round from another on. */
export async function play(cores: Cores, plan: Plan): Promise<Runs> {
  const runs = new Runs(cores, plan.loads);
  const { contenders: all, rounds } = plan;
  for (let round = 0; round < rounds; round++) {
    // To the terminal alone: minutes go by before the first table.
    console.error(
      `${all[0]!.title} to ${all.at(-1)!.title}, ${cores.name}: round ${round + 1} of ${rounds}`,
    );
    const server = await startServer('memcached', plan.memory, cores.server, plan.options);
    const first = round % all.length;
    const open = [...all.slice(first), ...all.slice(0, first)].map((one, i): [string, Subject] => {
      const opening = { name: one.name, ports: [server.port], firstKey: i * KEYS };
      return [one.title, new Subject(opening, cores.load, one.runtime)];
    });
    try {
      await playRound(open, plan, runs);
    } finally {
      for (const [, subject] of open) await subject.close();
      await server.stop();
    }
  }
  return runs;
}

async function playRound(
  open: readonly (readonly [string, Subject])[],
  { loads, before, warmUp, settle, turns, seconds, heapSeconds }: Plan,
  runs: Runs,
): Promise<void> {
  for (const [, subject] of open) {
    for (const load of before) await subject.load(load, warmUp);
  }
  for (const load of loads) {
    const able: (readonly [string, Subject])[] = [];
    for (const one of open) {
      if (await one[1].load(load, settle)) able.push(one);
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const [name, subject] of able) {
        runs.add(name, load, await subject.measure(seconds));
      }
    }
    if (heapSeconds === 0) continue;
    for (const [name, subject] of able) {
      runs.add(name, load, { heap: await subject.heap(heapSeconds) });
    }
  }
  for (const [name, subject] of open) runs.addPeak(name, await subject.peak());
}

/** What is known of an operation: see `Measured`, and bytes of heap. */
type Figures = Measured & { readonly heap: number };

/** What came of it. */
export class Runs {
  readonly cores: Cores;
  readonly loads: readonly Load[];
  readonly #found: Map<string, number[]> = new Map();
  readonly #peaks: Map<string, number> = new Map();

  constructor(cores: Cores, loads: readonly Load[]) {
    this.cores = cores;
    this.loads = loads;
  }

  add(name: string, load: Load, figures: Partial<Figures>): void {
    for (const [what, figure] of Object.entries(figures)) {
      const key = `${name}: ${load.name}: ${what}`;
      this.#found.set(key, [...this.#found.get(key) ?? [], figure]);
    }
  }

  addPeak(name: string, bytes: number): void {
    this.#peaks.set(name, Math.max(bytes, this.peak(name)));
  }

  /** What was measured in each turn; nothing for a load that the client cannot do. */
  each(name: string, load: string, what: keyof Figures): readonly number[] {
    return this.#found.get(`${name}: ${load}: ${what}`) ?? [];
  }

  /** The median of that; NaN where there is nothing. */
  middle(name: string, load: string, what: keyof Figures): number {
    return median(this.each(name, load, what));
  }

  /** The most memory its process had in any round, in bytes. */
  peak(name: string): number {
    return this.#peaks.get(name) ?? 0;
  }

  /** Which of some has the best median. */
  fastest(among: readonly string[], load: string): string {
    const rate = (name: string): number => this.middle(name, load, 'rate') || 0;
    return among.reduce((best, name) => rate(name) > rate(best) ? name : best);
  }

  /** How many times the rate, or the cost, of another one has: the median of the turns. */
  times(name: string, other: string, load: string, what: keyof Figures = 'rate'): number {
    return median(ratios(this.each(name, load, what), this.each(other, load, what)));
  }
}
