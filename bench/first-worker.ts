// The first calls of many connections: `first-worker.ts <FirstRequest as JSON>` prints a FirstReport
// as JSON.
import { once } from 'node:events';
import { connect } from 'node:net';

export interface FirstRequest {
  readonly port: number;
  /** How many connections of each kind are made before those that count. */
  readonly warmUp: number;
  readonly connections: number;
}

/** By what was done on the connection, the milliseconds that each took. */
export type FirstReport = Readonly<Record<keyof typeof ways, readonly number[]>>;

// The built code, as it is installed.
const built = new URL('../dist/transport-node/mod.js', import.meta.url).href;
const { Client } = (await import(built)) as typeof import('../transport-node/mod.ts');

const request = JSON.parse(process.argv[2] ?? '') as FirstRequest;
const { port } = request;
const KEY = 'key:00000000';
const VALUE = 'x'.repeat(100);

type Call = 'set' | 'get';

const first = (dialect: 'auto' | 'meta' | 'text', call: Call) => async (): Promise<number> => {
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

const order = Object.entries(ways);
const times: Record<string, number[]> = Object.fromEntries(order.map(([name]) => [name, []]));
for (let turn = -request.warmUp; turn < request.connections; turn++) {
  for (let i = 0; i < order.length; i++) {
    const [name, run] = order[(i + turn + request.warmUp) % order.length]!;
    const time = await run();
    if (turn >= 0) times[name]!.push(time);
  }
}
process.stdout.write(JSON.stringify(times));
