// A cache: values by their id, each loaded at most once at a time in the whole fleet.
import { assertArgument } from '../../wire/check.ts';
import type { Key } from '../../wire/command.ts';
import { ConnectionError } from '../../wire/errors.ts';
import { checkExecuteOptions } from '../connection/executor.ts';
import { backoff, Deadline } from '../connection/timing.ts';
import type { ItemKey, WireKey } from '../keys.ts';
import type { OperationContext } from '../operation-context.ts';
import { type CallOptions, checkCallOptions } from '../options.ts';
import { CacheState, type CacheStats } from './cache-state.ts';
import { Fetcher, type FetchOptions } from './fetcher.ts';
import { fetchWith } from './fetching.ts';
import type { PeekedItem } from './leases.ts';
import { type Loading, Loads } from './loads.ts';
import {
  type CachePolicy,
  checkLoader,
  type FetchPolicy,
  type LoadContext,
  readCachePolicy,
  readPolicy,
} from './policy.ts';

/** How many keys of a call are worked on at a time. */
const WINDOW = 1000;
/** The first and the longest wait before a swap is tried again, in milliseconds. */
const FIRST_WAIT = 1;
const LONGEST_WAIT = 50;

/**
 * Values by their id, which are found in memcached or else loaded, by one caller in the whole fleet at
 * a time. `client.cache(policy)` makes one; keep it, as callers share its loads.
 *
 * @example
 * ```ts
 * const users = client.cache<User, number>({
 *   key: (id) => `user:${id}`,
 *   load: (id) => database.user(id), // undefined: there is none
 *   ttl: 300,
 *   grace: 60,
 * });
 * const user = await users.fetch(17);
 * ```
 */
export class Cache<Value, Id = Key> {
  readonly #policy: CachePolicy<Value, Id>;
  readonly #context: OperationContext;
  readonly #fetcher: Fetcher;
  readonly #loads: Loads<Value, Id>;

  /** @internal */
  constructor(context: OperationContext, policy: CachePolicy<Value, Id>) {
    const settings = readCachePolicy(policy);
    const { clock } = context.dependencies;
    this.#policy = policy;
    this.#context = context;
    this.#fetcher = new Fetcher(context, settings, new CacheState(clock, settings.local));
    this.#loads = new Loads(policy, clock);
  }

  /**
   * The value of an id: out of the cache, or loaded.
   *
   * @returns undefined if there is none.
   * @throws What the loader throws, or the UsageError of a value that cannot be stored; a
   * ConnectionError with the code `overloaded` if the cache does not answer and too many loads are
   * running; a TimeoutError after the call's `timeout`, or after `wait` if the policy says so; an
   * AbortError. Errors of the cache never reject it: values are loaded without.
   *
   * @example
   * ```ts
   * const user = await users.fetch(17, { timeout: 2000 });
   * ```
   */
  fetch(id: Id, options?: FetchOptions): Promise<Value | undefined> {
    return this.#fetch(id, this.#loads, options);
  }

  #fetch(
    id: Id,
    loads: Loading<Id>,
    options: FetchOptions | undefined,
  ): Promise<Value | undefined> {
    try {
      const key = this.#policy.key(id);
      return fetchWith(this.#fetcher, key, id, loads, options) as Promise<Value | undefined>;
    } catch (error) {
      loads.decided?.();
      return Promise.reject(error);
    }
  }

  /**
   * The values of many ids; the map has those that there are. Those that have to be loaded share one
   * call of `loadMany`, if the policy has it.
   *
   * @throws As `fetch`, after all have ended, with the first error.
   *
   * @example
   * ```ts
   * const found = await users.fetchMany([17, 18]);
   * const name = found.get(17)?.name;
   * ```
   */
  async fetchMany(ids: Iterable<Id>, options?: FetchOptions): Promise<Map<Id, Value>> {
    const isList = typeof ids === 'object' && ids !== null && Symbol.iterator in ids;
    assertArgument(isList, 'ids', 'must be an array of ids, or another iterable of them');
    const all = [...new Set(ids)];
    const values = await inWindows(all, (some) => {
      const loads = this.#loads.together(some.length);
      return some.map((id) => this.#fetch(id, loads, options));
    });
    const found = new Map<Id, Value>();
    all.forEach((id, index) => {
      const value = values[index];
      if (value !== undefined) found.set(id, value);
    });
    return found;
  }

  /**
   * The value that is in the cache, fresh or old; nothing is loaded.
   *
   * @throws As `get`.
   *
   * @example
   * ```ts
   * const cached = await users.peek(17);
   * ```
   */
  async peek(id: Id, options?: CallOptions): Promise<Value | undefined> {
    checkCallOptions(options);
    const { key, wire } = this.#keyOf(id);
    checkExecuteOptions(options);
    const left = await this.#fetcher.filled(wire, options);
    const item = await this.#fetcher.leases.peek(key, wire, left);
    if (item?.isWon === true) void this.#fetcher.letWin(wire, item);
    return item?.found?.value as Value | undefined;
  }

  /**
   * Stores a value, for all to find; undefined says that there is none. A load in progress is not
   * stored over it.
   *
   * @throws As `set`.
   *
   * @example
   * ```ts
   * await users.put(17, { name: 'Ada' });
   * ```
   */
  async put(id: Id, value: Value | undefined, options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    const { key, wire } = this.#keyOf(id);
    const { stored, fresh } = this.#fetcher.toStored(key, value, undefined);
    const { leases } = this.#fetcher;
    await this.#change(wire, () => {
      return fresh === 0 ? leases.remove(wire, options) : leases.put(wire, stored, fresh, options);
    });
  }

  /**
   * Changes the value that is in the cache, and again if another caller was faster.
   *
   * @param change Returns the new value for the one in the cache, undefined if there is none or it
   * was invalidated. It may be called several times. Where it returns undefined nothing is changed.
   * @returns The new value.
   * @throws What `change` throws, and otherwise as `cas`.
   *
   * @example
   * ```ts
   * await users.update(17, (user) => user && { ...user, visits: user.visits + 1 });
   * ```
   */
  async update(
    id: Id,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options: CallOptions = {},
  ): Promise<Value | undefined> {
    checkCallOptions(options);
    // Its commands get the time that is left instead.
    checkExecuteOptions(options);
    assertArgument(typeof change === 'function', 'change', 'must be a function');
    const { key, wire } = this.#keyOf(id);
    const { leases, clock } = this.#fetcher;
    const { timeout, random = Math.random } = this.#context.dependencies;
    const deadline = new Deadline(clock, options.timeout ?? timeout ?? Infinity);
    await this.#fetcher.filled(wire, deadline.within(options));
    for (let attempt = 1;; attempt++) {
      const item = await leases.peek(key, wire, deadline.within(options));
      const value = await this.#changed(wire, item, change);
      if (value === undefined) return undefined;
      const { stored, fresh } = this.#fetcher.toStored(key, value, undefined);
      const isDone = await this.#change(wire, () => {
        const left = deadline.within(options);
        if (fresh === 0) return leases.remove(wire, left).then(() => true);
        return leases.swap(wire, item, stored, fresh, left).catch(ifLost);
      });
      if (isDone) return value;
      const wait = Math.min(backoff(attempt, FIRST_WAIT, LONGEST_WAIT, random), deadline.left);
      await new Promise<void>((resolve) => void clock.after(wait, resolve));
    }
  }

  /**
   * Says that the value of an id, or of each in an array, is out of date (an id that is an array
   * itself has to be in one): the next caller loads it.
   * Meanwhile, for the `grace` of the policy, others may be served the old one, and no value whose
   * load began before is stored. On a server without meta commands it is `remove`.
   *
   * @throws As `delete`; of several errors, the first.
   *
   * @example
   * ```ts
   * await database.rename(17, 'Grace');
   * await users.invalidate(17);
   * ```
   */
  async invalidate(ids: Id | readonly Id[], options?: CallOptions): Promise<void> {
    await this.#changeAll(ids, options, (wire) => this.#fetcher.leases.invalidate(wire, options));
  }

  /**
   * Deletes the value of an id, or of each in an array. No value whose load began before is stored.
   *
   * @throws As `delete`; of several errors, the first.
   *
   * @example
   * ```ts
   * await users.remove([17, 18]);
   * ```
   */
  async remove(ids: Id | readonly Id[], options?: CallOptions): Promise<void> {
    await this.#changeAll(ids, options, (wire) => this.#fetcher.leases.remove(wire, options));
  }

  /**
   * What the cache has done in this process.
   *
   * @example
   * ```ts
   * const { outcomes, loads } = users.stats();
   * console.log(outcomes.hit, loads);
   * ```
   */
  stats(): CacheStats {
    return this.#fetcher.state.stats;
  }

  async #changeAll(
    ids: Id | readonly Id[],
    options: CallOptions | undefined,
    change: (wire: WireKey) => Promise<void>,
  ): Promise<void> {
    checkCallOptions(options);
    const all: readonly Id[] = Array.isArray(ids) ? ids : [ids as Id];
    const wires = all.map((id) => this.#keyOf(id).wire);
    await inWindows(wires, (some) => {
      return some.map((wire) => this.#change(wire, () => change(wire)));
    });
  }

  // What was invalidated would be fresh again if a change of it were stored.
  async #changed(
    wire: WireKey,
    item: PeekedItem | undefined,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    let value: Value | undefined;
    try {
      const old = item === undefined || item.isInvalid ? undefined : item.found?.value;
      value = await change(old as Value | undefined);
      return value;
    } finally {
      if (value === undefined && item?.isWon === true) void this.#fetcher.letWin(wire, item);
    }
  }

  // What this process holds of the item is dropped before and after: a read may come in between.
  async #change<Result>(wire: WireKey, change: () => Promise<Result>): Promise<Result> {
    const { state } = this.#fetcher;
    const id = this.#fetcher.idOf(wire);
    state.changed(id);
    try {
      return await change();
    } finally {
      state.changed(id);
    }
  }

  #keyOf(id: Id): { readonly key: ItemKey; readonly wire: WireKey } {
    const key = this.#policy.key(id);
    return { key, wire: this.#context.dependencies.keys.toWire(key) };
  }
}

/** The item may be on another server by now, or gone: it has to be read again. */
function ifLost(error: unknown): false {
  if (error instanceof ConnectionError && error.outcome === 'not-sent') return false;
  throw error;
}

/** The most policies that are remembered. */
const POLICIES = 8;

/** The fetches of a client without a `Cache`, which share their loads. */
export class Fetches {
  readonly #context: OperationContext;
  readonly #state: CacheState;
  // The latest first. To check a policy takes longer than a fetch.
  #known: { readonly policy: object; readonly fetcher: Fetcher }[] = [];

  constructor(context: OperationContext) {
    this.#context = context;
    this.#state = new CacheState(context.dependencies.clock, undefined);
  }

  fetch<Value>(
    key: ItemKey,
    load: (context: LoadContext<Value>) => Value | undefined | Promise<Value | undefined>,
    policy: FetchPolicy<Value>,
    options: FetchOptions | undefined,
  ): Promise<Value | undefined> {
    const loader = checkLoader(load);
    const fetcher = this.#fetcherOf(policy);
    const loads = new Loads(
      { load: (_, context: LoadContext<Value>) => loader(context) },
      fetcher.clock,
    );
    return fetchWith(fetcher, key, key, loads, options) as Promise<Value | undefined>;
  }

  #fetcherOf<Value>(policy: FetchPolicy<Value>): Fetcher {
    const known = this.#known.find((one) => isSame(one.policy, policy));
    if (known !== undefined) return known.fetcher;
    const settings = readPolicy(policy);
    assertArgument(settings.local === undefined, 'local', 'is for a cache');
    const fetcher = new Fetcher(this.#context, settings, this.#state);
    // A copy: the caller may change its own.
    this.#known = [{ policy: { ...policy }, fetcher }, ...this.#known].slice(0, POLICIES);
    return fetcher;
  }
}

// Whether both have the same properties with the same values, as policies that are written in place.
function isSame(one: object, other: unknown): boolean {
  if (typeof other !== 'object' || other === null) return false;
  const names = Object.keys(other);
  const values = one as Readonly<Record<string, unknown>>;
  return names.length === Object.keys(one).length &&
    names.every((name) =>
      Object.is(values[name], (other as Readonly<Record<string, unknown>>)[name])
    );
}

/** Does all, a number at a time, and throws the first error at the end. */
async function inWindows<Item, Result>(
  items: readonly Item[],
  act: (some: readonly Item[]) => readonly Promise<Result>[],
): Promise<Result[]> {
  const results: Result[] = [];
  let failure: { readonly error: unknown } | undefined;
  for (let from = 0; from < items.length; from += WINDOW) {
    const ends = await Promise.allSettled(act(items.slice(from, from + WINDOW)));
    for (const end of ends) {
      if (end.status === 'fulfilled') results.push(end.value);
      else failure ??= { error: end.reason };
    }
  }
  if (failure !== undefined) throw failure.error;
  return results;
}
