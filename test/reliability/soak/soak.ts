// Many operations, connections and clients, and calls to a server that is silent: afterwards the
// process holds what it held before.
import { connect, createServer, type Socket } from 'node:net';
import { Random } from '../../../conformance/random.ts';
import type { Cache } from '../../../core/client/cache/cache.ts';
import type { Memcache } from '../../../core/client/memcache.ts';
import { RetryingClient } from '../../../core/client/wrappers/retrying.ts';
import { TimeoutError } from '../../../core/wire/errors.ts';
import { Client, HashClient, PooledClient } from '../../../transport-node/mod.ts';
import { type Holdings, holdings } from './holdings.ts';

/** What is done. */
export interface SoakPlan {
  /** The port of a server on every address of this machine. */
  readonly port: number;
  /** What that server holds. */
  readonly ofServer: () => Promise<Holdings>;
  readonly seed: number;
  readonly operations: number;
  /** Calls to a silent server. */
  readonly stalled: number;
  /** Clients that are made, used and closed. */
  readonly cycles: number;
  /** Connections to the server that do nothing, and that are all used again and again. */
  readonly idle: number;
  readonly active: number;
}

/** What it was like, and what must not be. */
export interface SoakReport {
  readonly violations: readonly string[];
  readonly figures: readonly (readonly [name: string, value: number])[];
}

type Count = 'resources' | 'listeners';

/** Bytes by which a heap may differ between two looks at it: code that was compiled, caches of V8. */
const SLACK = 3 * 1024 * 1024;
const WORKERS = 64;
const KEYS = 5000;
/** Milliseconds. */
const TIMEOUT = 400;

/** Runs a plan. */
export async function runSoak(plan: SoakPlan): Promise<SoakReport> {
  const soak = new Soak(plan);
  await soak.operate();
  await soak.stall();
  await soak.cycle();
  await soak.connect();
  return soak;
}

class Soak implements SoakReport {
  readonly violations: string[] = [];
  readonly figures: (readonly [string, number])[] = [];
  readonly #plan: SoakPlan;
  readonly #random: Random;

  constructor(plan: SoakPlan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
  }

  /** Every kind of client does every kind of operation. */
  async operate(): Promise<void> {
    const { port, operations } = this.#plan;
    const before = await holdings();
    const server = `127.0.0.1:${port}`;
    const clients: Memcache[] = [
      new Client(server),
      new PooledClient(server, { maxPoolSize: 4 }),
      new HashClient([server, `127.0.0.2:${port}`]),
      new RetryingClient(new Client(server), { attempts: 3 }),
      new Client(server, { dialect: 'text', keyPrefix: 'text:' }),
    ];
    const caches = clients.map((client) =>
      client.cache<string>({ key: (id) => `cache:${String(id)}`, load: () => 'value', ttl: 60 })
    );
    await this.#work(clients, caches, operations / 8);
    const start = performance.now();
    // How many connections and timers there are depends on the moment.
    await this.#holdsOn('operations', 4, () => this.#work(clients, caches, operations / 4), []);
    const rate = operations / (performance.now() - start);
    this.figures.push(['operations', operations], ['thousands of operations a second', rate]);
    await Promise.all(clients.map((client) => client.close()));
    this.#compare('closed clients', before, await holdings(), ['resources', 'listeners']);
  }

  /** Calls to a server that takes all and answers nothing: each ends in time. */
  async stall(): Promise<void> {
    const { stalled } = this.#plan;
    const peers: Socket[] = [];
    const server = createServer((socket) => {
      peers.push(socket);
      socket.on('error', () => {}).resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const run = async (count: number): Promise<number> => {
      const client = new Client(`127.0.0.1:${port}`, { timeout: TIMEOUT });
      const start = performance.now();
      const calls = Array.from({ length: count }, (_, i) => client.get(`k${i}`));
      const ends = await Promise.allSettled(calls);
      const latest = performance.now() - start - TIMEOUT;
      const others = ends.filter((end) =>
        end.status === 'fulfilled' || !(end.reason instanceof TimeoutError)
      );
      if (others.length > 0) this.violations.push(`${others.length} calls did not time out`);
      await client.close();
      return latest;
    };
    await run(stalled / 10);
    let latest = 0;
    await this.#holdsOn('calls to a silent server', 1, async () => {
      latest = await run(stalled);
      for (const peer of peers.splice(0)) peer.destroy();
    });
    this.figures.push(['calls to a silent server', stalled]);
    this.figures.push(['milliseconds until the last one had ended, after its time', latest]);
    await new Promise((resolve) => server.close(resolve));
  }

  /** Clients that are made, used and closed. */
  async cycle(): Promise<void> {
    const { port, cycles } = this.#plan;
    let made = 0;
    const run = async (count: number): Promise<void> => {
      const end = made + count;
      const worker = async (): Promise<void> => {
        while (made < end) {
          // An address has so many ports for connections that were closed.
          const client = new Client(`127.0.1.${made++ % 8}:${port}`);
          await client.set('cycle', 'value');
          await client.close();
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    };
    await run(cycles / 10);
    await this.#holdsOn('clients', 1, () => run(cycles));
    this.figures.push(['clients that were made, used and closed', cycles]);
  }

  /** Connections to the embedded server, most of which do nothing. */
  async connect(): Promise<void> {
    const { port, idle, active, ofServer } = this.#plan;
    const before = await ofServer();
    const open: Socket[] = [];
    const start = performance.now();
    while (open.length < idle + active) {
      const some = Math.min(200, idle + active - open.length);
      open.push(...await Promise.all(Array.from({ length: some }, (_, i) => use(port, i % 8))));
    }
    const full = await ofServer();
    for (let round = 0; round < 5; round++) {
      await Promise.all(open.slice(idle).map((socket) => ask(socket)));
    }
    const after = await ofServer();
    if (after.heap - full.heap > SLACK) {
      this.violations.push(`the server's heap has grown by ${after.heap - full.heap} bytes`);
    }
    for (const socket of open) socket.destroy();
    const end = await this.#untilClosed(before);
    if (end.heap - before.heap > SLACK) {
      this.violations.push(`the server has kept ${end.heap - before.heap} bytes of connections`);
    }
    if (end.resources > before.resources) {
      this.violations.push(`the server has kept ${end.resources - before.resources} connections`);
    }
    this.figures.push(
      ['connections at once', open.length],
      ['of them active', active],
      ['seconds', (performance.now() - start) / 1000],
      ['bytes of the heap of the server for each', (full.heap - before.heap) / open.length],
    );
  }

  async #untilClosed(before: Holdings): Promise<Holdings> {
    for (let i = 0;; i++) {
      const now = await this.#plan.ofServer();
      if (now.resources <= before.resources || i === 20) return now;
    }
  }

  // Each key of a call counts.
  async #work(
    clients: readonly Memcache[],
    caches: readonly Cache<string>[],
    count: number,
  ): Promise<void> {
    let left = count;
    const worker = async (index: number): Promise<void> => {
      const client = clients[index % clients.length]!;
      const cache = caches[index % clients.length]!;
      while (left > 0) {
        const keys = await this.#operation(client, cache);
        left -= keys;
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, (_, index) => worker(index)));
  }

  // Returns how many keys it was about.
  async #operation(client: Memcache, cache: Cache<string>): Promise<number> {
    const random = this.#random;
    const key = `k${random.below(KEYS)}`;
    switch (random.below(24)) {
      case 0:
        await client.set(key, 'x'.repeat(random.below(400)), { expire: 60 });
        return 1;
      case 1:
        if (random.chance(0.1)) await client.set(key, new Uint8Array(random.below(20_000)));
        else await client.delete(key);
        return 1;
      case 2:
        await client.add(`n${key}`, '1', { noreply: true });
        return 1;
      case 3:
        await client.incr(`n${key}`);
        return 1;
      case 4:
        await client.getMany(Array.from({ length: 20 }, () => `k${random.below(KEYS)}`));
        return 20;
      case 5:
        await client.setMany(Array.from({ length: 20 }, (_, i) => [`many${i}`, i] as const));
        return 20;
      case 6:
        await client.gat(key, 60);
        return 1;
      case 7:
        await client.touch(key, 60, { timeout: 5000 });
        return 1;
      case 8:
        await cache.fetch(key);
        return 1;
      case 9:
        if (random.chance(0.1)) await cache.invalidate(key);
        else await client.gets(key, { signal: new AbortController().signal });
        return 1;
      default:
        await client.get(key);
        return 1;
    }
  }

  // Does something several times, and compares what the process holds after each with what it held
  // before.
  async #holdsOn(
    what: string,
    times: number,
    run: () => Promise<void>,
    counts: readonly Count[] = ['resources', 'listeners'],
  ): Promise<void> {
    const before = await holdings();
    for (let i = 0; i < times; i++) {
      await run();
      const after = await holdings();
      const grown = after.heap + after.buffers - before.heap - before.buffers;
      this.figures.push([`${what}: bytes that are held after them`, grown]);
      if (grown > SLACK) this.violations.push(`${what}: ${grown} bytes are held after them`);
      this.#compare(what, before, after, counts);
    }
  }

  #compare(what: string, before: Holdings, after: Holdings, counts: readonly Count[]): void {
    for (const name of counts) {
      if (after[name] <= before[name]) continue;
      this.violations.push(`${what}: ${after[name] - before[name]} ${name} are held after them`);
    }
  }
}

const REQUEST = `set key 0 0 10\r\n${'x'.repeat(10)}\r\nget key\r\n`;

/** Opens a connection, and uses it once. */
async function use(port: number, address: number): Promise<Socket> {
  const socket = connect({ host: `127.0.2.${address + 1}`, port, noDelay: true });
  await ask(socket);
  return socket;
}

function ask(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const onData = (chunk: Buffer): void => {
      said += chunk.toString('latin1');
      if (!said.endsWith('END\r\n')) return;
      socket.off('data', onData).off('error', onEnd).off('close', onEnd);
      resolve();
    };
    const onEnd = (error?: Error | boolean): void => {
      reject(error instanceof Error ? error : new Error('the server closed the connection'));
    };
    socket.on('data', onData).once('error', onEnd).once('close', onEnd);
    socket.write(REQUEST);
  });
}
