// Orders of the steps of a cache at random, out of a seed.
import { Random } from '../../../conformance/random.ts';
import type { StageBug } from '../../support/cache-stage.ts';
import { type Beginning, type CallKind, type Incident, Play, type Scene } from './play.ts';

/** What a simulation has found. */
export interface Simulation {
  /** The seed of the scene and of its order. */
  readonly seed: number;
  readonly path: readonly string[];
  readonly violations: readonly string[];
}

/** Plays one order: the same for the same seed. */
export async function simulate(seed: number, bug?: StageBug): Promise<Simulation> {
  const random = new Random(seed);
  const play = new Play({ ...sceneOf(random), seed, bug });
  await play.begin();
  for (let step = 0; step < 80 && play.laws.violations.length === 0; step++) {
    const steps = play.steps;
    if (steps.length === 0) break;
    // What goes wrong is rarer than what goes on.
    const usual = steps.filter((one) => /^(call|deliver|load|tick)/.test(one));
    await play.step(random.pick(usual.length > 0 && random.chance(0.8) ? usual : steps));
  }
  if (play.laws.violations.length === 0) await play.finish();
  return { seed, path: play.path, violations: play.laws.violations };
}

/** The line that plays a seed again. */
export function replayLine({ seed }: Simulation): string {
  return `npm run reliability -- --cache ${seed}`;
}

const beginnings: readonly Beginning[] = ['empty', 'fresh', 'old', 'invalidated'];
const writes: readonly CallKind[] = ['invalidate', 'remove', 'put'];

function sceneOf(random: Random): Scene {
  const calls = (): CallKind[] =>
    Array.from({ length: 1 + random.below(4) }, () => {
      if (random.chance(0.25)) return random.pick(writes);
      return random.chance(0.1) ? 'fresh' : 'fetch';
    });
  const grace = random.pick([0, 1, 4, 30]);
  const text = random.chance(0.1);
  const incidents: [Incident, number][] = [
    ['lose', 2],
    ['cut', 2],
    ['crash', 1],
    ['throw', 2],
    ['tick', 30],
    ['almost', 1],
    ['lease', 2],
    ['ttl', 1],
    ['grace', grace === 0 ? 0 : 1],
    ['evict', 2],
    ['restart', 1],
    ['move', 1],
    ['jump', 1],
  ];
  return {
    beginning: grace === 0 || text ? 'empty' : random.pick(beginnings),
    scripts: Array.from({ length: 2 + random.below(3) }, calls),
    parallel: random.chance(0.5),
    text,
    policy: {
      ttl: random.pick([2, 8, 100]),
      // In text a second item says whether the value is fresh, and promises less.
      grace: text ? 0 : grace,
      refreshAhead: text ? 0 : random.pick([0, 0, 1]),
      lease: random.pick([1, 2, 5]),
      wait: random.pick([0, 100, 1000]),
      softTimeout: random.pick([0, 100]),
      errorBackoff: random.pick([0, 1]),
      jitter: random.pick([0, 0.2]),
    },
    incidents: Object.fromEntries(incidents.filter(() => random.chance(0.4))),
  };
}
