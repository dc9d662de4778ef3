import type { Clock } from '../clock.ts';
import type { MemcacheError } from '../wire/errors.ts';
import type { ExecuteOptions, Executor } from './executor.ts';
import type { Expire } from './expire.ts';
import type { Keys, WireKey } from './key-policy.ts';
import type { Serde } from './serde.ts';

/** What every operation takes. */
export type CallOptions = Pick<ExecuteOptions, 'timeout' | 'signal'>;

export interface WriteOptions extends CallOptions {
  /**
   * Do not wait for the server: the promise resolves when the command is on its way, and says that
   * all went well whether it did or not.
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

export interface Gets<T> {
  readonly value: T;
  /** The version of the value, to be given to `cas`. */
  readonly cas: bigint;
}

/** What a `Memcache` is made of. */
export interface MemcacheParts {
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
