import * as assert from 'uvu/assert';
import { CountedSignal, CountingClock, settled, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { memoryDialer } from '../../io/memory-pipe.ts';
import { Server } from '../../server/serve.ts';
import type { Dialer, Endpoint } from '../../io/transport.ts';
import { UsageError } from '../../wire/errors.ts';
import { Discovery, type FoundServers } from './discovery/discovery.ts';
import { HashClient } from './hash-client.ts';
import type { CallOptions, HashClientOptions } from '../options.ts';
import { RetryingClient } from '../wrappers/retrying.ts';

const discovered = suite('discovered cluster');

const keys = Array.from({ length: 60 }, (_, i) => `key${i}`);
const entries = keys.map((key) => [key, key] as const);

/** A client of embedded servers, `a` to `d`, of which a discovery finds some. */
class Scene {
  readonly clock = new CountingClock();
  readonly dials: string[] = [];
  readonly discovery: Discovery;
  readonly client: HashClient;
  /** What a look finds, or fails with; a promise keeps it waiting. */
  found: readonly Endpoint[] | Error | Promise<readonly Endpoint[]>;
  /** The version of the list; none by default. */
  version: number | undefined;
  looks = 0;
  readonly off: Set<string> = new Set();
  readonly dial: Dialer = (to, events, signal) => this.#dial(to, events, signal);
  /** The authorities that were asked for, by host. */
  readonly authorities: Map<string, string | undefined> = new Map();
  readonly #servers: ReadonlyMap<string, Server>;

  constructor(found: Scene['found'] = at('a', 'b', 'c'), options: HashClientOptions = {}) {
    this.found = found;
    this.#servers = new Map(
      ['a', 'b', 'c', 'd'].map((host) => [host, new Server({}, this.clock)]),
    );
    this.discovery = new Discovery(() => this.#look(), { clock: this.clock });
    const { clock, dial } = this;
    this.client = new HashClient(this.discovery, { clock, dial, timeout: 500, ...options });
  }

  /** How many connections a server has. */
  connections(host: string): number | undefined {
    return this.#servers.get(host)?.engine.connections.size;
  }

  async find(...hosts: string[]): Promise<void> {
    this.found = at(...hosts);
    await this.discovery.refresh();
  }

  async #look(): Promise<FoundServers> {
    this.looks++;
    const found = await this.found;
    if (found instanceof Error) throw found;
    return this.version === undefined
      ? { servers: found }
      : { servers: found, version: this.version };
  }

  async #dial(...[to, events, signal]: Parameters<Dialer>): ReturnType<Dialer> {
    const host = 'host' in to ? to.host : '';
    this.dials.push(host);
    this.authorities.set(host, to.tls?.ca);
    const server = this.#servers.get(host);
    if (host === 'silent') return await new Promise(() => {});
    if (server === undefined || this.off.has(host)) throw new Error(`${host} is off`);
    return await memoryDialer(server)(to, events, signal);
  }
}

function at(...hosts: string[]): Endpoint[] {
  return hosts.map((host) => ({ host, port: 1 }));
}

function never(): Promise<readonly Endpoint[]> {
  return new Promise(() => {});
}

async function briefOf(call: Promise<unknown>): Promise<string> {
  const watched = new Watched(call);
  await settled();
  return watched.brief;
}

discovered('nothing is looked for before the first call, and calls share a look', async () => {
  const scene = new Scene();
  const { client } = scene;
  assert.equal([client.servers, client.serverOf('a'), scene.looks], [[], undefined, 0]);
  await Promise.all([client.get('a'), client.setMany(entries)]);
  assert.equal([client.servers, scene.looks], [['a:1', 'b:1', 'c:1'], 1]);
  await client.close();
});

discovered('an older list is taken once no server of the last one can be reached', async () => {
  const scene = new Scene(at('a', 'b'), { retryAttempts: 0 });
  const { client } = scene;
  scene.version = 5;
  await client.setMany(entries);
  scene.version = 1;
  await scene.find('c');
  assert.equal(client.servers, ['a:1', 'b:1'], 'they are all up');
  for (const host of ['a', 'b']) {
    scene.off.add(host);
    await client.server(`${host}:1`).quit();
    await settled();
    await client.setMany(entries);
    await scene.find(host === 'a' ? 'd' : 'c');
    assert.equal(client.servers, host === 'a' ? ['a:1', 'b:1'] : ['c:1']);
  }
  assert.is((await client.setMany(entries)).size, 0);
  await client.close();
});

type First = (client: HashClient, options?: CallOptions) => Promise<unknown>;

const first: Readonly<Record<string, First>> = {
  set: (client, options) => client.set('key', 1, options),
  getMany: (client, options) => client.getMany(keys, options),
  version: (client, options) => client.version(options),
  execute: (client, options) => client.execute({ verb: 'get', keys }, options),
};
for (const [name, call] of Object.entries(first)) {
  discovered(`${name} may be the first call`, async () => {
    const { client } = new Scene();
    await call(client);
    assert.is(client.servers.length, 3);
    await client.close();
  });
}

discovered('the first getMany asks each server for its own keys', async () => {
  const { client, clock, dial } = new Scene(undefined, { keyPrefix: 'app:' });
  await client.setMany(entries);
  const found = (): Promise<{ servers: Endpoint[] }> =>
    Promise.resolve({ servers: at('a', 'b', 'c') });
  // The prefix is sent and not hashed: who went by what is sent would miss.
  const other = new HashClient(new Discovery(found), { clock, dial, keyPrefix: 'app:' });
  assert.is((await other.getMany(keys)).size, keys.length);
  await Promise.all([client.close(), other.close()]);
});

discovered('where none are found a call rejects unsent, and the next looks again', async () => {
  const scene = new Scene(new Error('no such name'));
  assert.is(await briefOf(scene.client.incr('a')), 'ConnectionError down not-sent');
  assert.is(await briefOf(scene.client.getMany(keys)), 'ConnectionError down not-sent');
  assert.is(await briefOf(scene.client.version()), 'ConnectionError down not-sent');
  scene.found = at('a');
  assert.is(await scene.client.set('a', 1), true);
  assert.is(scene.looks, 4);
  await scene.client.close();
});

discovered('ignoreErrors: while none are found reads are misses', async () => {
  const { client } = new Scene(new Error('no such name'), { ignoreErrors: true });
  assert.equal([await client.get('a'), await client.getMany(keys)], [undefined, new Map()]);
  assert.is(client.ignored, 2);
  await client.close();
});

const repeated: Readonly<Record<string, (client: RetryingClient<HashClient>) => Promise<unknown>>> =
  {
    incr: (client) => client.incr('a'),
    getMany: (client) => client.getMany(keys, { timeout: 500 }),
    version: (client) => client.version(),
  };
for (const [name, call] of Object.entries(repeated)) {
  discovered(`a RetryingClient tries again until there are some: ${name}`, async () => {
    const scene = new Scene(new Error('no such name'));
    const client = new RetryingClient(scene.client, { attempts: 2, delay: 100, random: () => 1 });
    const found = new Watched(call(client));
    await settled();
    scene.found = at('a');
    scene.clock.advance(100);
    await settled();
    assert.is(found.brief, 'resolved');
    await client.close();
  });
}

discovered('a call waits no longer than its timeout, or its signal', async () => {
  const { client, clock } = new Scene(never());
  const abort = new AbortController();
  const calls = [
    client.get('a'),
    client.getMany(['a', 'b']),
    client.get('a', { timeout: 100 }),
    client.get('a', { signal: abort.signal }),
  ].map((call) => new Watched(call));
  const states = async (): Promise<string[]> => {
    await settled();
    return calls.map(({ brief }) => brief);
  };
  assert.equal(await states(), ['pending', 'pending', 'pending', 'pending']);
  clock.advance(100);
  abort.abort();
  const [late, aborted] = ['TimeoutError timeout not-sent', 'AbortError aborted not-sent'];
  assert.equal(await states(), ['pending', 'pending', late, aborted]);
  clock.advance(400);
  assert.equal(await states(), [late, late, late, aborted]);
  await client.close();
  assert.is(clock.timers, 0);
});

discovered('what the look took is missing from the time of the command', async () => {
  let find: (servers: readonly Endpoint[]) => void = () => {};
  const scene = new Scene(new Promise((resolve) => (find = resolve)));
  const call = new Watched(scene.client.get('a', { timeout: 500 }));
  await settled();
  scene.clock.advance(499);
  find(at('silent'));
  await settled();
  assert.is(call.brief, 'pending');
  scene.clock.advance(1);
  await settled();
  assert.is(call.brief, 'TimeoutError timeout not-sent');
});

discovered('the servers are as the last list has them, in its order', async () => {
  const scene = new Scene();
  const { client } = scene;
  await client.setMany(entries);
  const before = new Map(keys.map((key) => [key, client.serverOf(key)]));
  await scene.find('d', 'a', 'c', 'a');
  assert.equal(client.servers, ['d:1', 'a:1', 'c:1']);
  for (const [key, home] of before) {
    const now = client.serverOf(key);
    assert.ok(now === home || now === 'd:1' || home === 'b:1', key);
  }
  await client.setMany(entries);
  assert.equal(scene.dials.toSorted(), ['a', 'b', 'c', 'd'], 'who stays keeps its connection');
  await scene.find('a', 'b', 'c');
  assert.is((await client.getMany(keys)).size, keys.length, 'and its keys');
  assert.equal(scene.dials.toSorted(), ['a', 'b', 'b', 'c', 'd']);
  await client.close();
});

discovered('a server that leaves ends what it was asked', async () => {
  const scene = new Scene();
  await scene.client.setMany(entries);
  const pending = scene.client.getMany(keys);
  await scene.find('d');
  assert.is((await pending).size, keys.length);
  await settled();
  assert.equal(['a', 'b', 'c'].map((host) => scene.connections(host)), [0, 0, 0]);
  await scene.client.close();
});

discovered('TLS is as the list says, else as the client is told', async () => {
  const own = at('a').map((server) => ({ ...server, tls: { ca: 'of the list' } }));
  const scene = new Scene([...own, ...at('b')], { tls: { ca: 'of the client' } });
  await scene.client.version();
  assert.equal([...scene.authorities], [['a', 'of the list'], ['b', 'of the client']]);
  await scene.client.close();
});

discovered('a server that is dead stays so while the list has it', async () => {
  const scene = new Scene(at('a', 'b'), { retryAttempts: 0 });
  const { client } = scene;
  scene.off.add('b');
  await scene.discovery.refresh();
  const key = keys.find((one) => client.serverOf(one) === 'b:1') ?? '';
  assert.is(await briefOf(client.get(key)), 'ConnectionError connection not-sent');
  assert.is(client.serverOf(key), 'a:1');
  await scene.find('c', 'b', 'a');
  assert.not(keys.some((one) => client.serverOf(one) === 'b:1'));
  await scene.find('a');
  scene.off.clear();
  await scene.find('a', 'b');
  assert.is(client.serverOf(key), 'b:1', 'and is another when it was away');
  await client.close();
});

discovered(
  'to close the client closes the discovery, when the calls that wait have ended',
  async () => {
    const scene = new Scene(never());
    const call = new Watched(scene.client.get('a'));
    await settled();
    const closed = new Watched(scene.client.close());
    await settled();
    assert.equal([call.state, closed.state], ['pending', 'pending']);
    scene.clock.advance(1000);
    await settled();
    assert.equal([call.brief, closed.state], ['TimeoutError timeout not-sent', 'resolved']);
    assert.is(await briefOf(scene.client.get('a')), 'ConnectionError closed not-sent');
    assert.is(await briefOf(scene.discovery.refresh()), 'ConnectionError closed not-sent');
  },
);

discovered('a discovery that has its list already is not asked again', async () => {
  const scene = new Scene();
  await scene.discovery.refresh();
  await scene.client.get('a');
  assert.equal([scene.client.servers.length, scene.looks], [3, 1]);
  await scene.client.close();
});

for (const [name, call] of Object.entries(first)) {
  discovered(`wrong options of the first call are refused: ${name}`, async () => {
    const { client } = new Scene();
    assert.is(await briefOf(call(client, JSON.parse('null'))), 'UsageError usage not-sent');
    assert.is(
      await briefOf(call(client, JSON.parse('{"timeout":-1}'))),
      'UsageError usage not-sent',
    );
    await client.close();
  });
}

discovered('addServer and removeServer are for lists', async () => {
  const { client } = new Scene();
  const isUsage = (error: unknown): boolean => error instanceof UsageError;
  assert.throws(() => client.addServer('d:1'), isUsage);
  assert.is(await briefOf(client.removeServer('a:1')), 'UsageError usage not-sent');
  await client.close();
});

discovered('a list that was found before the client was made is taken', async () => {
  const scene = new Scene();
  await scene.discovery.servers();
  const { clock, dial } = scene;
  const client = new HashClient(scene.discovery, { clock, dial });
  assert.is(await client.get('key1'), undefined);
  assert.equal([client.servers.length, scene.looks], [3, 1]);
  await client.close();
});

discovered('the wait for servers leaves no timer and no listener', async () => {
  const scene = new Scene();
  const signal = new CountedSignal();
  await scene.discovery.close();
  const call = new Watched(scene.client.get('key1', { signal }));
  await settled();
  assert.is(call.state, 'rejected');
  assert.equal([scene.clock.timers, signal.listeners.size], [0, 0]);
});

discovered.run();
