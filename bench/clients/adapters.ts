// One face for all clients, each with one connection to a server and its defaults, so that one loop measures
// them. Their packages are imported by name at run time: this folder has its own package.json.

/** What a load asks of a client. Values are strings, as most of the clients take them. */
export interface Subject {
  get(key: string): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
  /** Null where the client has no such call. */
  readonly getMany: ((keys: string[]) => Promise<unknown>) | null;
  /** The longest value that the client takes, in bytes; none is given where it takes them all. */
  readonly longest?: number;
  close(): unknown;
}

type Module = Record<string, unknown>;
type Constructor = new (...args: unknown[]) => Record<string, (...args: unknown[]) => unknown>;

// Some of them take many seconds for a value of 32 MB.
const PATIENCE = 120_000;

/** Our client, as it is without options. */
export const OURS = 'memwire';
/** Our client of many servers. */
export const HASHED = 'memwire hash';

const open: Readonly<Record<string, (ports: readonly number[]) => Promise<Subject>>> = {
  async [OURS](ports) {
    return await memwire(ports, 'auto', false);
  },

  async 'memwire text'(ports) {
    return await memwire(ports, 'text', false);
  },

  async [HASHED](ports) {
    return await memwire(ports, 'auto', true);
  },

  async memcache(ports) {
    const { Memcache } = await load('memcache');
    const options = { nodes: names(ports), timeout: PATIENCE };
    const client = new (Memcache as Constructor)(options);
    return {
      get: (key) => promised(client['get']!(key)),
      set: (key, value) => promised(client['set']!(key, value)),
      getMany: (keys) => promised(client['gets']!(keys)),
      longest: 1024 * 1024,
      close: () => client['disconnect']!(),
    };
  },

  async 'memcache-client'(ports) {
    const { MemcacheClient } = await load('memcache-client');
    const client = new (MemcacheClient as Constructor)({ server: names(ports)[0] });
    return {
      get: (key) => promised(client['get']!(key)),
      set: (key, value) => promised(client['set']!(key, value)),
      getMany: (keys) => promised(client['get']!(keys)),
      close: () => client['shutdown']!(),
    };
  },

  async memcached(ports) {
    const { default: Memcached } = await load('memcached');
    const options = { poolSize: 1, timeout: PATIENCE, maxValue: 64 * 1024 * 1024 };
    const client = new (Memcached as Constructor)(names(ports), options);
    const call = (method: string, ...args: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        client[method]!(...args, (error: Error | undefined, result: unknown) => {
          if (error) reject(error);
          else resolve(result);
        });
      });
    return {
      get: (key) => call('get', key),
      set: (key, value) => call('set', key, value, 0),
      getMany: (keys) => call('getMulti', keys),
      close: () => client['end']!(),
    };
  },

  async memjs(ports) {
    const { default: memjs } = await load('memjs');
    const { Client } = memjs as {
      Client: { create(...args: unknown[]): InstanceType<Constructor> };
    };
    const client = Client.create(names(ports).join(','), { timeout: PATIENCE / 1000 });
    return {
      get: (key) => promised(client['get']!(key)),
      set: (key, value) => promised(client['set']!(key, value, {})),
      getMany: null,
      close: () => client['close']!(),
    };
  },
};

/** The names of the clients, ours first, then ours in classic commands. */
export const clients: readonly string[] = Object.keys(open).filter((name) => name !== HASHED);

/** Connects a client to servers on the loopback; those of one server to the first of them. */
export function openClient(name: string, ports: readonly number[]): Promise<Subject> {
  return open[name]!(ports);
}

async function memwire(
  ports: readonly number[],
  dialect: 'auto' | 'text',
  hashed: boolean,
): Promise<Subject> {
  // The built code, as it is installed.
  const built = new URL('../../dist/node.js', import.meta.url).href;
  const node = (await import(built)) as typeof import('../../transport-node/mod.ts');
  const options = { dialect, timeout: PATIENCE };
  const client = hashed
    ? new node.HashClient(names(ports), options)
    : new node.Client(names(ports)[0], options);
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    getMany: (keys) => client.getMany(keys),
    close: () => client.close(),
  };
}

function names(ports: readonly number[]): string[] {
  return ports.map((port) => `127.0.0.1:${port}`);
}

async function load(name: string): Promise<Module> {
  return (await import(name)) as Module;
}

async function promised(result: unknown): Promise<unknown> {
  return await result;
}
