// Calls for many keys: batches, windows, slices of work, and a reason for each failure.
import type { Clock } from '../io/clock.ts';
import { checkEmpty } from '../wire/check.ts';
import type { Command, Key } from '../wire/command.ts';
import { AbortError, MemcacheError, SerdeError, TimeoutError, UsageError } from '../wire/errors.ts';
import type { PlainReply } from '../wire/plain.ts';
import type { Reply } from '../wire/reply.ts';
import { executeOptions, type OperationContext, ownCopy, toKeys } from './operation-context.ts';
import { Deadline, Pace } from './connection/timing.ts';
import { checkExecuteOptions, type Reader } from './connection/executor.ts';
import { checkWireKey, groupByServer, type ItemKey, ownKey, type WireKey } from './keys.ts';
import {
  type BulkOptions,
  type CallOptions,
  checkBulkOptions,
  checkBulkStoreOptions,
  checkCallOptions,
  type StoreOptions,
} from './options.ts';
import { deleteCommand, getCommand, getManyCommand, storeCommand } from './dialect.ts';
import { eachItem, type Found, isPlaceholder, toDone, toFound } from './results.ts';

/** Keys and their values: a Map, an array of pairs, or a plain object. */
export type Entries = Iterable<readonly [ItemKey, unknown]> | Readonly<Record<string, unknown>>;

/** How many writes of a call are in flight at a time, and how many bytes of values. */
const WINDOW = 2048;
const WINDOW_BYTES = 8 * 1024 * 1024;
/** How many `get`s of a call are in flight at a time. */
const READ_WINDOW = 16;
/** The longest `get`: ElastiCache Serverless takes 16 kB. */
const MAX_GET = 16_000;
/** Milliseconds of work after which the event loop gets a turn. */
const SLICE = 8;

/** Finds many keys; `read` turns each item that is found into a value. */
export async function findMany<Result>(
  context: OperationContext,
  keys: Iterable<ItemKey>,
  withCas: boolean,
  options: CallOptions | undefined = {},
  read: (key: ItemKey, found: Found) => Result,
): Promise<Map<Key, Result>> {
  checkCallOptions(options);
  const limit = new Limit(context, options);
  const { keys: policy, servers, clock, maxKeys } = context.dependencies;
  const wanted = toKeys(keys);
  const wire: WireKey[] = [];
  let length = 0;
  let base64 = false;
  const translated = inSlices(clock, wanted, (key) => {
    const one = policy.toWire(key);
    wire.push(one);
    length += one.key.length + 1;
    base64 ||= one.base64;
  }, limit);
  if (translated !== undefined) await translated;
  // Nothing is sent before all keys are known to be valid; a single command is checked as a whole.
  if (wire.length > maxKeys || length > MAX_GET || servers !== undefined || base64) {
    const checked = inSlices(clock, wire, checkWireKey, limit);
    if (checked !== undefined) await checked;
  }
  const result = new Map<Key, Result>();
  if (wanted.length === 0) return result;
  if (limit.error !== null) {
    const { error } = limit;
    return context.read(result, () => Promise.reject(error));
  }
  // The keys that share a server are known once the servers are.
  const ready = servers?.ready;
  const left = ready && await context.read(null, () => ready(options));
  if (left === null) return result;
  const values: unknown[] = wanted.map(() => MISSING);
  const groups = [...groupByServer(wire, servers?.serverOf)];
  const fit = wire.length <= maxKeys && length <= MAX_GET;
  const batches = fit ? groups : groups.flatMap((indexes) => cut(indexes, wire, context));
  const run = (batch: readonly number[]): Promise<void> =>
    context.read(undefined, () => {
      const reader = new BatchReader(context, batch, wanted, wire, withCas, read, values);
      return reader.run(limit.within(options));
    });
  let late: MemcacheError | null = null;
  const skip = (_batch: readonly number[], error: MemcacheError): void => {
    late = error;
  };
  await windowed(batches, READ_WINDOW, run, { clock, limit, skip, sizeOf: () => 0 });
  if (late !== null) await context.read(undefined, () => Promise.reject(late!));
  let unreadable: SerdeError | null = null;
  const done = inSlices(clock, wanted, (key, index) => {
    const value = values[index];
    // A cache stores that there is none: as for `get`, that is a miss.
    if (value === MISSING || value === undefined) return;
    if (!(value instanceof Unreadable)) result.set(ownKey(key), value as Result);
    else if (context.dependencies.ignoreErrors) context.ignore(value.error);
    else unreadable ??= value.error;
  }, null);
  if (done !== undefined) await done;
  if (unreadable === null) return result;
  const { key, cause } = unreadable as SerdeError;
  throw new SerdeError(key, cause, result);
}

/** In the place of a value that was not found: what is found may be anything. */
const MISSING: unique symbol = Symbol('missing');

/** In the place of a value that its serde cannot read. */
class Unreadable {
  readonly error: SerdeError;

  constructor(error: SerdeError) {
    this.error = error;
  }
}

/** Reads keys that one command can ask for, and makes values of their items as these come. */
class BatchReader<Result> implements Reader<void> {
  readonly #context: OperationContext;
  readonly #indexes: readonly number[];
  readonly #wanted: readonly ItemKey[];
  readonly #wire: readonly WireKey[];
  readonly #withCas: boolean;
  readonly #read: (key: ItemKey, found: Found) => Result;
  readonly #values: unknown[];
  readonly #keys: Key[] = [];
  // Only `mg` can distinguish an empty value from the placeholder of a value to come.
  readonly #unclear: number[] = [];

  /**
   * @param indexes Which of `wanted`, and of `wire`, it reads, and where in `values` it puts them.
   * @param read Makes a value of an item.
   */
  constructor(
    context: OperationContext,
    indexes: readonly number[],
    wanted: readonly ItemKey[],
    wire: readonly WireKey[],
    withCas: boolean,
    read: (key: ItemKey, found: Found) => Result,
    values: unknown[],
  ) {
    this.#context = context;
    this.#indexes = indexes;
    this.#wanted = wanted;
    this.#wire = wire;
    this.#withCas = withCas;
    this.#read = read;
    this.#values = values;
  }

  async run(options: CallOptions): Promise<void> {
    const left = this.#context.deadline(options);
    let base64 = false;
    for (const index of this.#indexes) {
      const wire = this.#wire[index]!;
      this.#keys.push(wire.key);
      base64 ||= wire.base64;
    }
    if (base64) this.#unclear.push(...this.#keys.keys());
    else {
      // All of them are on one server: the first says on which.
      const first = this.#indexes[0]!;
      const command = getManyCommand(this.#keys, this.#withCas);
      const key = this.#wanted[first]!;
      await this.#context.executeWith(this.#wire[first]!, command, options, this, key);
    }
    if (this.#unclear.length > 0) {
      await Promise.all(this.#unclear.map((i) => this.#findOne(i, left.within(options))));
    }
  }

  ofReply(reply: Reply): void {
    const isTaken = (i: number): boolean => this.#values[this.#indexes[i]!] !== MISSING;
    eachItem(this.#keys, reply, (item, i) => {
      if (isPlaceholder(item)) this.#unclear.push(i);
      else this.#take(i, (key) => this.#read(key, item));
    }, isTaken);
  }

  takeItem(item: PlainReply, i: number): void {
    if (item.flags === 0 && item.from === item.to) this.#unclear.push(i);
    else this.#take(i, (key) => this.#context.itemValue(key, item));
  }

  async #findOne(i: number, options: CallOptions): Promise<void> {
    const wire = this.#wire[this.#indexes[i]!]!;
    const command = getCommand(wire, this.#withCas);
    const found = toFound(await this.#context.execute(wire, command, options));
    if (found !== undefined) this.#take(i, (key) => this.#read(key, found));
  }

  #take(i: number, read: (key: ItemKey) => unknown): void {
    const index = this.#indexes[i]!;
    try {
      this.#values[index] = read(this.#wanted[index]!);
    } catch (error) {
      if (!(error instanceof SerdeError)) throw error;
      this.#values[index] = new Unreadable(error);
    }
  }
}

// Batches of as many keys as one `get` may have and as fit its line.
function cut(
  indexes: readonly number[],
  wire: readonly WireKey[],
  context: OperationContext,
): number[][] {
  const { maxKeys } = context.dependencies;
  const batches: number[][] = [];
  let batch: number[] = [];
  let length = 0;
  for (const index of indexes) {
    const size = wire[index]!.key.length + 1;
    if (batch.length === maxKeys || (batch.length > 0 && length + size > MAX_GET)) {
      batches.push(batch);
      batch = [];
      length = 0;
    }
    batch.push(index);
    length += size;
  }
  batches.push(batch);
  return batches;
}

/** Stores many values; returns the keys that were not stored, each with its reason. */
export async function storeMany(
  context: OperationContext,
  entries: Entries,
  options: BulkOptions & StoreOptions,
): Promise<Map<Key, MemcacheError>> {
  checkBulkStoreOptions(options);
  const limit = new Limit(context, options);
  const { keys, values } = toColumns(entries);
  const jobs: Job[] = [];
  const prepare = (key: ItemKey, index: number): void => {
    const { wire, data, fields } = context.prepare(
      key,
      values[index],
      options,
      true,
      context.exptime(options.expire),
    );
    // A bad key is the caller's fault: the whole call is refused and nothing is sent.
    checkWireKey(wire);
    const make: Job['make'] = (quiet) => storeCommand('set', wire, data, { ...fields, quiet });
    jobs.push({ key: ownKey(key), wire, size: data.length, make, isDone: toDone });
  };
  const prepared = inSlices(context.dependencies.clock, keys, prepare, limit);
  if (prepared !== undefined) await prepared;
  return await doMany(context, keys, jobs, options, limit);
}

/** Deletes many keys; returns those that may still be there, each with its reason. */
export async function deleteMany(
  context: OperationContext,
  keys: Iterable<ItemKey>,
  options: BulkOptions,
): Promise<Map<Key, MemcacheError>> {
  checkBulkOptions(options);
  const limit = new Limit(context, options);
  const all = toKeys(keys);
  const jobs: Job[] = [];
  const prepare = (key: ItemKey): void => {
    const wire = context.dependencies.keys.toWire(key);
    checkWireKey(wire);
    const make: Job['make'] = (quiet) => deleteCommand(wire, quiet);
    const isDone: Job['isDone'] = (reply) => {
      toDone(reply);
      return true;
    };
    jobs.push({ key: ownKey(key), wire, size: 0, make, isDone });
  };
  const prepared = inSlices(context.dependencies.clock, all, prepare, limit);
  if (prepared !== undefined) await prepared;
  return await doMany(context, all, jobs, options, limit);
}

/** How long a call for many keys may go on. */
class Limit {
  readonly #deadline: Deadline;
  readonly #options: CallOptions;
  #error: MemcacheError | null = null;

  constructor(context: OperationContext, options: CallOptions) {
    checkExecuteOptions(options);
    this.#options = options;
    this.#deadline = new Deadline(context.dependencies.clock, options.timeout ?? Infinity);
  }

  /** The error of the remaining items, once the call may not continue; else null. */
  get error(): MemcacheError | null {
    const { signal, timeout } = this.#options;
    if (this.#error === null && signal?.aborted === true) {
      this.#error = new AbortError('not-sent', signal.reason);
    } else if (this.#error === null && this.#deadline.left === 0) {
      this.#error = new TimeoutError(`the call was not over within ${timeout} ms`, 'not-sent');
    }
    return this.#error;
  }

  /** The options of a command, whose timeout is the time that is left. */
  within<Options extends CallOptions>(options: Options): Options {
    return this.#deadline.within(options);
  }
}

interface Job {
  readonly key: Key;
  readonly wire: WireKey;
  /** The approximate size of its value, in bytes. */
  readonly size: number;
  readonly make: (quiet: boolean) => Command;
  /** Whether the reply means success. */
  readonly isDone: (reply: Reply) => boolean;
}

async function doMany(
  context: OperationContext,
  keys: readonly ItemKey[],
  jobs: readonly Job[],
  options: BulkOptions,
  limit: Limit,
): Promise<Map<Key, MemcacheError>> {
  const noreply = context.isQuiet(options);
  const quiet = options.quiet === true || noreply;
  const failed = new Map<Key, MemcacheError>();
  // The deadline passed before all were prepared: nothing is sent.
  if (limit.error !== null) return new Map(keys.map((key) => [ownKey(key), limit.error!]));
  const run = async ({ key, wire, make, isDone }: Job): Promise<void> => {
    try {
      let reply = await context.execute(
        wire,
        make(quiet),
        executeOptions(noreply, limit.within(options)),
      );
      // An error within a quiet run names no command, so each one has to be sent again to find it.
      if (reply.type === 'silent' && reply.errors.length > 0) {
        reply = await context.execute(wire, make(false), limit.within(options));
      }
      if (isDone(reply)) return;
      failed.set(key, new MemcacheError('the server did not store it', 'not-stored', 'done'));
    } catch (error) {
      if (!(error instanceof MemcacheError)) throw error;
      failed.set(key, error);
    }
  };
  const skip = ({ key }: Job, error: MemcacheError): void => void failed.set(key, error);
  const { clock } = context.dependencies;
  await windowed(jobs, WINDOW, run, { clock, limit, skip, sizeOf: ({ size }) => size });
  // In the order of the call, not of the failures.
  if (failed.size < 2) return failed;
  const inOrder = new Map<Key, MemcacheError>();
  for (const { key } of jobs) if (failed.has(key)) inOrder.set(key, failed.get(key)!);
  return inOrder;
}

interface WindowOptions<Item> {
  readonly clock: Clock;
  readonly limit: Limit;
  /** Called with each item that was not begun, and the reason. */
  readonly skip: (item: Item, error: MemcacheError) => void;
  /** The bytes that an item has in flight. */
  readonly sizeOf: (item: Item) => number;
}

/**
 * Runs all items, with at most `most` and a number of bytes in flight, and a limited time in one
 * turn of the event loop, until one rejects or the limit is reached.
 */
function windowed<Item>(
  items: readonly Item[],
  most: number,
  run: (item: Item) => Promise<void>,
  { clock, limit, skip, sizeOf }: WindowOptions<Item>,
): Promise<void> {
  const pace = new Pace(clock, SLICE);
  return new Promise((resolve, reject) => {
    let next = 0;
    let running = 0;
    let bytes = 0;
    let resting = false;
    const start = (): void => {
      if (resting) return;
      while (next < items.length && running < most && (running === 0 || bytes < WINDOW_BYTES)) {
        // A short call is over before its time is worth measuring.
        if (next % 32 === 31) {
          if (pace.isOver) {
            resting = true;
            pace.leave(() => {
              resting = false;
              start();
            });
            return;
          }
          pace.begin();
        }
        const error = limit.error;
        const item = items[next++]!;
        if (error !== null) {
          skip(item, error);
          continue;
        }
        const size = sizeOf(item);
        running++;
        bytes += size;
        run(item).then(() => {
          running--;
          bytes -= size;
          start();
        }, (cause: Error) => {
          next = items.length;
          reject(cause);
        });
      }
      if (running === 0 && next === items.length) resolve();
    };
    start();
  });
}

/**
 * Calls a function with each item: synchronously if that is quick, else in slices with a turn of the
 * event loop in between, in which case it returns a promise.
 */
function inSlices<Item>(
  clock: Clock,
  items: readonly Item[],
  step: (item: Item, index: number) => void,
  limit: Limit | null,
  from = 0,
): Promise<void> | undefined {
  const start = clock.elapsed();
  for (let i = from; i < items.length; i++) {
    step(items[i]!, i);
    if (i % 128 !== 127 || clock.elapsed() - start < SLICE) continue;
    return new Promise<void>((resolve) => clock.yield(resolve))
      .then(() =>
        limit === null || limit.error === null
          ? inSlices(clock, items, step, limit, i + 1)
          : undefined
      );
  }
  return undefined;
}

// The list and small byte arrays are copied, since a generator may reuse them. Large arrays remain
// the caller's until they are sent.
function toColumns(entries: Entries): { keys: ItemKey[]; values: unknown[] } {
  if (typeof entries !== 'object' || entries === null) {
    throw new UsageError('entries', 'must be a Map, an array of pairs, or an object');
  }
  const keys: ItemKey[] = [];
  const values: unknown[] = [];
  for (const pair of Symbol.iterator in entries ? entries : Object.entries(entries)) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new UsageError('entries', 'must be pairs of a key and a value');
    }
    const [key, value] = pair as [ItemKey, unknown];
    keys.push(key);
    values.push(ownCopy(value));
  }
  if (keys.length === 0 && !(Symbol.iterator in entries)) checkEmpty('entries', entries);
  return { keys, values };
}
