// Real servers that are killed, stopped and continued under many callers, whose histories are kept.
// Without `cas`: a memcached counts versions from 1 after each start, so that one may fit another.
import { Random } from '../../conformance/random.ts';
import type { Memcache } from '../../core/client/memcache.ts';
import { RetryingClient } from '../../core/client/wrappers/retrying.ts';
import { ConnectionError, MemcacheError, TimeoutError } from '../../core/wire/errors.ts';
import { Client, HashClient, PooledClient } from '../runner/runtime.ts';
import { freePort, type RunningMemcached, startMemcached } from '../support/memcached.ts';
import { type Call, checkHistory, describe, type Operation } from './history.ts';

/** What to run. */
export interface RealPlan {
  /** memcached. */
  readonly program: string;
  /** How often a server is killed, or stopped and continued. */
  readonly rounds: number;
  readonly callers: number;
  readonly seed: number;
}

/** What a run has shown. */
export interface RealReport {
  /** What must not be; empty when all went well. */
  readonly violations: readonly string[];
  readonly calls: number;
  readonly failures: number;
  readonly kills: number;
  readonly stops: number;
  /** The most milliseconds by which a call ended after its deadline. */
  readonly latest: number;
}

const SERVERS = 3;
/** Milliseconds. */
const TIMEOUT = 500;
/** Milliseconds after which callers turn to other keys, so that no history becomes long. */
const EPOCH = 2000;

/** Runs a plan, and checks the history of each item. */
export async function runReal(plan: RealPlan): Promise<RealReport> {
  const scene = new Scene(plan);
  await scene.start();
  try {
    return await scene.run();
  } finally {
    await scene.stop();
  }
}

class Scene {
  readonly #plan: RealPlan;
  readonly #random: Random;
  readonly #servers: RunningMemcached[] = [];
  readonly #losses: Operation[][] = [];
  readonly #clients: Memcache[] = [];
  readonly #history: Map<string, Operation[]> = new Map();
  readonly #violations: string[] = [];
  #isOver = false;
  #lastId = 0;
  #calls = 0;
  #failures = 0;
  #kills = 0;
  #stops = 0;
  #latest = 0;

  constructor(plan: RealPlan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
  }

  async start(): Promise<void> {
    for (let i = 0; i < SERVERS; i++) {
      this.#servers.push(await startMemcached(this.#plan.program));
      this.#losses.push([]);
    }
  }

  async run(): Promise<RealReport> {
    const names = this.#servers.map(({ endpoint }) => nameOf(endpoint));
    const options = { timeout: TIMEOUT, connectTimeout: TIMEOUT };
    const single = names.map((name) => new Client(name, options));
    const pooled = names.map((name) => new PooledClient(name, options));
    // Keys stay with their server, however long it is gone.
    const hash = new HashClient(names, { ...options, retryAttempts: Infinity, retryTimeout: 50 });
    this.#clients.push(...single, ...pooled, hash);
    const callers = Array.from({ length: this.#plan.callers }, (_, i) => {
      const server = i % SERVERS;
      const random = new Random(this.#plan.seed * 1000 + i);
      const kind = i % 4;
      if (kind === 0) return this.#call(hash, null, random, i);
      if (kind === 1) return this.#call(pooled[server]!, server, random, i);
      return this.#call(single[server]!, server, random, i, kind === 3);
    });
    for (let round = 0; round < this.#plan.rounds; round++) await this.#break(round);
    this.#isOver = true;
    await Promise.all(callers);
    for (const [register, operations] of this.#history) {
      const server = Number(register.slice(register.lastIndexOf('@') + 1));
      const from = Math.min(...operations.map(({ start }) => start));
      const to = Math.max(...operations.map(({ start, end }) => end === Infinity ? start : end));
      for (const loss of this.#losses[server]!) {
        if (loss.end >= from && loss.start <= to) operations.push({ ...loss, key: register });
      }
      for (const violation of checkHistory(operations)) this.#violations.push(describe(violation));
    }
    return {
      violations: this.#violations,
      calls: this.#calls,
      failures: this.#failures,
      kills: this.#kills,
      stops: this.#stops,
      latest: this.#latest,
    };
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  async #break(round: number): Promise<void> {
    await rest(100 + this.#random.below(200));
    const index = this.#random.below(SERVERS);
    const server = this.#servers[index]!;
    if (round % 2 === 0) {
      this.#kills++;
      const start = performance.now();
      await server.stop();
      const loss = { key: '', call: { type: 'lose' } as const, start, end: performance.now() };
      this.#losses[index]!.push(loss);
      await rest(this.#random.below(200));
      const { endpoint } = server;
      const port = 'port' in endpoint ? endpoint.port : await freePort();
      this.#servers[index] = await startMemcached(this.#plan.program, { port });
    } else {
      this.#stops++;
      process.kill(server.pid, 'SIGSTOP');
      // Shorter than a call may take, or longer.
      await rest(this.#random.pick([50, 300, 1200]));
      process.kill(server.pid, 'SIGCONT');
    }
  }

  // Calls, one after the other, until it is over.
  async #call(
    client: Memcache,
    server: number | null,
    random: Random,
    number: number,
    retries = false,
  ): Promise<void> {
    let doubts = 0;
    const own = !retries ? client : new RetryingClient(client, {
      retryFor(error) {
        if (error.outcome === 'unknown') doubts++;
        return error instanceof ConnectionError || error instanceof TimeoutError;
      },
    });
    while (!this.#isOver) {
      await rest(20 + random.below(80));
      const epoch = Math.floor(performance.now() / EPOCH);
      // A few callers at most have a key at a time.
      const group = Math.floor(number / 8);
      const key = `${random.pick(['k', 'n'])}${epoch}.${group}.${random.below(8)}`;
      const index = server ?? this.#indexOf(client, key);
      doubts = 0;
      const made = makeCall(own, key, ++this.#lastId, random);
      const start = performance.now();
      this.#calls++;
      const add = (call: Call, end: number): void =>
        this.#record(`${key}@${index}`, call, start, end);
      const doubt = (count: number): void => {
        for (let i = 0; i < count; i++) {
          if (made.toCall !== null) add(made.toCall(undefined), Infinity);
        }
      };
      try {
        const result = await made.run();
        const end = performance.now();
        doubt(doubts);
        if (made.toCall === null) add(toRead(result), end);
        else add(made.toCall(result), end);
      } catch (error) {
        this.#failures++;
        if (!(error instanceof ConnectionError || error instanceof TimeoutError)) {
          this.#violations.push(`${made.kind} ${key} ended with ${String(error)}`);
        }
        doubt(doubts);
        if (error instanceof MemcacheError && error.outcome === 'unknown') doubt(1);
      }
      this.#latest = Math.max(this.#latest, performance.now() - start - made.timeout);
    }
  }

  #indexOf(client: Memcache, key: string): number {
    const { keys, servers } = client.dependencies;
    const name = servers!.serverOf(keys.toWire(key));
    return this.#servers.findIndex(({ endpoint }) => nameOf(endpoint) === name);
  }

  #record(register: string, call: Call, start: number, end: number): void {
    const operation = { key: register, call, start, end };
    const operations = this.#history.get(register);
    if (operations === undefined) this.#history.set(register, [operation]);
    else operations.push(operation);
  }
}

interface MadeCall {
  readonly kind: string;
  readonly run: () => Promise<unknown>;
  /** The write that had this result; null for a read. */
  readonly toCall: ((result: unknown) => Call) | null;
  /** Milliseconds in which it has to end. */
  readonly timeout: number;
}

function makeCall(client: Memcache, key: string, id: number, random: Random): MadeCall {
  const options = { timeout: TIMEOUT };
  const value = String(id);
  const one = (
    kind: string,
    run: MadeCall['run'],
    toCall: MadeCall['toCall'],
  ): MadeCall => ({ kind, run, toCall, timeout: TIMEOUT });
  switch (random.below(7)) {
    case 0:
      return one('set', () => client.set(key, value, options), () => ({ type: 'set', value }));
    case 1:
      return one('add', () => client.add(key, value, options), (result) => ({
        type: 'add',
        value,
        result: result as boolean,
      }));
    case 2:
      return one('delete', () => client.delete(key, options), (result) => ({
        type: 'delete',
        result: result as boolean,
      }));
    case 3:
      if (key.startsWith('n')) {
        return one('incr', () => client.incr(key, id, options), (result) => ({
          type: 'incr',
          delta: BigInt(id),
          result: result as bigint | undefined,
        }));
      }
      return one('append', () => client.append(key, `+${value}`, options), (result) => ({
        type: 'append',
        value: `+${value}`,
        result: result as boolean,
      }));
    default:
      return one('get', () => client.get(key, options), null);
  }
}

function toRead(result: unknown): Call {
  return { type: 'get', result: typeof result === 'string' ? result : undefined };
}

function nameOf(endpoint: RunningMemcached['endpoint']): string {
  return 'port' in endpoint ? `${endpoint.host}:${endpoint.port}` : endpoint.path;
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
