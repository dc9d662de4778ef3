// The clients that are judged by the fault cases, each behind the methods that these call.
import { foreignClient, type JudgedClient } from '../../conformance/mod.ts';
import { Client, HashClient } from '../../transport-node/mod.ts';

/** A client under test. */
export interface FaultClient {
  /** What it can do of the needs of cases. */
  readonly has: readonly string[];
  /** Whether a read that failed gives the same as a miss, by design. */
  readonly ignoresErrors?: boolean;
  /** Connects to servers; times are in milliseconds. */
  open(servers: readonly string[], timeout: number): Promise<JudgedClient>;
}

type Method = (...args: readonly unknown[]) => unknown;
type Constructor = new (...args: readonly unknown[]) => Record<string, Method>;

const calls = ['timeout', 'incr', 'getMany'];
const own = [...calls, 'ascii', 'signal', 'noreply', 'expire', 'servers'];

/** By the names of their columns. */
export const faultClients: Readonly<Record<string, FaultClient>> = {
  memwire: {
    has: [...own, 'opaques'],
    open: (servers, timeout) => memwire(servers, timeout, 'auto'),
  },
  'memwire classic': { has: own, open: (servers, timeout) => memwire(servers, timeout, 'text') },
  memcache: {
    has: [...calls, 'ascii', 'servers'],
    ignoresErrors: true,
    async open(nodes, timeout) {
      const { Memcache } = await load('memcache') as { Memcache: Constructor };
      const client = new Memcache({ nodes, timeout });
      // Without a listener it would throw.
      client['on']!('error', () => {});
      return foreignClient({
        get: async (key) => await client['get']!(key),
        getMany: async (keys) => await client['gets']!([...keys]) as Map<string, unknown>,
        set: async (key, value) => await client['set']!(key, value) as boolean,
        delete: async (key) => await client['delete']!(key) as boolean,
        incr: async (key, delta = 1) => counted(await client['incr']!(key, delta)),
        close: async () => void await client['disconnect']!(),
      });
    },
  },
  'memcache-client': {
    has: [...calls, 'ascii', 'expire', 'noreply'],
    async open([server], timeout) {
      const { MemcacheClient } = await load('memcache-client') as { MemcacheClient: Constructor };
      const client = new MemcacheClient({ server, cmdTimeout: timeout, connectTimeout: timeout });
      const value = (found: unknown): unknown => (found as { value?: unknown } | undefined)?.value;
      return foreignClient({
        get: async (key) => value(await client['get']!(key)),
        async getMany(keys) {
          const found = await client['get']!([...keys]) as Record<string, unknown>;
          return new Map(Object.entries(found).map(([key, one]) => [key, value(one)]));
        },
        async set(key, stored, { expire, noreply } = {}) {
          const lifetime = expire === undefined ? {} : { lifetime: expire };
          await client['set']!(key, stored, { ...lifetime, noreply });
          return true;
        },
        delete: async (key) => String(await client['delete']!(key)).includes('DELETED'),
        incr: async (key, delta = 1) => counted(await client['incr']!(key, delta)),
        close: async () => void await client['shutdown']!(),
      });
    },
  },
  memcached: {
    has: [...calls, 'ascii', 'expire', 'servers'],
    async open(servers, timeout) {
      const { default: Memcached } = await load('memcached') as { default: Constructor };
      // Times at which it gives a server up, and tries it again; by default these are up to hours.
      const times = { retry: 20, reconnect: 20, minTimeout: 10, maxTimeout: 20 };
      const client = new Memcached([...servers], { timeout, ...times });
      const call = (method: string, ...args: unknown[]): Promise<unknown> =>
        new Promise((resolve, reject) => {
          client[method]!(...args, (error: Error | undefined, result: unknown) => {
            if (error) reject(error);
            else resolve(result);
          });
        });
      return foreignClient({
        get: (key) => call('get', key),
        async getMany(keys) {
          return new Map(Object.entries(await call('getMulti', [...keys]) as object));
        },
        set: async (key, value, { expire = 0 } = {}) =>
          Boolean(await call('set', key, value, expire)),
        delete: async (key) => Boolean(await call('del', key)),
        incr: async (key, delta = 1) => counted(await call('incr', key, delta)),
        close: async () => void await client['end']!(),
      });
    },
  },
  memjs: {
    has: ['timeout', 'incr', 'expire', 'servers', 'opaques'],
    async open(servers, timeout) {
      const { default: memjs } = await load('memjs') as {
        default: { Client: { create(...args: unknown[]): InstanceType<Constructor> } };
      };
      const seconds = timeout / 1000;
      const client = memjs.Client.create(servers.join(','), {
        timeout: seconds,
        conntimeout: seconds,
        logger: { log() {} },
      });
      return foreignClient({
        async get(key) {
          const { value } = await client['get']!(key) as { value: Uint8Array | null };
          return value === null ? undefined : Buffer.from(value).toString();
        },
        set: async (key, value, { expire } = {}) =>
          Boolean(
            await client['set']!(key, value, expire === undefined ? {} : { expires: expire }),
          ),
        delete: async (key) => Boolean(await client['delete']!(key)),
        async incr(key, delta = 1) {
          const found = await client['increment']!(key, delta, {}) as { value: unknown };
          return counted(found.value);
        },
        close: async () => void await client['close']!(),
      });
    },
  },
};

function memwire(
  servers: readonly string[],
  timeout: number,
  dialect: 'auto' | 'text',
): Promise<JudgedClient> {
  const options = { timeout, dialect };
  const [first] = servers;
  return Promise.resolve(
    servers.length > 1 ? new HashClient(servers, options) : new Client(first, options),
  );
}

// Some give a number, some text, and `false` or nothing for a miss.
function counted(result: unknown): bigint | undefined {
  return /^\d+$/.test(String(result)) ? BigInt(String(result)) : undefined;
}

// By name at run time: this folder has its own package.json.
async function load(name: string): Promise<object> {
  return await import(name) as object;
}
