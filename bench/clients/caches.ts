// Opens each cache in front of a memcached, and does what its documentation says about a value that has
// to be loaded. Packages of others are imported by name at run time, as in adapters.ts.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../core/io/clock.ts';

/** What is asked of a cache. */
export interface CacheAdapter {
  /** The value of a key, from the cache or else from the loader. */
  fetch(key: string, load: Load): Promise<unknown>;
  /** Says that the value has changed: deletes it, or marks it as old. */
  drop(key: string): Promise<unknown>;
  close(): unknown;
}

export type Load = () => Promise<string>;

/** What a cache is opened with. */
export interface CacheOpening {
  readonly port: number;
  /** The build of memwire: a `dist` folder. */
  readonly dist: string;
  /** Seconds that a loader has, for caches with leases. */
  readonly lease: number;
  /** The time of our client; that of the runtime by default. */
  readonly clock?: Clock;
}

/** Our cache. */
export const OURS = 'memwire: cache()';

/** Seconds for which values are fresh. */
const TTL = 300;

type Open = (opening: CacheOpening) => Promise<CacheAdapter>;
type Module = Record<string, unknown>;
type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;
type Constructor = new (...args: unknown[]) => Methods;

const peers: Readonly<Record<string, Open>> = {
  async 'memcache: get, set'({ port }) {
    const { Memcache } = await load('memcache');
    const client = new (Memcache as Constructor)({ nodes: [`127.0.0.1:${port}`], timeout: 60_000 });
    return {
      async fetch(key, loader) {
        const found = await client['get']!(key);
        if (found !== undefined) return found;
        const value = await loader();
        await client['set']!(key, value, TTL);
        return value;
      },
      drop: (key) => client['delete']!(key),
      close: () => client['disconnect']!(),
    };
  },

  async 'cacheable: getOrSet'({ port }) {
    const { Cacheable } = await load('cacheable');
    const { cache: secondary, close } = await keyv(port);
    // Instances in one process share their loads by this name.
    const cacheId = Math.random().toString(36);
    const cache = new (Cacheable as Constructor)({ secondary, cacheId });
    return {
      fetch: (key, loader) => cache['getOrSet']!(key, loader, { ttl: TTL * 1000, cacheId }),
      drop: (key) => cache['delete']!(key),
      close,
    };
  },

  async 'cache-manager: wrap'({ port }) {
    const { createCache } = await load('cache-manager');
    const { cache: store, close } = await keyv(port);
    const cache = (createCache as (options: unknown) => Methods)({ stores: [store] });
    return {
      fetch: (key, loader) => cache['wrap']!(key, loader, TTL * 1000),
      drop: (key) => cache['del']!(key),
      close,
    };
  },
};

// What is written by hand instead.
const recipes: Readonly<Record<string, Open>> = {
  'get, add': (opening) =>
    byHand(opening, async (client, key, loader) => {
      const found = await client.get(key);
      if (found !== undefined) return found;
      const value = await loader();
      await client.add(key, value, { expire: TTL });
      return value;
    }),

  'add a lock, get, set': (opening) =>
    byHand(opening, async (client, key, loader) => {
      for (;;) {
        const found = await client.get(key);
        if (found !== undefined) return found;
        if (!await client.add(`${key}:lock`, 1, { expire: opening.lease })) continue;
        const value = await loader();
        await client.set(key, value, { expire: TTL });
        await client.delete(`${key}:lock`);
        return value;
      }
    }),

  // The cas of the lease is not compared: dalli 5 does it so.
  'a lease, set': (opening) =>
    byHand(opening, async (client, key, loader) => {
      for (;;) {
        const item = await client.meta.get(key, { vivify: opening.lease });
        if (item?.won === true) {
          const value = await loader();
          await client.set(key, value, { expire: TTL });
          return value;
        }
        if (item !== undefined && item.value !== '') return item.value;
      }
    }),
};

const own: Readonly<Record<string, Open>> = {
  [OURS]: (opening) => memwire(opening, 0),
  [`${OURS}, grace`]: (opening) => memwire(opening, 60),
};

/** The caches that people install. */
export const cacheNames: readonly string[] = [...Object.keys(peers), OURS];

/** All ways to fill a cache. */
export const fillNames: readonly string[] = Object.keys({ ...peers, ...recipes, ...own });

/** Connects a cache, with its own connection, to a server on the loopback. */
export function openCache(name: string, opening: CacheOpening): Promise<CacheAdapter> {
  const open = { ...peers, ...recipes, ...own }[name];
  if (open === undefined) throw new Error(`no cache ${name}`);
  return open(opening);
}

type NodePackage = typeof import('../../transport-node/mod.ts');
type Client = InstanceType<NodePackage['Client']>;

async function connect({ port, dist, clock }: CacheOpening): Promise<Client> {
  const built = await load(pathToFileURL(join(dist, 'node.js')).href) as NodePackage;
  return new built.Client(`127.0.0.1:${port}`, {
    timeout: 60_000,
    ...(clock === undefined ? {} : { clock }),
  });
}

interface Asked {
  readonly key: string;
  readonly loader: Load;
}

/** With `grace` what has changed is marked as old, without it is deleted. */
async function memwire(opening: CacheOpening, grace: number): Promise<CacheAdapter> {
  const client = await connect(opening);
  const cache = client.cache({
    key: ({ key }: Asked) => key,
    load: ({ loader }) => loader(),
    ttl: TTL,
    grace,
    lease: opening.lease,
  });
  return {
    fetch: (key, loader) => cache.fetch({ key, loader }),
    drop: (key) => cache.invalidate({ key, loader: () => Promise.resolve('') }),
    close: () => client.close(),
  };
}

async function byHand(
  opening: CacheOpening,
  fetch: (client: Client, key: string, load: Load) => Promise<unknown>,
): Promise<CacheAdapter> {
  const client = await connect(opening);
  return {
    fetch: (key, loader) => fetch(client, key, loader),
    drop: (key) => client.delete(key),
    close: () => client.close(),
  };
}

async function keyv(port: number): Promise<{ cache: Methods; close: () => unknown }> {
  const { default: Keyv } = await load('keyv');
  const { default: KeyvMemcache } = await load('@keyv/memcache');
  const store = new (KeyvMemcache as Constructor)(`127.0.0.1:${port}`);
  const { client } = store as unknown as { client: { close(): unknown } };
  return { cache: new (Keyv as Constructor)({ store }), close: () => client.close() };
}

async function load(name: string): Promise<Module> {
  return (await import(name)) as Module;
}
