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
  /** Its callers use a cache on it, all of one policy. */
  readonly isCache: boolean;
}

/** The policy of the caches of a run, and what their callers do. */
export interface CachePlan {
  /** Seconds. */
  readonly ttl: number;
  readonly grace: number;
  readonly refreshAhead: number;
  readonly lease: number;
  /** Milliseconds. */
  readonly wait: number;
  readonly softTimeout: number;
  /** Milliseconds that a fetch has. */
  readonly timeout: number;
  /** The most microseconds that a load takes. */
  readonly loading: number;
  /** The probability that a load fails. */
  readonly failing: number;
  /** The probability that a call is a change. */
  readonly changes: number;
  /** Whether some changes are stored at once. */
  readonly puts: boolean;
  readonly keys: number;
  /** All clients of a cache speak one. */
  readonly dialect: 'auto' | 'meta' | 'text';
}

/** What a run is made of. */
export interface Swarm {
  readonly conditions: Conditions;
  readonly servers: number;
  /** Bytes. */
  readonly memory: number;
  readonly keys: number;
  /** The most keys of a bulk call. */
  readonly bulk: number;
  /** The longest value, in bytes. */
  readonly maxValue: number;
  readonly clients: readonly ClientPlan[];
  readonly cache: CachePlan;
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
  const mayBeOld = faults.includes('version');
  const cache = planCache(random, faults);
  const caches = random.pick([0, 0, 0.3, 1]);
  const clients = Array.from({ length: 1 + random.below(6) }, () => {
    const isCache = random.chance(caches);
    return planClient(random, servers, mayBeOld, pause, isCache ? cache : null);
  });
  const callers = clients.reduce((sum, one) => sum + one.callers, 0);
  const bulk = random.pick([8, 8, 100]);
  const jitter = random.pick([0, latency, latency * 10]);
  return {
    conditions: {
      latency,
      jitter,
      capacity: random.pick([512, 16 * 1024, 256 * 1024]),
    },
    servers,
    memory: random.pick([64, 256, 1024]) * 1024,
    // A few callers at most are to be at one key, as that is what the checker can afford.
    keys: Math.max(4, Math.ceil(callers * random.pick([0.5, 2, 10]) * bulk / 8)),
    bulk,
    maxValue: random.pick([0, 0, 100, 3000, 40_000]),
    clients,
    cache,
    calls: ['get', 'set', ...some(random, callKinds, 0.5)],
    expires: random.chance(0.4),
    faults,
    // Where calls are rare, so are faults: what happens between two calls shows little.
    faultEvery: Math.max(
      random.pick([5_000, 50_000, 500_000]),
      (pause + 2 * latency + jitter) / callers,
    ),
  };
}

function planCache(random: Random, faults: readonly FaultKind[]): CachePlan {
  return {
    ttl: random.pick([2, 20, Infinity]),
    grace: random.pick([0, 5, 60]),
    refreshAhead: random.pick([0, 0, 1]),
    lease: random.pick([4, 10]),
    wait: random.pick([500, 5000]),
    softTimeout: random.pick([0, 100, Infinity]),
    timeout: random.pick([500, 3000, 15_000]),
    loading: random.pick([1, 1, 10_000, 10_000, 100_000, 6_000_000]),
    failing: random.pick([0, 0.05, 0.5]),
    changes: random.pick([0.02, 0.2]),
    puts: random.chance(0.5),
    keys: random.pick([4, 20, 100]),
    dialect: faults.includes('version') ? 'text' : random.pick(['auto', 'meta', 'text'] as const),
  };
}

function planClient(
  random: Random,
  servers: number,
  mayBeOld: boolean,
  pause: number,
  cache: CachePlan | null,
): ClientPlan {
  const kind = random.pick(['single', 'pooled', 'hash'] as const);
  const isCache = cache !== null;
  // With the failover of a HashClient a server that comes back has old values.
  const moves = kind === 'hash' && !isCache && random.chance(0.3);
  const dialect = random.pick(
    mayBeOld ? ['auto', 'text'] as const : ['auto', 'meta', 'text'] as const,
  );
  return {
    kind,
    retries: !moves && !isCache && random.chance(0.3),
    fallback: moves || isCache ? 'no' : random.pick(['no', 'no', 'no', 'reads', 'copies'] as const),
    dialect: cache?.dialect ?? dialect,
    server: random.below(servers),
    callers: random.pick([1, 4, 16, 32]),
    poolSize: random.pick([1, 2, 4]),
    scheme: random.pick(['rendezvous', 'ketama', 'modula', 'jump', 'pymemcache'] as const),
    moves,
    timeout: random.pick([50, 250, 1000]),
    pause,
    aborts: random.pick([0, 0, 0.01, 0.1]),
    isCache,
  };
}

function some<Item>(random: Random, items: readonly Item[], share: number): Item[] {
  return items.filter(() => random.chance(share));
}
