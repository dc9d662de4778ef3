// The keys of a store: a prefix, a generation that empties it, and only what memcached takes as a key.
import { type Expire, MONTH } from '../core/client/expire.ts';
import type { Memcache } from '../core/client/memcache.ts';
import { utf8 } from '../core/wire/bytes.ts';
import { assertArgument, checkKnown, checkWellFormed } from '../core/wire/check.ts';

/** Where a store keeps its items. */
export interface StoreKeyOptions {
  /** The beginning of each key. Stores with the same prefix have the same items. */
  readonly prefix?: string | undefined;
  /**
   * Whether the store can be emptied. memcached lists no keys, so each key has a number, the
   * generation, which `clear` changes. An item of its own holds it, and is read along with each call.
   * Without it a call is one command less, and `clear` rejects.
   *
   * @default true
   */
  readonly clearable?: boolean | undefined;
}

/** The names of `StoreKeyOptions`, for `checkKnown`. */
export const STORE_KEY_OPTIONS: readonly string[] = ['prefix', 'clearable'];

/** The keys of one store, which can be emptied. */
export class Namespace {
  readonly #client: Memcache;
  readonly #prefix: string;
  readonly #clearable: boolean;
  // The last one that was seen. It is never trusted without being read again.
  #generation: string | undefined;

  constructor(client: Memcache, prefix: string, clearable: boolean = true) {
    this.#client = client;
    this.#prefix = prefix;
    this.#clearable = clearable;
  }

  /**
   * Calls a function with the prefix of keys, and returns its result. If another process has emptied
   * the store since the last call, the function is called twice, and the second result counts.
   */
  async use<Result>(call: (prefix: string) => Promise<Result>): Promise<Result> {
    if (!this.#clearable) return await call(this.#prefix);
    const before = this.#generation;
    if (before === undefined) return await call(this.#prefixOf(await this.#read()));
    // One round trip: the generation is mostly what it was.
    const [now, result] = await Promise.all([this.#read(), call(this.#prefixOf(before))]);
    return now === before ? result : await call(this.#prefixOf(now));
  }

  /** `use` for one key: any text. */
  async useKey<Result>(text: string, call: (key: string) => Promise<Result>): Promise<Result> {
    const name = await toKey(text);
    return await this.use((prefix) => call(prefix + name));
  }

  /**
   * Leaves all items behind, which memcached evicts in its time.
   *
   * @throws UsageError when the store is not `clearable`.
   */
  async clear(): Promise<void> {
    assertArgument(this.#clearable, 'clearable', 'is false, and memcached lists no keys to delete');
    const next = await this.#client.incr(this.#key);
    this.#generation = next === undefined ? await this.#read() : String(next);
  }

  get #key(): string {
    return `${this.#prefix}generation`;
  }

  #prefixOf(generation: string): string {
    return `${this.#prefix}${generation}:`;
  }

  async #read(): Promise<string> {
    const found = await this.#client.get<number>(this.#key);
    if (found !== undefined) return this.#generation = String(found);
    // The time is later than any number before, even if the item was evicted after many `clear`s.
    const first = this.#client.dependencies.clock.now();
    const isFirst = await this.#client.add(this.#key, first, { noreply: false });
    return isFirst ? this.#generation = String(first) : await this.#read();
  }
}

/** Checks the options of a store that has a namespace. */
export function checkStoreKeyOptions(options: object, others: readonly string[] = []): void {
  checkKnown('options', options, new Set([...STORE_KEY_OPTIONS, ...others]));
}

/** Keys of this length and more are shortened, so that 250 bytes are enough with every prefix. */
const LONG = 150;
const HEAD = 80;

declare const crypto: {
  readonly subtle: { digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer> };
};

/**
 * Any text as a key: what memcached refuses in keys is escaped as in a URL, and the end of a long
 * one is replaced by a SHA-256 of the whole. Two texts have never the same key.
 *
 * @throws UsageError when it has a lone surrogate, which has no bytes.
 */
export async function toKey(text: string): Promise<string> {
  checkWellFormed('key', text);
  const key = escaped(text);
  if (key.length < LONG) return key;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text)));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  // No escape has two percent signs, so this is nobody's key.
  return `${key.slice(0, HEAD)}%%${hex}`;
}

/** A name that stands before a colon. */
export function toName(text: string): string {
  checkWellFormed('namespace', text);
  return escaped(text).replaceAll(':', '%3A');
}

function escaped(text: string): string {
  return text.replaceAll(/[^!-$&-~]/gu, encodeURIComponent);
}

/** The last second that memcached can name: 19 January 2038. */
const LAST = 2 ** 31 - 1;

/**
 * The expiry of an item that lives for some milliseconds: whole seconds, rounded up, so that no item
 * ends before its time.
 *
 * @param milliseconds 0 and less for at once; undefined, Infinity and what ends after 2037 for never.
 * @throws UsageError when it is no number.
 */
export function toExpire(client: Memcache, milliseconds: number | undefined): Expire {
  if (milliseconds === undefined || milliseconds === Infinity) return 0;
  assertArgument(!Number.isNaN(milliseconds), 'ttl', 'must be a number of milliseconds');
  if (milliseconds <= 0) return -1;
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds <= MONTH) return seconds;
  // Beyond a month memcached takes the time of day.
  const end = Math.ceil((client.dependencies.clock.now() + milliseconds) / 1000);
  return end > LAST ? 0 : new Date(end * 1000);
}
