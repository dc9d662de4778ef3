import type { Command, Key } from '../wire/command.ts';
import { MemcacheError, UsageError } from '../wire/errors.ts';
import type { Calls } from './calls.ts';
import { toKeys } from './calls.ts';
import type { Dialect } from './dialect.ts';
import { checkWireKey, type ItemKey, ownKey, type WireKey } from './key-policy.ts';
import type { BulkOptions, CallOptions, StoreOptions } from './memcache-options.ts';
import { eachItem, type Found, toDone, toFound } from './results.ts';
import { together } from './together.ts';

/** Keys and their values: a Map, an array of pairs, or a plain object. */
export type Entries = Iterable<readonly [ItemKey, unknown]> | Readonly<Record<string, unknown>>;

/** Finds many keys; calls `take` with each that is there, in the order of the keys. */
export async function findMany(
  calls: Calls,
  keys: Iterable<ItemKey>,
  withCas: boolean,
  options: CallOptions | undefined,
  take: (key: ItemKey, found: Found) => void,
): Promise<void> {
  const { keys: policy, placeOf, ready, maxKeys } = calls.parts;
  const wanted = toKeys(keys);
  const wire = wanted.map((key) => policy.toWire(key));
  // Where it takes several commands, none may go before the last is known to be right.
  const several = wire.length > maxKeys || placeOf !== undefined;
  if (several || wire.some(({ base64 }) => base64)) wire.forEach(checkWireKey);
  if (wire.length === 0) return;
  const dialect = calls.dialect ?? await calls.read(null, () => calls.learn());
  if (dialect === null) return;
  // Which keys are in one place is known once the places are.
  const left = ready && await calls.read(null, () => ready(options === undefined ? {} : options));
  if (left === null) return;
  const found: (Found | undefined)[] = wire.map(() => undefined);
  const find = async (indexes: readonly number[]): Promise<void> => {
    const batch = indexes.map((index) => wire[index]!);
    const command = dialect.getMany(batch, withCas);
    if (command === null) {
      await Promise.all(batch.map(async (key, i) => {
        const reply = await calls.execute(key, dialect.get(key, withCas), left ?? options);
        found[indexes[i]!] = toFound(reply);
      }));
      return;
    }
    // All of them are in one place: the first says where.
    const reply = await calls.execute(batch[0]!, command, left ?? options);
    eachItem(batch.map(({ key }) => key), reply, (item, i) => {
      found[indexes[i]!] = item;
    });
  };
  const jobs: Promise<void>[] = [];
  for (const indexes of together(wire, placeOf)) {
    for (let from = 0; from < indexes.length; from += maxKeys) {
      const batch = indexes.slice(from, from + maxKeys);
      jobs.push(calls.read(undefined, () => find(batch)));
    }
  }
  await Promise.all(jobs);
  wanted.forEach((key, index) => {
    const item = found[index];
    if (item !== undefined) take(key, item);
  });
}

/** Stores many values; gives the keys that were not stored, each with its reason. */
export async function storeMany(
  calls: Calls,
  entries: Entries,
  options: BulkOptions & StoreOptions,
): Promise<Map<Key, MemcacheError>> {
  const jobs = toPairs(entries).map(([key, value]): Job => {
    const { wire, data, fields } = calls.prepare(key, value, options);
    const make: Job['make'] = (dialect, quiet) =>
      dialect.store('set', wire, data, { ...fields, quiet });
    return { key: ownKey(key), wire, make };
  });
  return await doMany(calls, jobs, options);
}

/** Deletes many keys; gives those for which it is not known that they are gone, and why. */
export async function deleteMany(
  calls: Calls,
  keys: Iterable<ItemKey>,
  options: BulkOptions,
): Promise<Map<Key, MemcacheError>> {
  const jobs = toKeys(keys).map((key): Job => {
    const wire = calls.parts.keys.toWire(key);
    return { key: ownKey(key), wire, make: (dialect, quiet) => dialect.delete(wire, quiet) };
  });
  return await doMany(calls, jobs, options);
}

interface Job {
  readonly key: Key;
  readonly wire: WireKey;
  readonly make: (dialect: Dialect, quiet: boolean) => Command;
}

async function doMany(
  calls: Calls,
  jobs: readonly Job[],
  options: BulkOptions,
): Promise<Map<Key, MemcacheError>> {
  // A bad key is the caller's fault, and nothing is sent for its neighbours either.
  for (const { wire } of jobs) checkWireKey(wire);
  const dialect = calls.dialect ?? await calls.learn();
  const quiet = options.quiet === true && dialect.reportsQuietFailures;
  const failed = new Map<Key, MemcacheError>();
  const run = async ({ key, wire, make }: Job): Promise<void> => {
    try {
      let reply = await calls.execute(wire, make(dialect, quiet), options);
      // An error among the quiet ones: whose it was, only asking again can tell.
      if (reply.type === 'silent' && reply.errors.length > 0) {
        reply = await calls.execute(wire, make(dialect, false), options);
      }
      toDone(reply);
    } catch (error) {
      if (!(error instanceof MemcacheError)) throw error;
      failed.set(key, error);
    }
  };
  await Promise.all(jobs.map(run));
  return failed;
}

function toPairs(entries: Entries): (readonly [ItemKey, unknown])[] {
  if (typeof entries !== 'object' || entries === null) {
    throw new UsageError('entries', 'must be a Map, an array of pairs, or an object');
  }
  const pairs = Symbol.iterator in entries
    ? [...(entries as Iterable<readonly [ItemKey, unknown]>)]
    : Object.entries(entries);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new UsageError('entries', 'must be pairs of a key and a value');
    }
  }
  return pairs;
}
