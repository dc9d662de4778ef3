// Hits of a cache, and meta commands with options, beside the plain operations:
// `cache-hot-worker.ts <HotRequest as JSON>` prints a HotReport as JSON. The calls take turns in one
// process, so that what slows the machine down slows all of them down.
import { itemKey } from './script.ts';

export interface HotRequest {
  readonly port: number;
  /** How many windows of time each call gets, of so many milliseconds. */
  readonly windows: number;
  readonly milliseconds: number;
}

const hotCalls = [
  ...['get', 'cache.fetch', 'client.fetch', 'meta.get', 'gets'],
  ...['set', 'meta.set', 'incr', 'meta.arithmetic', 'meta.delete'],
] as const;
export type HotCall = typeof hotCalls[number];

/** In each window, operations a second. */
export type HotReport = Readonly<Record<HotCall, readonly number[]>>;

// The built code, as it is installed.
const built = new URL('../dist/node.js', import.meta.url).href;
const { Client } = (await import(built)) as typeof import('../transport-node/mod.ts');

const { port, windows, milliseconds } = JSON.parse(process.argv[2] ?? '') as HotRequest;
const VALUE = 'x'.repeat(100);
const IN_FLIGHT = 64;
const keys = Array.from({ length: 1000 }, (_, i) => itemKey(i));
const client = new Client(`127.0.0.1:${port}`);
await client.setMany(keys.map((key) => [key, VALUE] as const), { expire: 3600 });

const load = (): string => {
  throw new Error('the value is in the cache');
};
const policy = { ttl: 300, grace: 60, refreshAhead: 20 };
const cache = client.cache({ key: (key: string) => key, load, ...policy });
const calls: Readonly<Record<HotCall, (key: string) => Promise<unknown>>> = {
  get: (key) => client.get(key),
  'cache.fetch': (key) => cache.fetch(key),
  'client.fetch': (key) => client.fetch(key, load, policy),
  'meta.get': (key) => client.meta.get(key, { cas: true, ttl: true }),
  gets: (key) => client.gets(key),
  set: (key) => client.set(key, VALUE, { expire: 3600 }),
  'meta.set': (key) => client.meta.set(key, VALUE, { expire: 3600 }),
  incr: (key) => client.incr(`n${key}`),
  'meta.arithmetic': (key) => client.meta.arithmetic(`n${key}`, { vivify: 60, initial: 1n }),
  'meta.delete': (key) => client.meta.delete(`none${key}`),
};

const report = Object.fromEntries(
  hotCalls.map((call): [HotCall, number[]] => [call, []]),
) as Record<HotCall, number[]>;
// The first windows are for the compiler.
for (let turn = -Math.ceil(windows / 4); turn < windows; turn++) {
  for (let i = 0; i < hotCalls.length; i++) {
    const call = hotCalls[(i + turn + windows) % hotCalls.length]!;
    const rate = await measure(calls[call]);
    if (turn >= 0) report[call].push(rate);
  }
}
await client.close();
process.stdout.write(JSON.stringify(report));

async function measure(once: (key: string) => Promise<unknown>): Promise<number> {
  let isOver = false;
  let count = 0;
  setTimeout(() => {
    isOver = true;
  }, milliseconds);
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (!isOver) await once(keys[count++ % keys.length]!);
  }));
  return 1000 * count / (performance.now() - start);
}
