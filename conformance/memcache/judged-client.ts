import type { Entries } from '../../core/client/bulk.ts';
import type { Executor } from '../../core/client/connection/executor.ts';
import type { Expire } from '../../core/client/expire.ts';
import type { ItemKey } from '../../core/client/keys.ts';
import type {
  BulkOptions,
  CallOptions,
  StoreOptions,
  WriteOptions,
} from '../../core/client/options.ts';
import type { Gets } from '../../core/client/operation-context.ts';
import type { CasResult } from '../../core/client/results.ts';
import type { Key } from '../../core/wire/command.ts';

/**
 * What a client is judged by: the operations of `Memcache`, as it has them. Somebody else's client
 * needs only some: see `foreignClient`.
 */
export interface JudgedClient {
  /** The value, or undefined. */
  get(key: ItemKey, options?: CallOptions): Promise<unknown>;
  /** The value and its version, or undefined. */
  gets(key: ItemKey, options?: CallOptions): Promise<Gets<unknown> | undefined>;
  /** As `get`; sets when it expires. */
  gat(key: ItemKey, expire: Expire, options?: CallOptions): Promise<unknown>;
  /** As `gets`; sets when it expires. */
  gats(key: ItemKey, expire: Expire, options?: CallOptions): Promise<Gets<unknown> | undefined>;
  /** The values that are there, by the keys asked for, and in their order. */
  getMany(keys: Iterable<ItemKey>, options?: CallOptions): Promise<Map<Key, unknown>>;
  /** The same with their versions. */
  getsMany(keys: Iterable<ItemKey>, options?: CallOptions): Promise<Map<Key, Gets<unknown>>>;
  /** Whether it was stored; so too the next four. */
  set(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean>;
  add(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean>;
  replace(key: ItemKey, value: unknown, options?: StoreOptions): Promise<boolean>;
  append(key: ItemKey, value: string | Uint8Array, options?: WriteOptions): Promise<boolean>;
  prepend(key: ItemKey, value: string | Uint8Array, options?: WriteOptions): Promise<boolean>;
  cas(key: ItemKey, value: unknown, cas: bigint, options?: StoreOptions): Promise<CasResult>;
  /** The keys that were not stored, each with its reason. */
  setMany(
    entries: Entries,
    options?: BulkOptions & Pick<StoreOptions, 'expire' | 'flags'>,
  ): Promise<Map<Key, Error>>;
  /** The keys that may still be there, each with its reason. */
  deleteMany(keys: Iterable<ItemKey>, options?: BulkOptions): Promise<Map<Key, Error>>;
  /** Whether it was there; so too `touch`. */
  delete(key: ItemKey, options?: WriteOptions): Promise<boolean>;
  touch(key: ItemKey, expire: Expire, options?: WriteOptions): Promise<boolean>;
  /** The new number, or undefined. The delta is 1 by default. */
  incr(key: ItemKey, delta?: bigint | number, options?: WriteOptions): Promise<bigint | undefined>;
  decr(key: ItemKey, delta?: bigint | number, options?: WriteOptions): Promise<bigint | undefined>;
  /** Throws what says why a key cannot be sent. */
  checkKey(key: ItemKey): void;
  /** How many reads failed and gave what a miss gives. */
  readonly ignored: number;
  execute: Executor['execute'];
  /** Resolves when all that was asked before is done; what is asked later is refused. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A client to be judged that has only these methods: what calls another fails. They are to give what
 * the methods of `JudgedClient` give, in whatever way the client itself has for it.
 */
export function foreignClient(methods: Partial<JudgedClient>): JudgedClient {
  const lacks = (name: string) => (): Promise<never> =>
    Promise.reject(new Error(`this client has no ${name}`));
  return {
    get: lacks('get'),
    gets: lacks('gets'),
    gat: lacks('gat'),
    gats: lacks('gats'),
    getMany: lacks('getMany'),
    getsMany: lacks('getsMany'),
    set: lacks('set'),
    add: lacks('add'),
    replace: lacks('replace'),
    append: lacks('append'),
    prepend: lacks('prepend'),
    cas: lacks('cas'),
    setMany: lacks('setMany'),
    deleteMany: lacks('deleteMany'),
    delete: lacks('delete'),
    touch: lacks('touch'),
    incr: lacks('incr'),
    decr: lacks('decr'),
    checkKey() {
      throw new Error('this client has no checkKey');
    },
    ignored: 0,
    execute: lacks('execute'),
    close: lacks('close'),
    [Symbol.asyncDispose]: lacks('asyncDispose'),
    ...methods,
  };
}
