// The policy of a cache: how values are loaded, how long they live, and what is done meanwhile.
import type { RuntimeSignal } from '../../io/transport.ts';
import { assertArgument, checkKnown, checkObject } from '../../wire/check.ts';
import type { Key } from '../../wire/command.ts';
import { UsageError } from '../../wire/errors.ts';
import type { Optional } from '../../wire/options.ts';
import { MONTH } from '../expire.ts';
import type { ItemKey } from '../keys.ts';
import { isCount, type OptionTable, readOptions, type Rule } from '../options.ts';

/** What a loader is told, and what it can say besides the value. */
export interface LoadContext<Value> {
  /** The key of the item. */
  readonly key: ItemKey;
  /** The value that is to be replaced, where one was read. */
  readonly old: Value | undefined;
  /** Aborted once nobody waits for the value any more. */
  readonly signal: RuntimeSignal;
  /**
   * Why it is loaded: there was no value; the `ttl` of one is nearly over; it is over, or the value was
   * invalidated; the cache did not answer.
   */
  readonly reason: 'cold' | 'ahead' | 'stale' | 'error';
  /**
   * Sets the `ttl` of this value.
   *
   * @param seconds More than 0; 0 for a value that is not to be stored.
   */
  ttl(seconds: number): void;
}

/** How values are kept; all but `ttl` may be left out. */
export interface FetchPolicy<Value> extends Optional<Omit<PolicySettings, 'ttl'>> {
  /**
   * Seconds for which a value is fresh, or a function of the value. Infinity: until it is evicted,
   * deleted or invalidated. A value whose function returns 0 is not stored.
   */
  readonly ttl: number | ((value: Value) => number);
}

/** The policy of a cache: how a value is found and loaded, and how it is kept. */
export interface CachePolicy<Value, Id = Key> extends FetchPolicy<Value> {
  /** The key of an id. Readers and writers of an item must agree on it. */
  readonly key: (id: Id) => ItemKey;
  /**
   * Loads the value of an id; undefined says that there is none. It may be left out if there is
   * `loadMany`.
   */
  readonly load?:
    | ((id: Id, context: LoadContext<Value>) => Value | undefined | Promise<Value | undefined>)
    | undefined;
  /** Loads the values of many ids at once. An id that the map lacks has none. */
  readonly loadMany?:
    | ((
      ids: readonly Id[],
      context: Pick<LoadContext<Value>, 'signal'>,
    ) => ReadonlyMap<Id, Value> | Promise<ReadonlyMap<Id, Value>>)
    | undefined;
}

/** How values are kept, with the defaults. */
export interface PolicySettings {
  /** Seconds for which a value is fresh, or a function of the value. */
  readonly ttl: number | ((value: never) => number);
  /**
   * Seconds after `ttl`, and after `invalidate`, in which the old value may be served: while it is
   * loaded again, or if that fails.
   *
   * @default 0
   */
  readonly grace: number;
  /**
   * Seconds before the end of `ttl` in which one caller of the fleet loads the value again, behind
   * its answer.
   *
   * @default 0
   */
  readonly refreshAhead: number;
  /**
   * Seconds that a loader has. If it has not ended by then, another caller may load; its result is
   * still stored if none did.
   *
   * @default 10
   */
  readonly lease: number;
  /**
   * Milliseconds for which a caller waits for a value that another process loads, where there is no
   * old one.
   *
   * @default 5000
   */
  readonly wait: number;
  /**
   * What a caller does after `wait`: load the value itself, without storing it, or reject with a
   * TimeoutError.
   *
   * @default 'load'
   */
  readonly onWaited: 'load' | 'reject';
  /**
   * Milliseconds to wait for a load if there is an old value: then that one is the answer, and the
   * load goes on.
   *
   * @default 100
   */
  readonly softTimeout: number;
  /**
   * Seconds for which it is remembered that there is no value; 0 for not at all.
   *
   * @default 0
   */
  readonly negativeTtl: number;
  /**
   * Seconds in which an old value is served without another try after a load has failed.
   *
   * @default 1
   */
  readonly errorBackoff: number;
  /**
   * The part of `ttl` and `negativeTtl`, from 0 to 1, by which each value's is longer or shorter at
   * random, so that values that were stored together do not end together.
   *
   * @default 0.1
   */
  readonly jitter: number;
  /**
   * A tier in this process: the most values, and the seconds for which one is answered from there.
   * Changes by other processes are not seen during that time. All callers get the same object.
   */
  readonly local?: { readonly maxItems: number; readonly ttl: number } | undefined;
  /**
   * What is done when the cache does not answer: callers load for themselves, so many loads at once,
   * and others reject with the code `overloaded`. The same holds for all loads whose value is not
   * stored.
   *
   * @default { concurrency: 64 }
   */
  readonly failOpen: { readonly concurrency: number };
}

const isTtl: Rule = [
  (value) => typeof value === 'function' || isSeconds(value, 1, Infinity),
  'must be a number of seconds, 1 or more, or a function that returns it',
];
const isGrace: Rule = [
  (value) => isSeconds(value, 0, MONTH),
  'must be a whole number of seconds, from 0 to 30 days',
];
const isLease: Rule = [
  (value) => isSeconds(value, 1, MONTH),
  'must be a whole number of seconds, from 1 to 30 days',
];
const isWait: Rule = [
  (value) => typeof value === 'number' && value >= 0,
  'must be a number of milliseconds, 0 or more',
];
const isBackoff: Rule = [
  (value) => typeof value === 'number' && value >= 0 && value <= MONTH,
  'must be a number of seconds, from 0 to 30 days',
];
const isPart: Rule = [
  (value) => typeof value === 'number' && value >= 0 && value < 1,
  'must be a number from 0 to less than 1',
];
const isChoice: Rule = [
  (value) => value === 'load' || value === 'reject',
  "must be 'load' or 'reject'",
];
// checkKnown refuses null.
const isObject: Rule = [(value) => typeof value === 'object', 'must be an object'];

function isSeconds(value: unknown, least: number, most: number): boolean {
  if (value === Infinity) return most === Infinity;
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

export const policyTable: OptionTable<PolicySettings> = {
  ttl: [isTtl, 0],
  grace: [isGrace, 0],
  refreshAhead: [isGrace, 0],
  lease: [isLease, 10],
  wait: [isWait, 5000],
  onWaited: [isChoice, 'load'],
  softTimeout: [isWait, 100],
  negativeTtl: [isGrace, 0],
  errorBackoff: [isBackoff, 1],
  jitter: [isPart, 0.1],
  local: [isObject, undefined],
  failOpen: [isObject, { concurrency: 64 }],
};

const localNames = /* @__PURE__ */ new Set(['maxItems', 'ttl']);
const failOpenNames = /* @__PURE__ */ new Set(['concurrency']);

/** @throws UsageError naming the option that breaks a rule, or contradicts another. */
export function readPolicy<Value>(policy: FetchPolicy<Value>): PolicySettings {
  checkObject('policy', policy);
  if (policy.ttl === undefined) throw new UsageError('ttl', 'must be given');
  const settings = readOptions(policyTable, policy as Optional<PolicySettings>);
  const { ttl, grace, refreshAhead, negativeTtl, local, failOpen } = settings;
  assertArgument(grace + refreshAhead < MONTH, 'grace', 'and refreshAhead must be under 30 days');
  if (typeof ttl === 'number') {
    assertArgument(refreshAhead < ttl, 'refreshAhead', 'must be less than ttl');
  }
  // It would be loaded all the time.
  const isKept = negativeTtl === 0 || refreshAhead < negativeTtl;
  assertArgument(isKept, 'negativeTtl', 'must be more than refreshAhead, or 0');
  if (local !== undefined) {
    checkKnown('local', local, localNames);
    checkCount('local.maxItems', local.maxItems);
    const isTime = typeof local.ttl === 'number' && local.ttl > 0;
    assertArgument(isTime, 'local.ttl', 'must be a number of seconds, more than 0');
  }
  checkKnown('failOpen', failOpen, failOpenNames);
  checkCount('failOpen.concurrency', failOpen.concurrency);
  return settings;
}

function checkCount(name: string, value: unknown): void {
  const [holds, says] = isCount;
  assertArgument(holds(value), name, says);
}

/** @throws UsageError naming the option that breaks a rule, or contradicts another. */
export function readCachePolicy<Value, Id>(policy: CachePolicy<Value, Id>): PolicySettings {
  checkObject('policy', policy);
  const { key, load, loadMany, ...kept } = policy;
  assertArgument(typeof key === 'function', 'key', 'must be a function of an id');
  for (const [name, loader] of [['load', load], ['loadMany', loadMany]] as const) {
    const isLoader = loader === undefined || typeof loader === 'function';
    assertArgument(isLoader, name, 'must be a function');
  }
  const hasLoader = load !== undefined || loadMany !== undefined;
  assertArgument(hasLoader, 'load', 'or loadMany must be given');
  return readPolicy(kept);
}

/** @throws UsageError when it is no function. */
export function checkLoader<Loader>(load: Loader): Loader {
  assertArgument(typeof load === 'function', 'load', 'must be a function');
  return load;
}

/**
 * The seconds for which a value is stored as fresh: its ttl, longer or shorter by the jitter, to the
 * whole second; Infinity for always, 0 for not at all.
 *
 * @throws UsageError when it is no number of seconds.
 */
export function freshSeconds(ttl: unknown, jitter: number, random: () => number): number {
  const seconds = checkTtl(ttl);
  if (seconds === 0 || seconds === Infinity) return seconds;
  return Math.max(1, Math.round(seconds * (1 + jitter * (2 * random() - 1))));
}

/** @throws UsageError when it is no number of seconds. */
export function checkTtl(ttl: unknown): number {
  if (typeof ttl === 'number' && ttl >= 0) return ttl;
  throw new UsageError('ttl', 'must be a number of seconds, 0 or more');
}
