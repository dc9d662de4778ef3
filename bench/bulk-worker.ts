// One way to read or write very many items: `bulk-worker.ts <BulkRequest as JSON>` prints a
// BulkReport as JSON. A process of its own, so that none pays for what another left behind.
import { Hold } from './hold.ts';
import { itemKey } from './script.ts';

export interface BulkRequest {
  readonly way: WayName;
  readonly client: ClientName;
  readonly port: number;
  readonly count: number;
  readonly valueLength: number;
}

export interface BulkReport {
  /** How many were not done, by what the call says or by what the server has afterwards. */
  readonly failed: number;
  /** Milliseconds for all, the caller's own loop included. */
  readonly total: number;
  /** The longest times that the event loop was held, in milliseconds. */
  readonly held: number;
  readonly computed: number;
}

export type ClientName = keyof typeof open;
export type WayName = keyof typeof ways;

// The built code, as it is installed.
const built = new URL('../dist/node.js', import.meta.url).href;
const node = (await import(built)) as typeof import('../transport-node/mod.ts');
type Client = Pick<
  InstanceType<typeof node.Client>,
  'get' | 'set' | 'getMany' | 'getsMany' | 'setMany' | 'deleteMany' | 'close'
>;

// Minutes, so that nothing that a busy machine is late with counts as failed.
const timeout = 120_000;

const open = {
  auto: (server: string): Client => new node.Client(server, { timeout, onQuietError }),
  text: (server: string): Client =>
    new node.Client(server, { timeout, dialect: 'text', onQuietError }),
  pooled: (server: string): Client => new node.PooledClient(server, { timeout, onQuietError }),
} as const;

let quietErrors = 0;
function onQuietError(): void {
  quietErrors++;
}

interface Way {
  /** Whether the items are there before. */
  readonly filled: boolean;
  /** How many of them are to be there afterwards. */
  readonly left: 'all' | 'none';
  /** Does it; how many failed, by what the client says. */
  run(client: Client, entries: Entries, hold: Hold): Promise<number>;
}

type Entries = readonly (readonly [string, string])[];

const keysOf = (entries: Entries): string[] => entries.map(([key]) => key);

const setMany = (options: { quiet?: boolean; noreply?: boolean }): Way => ({
  filled: false,
  left: 'all',
  async run(client, entries, hold) {
    hold.start();
    return (await client.setMany(entries, options)).size;
  },
});

const each = (
  filled: boolean,
  call: (client: Client, key: string, value: string) => Promise<unknown>,
  isRight: (result: unknown, value: string) => boolean,
): Way => ({
  filled,
  left: 'all',
  async run(client, entries, hold) {
    // The caller's own loop is not the library's: it is measured from its end.
    const calls = entries.map(([key, value]) => call(client, key, value));
    const all = Promise.all(calls);
    hold.start();
    try {
      const results = await all;
      hold.stop();
      return entries.filter(([, value], i) => !isRight(results[i], value)).length;
    } catch {
      const results = await Promise.allSettled(calls);
      return results.filter(({ status }) => status === 'rejected').length;
    }
  },
});

const ways = {
  getMany: {
    filled: true,
    left: 'all',
    async run(client, entries, hold) {
      const keys = keysOf(entries);
      hold.start();
      const found = await client.getMany(keys);
      hold.stop();
      return entries.filter(([key, value]) => found.get(key) !== value).length;
    },
  },
  getsMany: {
    filled: true,
    left: 'all',
    async run(client, entries, hold) {
      const keys = keysOf(entries);
      hold.start();
      const found = await client.getsMany(keys);
      hold.stop();
      return entries.filter(([key, value]) => found.get(key)?.value !== value).length;
    },
  },
  setMany: setMany({}),
  'setMany, quiet': setMany({ quiet: true }),
  'setMany, noreply': setMany({ noreply: true }),
  deleteMany: {
    filled: true,
    left: 'none',
    async run(client, entries, hold) {
      const keys = keysOf(entries);
      hold.start();
      return (await client.deleteMany(keys)).size;
    },
  },
  'gets at once': each(
    true,
    (client, key) => client.get(key),
    (found, value) => found === value,
  ),
  'sets at once': each(
    false,
    (client, key, value) => client.set(key, value),
    (stored) => stored === true,
  ),
  'sets one by one, noreply': {
    filled: false,
    left: 'all',
    async run(client, entries, hold) {
      hold.start();
      let failed = 0;
      for (const [key, value] of entries) {
        await client.set(key, value, { noreply: true }).catch(() => failed++);
      }
      return failed;
    },
  },
} as const satisfies Record<string, Way>;

const { way, client: clientName, port, count, valueLength } = JSON.parse(
  process.argv[2] ?? '',
) as BulkRequest;
const value = 'x'.repeat(valueLength);
const entries = Array.from({ length: count }, (_, i) => [itemKey(i), value] as const);
const wanted: Way = ways[way];

// Another client, so that the measured one begins without a connection.
const helper = new node.Client(`127.0.0.1:${port}`, { timeout });
await helper.flushAll();
if (wanted.filled) await helper.setMany(entries);

const client = open[clientName](`127.0.0.1:${port}`);
const hold = new Hold();
const start = performance.now();
let failed = await wanted.run(client, entries, hold);
hold.stop();
const total = hold.end - start;
await client.close();

const found = await helper.getMany(keysOf(entries));
const missing = wanted.left === 'all'
  ? entries.filter(([key]) => found.get(key) !== value).length
  : found.size;
failed = Math.max(failed, missing, quietErrors);
await helper.close();
const report: BulkReport = { failed, total, ...hold.longest };
process.stdout.write(JSON.stringify(report));
