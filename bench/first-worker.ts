// The first calls of many connections, or the steady state of one for each dialect:
// `first-worker.ts <FirstRequest or SteadyRequest as JSON>` prints a report as JSON.
import { once } from 'node:events';
import { connect } from 'node:net';
import { itemKey } from './script.ts';

export interface FirstRequest {
  readonly port: number;
  /** How many connections of each kind are made before those that count. */
  readonly warmUp: number;
  readonly connections: number;
}

export type Call = 'set' | 'get';

export interface SteadyRequest {
  readonly port: number;
  /** How many windows of time each dialect gets for each load, of so many milliseconds. */
  readonly windows: number;
  readonly milliseconds: number;
}

export type Dialect = 'auto' | 'meta' | 'text';

/** Of each load and dialect, in each window: operations a second, and us of processor time for one. */
export type SteadyReport = Readonly<
  Record<
    Call,
    Readonly<Record<Dialect, readonly { readonly rate: number; readonly cpu: number }[]>>
  >
>;

/** By what was done on the connection, the milliseconds that each took. */
export type FirstReport = Readonly<Record<keyof typeof ways, readonly number[]>>;

// The built code, as it is installed.
const built = new URL('../dist/node.js', import.meta.url).href;
const { Client } = (await import(built)) as typeof import('../transport-node/mod.ts');

const request = JSON.parse(process.argv[2] ?? '') as FirstRequest | SteadyRequest;
const { port } = request;
const KEY = 'key:00000000';
const VALUE = 'x'.repeat(100);
const dialects = ['auto', 'meta', 'text'] as const;

const first = (dialect: Dialect, call: Call) => async (): Promise<number> => {
  const start = performance.now();
  const client = new Client(`127.0.0.1:${port}`, { dialect });
  const found = call === 'set' ? await client.set(KEY, VALUE) : await client.get(KEY);
  const time = performance.now() - start;
  if (call === 'get' && found !== VALUE) throw new Error('the value came back otherwise');
  await client.close();
  return time;
};

const bare = (line: string, end: string) => async (): Promise<number> => {
  const start = performance.now();
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  socket.write(line);
  let said = '';
  while (!said.endsWith(end)) said += String((await once(socket, 'data'))[0]);
  const time = performance.now() - start;
  socket.end();
  await once(socket, 'close');
  return time;
};

const ways = {
  'raw set': bare(`set ${KEY} 0 0 ${VALUE.length}\r\n${VALUE}\r\n`, 'STORED\r\n'),
  'raw get': bare(`get ${KEY}\r\n`, 'END\r\n'),
  'set, auto': first('auto', 'set'),
  'set, meta': first('meta', 'set'),
  'set, text': first('text', 'set'),
  'get, auto': first('auto', 'get'),
  'get, meta': first('meta', 'get'),
  'get, text': first('text', 'get'),
} as const;

async function firsts({ warmUp, connections }: FirstRequest): Promise<FirstReport> {
  const order = Object.entries(ways) as [keyof FirstReport, () => Promise<number>][];
  const times = Object.fromEntries(order.map(([name]) => [name, []])) as unknown as Record<
    keyof FirstReport,
    number[]
  >;
  for (let turn = -warmUp; turn < connections; turn++) {
    for (let i = 0; i < order.length; i++) {
      const [name, run] = order[(i + turn + warmUp) % order.length]!;
      const time = await run();
      if (turn >= 0) times[name].push(time);
    }
  }
  return times;
}

// All in one process and in turn, so that whatever slows the machine down slows all of them down.
async function steady({ windows, milliseconds }: SteadyRequest): Promise<SteadyReport> {
  const clients = dialects.map((dialect) => new Client(`127.0.0.1:${port}`, { dialect }));
  const keys = Array.from({ length: 1000 }, (_, i) => itemKey(i));
  await clients[0]!.setMany(keys.map((key) => [key, VALUE] as const));
  const report = {
    get: { auto: [], meta: [], text: [] },
    set: { auto: [], meta: [], text: [] },
  } as Record<Call, Record<Dialect, { rate: number; cpu: number }[]>>;
  for (const call of ['get', 'set'] as const) {
    // The first windows are for the compiler.
    for (let turn = -Math.ceil(windows / 4); turn < windows; turn++) {
      for (let i = 0; i < clients.length; i++) {
        const which = (i + turn + windows) % clients.length;
        const client = clients[which]!;
        const once = call === 'get'
          ? (n: number) => client.get(keys[n % keys.length]!)
          : (n: number) => client.set(keys[n % keys.length]!, VALUE);
        const found = await window(once, milliseconds);
        if (turn >= 0) report[call][dialects[which]!].push(found);
      }
    }
  }
  await Promise.all(clients.map((client) => client.close()));
  return report;
}

async function window(
  once: (n: number) => Promise<unknown>,
  milliseconds: number,
): Promise<{ rate: number; cpu: number }> {
  let over = false;
  let count = 0;
  setTimeout(() => {
    over = true;
  }, milliseconds);
  const before = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: 64 }, async () => {
    while (!over) await once(count++);
  }));
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { rate: 1000 * count / elapsed, cpu: (user + system) / count };
}

const report = 'windows' in request ? await steady(request) : await firsts(request);
process.stdout.write(JSON.stringify(report));
