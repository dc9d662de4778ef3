import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { OneServerContext } from '../conformance/mod.ts';
import { RawConnection } from '../conformance/server/raw-connection.ts';
import { bridgedCases } from '../test/browser/cases.ts';
import { caseSuite, uniqueKey } from '../test/support/cases.ts';
import { FakePeer } from '../test/support/fake-peer.ts';
import { findProgram, type RunningMemcached, startMemcached } from '../test/support/memcached.ts';
import { patience } from '../test/support/patience.ts';
import { suite } from '../test/runner/suite.ts';
import { Client, dial, endpointName, listen, type Listener } from '../transport-node/mod.ts';
import { SchemeHasher } from '../core/client/hashing/hasher.ts';
import { hashSchemes } from '../core/client/hashing/schemes.ts';
import { MemcachedProxy, type ProxyOptions } from './proxy.ts';

const program = findProgram('memcached');
const PREFIX = 'app:';
const REFUSED = 'answered CLIENT_ERROR not allowed';

/** Two servers, a proxy in front of them, and a raw client of the proxy. */
class Scene implements AsyncDisposable {
  readonly proxy: MemcachedProxy;
  readonly listener: Listener;
  readonly client: RawConnection;
  readonly #open: RawConnection[];

  private constructor(proxy: MemcachedProxy, listener: Listener, client: RawConnection) {
    this.proxy = proxy;
    this.listener = listener;
    this.client = client;
    this.#open = [client];
  }

  static async start(options: Partial<ProxyOptions> = {}): Promise<Scene> {
    const upstreams = servers.map(({ endpoint }) => endpointName(endpoint));
    const { timeout } = patience;
    const defaults = { upstreams, readOnly: false, prefix: PREFIX, timeout };
    const proxy = new MemcachedProxy({ ...defaults, ...options });
    const listener = await listen({ host: '127.0.0.1', port: 0 }, proxy.accept);
    return new Scene(proxy, listener, await RawConnection.open(dial, listener.endpoint));
  }

  /** Connects another client. */
  async connect(): Promise<RawConnection> {
    const client = await RawConnection.open(dial, this.listener.endpoint);
    this.#open.push(client);
    return client;
  }

  /** New keys on servers, one for each index of a server. */
  keysOn(...places: number[]): string[] {
    const { upstreams } = this.proxy.options;
    const hasher = new SchemeHasher(hashSchemes.ketama, upstreams.map((name) => ({ name })));
    return places.map((place) => {
      for (;;) {
        const key = uniqueKey();
        if (hasher.nodeFor(key)?.name === upstreams[place]) return key;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#open) client.close();
    await this.listener.close();
  }
}

/** A server that answers the probes of a connection; the rest is for the test. */
async function fakeServer(): Promise<{ peer: FakePeer; listener: Listener; name: string }> {
  const probes = 'mg memwire-probe k O0\r\nget memwire-probe\r\n';
  const answer = 'EN kmemwire-probe O0\r\nEND\r\n';
  const peer = new FakePeer((text) => text.startsWith(probes) ? answer : null);
  const listener = await listen({ host: '127.0.0.1', port: 0 }, peer.accept);
  return { peer, listener, name: endpointName(listener.endpoint) };
}

const example = suite('proxy example');
let servers: RunningMemcached[] = [];

const test = (name: string, run: () => Promise<void>): void =>
  program === null ? example.skip(`${name} (needs memcached)`) : example(name, run);

example.before(async () => {
  if (program === null) return;
  servers = [await startMemcached(program), await startMemcached(program)];
});

example.after(async () => {
  for (const server of servers) await server.stop();
});

test('shares keys between two servers, each under the prefix', async () => {
  await using scene = await Scene.start();
  const keys = scene.keysOn(0, 1);
  for (const [place, key] of keys.entries()) {
    scene.client.send(`set ${key} 5 0 1\r\n${place}\r\n`);
    await scene.client.expect('STORED\r\n');
    const direct = await RawConnection.open(dial, servers[place]!.endpoint);
    direct.send(`get ${key} ${PREFIX}${key}\r\n`);
    await direct.expect(`VALUE ${PREFIX}${key} 5 1\r\n${place}\r\nEND\r\n`);
    direct.close();
  }
});

test('a get of many keys has them in the order of the request, whoever has them', async () => {
  await using scene = await Scene.start();
  const [a, missing, b, c, d] = scene.keysOn(0, 1, 1, 0, 1);
  for (const key of [a, b, c, d]) scene.client.send(`set ${key} 0 0 8\r\n${key}\r\n`);
  await scene.client.expect('STORED\r\n'.repeat(4));
  const asked = [d, a, missing, b, a, c, d];
  const found = asked.filter((key) => key !== missing);
  scene.client.send(`get ${asked.join(' ')}\r\n`);
  await scene.client.expect(
    `${found.map((key) => `VALUE ${key} 0 8\r\n${key}\r\n`).join('')}END\r\n`,
  );
  scene.client.send(`gat 100 ${d} ${missing} ${c}\r\n`);
  await scene.client.expect(
    `${[d, c].map((key) => `VALUE ${key} 0 8\r\n${key}\r\n`).join('')}END\r\n`,
  );
});

test('pipelined commands are answered in order, quiet ones as memcached does', async () => {
  await using scene = await Scene.start();
  const [a, b] = scene.keysOn(0, 1);
  scene.client.send(
    `set ${a} 0 0 1 noreply\r\n1\r\nms ${b} 1 q\r\nx\r\nmg ${b} v k q\r\nmg no${a} v q\r\n` +
      `incr ${a} 1\r\nincr ${b} 1\r\nmd ${b} q\r\ndelete ${a} noreply\r\nget ${a} ${b}\r\nmn\r\n`,
  );
  await scene.client.expect(
    `VA 1 k${b}\r\nx\r\n2\r\n` +
      'CLIENT_ERROR cannot increment or decrement non-numeric value\r\nEND\r\nMN\r\n',
  );
});

test('values of a megabyte, many at once', async () => {
  await using scene = await Scene.start();
  const keys = scene.keysOn(0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1);
  const value = 'v'.repeat(1_000_000);
  scene.client.send(keys.map((key) => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`).join(''));
  await scene.client.expect('STORED\r\n'.repeat(keys.length));
  scene.client.send(`get ${keys.join(' ')}\r\n`);
  const items = keys.map((key) => `VALUE ${key} 0 ${value.length}\r\n${value}\r\n`);
  await scene.client.expect(`${items.join('')}END\r\n`);
});

test('read-only: writes are refused, a miss stays a miss', async () => {
  await using scene = await Scene.start({ readOnly: true });
  const [key] = scene.keysOn(0);
  const refused = [
    `set ${key} 0 0 1\r\nx\r\n`,
    `ms ${key} 1 q\r\nx\r\n`,
    `mg ${key} N30\r\n`,
    `gat 30 ${key}\r\n`,
    `delete ${key}\r\n`,
    'flush_all\r\n',
  ];
  for (const request of refused) {
    scene.client.send(request);
    await scene.client.expect('CLIENT_ERROR not allowed\r\n');
  }
  scene.client.send(`get ${key}\r\nmg ${key} v\r\n`);
  await scene.client.expect('END\r\nEN\r\n');
});

test('what tells of the server, or of the key on it, is not there to be asked', async () => {
  await using scene = await Scene.start();
  const [key] = scene.keysOn(0);
  for (
    const line of [`me ${key}`, 'stats items', 'lru_crawler metadump all', 'watch', 'config get x']
  ) {
    scene.client.send(`${line}\r\n`);
    await scene.client.expect('CLIENT_ERROR not allowed\r\n');
  }
  const long = 'k'.repeat(250);
  scene.client.send(`get ${long}\r\nversion\r\n`);
  await scene.client.expect(`CLIENT_ERROR bad command\r\nVERSION ${servers[0]!.version}\r\n`);
});

test('counts commands by their verb, of all clients', async () => {
  await using scene = await Scene.start();
  const other = await scene.connect();
  other.send('get a\r\nget b c\r\nmn\r\n');
  await other.expect('END\r\nEND\r\nMN\r\n');
  scene.client.send('lru_crawler metadump all\r\nstats\r\n');
  await scene.client.expect(
    'CLIENT_ERROR not allowed\r\n' +
      'STAT get 2\r\nSTAT mn 1\r\nSTAT lru_crawler_metadump 1\r\nSTAT stats 1\r\nEND\r\n',
  );
});

test('what is no command ends the connection, after what was before it', async () => {
  await using scene = await Scene.start();
  scene.client.send('get a\r\nset\r\nflush_all\r\n');
  await scene.client.expect('END\r\nERROR\r\n');
  await scene.client.end();
});

test('quit closes, after what was before it', async () => {
  await using scene = await Scene.start();
  scene.client.send('get a\r\nquit\r\nget b\r\n');
  await scene.client.expect('END\r\n');
  await scene.client.end();
});

test('a client that says no more still gets its replies', async () => {
  await using scene = await Scene.start();
  const [key] = scene.keysOn(0);
  const { endpoint } = scene.listener;
  const port = 'port' in endpoint ? endpoint.port : 0;
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.end(`set ${key} 0 0 1\r\n1\r\nincr ${key} 1\r\n`);
  let received = '';
  for await (const chunk of socket) received += String(chunk);
  assert.is(received, 'STORED\r\n2\r\n');
});

test('a server that dies with commands under way costs those, and no other', async () => {
  const { peer, listener, name } = await fakeServer();
  const upstreams = [endpointName(servers[0]!.endpoint), name];
  await using scene = await Scene.start({ upstreams });
  const [alive, dead] = scene.keysOn(0, 1);
  scene.client.send(`set ${alive} 0 0 1\r\n1\r\n`);
  await scene.client.expect('STORED\r\n');
  scene.client.send(`get ${alive}\r\nget ${dead}\r\nget ${alive} ${dead}\r\nincr ${alive} 1\r\n`);
  await peer.asked;
  peer.send(`VALUE ${PREFIX}${dead} 0 10\r\nhalf`);
  peer.transport?.close();
  await scene.client.expect(
    `VALUE ${alive} 0 1\r\n1\r\nEND\r\n${'SERVER_ERROR upstream connection\r\n'.repeat(2)}2\r\n`,
  );
  await listener.close();
  scene.client.send(`get ${dead}\r\nget ${alive}\r\n`);
  await scene.client.expect(
    `SERVER_ERROR upstream connection\r\nVALUE ${alive} 0 1\r\n2\r\nEND\r\n`,
  );
});

test('a client that goes away leaves nothing behind that another could read', async () => {
  const { peer, listener, name } = await fakeServer();
  await using scene = await Scene.start({ upstreams: [name] });
  scene.client.send('get a\r\n');
  await peer.asked;
  scene.client.close();
  peer.send(`VALUE ${PREFIX}a 0 6\r\nsecret\r\nEND\r\n`);
  await peer.gone;
  await listener.close();
  const other = await scene.connect();
  other.send('get b\r\n');
  await other.expect('SERVER_ERROR upstream connection\r\n');
});

test('is a program', async () => {
  const upstreams = servers.flatMap(({ endpoint }) => ['--upstream', endpointName(endpoint)]);
  const child = spawn(process.execPath, [
    ...['--import', 'tsx', join(import.meta.dirname, 'proxy.ts'), '--listen', '0', '--read-only'],
    ...upstreams,
  ], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(child.stdout, 'data') as [Buffer];
    const server = /^listening on (127\.0\.0\.1:\d+)\n$/.exec(line.toString())?.[1];
    await using client = new Client(server ?? '', patience);
    assert.is(await client.get('a'), undefined);
    const refused = await client.set('a', 1).catch((error: Error) => error.message);
    assert.is(refused, `${server} ${REFUSED}`);
  } finally {
    child.kill();
  }
});

example.run();

{
  let own: RunningMemcached[] = [];
  let scene: Scene;
  caseSuite('client: through the proxy example, to two memcached', bridgedCases, () => ({
    create: (options) => new Client(scene.listener.endpoint, { ...patience, ...options }),
    pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    unique: uniqueKey,
  } satisfies OneServerContext), {
    has: () => true,
    skip: program === null ? 'memcached' : undefined,
    async before() {
      own = [await startMemcached(program ?? ''), await startMemcached(program ?? '')];
      scene = await Scene.start({ upstreams: own.map(({ endpoint }) => endpointName(endpoint)) });
    },
    async after() {
      await scene?.[Symbol.asyncDispose]();
      for (const server of own) await server.stop();
    },
  });
}
