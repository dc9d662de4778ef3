// What the calls of a cache share within a process.
import type { Clock } from '../../io/clock.ts';
import { AbortListeners } from '../connection/abort-listeners.ts';
import type { Executor } from '../connection/executor.ts';
import type { FetchEnd } from './fetch-end.ts';
import type { Flight } from './flight.ts';
import type { Version } from '../operation-context.ts';
import { Gate } from './loads.ts';
import { LocalTier } from './local-tier.ts';
import type { Poller } from './poller.ts';

/** What a cache has done since it was made. */
export interface CacheStats {
  /** The calls of `fetch` by their outcome; each key of a `fetchMany` counts. */
  readonly outcomes: Readonly<Record<FetchEnd['outcome'], number>>;
  /** Calls of the loader. */
  readonly loads: number;
  /** How many of them failed. */
  readonly loadFailures: number;
  /** Loaded values that were stored. */
  readonly stores: number;
  /** Loaded values that were not stored, since the item had changed meanwhile. */
  readonly outdated: number;
  /** Loaded values that the server did not store, for another reason. */
  readonly storeFailures: number;
  /** Leases that were taken from a caller that did not end in time. */
  readonly takeovers: number;
  /** Values in the tier of this process. */
  readonly localItems: number;
}

export type Counts =
  & { -readonly [Name in Exclude<keyof CacheStats, 'outcomes' | 'localItems'>]: number }
  & {
    readonly outcomes: Record<FetchEnd['outcome'], number>;
  };

/** What the calls of a cache share. */
export class CacheState {
  /** The loads that new calls may join, by key. */
  readonly flights: Map<string, Flight> = new Map();
  /** The stores of loaded values that are under way, by key. */
  readonly fills: Map<string, Promise<unknown>> = new Map();
  readonly pollers: Map<string, Poller<unknown>> = new Map();
  readonly takeovers: Takeovers;
  readonly signals: AbortListeners = new AbortListeners();
  readonly gate: Gate = new Gate();
  readonly local: LocalTier | null;
  /** How many loads have begun. */
  lastFlight = 0;
  /** How often an item was changed by this process. What was read before is not kept. */
  changes = 0;
  readonly counts: Counts = {
    outcomes: {
      local: 0,
      hit: 0,
      ahead: 0,
      stale: 0,
      loaded: 0,
      shared: 0,
      waited: 0,
      'taken-over': 0,
      'failed-open': 0,
      failed: 0,
    },
    loads: 0,
    loadFailures: 0,
    stores: 0,
    outdated: 0,
    storeFailures: 0,
    takeovers: 0,
  };

  constructor(
    clock: Clock,
    local: { readonly maxItems: number; readonly ttl: number } | undefined,
  ) {
    this.takeovers = new Takeovers(clock);
    this.local = local === undefined ? null : new LocalTier(clock, local.maxItems, local.ttl);
  }

  /** An item was, or is being, changed by this process. */
  changed(id: string): void {
    this.changes++;
    this.local?.delete(id);
    const flight = this.flights.get(id);
    if (flight !== undefined) this.close(id, flight);
  }

  /** New calls do not join the load any more. */
  close(id: string, flight: Flight): void {
    flight.isOpen = false;
    if (this.flights.get(id) === flight) this.flights.delete(id);
  }

  get stats(): CacheStats {
    const { outcomes, ...others } = this.counts;
    return { ...others, outcomes: { ...outcomes }, localItems: this.local?.size ?? 0 };
  }
}

/** The most keys whose leases are remembered. */
const KEYS = 10_000;

/** A lease that was seen, and when it may be taken over, by the connection that has shown it. */
interface SeenLease {
  readonly cas: bigint;
  readonly times: Map<Executor | undefined, number>;
}

/**
 * When a lease that is not given up may be taken over, by key. The server does not tell how long ago
 * a lease was won, so each process counts from the moment at which it saw the lease first; on each
 * connection anew, since on another server the same cas is another lease.
 */
export class Takeovers {
  readonly #clock: Clock;
  readonly #leases: Map<string, SeenLease> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the time is over; it begins with the first call for a lease. */
  isDue(id: string, seen: Version, milliseconds: number): boolean {
    const known = this.#leases.get(id);
    const at = known?.cas === seen.cas ? known.times.get(seen.connection) : undefined;
    if (at !== undefined) return this.#clock.elapsed() >= at;
    this.set(id, seen, milliseconds);
    return false;
  }

  /** Sets when the lease may be taken over. */
  set(id: string, { cas, connection }: Version, milliseconds: number): void {
    const known = this.#leases.get(id);
    const times: SeenLease['times'] = known?.cas === cas ? known.times : new Map();
    times.set(connection, this.#clock.elapsed() + milliseconds);
    // The oldest are forgotten first.
    this.#leases.delete(id);
    this.#leases.set(id, { cas, times });
    if (this.#leases.size <= KEYS) return;
    for (const oldest of this.#leases.keys()) {
      this.#leases.delete(oldest);
      return;
    }
  }

  delete(id: string): void {
    this.#leases.delete(id);
  }
}
