// A fleet of clients and servers in one process, on virtual time, out of one seed.
import type { Random } from '../../../conformance/random.ts';
import { HashClient } from '../../../core/client/cluster/hash-client.ts';
import type { ItemKey } from '../../../core/client/keys.ts';
import type { Memcache } from '../../../core/client/memcache.ts';
import { Client, PooledClient } from '../../../core/client/server-client.ts';
import { FallbackClient } from '../../../core/client/wrappers/fallback-client.ts';
import { RetryingClient } from '../../../core/client/wrappers/retrying.ts';
import { ConnectionError, ProtocolError, TimeoutError } from '../../../core/wire/errors.ts';
import type { Serde } from '../../../core/client/values/serde.ts';
import { fromLatin1, latin1 } from '../../../core/wire/bytes.ts';
import { CacheCaller, SharedCache } from './cache-caller.ts';
import { Caller } from './caller.ts';
import type { Stage } from './calls.ts';
import { Faults } from './faults.ts';
import { Judge } from './judge.ts';
import { Network } from './network.ts';
import { OLD_VALUE } from './register.ts';
import { SimulatedServer } from './server.ts';
import { Source } from './source.ts';
import { type ClientPlan, stream, type Swarm, swarmOf } from './swarm.ts';
import { Process, Timeline } from './timeline.ts';
import type { Watcher } from './trace.ts';

/** What to run. All of it follows from the seed, but for what is left out or broken on purpose. */
export interface Plan {
  readonly seed: number;
  /** How many calls there are; a bulk call has many keys. */
  readonly calls: number;
  /** The numbers of the faults that happen; all by default. */
  readonly faults?: readonly number[];
  /** The indexes of the clients that take part; all by default. */
  readonly clients?: readonly number[];
  /** A bug to be found, in a test of the simulation. */
  readonly bug?: Bug;
}

/**
 * `deaf`: caches do not hear of changes. `forget`: servers lose items in silence. `late`: timers of
 * clients are late. `lie`: what is not known to be done passes for not sent. `repeat`: some bytes
 * arrive twice.
 */
export const bugs = ['deaf', 'forget', 'late', 'lie', 'repeat'] as const;
export type Bug = typeof bugs[number];

/** What a run has shown. */
export interface Report {
  readonly plan: Plan;
  /** What must not be; empty when all went well. */
  readonly violations: readonly string[];
  /** How many keys callers asked for, or wrote to. */
  readonly commands: number;
  /** How many of them, and of what clients did for them beside, reached a server. */
  readonly served: number;
  readonly failures: number;
  /** How many items have a history that is too wide to check. */
  readonly undecided: number;
  /** How many faults there were, those included that were left out. */
  readonly faults: number;
  /** How many clients the seed has, likewise. */
  readonly clients: number;
  readonly events: number;
  /** Milliseconds of virtual time. */
  readonly time: number;
  /** The same for two runs of one plan, on any runtime. */
  readonly digest: number;
}

/**
 * Runs a plan.
 *
 * @param onNote Told of what happens, for people.
 * @param watcher Told of it as data.
 */
export async function runFleet(
  plan: Plan,
  onNote: ((text: string) => void) | null = null,
  watcher: Watcher | null = null,
): Promise<Report> {
  const fleet = new Fleet(plan);
  const { timeline } = fleet;
  timeline.onNote = onNote;
  if (watcher !== null) timeline.onEvent = (event) => watcher(timeline.now, event);
  // To collect the stack of an error takes longer than the call that ends with it.
  // The types of pages do not know it.
  const errors = Error as ErrorConstructor & { stackTraceLimit: number };
  const { stackTraceLimit } = errors;
  if (onNote === null) errors.stackTraceLimit = 0;
  try {
    return await fleet.run();
  } finally {
    errors.stackTraceLimit = stackTraceLimit;
  }
}

/** Strings as they are: the simulation looks at its values itself. */
const plainSerde: Serde = {
  serialize: (_key, value) => ({ value: fromLatin1(String(value)), flags: 1 }),
  deserialize: (_key, value) => latin1(value, 0, value.length),
};

/** Virtual microseconds between two looks at calls that should have ended. */
const WATCH = 5_000_000;
/** Virtual microseconds in which all clients must have closed. */
const CLOSING = 120_000_000;

class Fleet {
  readonly timeline = new Timeline();
  readonly #plan: Plan;
  readonly #swarm: Swarm;
  readonly #judge = new Judge(this.timeline);
  readonly #network: Network;
  readonly #servers: readonly SimulatedServer[];
  readonly #members: Member[] = [];
  readonly #stage: Stage;
  readonly #source: Source;
  readonly #faults: Faults;
  #isOver = false;

  constructor(plan: Plan) {
    this.#plan = plan;
    const { seed, bug } = plan;
    this.#swarm = swarmOf(seed);
    this.#network = new Network(this.timeline, this.#swarm.conditions, this.#swarm.servers);
    if (bug === 'repeat') this.#network.repeats = 50;
    this.#servers = this.#network.hosts.map((host) =>
      new SimulatedServer(this.#network, host, stream(seed, 'server', host.index), this.#judge)
    );
    this.#stage = {
      swarm: this.#swarm,
      judge: this.#judge,
      callsLeft: plan.calls,
      lastId: 0,
      lastCall: 0,
      lies: bug === 'lie',
      isDeaf: bug === 'deaf',
    };
    this.#source = new Source(this.#swarm.cache, this.#judge);
    this.#judge.onLoss = (key, server) => {
      this.#source.onLost(key, server, this.timeline.now);
    };
    this.#faults = new Faults(seed, this.#swarm, {
      network: this.#network,
      servers: this.#servers,
      clients: () =>
        this.#members.filter(({ process }) => process.isAlive).map((one) => one.process),
      killClient: (process, random) => this.#kill(process, random),
    }, plan.faults === undefined ? null : new Set(plan.faults));
  }

  async run(): Promise<Report> {
    const { seed, clients, bug } = this.#plan;
    for (const server of this.#servers) server.start(this.#faults.serverKind(false));
    this.#swarm.clients.forEach((client, index) => {
      if (clients === undefined || clients.includes(index)) this.#join(client, index, 0);
    });
    if (this.#members.length === 0) this.#stage.callsLeft = 0;
    this.#watch();
    if (bug === 'forget') this.#forget(stream(seed, 'forget'));
    try {
      await this.timeline.run(() => this.#judge.violations.length > 0 || this.#isQuiet());
      if (this.#judge.violations.length === 0) await this.#close();
    } catch (error) {
      this.#judge.fail(`an exception: ${error instanceof Error ? error.stack : String(error)}`);
    }
    for (const { callers } of this.#members) for (const caller of callers) caller.abandon();
    this.#judge.finish();
    const { violations, commands, failures, undecided } = this.#judge;
    return {
      plan: this.#plan,
      violations,
      commands,
      served: this.#servers.reduce((sum, { served }) => sum + served, 0),
      failures,
      undecided,
      faults: this.#faults.count,
      clients: this.#swarm.clients.length,
      events: this.timeline.events,
      time: this.timeline.now / 1000,
      digest: this.timeline.digest >>> 0,
    };
  }

  #isQuiet(): boolean {
    return this.#stage.callsLeft <= 0 &&
      this.#members.every(({ callers }) => callers.every(({ isCalling }) => !isCalling));
  }

  #join(plan: ClientPlan, index: number, life: number): void {
    const process = new Process(`client${index}`, this.timeline, true);
    if (this.#plan.bug === 'late') process.clock.lateness = 20;
    const member = new Member(
      this.#stage,
      this.#source,
      this.#network,
      process,
      plan,
      this.#plan.seed,
      index,
      life,
    );
    this.#members.push(member);
    member.start();
  }

  #kill(process: Process, random: Random): void {
    const at = this.#members.findIndex((member) => member.process === process);
    const [member] = this.#members.splice(at, 1);
    if (member === undefined) return;
    process.kill();
    this.#network.killed(process, random.chance(0.3));
    for (const caller of member.callers) caller.abandon();
    this.timeline.at(this.timeline.now + random.below(200_000), null, () => {
      if (!this.#isOver) this.#join(member.plan, member.index, member.life + 1);
    });
  }

  // A call that never ends would let no run end.
  #watch(): void {
    this.timeline.at(this.timeline.now + WATCH, null, () => {
      for (const { callers, process } of this.#members) {
        for (const { lateness } of callers) {
          if (lateness > WATCH) this.#judge.fail(`a call of ${process.name} does not end`);
        }
      }
      this.#watch();
    });
  }

  #forget(random: Random): void {
    this.timeline.at(this.timeline.now + random.below(50_000), null, () => {
      random.pick(this.#servers).forget(random);
      this.#forget(random);
    });
  }

  // When all is well again, every client can be closed, and leaves nothing behind.
  async #close(): Promise<void> {
    this.#isOver = true;
    this.timeline.onEvent?.({ type: 'closing' });
    this.#faults.end();
    let open = 0;
    for (const member of this.#members) {
      open++;
      member.process.soon(() => void member.close().then(() => open--));
    }
    const end = this.timeline.now + CLOSING;
    await this.timeline.run(() => open === 0 || this.timeline.now > end);
    for (const { process, isClosed } of this.#members) {
      const { timers } = process.clock;
      if (!isClosed) this.#judge.fail(`${process.name} does not close`);
      else if (timers > 0) this.#judge.fail(`${process.name} has left ${timers} timers behind`);
    }
    await this.timeline.run(() => this.timeline.now > end);
    for (const { client, host } of this.#network.connections) {
      const isLeft = client.process.isAlive && !client.isClosed;
      if (isLeft) this.#judge.fail(`${client.process.name} is still connected to ${host.index}`);
    }
  }
}

/** A client process of the fleet, and its callers. */
class Member {
  readonly process: Process;
  readonly plan: ClientPlan;
  readonly index: number;
  /** How many processes before it had its place. */
  readonly life: number;
  readonly callers: readonly (CacheCaller | Caller)[];
  isClosed = false;
  readonly #network: Network;
  readonly #random: Random;
  readonly #client: Memcache;
  readonly #older: Memcache | null;
  // Those of its callers: a bulk call that has failed may leave a wait for another attempt in one.
  readonly #wrappers: Memcache[] = [];
  readonly #servers: Map<string, number> = new Map();
  #shared: SharedCache | null = null;

  constructor(
    stage: Stage,
    source: Source,
    network: Network,
    process: Process,
    plan: ClientPlan,
    seed: number,
    index: number,
    life: number,
  ) {
    this.process = process;
    this.plan = plan;
    this.index = index;
    this.life = life;
    this.#network = network;
    const name = `client${index}`;
    this.#random = stream(seed, `${name} network`, life);
    const jitter = stream(seed, `${name} jitter`, life);
    this.#client = this.#connect(() => jitter.next(), '');
    this.#older = plan.fallback === 'no' ? null : this.#connect(() => jitter.next(), 'old:');
    const serverOf = (key: string): number => this.#serverOf(key);
    const randoms = Array.from(
      { length: plan.callers },
      (_, i) => stream(seed, `${name} caller`, life * 1000 + i),
    );
    if (plan.isCache) {
      const random = stream(seed, `${name} source`, life);
      const shared = new SharedCache(source, process, this.#client, serverOf, random);
      this.#shared = shared;
      this.callers = randoms.map((one) => new CacheCaller(stage, process, plan, shared, one));
    } else {
      const wrap = (caller: Caller): Memcache => this.#wrap(caller);
      this.callers = randoms.map((one) => new Caller(stage, process, plan, wrap, serverOf, one));
    }
  }

  start(): void {
    this.process.soon(() => {
      // The older cache is filled, as far as it can be reached.
      for (let i = 0; i < 20 && this.#older !== null; i++) {
        this.#older.set(`k${i}`, OLD_VALUE).catch(() => {});
      }
      for (const caller of this.callers) caller.rest();
    });
  }

  async close(): Promise<void> {
    const older = this.#older === null ? [] : [this.#older];
    const clients = [...this.#wrappers, this.#client, ...older];
    await Promise.all(clients.map((client) => client.close()));
    this.isClosed = true;
  }

  #connect(random: () => number, keyPrefix: string): Memcache {
    const { kind, dialect, timeout, server, poolSize, scheme, moves } = this.plan;
    const { process } = this;
    const options = {
      dial: this.#network.dialer(process, this.#random),
      clock: process.clock,
      random,
      serde: plainSerde,
      dialect,
      timeout,
      keyPrefix,
      onFetch: (key: ItemKey) => this.#shared?.onFetch(key),
    };
    const name = `server${server}:11211`;
    if (kind === 'single') return new Client(name, options);
    if (kind === 'pooled') {
      return new PooledClient(name, { ...options, maxPoolSize: poolSize, idleTimeout: 2000 });
    }
    const names = this.#network.hosts.map(({ index }) => `server${index}:11211`);
    return new HashClient(names, {
      ...options,
      scheme,
      maxPoolSize: poolSize,
      retryAttempts: moves ? 1 : Infinity,
      retryTimeout: 100,
      deadTimeout: 2000,
    });
  }

  #wrap(caller: Caller): Memcache {
    const { retries, fallback } = this.plan;
    let client = this.#client;
    if (retries) {
      client = new RetryingClient(client, {
        attempts: 3,
        retryFor: (error) => {
          if (error.outcome === 'unknown') caller.doubts++;
          return error instanceof ConnectionError || error instanceof TimeoutError ||
            error instanceof ProtocolError;
        },
      });
    }
    if (this.#older !== null) {
      const options = fallback === 'copies' ? { copyUp: { expire: 0 } } : {};
      client = new FallbackClient([client, this.#older], options);
    }
    this.#wrappers.push(client);
    return client;
  }

  /** The index of the server that has a key now; -1 when there is none. */
  #serverOf(key: string): number {
    const { kind, server, moves } = this.plan;
    if (kind !== 'hash') return server;
    const known = this.#servers.get(key);
    if (known !== undefined) return known;
    const { keys, servers } = this.#client.dependencies;
    const name = servers!.serverOf(keys.toWire(key));
    const index = name === undefined ? -1 : Number(/\d+/.exec(name)![0]);
    if (!moves) this.#servers.set(key, index);
    return index;
  }
}
