import type { Clock } from '../io/clock.ts';
import { checkKnown, checkObject, optionNames } from '../wire/check.ts';
import { type MemcacheError, UsageError } from '../wire/errors.ts';
import type { ExecuteOptions, Executor } from './connection/executor.ts';
import type { Expire } from './expire.ts';
import type { Keys, WireKey } from './keys.ts';
import type { Serde } from './values/serde.ts';

/** What every operation takes. */
export type CallOptions = Pick<ExecuteOptions, 'timeout' | 'signal'>;

export interface WriteOptions extends CallOptions {
  /**
   * Do not wait for the server: the promise resolves when the transport has the bytes of the command,
   * and says that all went well whether it did or not. It rejects, with the outcome `not-sent`, where
   * there is no connection, and is held back while more than 1024 commands are pending. Errors that
   * the server reports go to `onQuietError`.
   */
  readonly noreply?: boolean;
}

export interface StoreOptions extends WriteOptions {
  /** When it expires; never by default. */
  readonly expire?: Expire;
  /** Client flags to store instead of those that say how the value was serialised. */
  readonly flags?: number;
}

/** For many writes at once. `timeout` is for all of them together. */
export interface BulkOptions extends WriteOptions {
  /**
   * Ask the server to answer only for what fails, which costs the fewest bytes. Where it reports an
   * error that could be of any of them, each is sent once more to learn whose it was. Of no effect
   * where the connection speaks text, whose `noreply` hides failures; false by default.
   */
  readonly quiet?: boolean;
}

const callNames = /* @__PURE__ */ optionNames<CallOptions>({ timeout: true, signal: true });
const writeNames = /* @__PURE__ */ optionNames<WriteOptions>({
  timeout: true,
  signal: true,
  noreply: true,
});
const storeNames = /* @__PURE__ */ optionNames<StoreOptions>({
  timeout: true,
  signal: true,
  noreply: true,
  expire: true,
  flags: true,
});
const bulkNames = /* @__PURE__ */ optionNames<BulkOptions>({
  timeout: true,
  signal: true,
  quiet: true,
  noreply: true,
});
const bulkStoreNames = /* @__PURE__ */ optionNames<
  BulkOptions & Pick<StoreOptions, 'expire' | 'flags'>
>({
  timeout: true,
  signal: true,
  quiet: true,
  noreply: true,
  expire: true,
  flags: true,
});

/** @throws UsageError naming an option that no read has. */
export function checkCallOptions(options: CallOptions | undefined): void {
  if (options !== undefined) checkNames(options, callNames);
}

/** @throws UsageError naming an option that no write has. */
export function checkWriteOptions(options: WriteOptions | undefined): void {
  if (options !== undefined) checkNames(options, writeNames);
}

/** @throws UsageError naming an option that nothing that stores has. */
export function checkStoreOptions(options: StoreOptions | undefined): void {
  if (options === undefined) return;
  // As memcached (npm) and others have it.
  if (typeof options === 'number') {
    throw new UsageError('options', `must be an object: { expire: ${String(options)} }`);
  }
  checkNames(options, storeNames);
}

/** @throws UsageError naming an option that deleting many has not. */
export function checkBulkOptions(options: BulkOptions | undefined): void {
  if (options !== undefined) checkNames(options, bulkNames);
}

/** @throws UsageError naming an option that storing many has not. */
export function checkBulkStoreOptions(
  options: BulkOptions & Pick<StoreOptions, 'expire' | 'flags'> | undefined,
): void {
  if (options !== undefined) checkNames(options, bulkStoreNames);
}

function checkNames(options: object, known: ReadonlySet<string>): void {
  checkObject('options', options);
  checkKnown('options', options, known);
}

export interface Gets<T> {
  readonly value: T;
  /** The version of the value, to be given to `cas`. */
  readonly cas: bigint;
}

/** What a `Memcache` is made of. */
export interface MemcacheDependencies {
  readonly executor: Executor;
  /**
   * Where the servers have to be found first: waits until they are, and gives the options of a call
   * with what is left of its time.
   */
  readonly ready?:
    | (<Options extends CallOptions>(options: Options) => Promise<Options>)
    | undefined;
  /**
   * Where the executor is of many servers: which one has a key, or undefined when none is up. Keys
   * that share one are asked for together.
   */
  readonly placeOf?: (key: WireKey) => unknown;
  readonly serde: Serde;
  readonly keys: Keys;
  readonly clock: Clock;
  /** A number from 0 to 1, for the jitter of what is made of the client; `Math.random` by default. */
  readonly random?: () => number;
  /** A `get` for more keys than this is cut, so that no line and no reply grows without limit. */
  readonly maxKeys: number;
  /** What `noreply` is where a call does not say. */
  readonly noreply: boolean;
  /** Reads that fail become misses. */
  readonly ignoreErrors: boolean;
  /** Hears of each such failure. */
  readonly onIgnored: ((error: MemcacheError) => void) | undefined;
}
