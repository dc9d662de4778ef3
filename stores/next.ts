/** The cache of Next.js in memcached, for all of its servers: pages, routes and `fetch`. */
import type { Memcache } from '../core/client/memcache.ts';
import { toBase64 } from '../core/wire/base64.ts';
import { checkKnown } from '../core/wire/check.ts';
import { toExpire, toKey } from './namespace.ts';

/** The options of `nextCacheHandler`. */
export interface NextCacheOptions {
  /**
   * The beginning of each key. Name the build in it: the pages of one build are none of another's.
   *
   * @default 'next:'
   */
  readonly prefix?: string | undefined;
  /** Called with what a read or a write of the cache has rejected with; Next renders without it. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What Next tells the handler about a value. */
export interface NextCacheContext {
  /** What kind of value it is, which makes no difference here. */
  readonly kind?: unknown;
  /** The tags of a `fetch`. */
  readonly tags?: string[] | undefined;
  /** The tags of the page that a `fetch` is for. */
  readonly softTags?: string[] | undefined;
  /** How long a page or a route is good. */
  readonly cacheControl?: { readonly expire?: number | undefined } | undefined;
}

/** A value as Next gets it back. */
export interface NextCacheEntry {
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  /** As it was stored, Buffers and Maps included. */
  readonly value: unknown;
  /** The lifetime that it was stored with, for servers that have not rendered it. */
  readonly cacheControl?: unknown;
}

/** A cache handler of Next: what `cacheHandler` in its configuration leads to. */
export interface NextCacheHandler {
  /** A value, unless one of its tags was revalidated since it was stored; null for a miss. */
  get(key: string, context?: NextCacheContext): Promise<NextCacheEntry | null>;
  /** Stores a value with its tags; null deletes it. */
  set(key: string, value: unknown, context?: NextCacheContext): Promise<void>;
  /**
   * Makes every value with one of the tags a miss, on all servers. Rejects as the client does: the
   * values may be there still.
   */
  revalidateTag(tags: string | string[]): Promise<void>;
  /** Nothing is kept for a request. */
  resetRequestCache(): void;
}

/** An entry as it is stored. */
interface Stored extends NextCacheEntry {
  /** The generation of each of its tags. */
  readonly tags: Readonly<Record<string, string | undefined>>;
}

/**
 * Makes the class that Next asks for. It does not close the client.
 *
 * Each tag is an item with a generation, which an entry remembers. Revalidating a tag changes it,
 * and an evicted tag has a new one, so no entry outlives its tags.
 *
 * @param client Any client. Its `timeout` is what Next waits for at most when memcached is down.
 * @throws UsageError for an option that it does not know.
 *
 * @example
 * ```ts
 * // cache-handler.mjs, which next.config.mjs names as `cacheHandler`
 * export default nextCacheHandler(new Client('localhost:11211'), { prefix: 'next:1.2.3:' });
 * ```
 */
export function nextCacheHandler(
  client: Memcache,
  options: NextCacheOptions = {},
): new () => NextCacheHandler {
  checkKnown('options', options, new Set(['prefix', 'onError']));
  const { prefix = 'next:', onError } = options;
  const { clock, random = Math.random } = client.dependencies;
  const keyOf = async (text: string): Promise<string> => `${prefix}${await toKey(text)}`;
  const tagKeys = (tags: readonly string[]) => Promise.all(tags.map((tag) => keyOf(`tag:${tag}`)));
  async function generationOf(key: string): Promise<string> {
    const found = await client.get<string>(key);
    if (found !== undefined) return found;
    const first = newGeneration(random, 0);
    return await client.add(key, first, { noreply: false }) ? first : await generationOf(key);
  }

  async function read(key: string, context: NextCacheContext): Promise<NextCacheEntry | null> {
    const text = await client.get<string>(await keyOf(`entry:${key}`));
    if (text === undefined) return null;
    const { tags, ...entry } = unpack(text) as Stored;
    const asked = [...context.tags ?? [], ...context.softTags ?? []];
    const names = [...new Set([...Object.keys(tags), ...asked])];
    const keys = await tagKeys(names);
    const found = await client.getMany<string>(keys);
    const isGood = names.every((name, i) =>
      isCurrent(name, { ...entry, tags }, found.get(keys[i]!))
    );
    return isGood ? entry : null;
  }

  async function write(key: string, value: unknown, context: NextCacheContext): Promise<void> {
    const wire = await keyOf(`entry:${key}`);
    if (value === null) return void await client.delete(wire);
    const names = [...new Set([...tagsOf(value), ...context.tags ?? []])];
    const keys = await tagKeys(names);
    const known = await Promise.all(keys.map(generationOf));
    const tags = Object.fromEntries(names.map((name, i) => [name, known[i]]));
    const { cacheControl } = context;
    const entry: Stored = { lastModified: clock.now(), value, cacheControl, tags };
    const expire = toExpire(client, 1000 * (cacheControl?.expire ?? Infinity));
    await client.set(wire, pack(entry), { expire });
  }

  /** Next renders where there is no cache. */
  const withoutFailing = async <Result>(call: Promise<Result>, otherwise: Result) =>
    await call.catch((error: unknown) => {
      onError?.(error);
      return otherwise;
    });

  return class implements NextCacheHandler {
    async get(key: string, context: NextCacheContext = {}): Promise<NextCacheEntry | null> {
      return await withoutFailing(read(key, context), null);
    }

    async set(key: string, value: unknown, context: NextCacheContext = {}): Promise<void> {
      await withoutFailing(write(key, value, context), undefined);
    }

    async revalidateTag(tags: string | string[]): Promise<void> {
      const keys = await tagKeys([tags].flat());
      const next = newGeneration(random, clock.now());
      await Promise.all(keys.map((key) => client.set(key, next, { noreply: false })));
    }

    resetRequestCache(): void {}
  };
}

/** A new generation, and the time of the call that made it; 0 for a tag that is new. */
function newGeneration(random: () => number, revalidated: number): string {
  return `${random().toString(36).slice(2)}:${revalidated}`;
}

/** Whether a tag was not revalidated since an entry was stored, by the tag's generation now. */
function isCurrent(tag: string, { tags, lastModified }: Stored, now: string | undefined): boolean {
  if (Object.hasOwn(tags, tag)) return now === tags[tag];
  // A tag that the entry does not know: only the time tells.
  return Number(now?.split(':')[1] ?? 0) <= lastModified;
}

/** The tags of a page or a route, which Next writes into a header. */
function tagsOf(value: unknown): string[] {
  const { headers, tags } = value as {
    readonly headers?: Record<string, unknown> | undefined;
    readonly tags?: string[] | undefined;
  };
  const header = headers?.['x-next-cache-tags'];
  return typeof header === 'string' ? header.split(',') : tags ?? [];
}

// Next is for Node, and asks for Buffers.
declare const Buffer: { from(text: string, encoding: 'base64'): Uint8Array };

const MARKS = ['$bytes', '$map', '$object'];

/** JSON with bytes and Maps. An object that looks like one of their marks is marked itself. */
function pack(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, given: unknown) {
    // What the own `toJSON` of a Buffer has made of it would be four times as long.
    const own = this[key];
    if (own instanceof Uint8Array) return { $bytes: toBase64(own) };
    if (own instanceof Map) return { $map: [...own] };
    const isMarked = typeof given === 'object' && given !== null &&
      MARKS.some((mark) => Object.hasOwn(given, mark));
    return isMarked ? { $object: Object.entries(given) } : given;
  });
}

function unpack(text: string): unknown {
  return JSON.parse(text, (_, given: unknown) => {
    if (typeof given !== 'object' || given === null) return given;
    const { $bytes, $map, $object } = given as Record<string, unknown>;
    if (typeof $bytes === 'string') return Buffer.from($bytes, 'base64');
    if (Array.isArray($map)) return new Map($map as [unknown, unknown][]);
    if (Array.isArray($object)) return Object.fromEntries($object as [string, unknown][]);
    return given;
  });
}
