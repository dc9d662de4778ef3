import type { Command, Key } from '../wire/command.ts';
import { MemcacheError, UsageError } from '../wire/errors.ts';
import type { Calls } from './calls.ts';
import { toKeys } from './calls.ts';
import type { Dialect } from './dialect.ts';
import { checkWireKey, type WireKey } from './key-policy.ts';
import type { BulkOptions, CallOptions, StoreOptions } from './memcache-options.ts';
import { type Found, toDone, toFound, unexpected } from './results.ts';

/** Keys and their values: a Map, an array of pairs, or a plain object. */
export type Entries = Iterable<readonly [Key, unknown]> | Readonly<Record<string, unknown>>;

/** Finds many keys; calls `take` with each that is there, in the order of the keys. */
export async function findMany(
  calls: Calls,
  keys: Iterable<Key>,
  withCas: boolean,
  options: CallOptions | undefined,
  take: (key: Key, found: Found) => void,
): Promise<void> {
  const { parts } = calls;
  const { maxKeys } = parts;
  const wanted = toKeys(keys);
  const wire = wanted.map((key) => parts.keys.toWire(key));
  // Where it takes several commands, none may go before the last is known to be right.
  if (wire.length > maxKeys || wire.some(({ base64 }) => base64)) wire.forEach(checkWireKey);
  const found: (Found | undefined)[] = wanted.map(() => undefined);
  const jobs: Promise<void>[] = [];
  for (let from = 0; from < wanted.length; from += maxKeys) {
    const batch = wire.slice(from, from + maxKeys);
    jobs.push(
      calls.read(undefined, () => findBatch(calls, batch, withCas, options, from, found)),
    );
  }
  await Promise.all(jobs);
  wanted.forEach((key, index) => {
    const item = found[index];
    if (item !== undefined) take(key, item);
  });
}

async function findBatch(
  calls: Calls,
  wire: readonly WireKey[],
  withCas: boolean,
  options: CallOptions | undefined,
  offset: number,
  found: (Found | undefined)[],
): Promise<void> {
  const { executor } = calls.parts;
  const dialect = calls.dialect ?? await calls.learn();
  const together = dialect.getMany(wire, withCas);
  if (together === null) {
    await Promise.all(wire.map(async (key, index) => {
      found[offset + index] = toFound(await executor.execute(dialect.get(key, withCas), options));
    }));
    return;
  }
  const reply = await executor.execute(together, options);
  if (reply.type !== 'values') return unexpected(reply);
  // Items come in the order of the request, which they leave gaps in.
  let index = 0;
  for (const item of reply.items) {
    while (index < wire.length && wire[index]!.key !== item.key) index++;
    found[offset + index++] = item;
  }
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
    return { key, wire, make };
  });
  return await doMany(calls, jobs, options);
}

/** Deletes many keys; gives those for which it is not known that they are gone, and why. */
export async function deleteMany(
  calls: Calls,
  keys: Iterable<Key>,
  options: BulkOptions,
): Promise<Map<Key, MemcacheError>> {
  const jobs = toKeys(keys).map((key): Job => {
    const wire = calls.parts.keys.toWire(key);
    return { key, wire, make: (dialect, quiet) => dialect.delete(wire, quiet) };
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
  const { executor } = calls.parts;
  const dialect = calls.dialect ?? await calls.learn();
  const quiet = options.quiet === true && dialect.reportsQuietFailures;
  const failed = new Map<Key, MemcacheError>();
  const run = async ({ key, make }: Job): Promise<void> => {
    try {
      let reply = await executor.execute(make(dialect, quiet), options);
      // An error among the quiet ones: whose it was, only asking again can tell.
      if (reply.type === 'silent' && reply.errors.length > 0) {
        reply = await executor.execute(make(dialect, false), options);
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

function toPairs(entries: Entries): (readonly [Key, unknown])[] {
  if (typeof entries !== 'object' || entries === null) {
    throw new UsageError('entries', 'must be a Map, an array of pairs, or an object');
  }
  const pairs = Symbol.iterator in entries
    ? [...(entries as Iterable<readonly [Key, unknown]>)]
    : Object.entries(entries);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new UsageError('entries', 'must be pairs of a key and a value');
    }
  }
  return pairs;
}
