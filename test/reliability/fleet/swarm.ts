// What a simulation is made of, by its seed: each run has some of the faults, clients and commands.
import { Random } from '../../../conformance/random.ts';
import type { HashSchemeName } from '../../../core/client/hashing/schemes.ts';
import type { Conditions } from './network.ts';

/** What can go wrong. */
export const faultKinds = [
  'clock',
  'crash',
  'cut',
  'cut-dial',
  'drip',
  'evict',
  'freeze-client',
  'freeze-server',
  'half-open',
  'kill-client',
  'mute-dial',
  'one-way',
  'partition',
  'power-off',
  'shutdown',
  'silence',
  'slow-network',
  'slow-reader',
  'version',
] as const;
export type FaultKind = typeof faultKinds[number];

/** What callers do. */
export const callKinds = [
  'add',
  'append',
  'cas',
  'decr',
  'delete',
  'deleteMany',
  'gat',
  'get',
  'getMany',
  'gets',
  'incr',
  'prepend',
  'quietDelete',
  'quietSet',
  'replace',
  'set',
  'setEmpty',
  'setMany',
  'touch',
] as const;
export type CallKind = typeof callKinds[number];

/** A client of the fleet, which is a process with callers. */
export interface ClientPlan {
  readonly kind: 'single' | 'pooled' | 'hash';
  /** Each caller retries. */
  readonly retries: boolean;
  /** Reads that miss go to another cache. `copies`: and bring back what they find. */
  readonly fallback: 'no' | 'reads' | 'copies';
  readonly dialect: 'auto' | 'meta' | 'text';
  /** The server of a client that has one. */
  readonly server: number;
  readonly callers: number;
  readonly poolSize: number;
  readonly scheme: HashSchemeName;
  /** Keys of a dead server go to others. */
  readonly moves: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  /** The most microseconds between two calls of a caller. */
  readonly pause: number;
  /** The probability that a call is given up by its caller. */
  readonly aborts: number;
}

/** What a run is made of. */
export interface Swarm {
  readonly conditions: Conditions;
  readonly servers: number;
  /** Bytes. */
  readonly memory: number;
  readonly keys: number;
  /** The longest value, in bytes. */
  readonly maxValue: number;
  readonly clients: readonly ClientPlan[];
  readonly calls: readonly CallKind[];
  readonly expires: boolean;
  readonly faults: readonly FaultKind[];
  /** The mean of the microseconds between two faults. */
  readonly faultEvery: number;
}

/** A stream of random choices of its own for each part, so that leaving one out spares the others. */
export function stream(seed: number, part: string, index = 0): Random {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ index, 0x85ebca6b);
  return new Random(hash ^ (hash >>> 13));
}

/** The swarm of a seed. */
export function swarmOf(seed: number): Swarm {
  const random = stream(seed, 'swarm');
  const faults = random.chance(0.1) ? [] : some(random, faultKinds, 0.3);
  const servers = random.pick([1, 2, 3, 5]);
  const latency = random.pick([20, 100, 500, 5000]);
  const pause = random.pick([0, 500, 5000, 100_000]);
  const clients = Array.from(
    { length: 1 + random.below(6) },
    () => planClient(random, servers, faults.includes('version'), pause),
  );
  const callers = clients.reduce((sum, one) => sum + one.callers, 0);
  return {
    conditions: {
      latency,
      jitter: random.pick([0, latency, latency * 10]),
      capacity: random.pick([512, 16 * 1024, 256 * 1024]),
    },
    servers,
    memory: random.pick([64, 256, 1024]) * 1024,
    // A few callers at most are to be at one key, as that is what the checker can afford.
    keys: Math.max(4, Math.ceil(callers * random.pick([0.5, 2, 10]))),
    maxValue: random.pick([0, 0, 100, 3000, 40_000]),
    clients,
    calls: ['get', 'set', ...some(random, callKinds, 0.5)],
    // An item lives by its server's time of day, which is then no measure.
    expires: !faults.includes('clock') && random.chance(0.4),
    faults,
    faultEvery: random.pick([5_000, 50_000, 500_000]) * (pause > 10_000 ? 10 : 1),
  };
}

function planClient(
  random: Random,
  servers: number,
  mayBeOld: boolean,
  pause: number,
): ClientPlan {
  const kind = random.pick(['single', 'pooled', 'hash'] as const);
  const moves = kind === 'hash' && random.chance(0.3);
  const dialect = random.pick(
    mayBeOld ? ['auto', 'text'] as const : ['auto', 'meta', 'text'] as const,
  );
  return {
    kind,
    retries: !moves && random.chance(0.3),
    fallback: moves ? 'no' : random.pick(['no', 'no', 'no', 'reads', 'copies'] as const),
    dialect,
    server: random.below(servers),
    callers: random.pick([1, 4, 16, 32]),
    poolSize: random.pick([1, 2, 4]),
    scheme: random.pick(['rendezvous', 'ketama', 'modula', 'jump', 'pymemcache'] as const),
    moves,
    timeout: random.pick([50, 250, 1000]),
    pause,
    aborts: random.pick([0, 0, 0.01, 0.1]),
  };
}

function some<Item>(random: Random, items: readonly Item[], share: number): Item[] {
  return items.filter(() => random.chance(share));
}
