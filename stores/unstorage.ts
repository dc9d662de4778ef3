/** unstorage on memcached, and so the caches of Nitro and Nuxt: `createStorage({ driver })`. */
import type { Memcache } from '../core/client/memcache.ts';
import { UsageError } from '../core/wire/errors.ts';
import {
  checkStoreKeyOptions,
  Namespace,
  type StoreKeyOptions,
  toExpire,
  toKey,
} from './namespace.ts';

/** The options of `unstorageDriver`. */
export interface UnstorageOptions extends StoreKeyOptions {
  /** Seconds that items live whose own options have no `ttl`; by default they do not end. */
  readonly ttl?: number | undefined;
}

/** What unstorage gives a driver along with an item. */
export interface UnstorageItemOptions {
  /** Seconds that it lives, rounded up to whole ones; 0 for no end. */
  readonly ttl?: number | undefined;
}

/** An item that unstorage reads or stores. */
export interface UnstorageItem {
  /** Its key, below the base where the driver is mounted. */
  readonly key: string;
  /** Text, which unstorage makes of values. */
  readonly value: string;
  /** Its own options. */
  readonly options?: UnstorageItemOptions | undefined;
}

/** A driver of unstorage. Its functions reject as the methods of the client do. */
export interface UnstorageDriver {
  /** memwire. */
  readonly name: string;
  /** What it can do besides: items with a `ttl`. */
  readonly flags: { readonly ttl: boolean };
  /** Its client. */
  getInstance(): Memcache;
  /** Whether there is an item. Its value is read for that. */
  hasItem(key: string): Promise<boolean>;
  /** The text of an item, or null. */
  getItem(key: string): Promise<string | null>;
  /** The texts of many items, in their order; null for those that there are not. */
  getItems(items: readonly { readonly key: string }[]): Promise<
    { key: string; value: string | null }[]
  >;
  /** The value of an item as `setItemRaw` stored it, bytes as a Uint8Array; or null. */
  getItemRaw(key: string): Promise<unknown>;
  /** Stores text. */
  setItem(key: string, value: string, options?: UnstorageItemOptions): Promise<void>;
  /** Stores many texts; all are tried, and the first failure rejects. */
  setItems(items: readonly UnstorageItem[], common?: UnstorageItemOptions): Promise<void>;
  /** Stores bytes as they are, and anything else as the client's serde does. */
  setItemRaw(key: string, value: unknown, options?: UnstorageItemOptions): Promise<void>;
  /** Deletes an item. */
  removeItem(key: string): Promise<void>;
  /** No keys, as from each driver that cannot list them: memcached lists none. */
  getKeys(base?: string): Promise<string[]>;
  /**
   * Empties the driver.
   *
   * @throws UsageError for a base: mount a driver there, which can be emptied alone.
   */
  clear(base?: string): Promise<void>;
}

/**
 * Makes a driver for unstorage. It does not close the client, which others may use.
 *
 * @param client Any client: of one server or many, retrying or not.
 * @param options The prefix is `unstorage:` by default.
 * @throws UsageError for an option that it does not know.
 *
 * @example
 * ```ts
 * const driver = unstorageDriver(new Client('localhost:11211'), { ttl: 3600 });
 * const storage = createStorage({ driver });
 * await storage.setItem('greeting', 'hello', { ttl: 60 }); // for a minute
 * ```
 */
export function unstorageDriver(client: Memcache, options: UnstorageOptions = {}): UnstorageDriver {
  checkStoreKeyOptions(options, ['ttl']);
  const { prefix = 'unstorage:', clearable, ttl: defaultTtl } = options;
  const namespace = new Namespace(client, prefix, clearable);
  const read = async <Value>(key: string): Promise<Value | null> =>
    await namespace.useKey(key, (wire) => client.get<Value>(wire)) ?? null;
  const store = async (key: string, value: unknown, given?: UnstorageItemOptions) => {
    const ttl = given?.ttl ?? defaultTtl ?? 0;
    const expire = toExpire(client, ttl === 0 ? undefined : ttl * 1000);
    await namespace.useKey(key, (wire) => client.set(wire, value, { expire }));
  };
  return {
    name: 'memwire',
    flags: { ttl: true },
    getInstance: () => client,
    hasItem: async (key) => (await read(key)) !== null,
    getItem: (key) => read<string>(key),
    async getItems(items) {
      const names = await Promise.all(items.map(({ key }) => toKey(key)));
      const found = await namespace.use(async (prefix) => {
        const values = await client.getMany<string>(names.map((name) => prefix + name));
        return names.map((name) => values.get(prefix + name) ?? null);
      });
      return items.map(({ key }, i) => ({ key, value: found[i]! }));
    },
    getItemRaw: (key) => read(key),
    setItem: store,
    async setItems(items, common) {
      await Promise.all(
        items.map(({ key, value, options: own }) => store(key, value, { ...common, ...own })),
      );
    },
    setItemRaw: (key, value, own) =>
      store(key, value instanceof ArrayBuffer ? new Uint8Array(value) : value, own),
    async removeItem(key) {
      await namespace.useKey(key, (wire) => client.delete(wire));
    },
    getKeys: () => Promise.resolve([]),
    async clear(base = '') {
      if (base !== '') {
        throw new UsageError('base', 'cannot be cleared alone: memcached lists no keys');
      }
      await namespace.clear();
    },
  };
}
