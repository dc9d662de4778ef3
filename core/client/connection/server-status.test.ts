import { inspect } from 'node:util';
import * as assert from 'uvu/assert';
import { mg } from '../../../test/support/link-scene.ts';
import { memoryServers } from '../../../test/support/memory-servers.ts';
import {
  CountingClock,
  ScriptedNetwork,
  settled,
  Watched,
} from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { UpstreamScene } from '../../../test/support/upstream-scene.ts';
import { Discovery } from '../cluster/discovery/discovery.ts';
import { HashClient } from '../cluster/hash-client.ts';
import { MemoryServer } from '../../server/memory.ts';
import { createTestClient, TestServer } from '../../testing/mod.ts';
import type { Endpoint } from '../../io/transport.ts';
import { Client, PooledClient } from '../server-client.ts';
import { FallbackClient } from '../wrappers/fallback-client.ts';
import { RetryingClient } from '../wrappers/retrying.ts';
import { type ServerChange, ServerStatus } from './server-status.ts';

const status = suite('the state of a server');

/** An upstream whose events are noted, `down: cause`. */
class Scene extends UpstreamScene {
  readonly events: string[];

  constructor(options: ConstructorParameters<typeof UpstreamScene>[0] = {}) {
    const events: string[] = [];
    const note = ({ type, server, cause }: ServerChange): void => {
      assert.is(server, 'localhost:11211');
      events.push(cause === null ? type : `${type}: ${cause.message}`);
    };
    super({ ...options, status: new ServerStatus('localhost:11211', note) });
    this.events = events;
  }

  get state(): string {
    return this.upstream.status.state;
  }
}

const version = 'VERSION 1\r\n';
const refused = 'down: cannot connect to localhost:11211: ECONNREFUSED';

status('it is idle, connecting, then up when the server has answered', async () => {
  const scene = new Scene();
  assert.is(scene.state, 'idle');
  scene.do();
  assert.is(scene.state, 'connecting');
  const transport = await scene.network.last.accept();
  assert.is(scene.state, 'connecting', 'a connection is not an answer');
  await transport.reply(version);
  assert.is(scene.state, 'up');
  assert.equal(scene.events, ['connecting', 'up']);
});

status('it is down once, however often it is tried, and then back', async () => {
  const scene = new Scene();
  await scene.refuse(3);
  assert.equal([scene.state, scene.events.length], ['down', 2]);
  assert.ok(scene.events[1]?.startsWith(refused), scene.events[1]);
  await scene.untilDial();
  assert.is(scene.state, 'down');
  const transport = await scene.network.last.accept();
  await transport.reply(version.repeat(60));
  assert.is(scene.state, 'up');
  assert.is(scene.events.at(-1), 'back');
});

status('a server that takes connections and does not answer is down', async () => {
  const scene = new Scene({ timeout: 100 });
  scene.do();
  await scene.network.last.accept();
  await scene.pass(100);
  assert.equal(scene.events, [
    'connecting',
    'down: no reply from localhost:11211 within 100 ms',
  ]);
});

status('the loss of a connection on which it has answered is no failure', async () => {
  const scene = new Scene();
  for (let i = 0; i < 3; i++) {
    scene.do();
    const transport = await scene.network.last.accept();
    await transport.reply(version);
    await transport.lose();
    assert.is(scene.state, 'idle');
  }
  assert.equal(scene.events, ['connecting', 'up', 'connecting', 'up', 'connecting', 'up']);
  assert.is(scene.upstream.status.reconnects, 2);
});

status('with several connections, only the first and the last matter', async () => {
  const scene = new Scene({ maxPoolSize: 2 });
  scene.do();
  const first = await scene.network.last.accept();
  await first.reply(version);
  for (let i = 0; i < 4; i++) scene.do();
  const second = await scene.network.last.accept();
  assert.ok(scene.network.dials.length > 1);
  await first.lose();
  assert.is(scene.state, 'up');
  assert.equal(scene.events, ['connecting', 'up']);
  await second.lose();
  assert.is(scene.state, 'idle');
  assert.equal(scene.events, ['connecting', 'up']);
});

status('an exception of the listener does not reach the call', async () => {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  const thrown = new Error('thrown by the listener');
  await using client = new Client('h', {
    dial: new MemoryServer().dial,
    onServer() {
      throw thrown;
    },
  });
  assert.is(await client.get('k'), undefined);
  await new Promise((resolve) => setImmediate(resolve));
  process.removeListener('unhandledRejection', note);
  for (const other of others) process.on('unhandledRejection', other);
  assert.equal(errors, [thrown, thrown]);
});

status('a server that was given up has left, and is back when it answers', async () => {
  const { dial, clock, endpoints } = memoryServers(2);
  let isDown = false;
  const events: string[] = [];
  const client = new HashClient(endpoints, {
    clock,
    random: () => 0,
    retryAttempts: 1,
    retryTimeout: 100,
    deadTimeout: 1000,
    dial(to, ...rest) {
      if (isDown && 'port' in to && to.port === 2) return Promise.reject(new Error('no route'));
      return dial(to, ...rest);
    },
    onServer: ({ type, server, cause }) =>
      events.push(`${type} ${server}${cause === null ? '' : ' !'}`),
  });
  const key = Array.from({ length: 20 }, (_, i) => `k${i}`)
    .find((key) => client.serverOf(key) === 'cache:2')!;
  const call = async (after = 0): Promise<void> => {
    clock.advance(after);
    await client.get(key).catch(() => {});
    await settled();
  };
  isDown = true;
  await call();
  await call();
  await call(100);
  assert.equal(events, ['connecting cache:2', 'down cache:2 !', 'left cache:2 !']);
  const { state, servers, errors } = client.counters();
  assert.equal([state, servers.get('cache:2')?.state], ['idle', 'down']);
  assert.is(client.serverOf(key), 'cache:1');
  assert.equal([...errors.keys()].toSorted(), ['connection', 'down']);
  isDown = false;
  await call(1000);
  await call();
  assert.equal(events.slice(3), ['connecting cache:1', 'back cache:2', 'up cache:1']);
  await client.removeServer('cache:2');
  assert.is(events.at(-1), 'left cache:2');
  assert.equal([...client.counters().servers.keys()], ['cache:1']);
  assert.is(client.state, 'up');
  await client.close();
  assert.is(client.state, 'closed');
});

status('what a discovery takes out of the list has left', async () => {
  const { dial, clock, endpoints } = memoryServers(2);
  let servers: readonly Endpoint[] = endpoints;
  const discovery = new Discovery(() => Promise.resolve({ servers }), { clock });
  const left: string[] = [];
  const client = new HashClient(discovery, {
    dial,
    clock,
    onServer: ({ type, server }) => void (type === 'left' && left.push(server)),
  });
  await client.get('k');
  servers = endpoints.slice(1);
  await discovery.refresh();
  await settled();
  assert.equal(left, ['cache:1']);
  await client.close();
});

const counting = suite('counters');

counting('they are those of the commands, exactly', async () => {
  const { client } = createTestClient();
  await client.set('a', 'x');
  await client.set('b', 'y');
  await client.get('a');
  await client.get('none');
  await client.gets('a');
  await client.gat('b', 10);
  await client.gat('none', 10);
  await client.getMany(['a', 'b', 'none', 'neither']);
  await client.meta.get('a', { size: true });
  await client.delete('none');
  await client.touch('none', 5);
  await client.incr('a').catch(() => {});
  await client.get('a b').catch(() => {});
  const { calls, hits, misses, errors, pending } = client.counters();
  assert.equal([calls, hits, misses, pending], [13, 6, 4, 0]);
  assert.equal(errors, new Map([['non-numeric', 1], ['usage', 1]]));
  await client.close();
});

counting('the placeholder of a lease is a miss', async () => {
  const { client } = createTestClient();
  const lease = { vivify: 30, cas: true };
  for (let i = 0; i < 3; i++) await client.meta.get('a', lease);
  await client.get('a');
  const load = (): string => 'v';
  await client.fetch('b', load, { ttl: 60 });
  await client.fetch('b', load, { ttl: 60 });
  await client.incr('none');
  const { hits, misses } = client.counters();
  assert.equal([hits, misses], [1, 5]);
  await client.close();
});

counting('the items of a call that was given up do not count for the next', async () => {
  const network = new ScriptedNetwork();
  const { dial } = network;
  const client = new Client('h', { dial, clock: new CountingClock(), dialect: 'meta' });
  const aborter = new AbortController();
  const first = new Watched(client.getMany(['a', 'b'], { signal: aborter.signal }));
  await settled();
  const transport = await network.last.accept();
  await transport.reply('VALUE a 16 1\r\nx\r\nVALUE b 16 1\r\n');
  aborter.abort();
  await settled();
  assert.is(first.state, 'rejected');
  const next = new Watched(client.getMany(['c', 'd']));
  await settled();
  await transport.reply('y\r\nEND\r\nVALUE c 16 1\r\nz\r\nEND\r\n');
  await settled();
  assert.equal(next.value, new Map([['c', 'z']]));
  const { hits, misses } = client.counters();
  assert.equal([hits, misses], [1, 1]);
});

counting('a value that cannot be decoded is an error, with an observer and without', async () => {
  for (const options of [{}, { onCommand: () => () => {} }]) {
    const { client } = createTestClient(options);
    await client.set('a', 'text', { flags: 12_345 });
    await client.get('a').catch(() => {});
    const { hits, errors } = client.counters();
    assert.is(hits, 1);
    assert.is([...errors.values()].reduce((sum, count) => sum + count, 0), 1);
    await client.close();
  }
});

counting('bytes are those of the connection', async () => {
  const scene = new UpstreamScene();
  const { status } = scene.upstream;
  scene.do(mg('k'));
  // It leaves the probes at the start of a connection out of what it was sent.
  const transport = await scene.network.last.accept();
  await transport.reply('EN O1\r\n');
  const [out, into] = [status.bytesOut, status.bytesIn];
  transport.take();
  scene.do(mg('key'));
  await settled();
  const sent = transport.take();
  await transport.reply('EN O2\r\n');
  assert.match(sent, /^mg key /);
  assert.equal([status.bytesOut - out, status.bytesIn - into], [sent.length, 'EN O2\r\n'.length]);
});

counting('commands that wait are pending, and those refused are errors', async () => {
  const scene = new UpstreamScene();
  await scene.refuse(1);
  const calls = [scene.do(mg('a')), scene.do(mg('b'))];
  await settled();
  const { status } = scene.upstream;
  assert.equal(calls.map(({ state }) => state), ['rejected', 'rejected']);
  assert.equal([status.calls, status.pending], [3, 0]);
  assert.equal(status.errors, new Map([['connection', 1], ['down', 2]]));
  await scene.untilDial();
  assert.ok(status.pending > 0);
});

counting('observers change nothing', async () => {
  const server = new TestServer();
  const { client } = createTestClient({ server, onCommand: () => () => {} });
  await client.set('a', 'text');
  await client.get('a');
  await client.get('none');
  await client.getMany(['a', 'none']);
  await client.incr('a').catch(() => {});
  const { calls, hits, misses, errors } = client.counters();
  assert.equal([calls, hits, misses], [5, 2, 2]);
  assert.equal(errors, new Map([['non-numeric', 1]]));
  await client.close();
});

counting('wrappers have those of the clients that they wrap', async () => {
  const { dial } = new MemoryServer();
  const retrying = new RetryingClient(new Client('a', { dial }));
  await retrying.get('k');
  assert.equal([retrying.counters().misses, retrying.state], [1, 'up']);
  const both = new FallbackClient([retrying, new Client('b', { dial })]);
  await both.get('k');
  assert.equal([both.counters().misses, [...both.counters().servers.keys()]], [
    3,
    ['a:11211', 'b:11211'],
  ]);
  const hash = new HashClient(['a', 'b'], { dial });
  await hash.version();
  assert.is(hash.counters().calls, 2);
  assert.equal([...hash.server('a:11211').counters().servers.keys()], ['a:11211']);
  for (const one of [both, hash]) await one.close();
});

counting('they are a copy', async () => {
  const { client } = createTestClient();
  const before = client.counters();
  await client.get('k');
  assert.equal([before.calls, before.servers.get('localhost:11211')?.calls], [0, 0]);
  await client.close();
});

const shown = suite('what a console shows of a client');

shown('its class, its state, its servers', async () => {
  const { dial } = new MemoryServer();
  const client = new Client('h:5', { dial, auth: { username: 'u', password: 's3cr3t' } });
  const closed = `Client { state: 'closed', pending: 0, servers: { "h:5": 'closed' } }`;
  assert.is(inspect(client), closed.replaceAll('closed', 'idle'));
  await client.close();
  assert.is(inspect({ client }), `{\n  client: ${closed}\n}`);
  const deno =
    (client as unknown as Record<symbol, () => string>)[Symbol.for('Deno.customInspect')];
  assert.is(deno?.(), closed);
  const pool = new PooledClient('h', { dial });
  const hash = new HashClient(['a', 'b'], { dial });
  const found = new HashClient(new Discovery(() => Promise.resolve({ servers: [] })), { dial });
  assert.match(inspect(pool), /^PooledClient \{ state: 'idle', .*"h:11211": 'idle'/);
  assert.match(inspect(hash), /^HashClient \{ .*"a:11211": 'idle', "b:11211": 'idle' \} \}$/);
  assert.match(inspect(found), /servers: \{\} \}$/);
  assert.match(inspect(new RetryingClient(pool)), /^RetryingClient \{/);
  assert.equal(Object.keys(client).filter((name) => name.includes('nspect')), []);
  for (const one of [pool, hash, found]) await one.close();
});

status.run();
counting.run();
shown.run();
