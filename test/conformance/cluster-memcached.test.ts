import { inspect } from 'node:util';
import * as assert from 'uvu/assert';
import { systemClock } from '../../core/io/clock.ts';
import type { HashClient as AnyHashClient } from '../../core/client/cluster/hash-client.ts';
import type { HashClientOptions } from '../../core/client/options.ts';
import { Discovery } from '../../core/client/cluster/discovery/discovery.ts';
import { toEndpoint } from '../../core/client/connection/endpoint.ts';
import { ConnectionError, TimeoutError } from '../../core/wire/errors.ts';
import {
  findProgram,
  freePort,
  type RunningMemcached,
  startMemcached,
} from '../support/memcached.ts';
import { HashClient } from '../runner/runtime.ts';
import { suite } from '../runner/suite.ts';

// Real servers that are killed, restarted and stopped under load.

const cluster = suite('cluster of memcached');
const program = findProgram('memcached');

const TIMEOUT = 1000;
// A call must end within so many milliseconds after its deadline.
const GRACE = 100;

const options: HashClientOptions = {
  timeout: TIMEOUT,
  connectTimeout: 1000,
  stallAfter: 1000,
  retryAttempts: 1,
  retryTimeout: 20,
  deadTimeout: 50,
};

/** Servers that can be taken down and brought back at the same port. */
class Fleet {
  readonly #servers: Map<string, RunningMemcached> = new Map();

  get names(): string[] {
    return [...this.#servers.keys()];
  }

  async start(name?: string): Promise<void> {
    const port = name === undefined ? await freePort() : Number(name.split(':')[1]);
    this.#servers.set(`127.0.0.1:${port}`, await startMemcached(program ?? '', { port }));
  }

  async kill(name: string): Promise<void> {
    await this.#servers.get(name)?.stop();
  }

  signal(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#servers.get(name)?.pid ?? 0, signal);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
  }
}

/** Calls that check their own results. */
class Load {
  readonly keys: readonly string[] = Array.from({ length: 300 }, (_, i) => `key:${i}:`);
  /** The server of each key when all are up. */
  readonly homes: ReadonlyMap<string, string>;
  readonly faults: string[] = [];
  failed = 0;
  done = 0;
  readonly #client: AnyHashClient;
  readonly #timeout: number;

  constructor(client: AnyHashClient, timeout: number = TIMEOUT) {
    this.#client = client;
    this.#timeout = timeout;
    this.homes = new Map(this.keys.map((key) => [key, client.serverOf(key) ?? '']));
  }

  /** Whether each key is where it was. */
  get isHome(): boolean {
    return this.keys.every((key) => this.#client.serverOf(key) === this.homes.get(key));
  }

  /** Repeats until no call fails. */
  async untilWell(): Promise<void> {
    for (let failed = -1; failed !== this.failed || !this.isHome;) {
      failed = this.failed;
      await this.round();
    }
  }

  /** Repeats until the condition holds. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.round();
  }

  async round(): Promise<void> {
    const client = this.#client;
    const { failed } = this;
    const calls = this.keys.map((key, i) =>
      i % 3 === 0
        ? this.#judge(client.set(key, `${key}${this.done}`))
        : this.#judge(client.get(key).then((value) => this.#compare(key, value)))
    );
    calls.push(this.#judge(
      client.getMany(this.keys).then((found) => {
        for (const [key, value] of found) this.#compare(String(key), value);
      }),
    ));
    await Promise.all(calls);
    // If all calls fail synchronously, only this lets the network run; a loop without a pause would
    // keep a busy machine from dialing within a second.
    await new Promise<void>((resolve) => systemClock.after(this.failed > failed ? 10 : 0, resolve));
  }

  #compare(key: string, value: unknown): void {
    if (value === undefined || (typeof value === 'string' && value.startsWith(key))) return;
    this.faults.push(`${key} has the value ${inspect(value)}`);
  }

  async #judge(call: Promise<unknown>): Promise<void> {
    // By the client's clock, which lets sockets run after the machine was busy. In two halves: where
    // this process was kept waiting, both timers are due, and the call has the second half to end.
    let cancel = systemClock.after(this.#timeout + GRACE / 2, () => {
      cancel = systemClock.after(GRACE / 2, () => {
        this.faults.push('a call is past its deadline');
      });
    });
    try {
      await call;
      this.done++;
    } catch (error) {
      this.failed++;
      const expected = error instanceof ConnectionError || error instanceof TimeoutError;
      if (!expected) this.faults.push(String(error));
    }
    cancel();
  }
}

function underLoad(
  name: string,
  servers: number,
  run: (fleet: Fleet, client: AnyHashClient, load: Load) => Promise<void>,
): void {
  const full = `${servers} servers: ${name}`;
  if (program === null) return cluster.skip(`${full} (needs memcached)`);
  cluster(full, async () => {
    const fleet = new Fleet();
    let client: AnyHashClient | undefined;
    try {
      for (let i = 0; i < servers; i++) await fleet.start();
      client = new HashClient(fleet.names, options);
      const load = new Load(client);
      await load.untilWell();
      await run(fleet, client, load);
      assert.equal(load.faults, []);
    } finally {
      await client?.close();
      await fleet.stop();
    }
  });
}

/** Each key is on the same server as when all were up. */
async function checkHome(client: AnyHashClient, { homes }: Load): Promise<void> {
  for (const [key, home] of homes) {
    assert.is(client.serverOf(key), home);
    await client.set(key, `${key}home`);
    assert.is(await client.server(home).get(key), `${key}home`);
  }
}

for (const servers of [3, 10]) {
  underLoad('each is killed and restarted', servers, async (fleet, client, load) => {
    const { homes } = load;
    // All of three, some of ten.
    for (const name of fleet.names.slice(0, 3)) {
      const [key] = [...homes].find(([, home]) => home === name) ?? [''];
      await Promise.all([fleet.kill(name), load.round()]);
      await load.until(() => client.serverOf(key) !== name);
      assert.is(await client.set(key, `${key}meanwhile`), true, 'others have its keys');
      const moved = [...homes].filter(([one, home]) => client.serverOf(one) !== home);
      assert.ok(moved.every(([, home]) => home === name), 'and no others have moved');
      await fleet.start(name);
      await load.untilWell();
    }
    await checkHome(client, load);
  });
}

underLoad('one hangs and goes on', 3, async (fleet, client, load) => {
  const { homes } = load;
  const [name = ''] = fleet.names;
  const [key] = [...homes].find(([, home]) => home === name) ?? [''];
  fleet.signal(name, 'SIGSTOP');
  await load.until(() => client.serverOf(key) !== name);
  fleet.signal(name, 'SIGCONT');
  await load.untilWell();
  await checkHome(client, load);
});

underLoad('all are killed and restarted', 3, async (fleet, client, load) => {
  const { names } = fleet;
  await Promise.all(names.map((name) => fleet.kill(name)));
  await load.until(() => client.serverOf('key') === undefined);
  await Promise.all(names.map((name) => fleet.start(name)));
  await load.untilWell();
  await checkHome(client, load);
});

underLoad('the list of servers changes', 3, async ({ names }) => {
  let found = names;
  const discovery = new Discovery(() =>
    Promise.resolve({ servers: found.map((name) => toEndpoint(name)) })
  );
  // All servers are healthy, so a call can only fail because of the change.
  const patience = 10_000;
  const times = { timeout: patience, connectTimeout: patience, stallAfter: patience };
  const follower = new HashClient(discovery, { ...options, ...times });
  try {
    await follower.version();
    const changing = new Load(follower, patience);
    for (const gone of [...names, ...names]) {
      // Within a round: calls are in flight when the server leaves, and when it returns.
      for (const left of [names.filter((name) => name !== gone), names]) {
        found = left;
        await Promise.all([changing.round(), discovery.refresh(), changing.round()]);
        assert.equal(follower.servers, left);
      }
    }
    assert.equal([changing.failed, changing.faults], [0, []], 'no call is lost');
    await checkHome(follower, changing);
  } finally {
    await follower.close();
  }
});

const full = 'a server at its limit of connections is down until it has room';
if (program === null) cluster.skip(`${full} (needs memcached)`);
else {
  cluster(full, async () => {
    const args = ['-c', '40', '-t', '1'];
    const server = await startMemcached(program, { args });
    try {
      for (const dialect of ['auto', 'meta', 'text'] as const) {
        const others: AnyHashClient[] = [];
        const client = new HashClient([server.endpoint], { ...options, dialect });
        let error: unknown = null;
        // Each has one connection. memcached needs some for itself.
        while (others.length < 50) {
          const other = new HashClient([server.endpoint], options);
          others.push(other);
          await other.version().catch(() => null);
        }
        for (const call of [() => client.set('a', 'x'), () => client.get('a')]) {
          error = await call().then(() => null, (reason: unknown) => reason);
          assert.instance(error, ConnectionError, dialect);
          assert.is((error as ConnectionError).outcome, 'not-sent', dialect);
        }
        await Promise.all(others.map((other) => other.close()));
        const end = systemClock.elapsed() + 5000;
        while (systemClock.elapsed() < end && error !== null) {
          error = await client.set('a', 'x').then(() => null, (reason: unknown) => reason);
          await new Promise((resolve) => void systemClock.after(20, () => resolve(null)));
        }
        assert.is(error, null, dialect);
        await client.close();
      }
    } finally {
      await server.stop();
    }
  });
}

cluster.run();
