/** Keyv on memcached: `new Keyv({ store: new KeyvStore(client) })`. */
import type { Memcache } from '../core/client/memcache.ts';
import { UsageError } from '../core/wire/errors.ts';
import {
  checkStoreKeyOptions,
  Namespace,
  type StoreKeyOptions,
  toExpire,
  toKey,
  toName,
} from './namespace.ts';

export type { StoreKeyOptions } from './namespace.ts';

/** The options of `KeyvStore`. */
export interface KeyvStoreOptions extends StoreKeyOptions {
  /**
   * Whether a read that fails also rejects under a Keyv, and not only calls its `error` listeners.
   * Set it with the `throwOnErrors` of Keyv 5, which a store cannot see.
   *
   * @default false
   */
  readonly throwOnErrors?: boolean | undefined;
}

/** An item that `KeyvStore.setMany` stores. */
export interface KeyvEntry {
  /** Any text. */
  readonly key: string;
  /** What Keyv has made of the value: text, as it comes. */
  readonly value: unknown;
  /** Milliseconds that it lives; never ending without. */
  readonly ttl?: number | undefined;
}

/**
 * A storage adapter of Keyv 5 and 6, and so of cache-manager and cacheable.
 *
 * Its writes reject as those of the client do; Keyv makes `error` events of that. Of a read that fails
 * it makes the event itself, and a miss, since Keyv 5 catches only some of them; without a listener a
 * read rejects too. It does not close the client, which others may use.
 *
 * @example
 * ```ts
 * const keyv = new Keyv({ store: new KeyvStore(new Client('localhost:11211')) });
 * await keyv.set('greeting', 'hello', 60_000); // for a minute
 * ```
 */
export class KeyvStore {
  /** What Keyv asks stores for: nothing here. */
  readonly opts: Record<string, unknown> = { url: 'memcached:' };
  /** Set by Keyv: its items are apart from those of other namespaces. */
  namespace: string | undefined;
  readonly #client: Memcache;
  readonly #prefix: string;
  readonly #clearable: boolean | undefined;
  readonly #throwOnErrors: boolean;
  readonly #namespaces = new Map<string, Namespace>();
  readonly #listeners = new Set<(error: unknown) => void>();

  /**
   * Makes a store; it reads and writes when it is called.
   *
   * @param client Any client: of one server or many, retrying or not.
   * @param options The prefix is `keyv:` by default.
   * @throws UsageError for an option that it does not know.
   */
  constructor(client: Memcache, options: KeyvStoreOptions = {}) {
    checkStoreKeyOptions(options, ['throwOnErrors']);
    this.#client = client;
    this.#prefix = options.prefix ?? 'keyv:';
    this.#clearable = options.clearable;
    this.#throwOnErrors = options.throwOnErrors ?? false;
  }

  /** The value of a key, or undefined. */
  async get<Value>(key: string): Promise<Value | undefined> {
    return await this.#read(
      () => this.#use(key, (wire) => this.#client.get<Value>(wire)),
      undefined,
    );
  }

  /** The values of many keys, in their order; undefined for those that there are not. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    return await this.#read(
      async () => {
        const names = await Promise.all(keys.map(toKey));
        return await this.#current.use(async (prefix) => {
          const found = await this.#client.getMany<Value>(names.map((name) => prefix + name));
          return names.map((name) => found.get(prefix + name));
        });
      },
      keys.map(() => undefined),
    );
  }

  /** Whether there is a key. Its value is read for that. */
  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
  }

  /** Whether there are these keys, in their order. */
  async hasMany(keys: string[]): Promise<boolean[]> {
    return (await this.getMany(keys)).map((value) => value !== undefined);
  }

  /**
   * Stores a value.
   *
   * @param ttl Milliseconds that it lives, rounded up to whole seconds; never ending without, and
   * with 0, as for Keyv.
   */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const expire = toExpire(this.#client, ttl === 0 ? undefined : ttl);
    return await this.#use(key, (wire) => this.#client.set(wire, value, { expire }));
  }

  /** Stores many values; all are tried, and the first failure rejects. */
  async setMany(entries: readonly KeyvEntry[]): Promise<boolean[]> {
    return await Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
  }

  /** Deletes a key; false if there was none. */
  async delete(key: string): Promise<boolean> {
    return await this.#use(key, (wire) => this.#client.delete(wire));
  }

  /** Deletes many keys; false if there was none of them. */
  async deleteMany(keys: string[]): Promise<boolean> {
    return (await Promise.all(keys.map((key) => this.delete(key)))).includes(true);
  }

  /**
   * Empties the namespace, and no other.
   *
   * @throws UsageError when the store is not `clearable`.
   */
  async clear(): Promise<void> {
    await this.#current.clear();
  }

  /**
   * Cannot be done: memcached lists no keys.
   *
   * @throws UsageError that says so.
   */
  iterator(): never {
    throw new UsageError('iterator', 'is not possible: memcached lists no keys');
  }

  /** Calls a listener with the error of each read that fails; there is no other event than `error`. */
  on(event: string, listener: (error: unknown) => void): this {
    if (event === 'error') this.#listeners.add(listener);
    return this;
  }

  // Keyv 5 lets `has`, `hasMany`, `getMany` and `getRaw` reject, whatever its `throwOnErrors`, and is
  // silent about a `get`. Keyv 6 has no need of this: it makes the same of a rejection.
  async #read<Result>(read: () => Promise<Result>, miss: Result): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      for (const listener of this.#listeners) listener(error);
      if (this.#throwOnErrors || this.#listeners.size === 0) throw error;
      return miss;
    }
  }

  async #use<Result>(key: string, call: (wire: string) => Promise<Result>): Promise<Result> {
    return await this.#current.useKey(key, call);
  }

  get #current(): Namespace {
    const prefix = `${this.#prefix}${toName(this.namespace ?? '')}:`;
    const known = this.#namespaces.get(prefix);
    if (known !== undefined) return known;
    const made = new Namespace(this.#client, prefix, this.#clearable);
    this.#namespaces.set(prefix, made);
    return made;
  }
}
