// Opens each client, with one connection to a server and its defaults. Their packages are imported by
// name at run time: this folder has its own package.json.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Adapter } from './adapter.ts';
import { openFloor } from './floor.ts';

type Module = Record<string, unknown>;
type Constructor = new (...args: unknown[]) => Record<string, (...args: unknown[]) => unknown>;
type Open = (ports: readonly number[], dist: string) => Promise<Adapter>;

// Some of them take many seconds for a value of 32 MB.
const PATIENCE = 120_000;

/** Our client, as it is without options. */
export const OURS = 'memwire';
/** Our client, in the classic commands that it speaks to servers without meta commands. */
export const CLASSIC = 'memwire classic';
/** Our client of many servers. */
export const HASHED = 'memwire hash';
/** Our client in a page; its server is a bridge, which knows it by this token. */
export const WEB = 'memwire web';
export const TOKEN = 'a-token-for-the-bench';
/** What any client pays: see floor.ts. */
export const FLOOR = 'floor';

const peers: Readonly<Record<string, Open>> = {
  async memcache(ports) {
    const { Memcache } = await load('memcache');
    const options = { nodes: names(ports), timeout: PATIENCE };
    const client = new (Memcache as Constructor)(options);
    return {
      get: (key) => promised(client['get']!(key)),
      set: (key, value) => promised(client['set']!(key, value)),
      getMany: (keys) => promised(client['gets']!(keys)),
      returns: ['text'],
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
      returns: ['text', 'bytes'],
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
      returns: ['text', 'bytes'],
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
      returns: ['bytes'],
      close: () => client['close']!(),
    };
  },
};

const own: Readonly<Record<string, Open>> = {
  [OURS]: (ports, dist) => memwire(ports, dist, 'auto', false),
  [CLASSIC]: (ports, dist) => memwire(ports, dist, 'text', false),
  [HASHED]: (ports, dist) => memwire(ports, dist, 'auto', true),
  [WEB]: ([port], dist) => web(port!, dist),
  [FLOOR]: ([port]) => openFloor(port!),
};

/** The names of the clients of others. */
export const peerNames: readonly string[] = Object.keys(peers);

/** Connects a client to servers on the loopback; those of one server to the first of them. */
export function openClient(
  name: string,
  ports: readonly number[],
  dist: string,
): Promise<Adapter> {
  const open = own[name] ?? peers[name];
  if (open === undefined) throw new Error(`no client ${name}`);
  return open(ports, dist);
}

type NodePackage = typeof import('../../transport-node/mod.ts');
type WebPackage = typeof import('../../transport-web/mod.ts');
type Client = InstanceType<NodePackage['Client' | 'HashClient'] | WebPackage['Client']>;

async function memwire(
  ports: readonly number[],
  dist: string,
  dialect: 'auto' | 'text',
  hashed: boolean,
): Promise<Adapter> {
  // Those of Bun and Deno have the same client.
  const built = await load(builtModule(dist, runtime())) as NodePackage;
  const options = { dialect, timeout: PATIENCE };
  if (hashed) return adapt(new built.HashClient(names(ports), options));
  const client = new built.Client(names(ports)[0], options);
  if (dialect === 'text') return adapt(client);
  return { ...adapt(client), metaGet: (key) => client.meta.get(key) };
}

async function web(port: number, dist: string): Promise<Adapter> {
  const built = await load(builtModule(dist, 'web')) as WebPackage;
  const { WebSocket } = await import('ws');
  return adapt(
    new built.Client(`ws://127.0.0.1:${port}`, { WebSocket, token: TOKEN, timeout: PATIENCE }),
  );
}

function adapt(client: Client): Adapter {
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    setQuietly: (key, value) => client.set(key, value, { noreply: true }),
    getMany: (keys) => client.getMany(keys),
    returns: ['text', 'bytes'],
    close: () => client.close(),
  };
}

function builtModule(dist: string, entry: string): string {
  const bundled = join(dist, `${entry}.js`);
  // Older builds have a file for each module.
  const file = existsSync(bundled) ? bundled : join(dist, `transport-${entry}/mod.js`);
  return pathToFileURL(file).href;
}

function runtime(): 'node' | 'bun' | 'deno' {
  if ('Bun' in globalThis) return 'bun';
  return 'Deno' in globalThis ? 'deno' : 'node';
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
