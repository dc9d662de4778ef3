import * as assert from 'uvu/assert';
import { CountingClock, settled, Watched } from '../../../../test/support/scripted.ts';
import { suite } from '../../../../test/runner/suite.ts';
import { createTestClient, TestServer } from '../../../testing/mod.ts';
import type { Endpoint } from '../../../io/transport.ts';
import type { ClusterConfig, ClusterNode } from '../../../wire/cluster-config.ts';
import { UsageError } from '../../../wire/errors.ts';
import { endpointName } from '../../connection/endpoint.ts';
import { RetryingClient } from '../../wrappers/retrying.ts';
import { ClusterDiscovery, type ClusterDiscoveryOptions } from './cluster-discovery.ts';
import { Discovery, type DiscoveryOptions, type FoundServers } from './discovery.ts';

const discovery = suite('discovery');

const at = (...hosts: string[]): Endpoint[] => hosts.map((host) => ({ host, port: 11211 }));
const names = (servers: readonly Endpoint[] | undefined): string | undefined =>
  servers?.map(endpointName).join(' ');

/** A discovery that finds what it is told. */
class Scene {
  readonly clock = new CountingClock();
  readonly discovery: Discovery;
  readonly changes: string[] = [];
  readonly errors: string[] = [];
  looks = 0;
  found: FoundServers | Error = { servers: at('a', 'b') };

  constructor(options: DiscoveryOptions = {}) {
    const { clock } = this;
    const onError = ({ message }: Error): void => void this.errors.push(message);
    this.discovery = new Discovery(() => this.#look(), {
      clock,
      random: () => 1,
      interval: 1000,
      onError,
      ...options,
    });
    this.discovery.onChange((servers) => this.changes.push(names(servers) ?? ''));
  }

  async pass(milliseconds: number): Promise<void> {
    await settled();
    this.clock.advance(milliseconds);
    await settled();
  }

  async #look(): Promise<FoundServers> {
    this.looks++;
    const { found } = this;
    if (found instanceof Error) return await Promise.reject(found);
    return found;
  }
}

discovery('does not look before it is asked', async () => {
  const scene = new Scene();
  await scene.pass(5000);
  assert.equal([scene.looks, scene.clock.timers], [0, 0]);
  assert.is(names(await scene.discovery.servers()), 'a:11211 b:11211');
  assert.is(scene.looks, 1);
});

discovery('looks again after each interval, and tells of changes alone', async () => {
  const scene = new Scene();
  await scene.discovery.servers();
  await scene.pass(1000);
  scene.found = { servers: at('a', 'c') };
  await scene.pass(999);
  assert.is(scene.looks, 2);
  await scene.pass(1);
  await scene.pass(1000);
  assert.is(scene.looks, 4);
  assert.equal(scene.changes, ['a:11211 b:11211', 'a:11211 c:11211']);
  assert.is(names(await scene.discovery.servers()), 'a:11211 c:11211');
  assert.is(scene.looks, 4);
});

discovery('up to half of the interval is left out by chance', async () => {
  const scene = new Scene({ random: () => 0 });
  await scene.discovery.servers();
  await scene.pass(500);
  assert.is(scene.looks, 2);
});

discovery('all who ask at once share a look', async () => {
  const scene = new Scene();
  await Promise.all([
    scene.discovery.servers(),
    scene.discovery.servers(),
    scene.discovery.refresh(),
  ]);
  assert.is(scene.looks, 1);
  await scene.discovery.refresh();
  assert.equal([scene.looks, scene.clock.timers], [2, 1]);
});

discovery('the first look that fails rejects, the next may do', async () => {
  const scene = new Scene();
  scene.found = new Error('no');
  const call = new Watched(scene.discovery.servers());
  await settled();
  assert.match(String(call.error), 'no');
  scene.found = { servers: at('a') };
  await scene.pass(1000);
  assert.equal(scene.changes, ['a:11211']);
});

discovery('a look that fails leaves the servers, and the next comes sooner at first', async () => {
  const scene = new Scene({ interval: 10_000 });
  await scene.discovery.servers();
  scene.found = new Error('no');
  await scene.pass(10_000);
  const looks: number[] = [];
  for (const wait of [1000, 2000, 4000, 8000, 10_000]) {
    await scene.pass(wait);
    looks.push(scene.looks);
  }
  assert.equal(looks, [3, 4, 5, 6, 7]);
  assert.is(scene.errors.length, 6);
  assert.is(names(await scene.discovery.servers()), 'a:11211 b:11211');
});

discovery('of two lists the one with the lower version is the older', async () => {
  const scene = new Scene();
  for (const [version, host] of [[5, 'a'], [4, 'old'], [5, 'a'], [6, 'b']] as const) {
    scene.found = { version, servers: at(host) };
    await scene.discovery.refresh();
  }
  assert.equal(scene.changes, ['a:11211', 'b:11211']);
});

discovery('an older list is taken when three looks in a row have found it', async () => {
  const scene = new Scene();
  const find = async (version: number, ...hosts: string[]): Promise<string | undefined> => {
    scene.found = { version, servers: at(...hosts) };
    return names(await scene.discovery.refresh());
  };
  await find(5, 'a');
  for (const [version, host] of [[1, 'b'], [1, 'b'], [5, 'a']] as const) await find(version, host);
  for (const [version, host] of [[1, 'b'], [1, 'c'], [2, 'c'], [2, 'c']] as const) {
    assert.is(await find(version, host), 'a:11211', `${version} ${host}`);
  }
  assert.is(await find(2, 'c'), 'c:11211');
  assert.is(await find(1, 'b'), 'c:11211', 'it is the list that others are held to now');
  assert.is(await find(3, 'd'), 'd:11211');
  assert.equal(scene.changes, ['a:11211', 'c:11211', 'd:11211']);
});

discovery(
  'an older list is taken at once when all who are asked have lost all servers',
  async () => {
    const scene = new Scene();
    scene.found = { version: 5, servers: at('a') };
    await scene.discovery.refresh();
    scene.found = { version: 1, servers: at('b') };
    let hasLost = false;
    scene.discovery.onOlder(() => true);
    const leave = scene.discovery.onOlder(() => hasLost);
    assert.is(names(await scene.discovery.refresh()), 'a:11211');
    hasLost = true;
    assert.is(names(await scene.discovery.refresh()), 'b:11211');
    scene.found = { version: 0, servers: at('c') };
    hasLost = false;
    leave();
    assert.is(names(await scene.discovery.refresh()), 'c:11211', 'who has left is not asked');
  },
);

discovery('a list that names a server that is not allowed is refused as a whole', async () => {
  const scene = new Scene({ allow: ['a', '.Cache.example.com'] });
  scene.found = { servers: at('a', 'n1.cache.example.com') };
  await scene.discovery.servers();
  for (const host of ['b', 'cache.example.com', 'evil-cache.example.com', '169.254.169.254']) {
    scene.found = { servers: at('a', host) };
    await scene.pass(1000);
    assert.match(scene.errors.at(-1) ?? '', `${host}:11211, which is not allowed`);
  }
  assert.is(names(await scene.discovery.servers()), 'a:11211 n1.cache.example.com:11211');
  const ports = new Scene({ allow: (server) => 'port' in server && server.port === 11212 });
  const call = new Watched(ports.discovery.servers());
  await settled();
  assert.is(call.brief, 'ConnectionError connection done');
});

discovery('close ends it, whatever is under way', async () => {
  const scene = new Scene();
  await scene.discovery.servers();
  scene.found = { servers: at('c') };
  const last = scene.discovery.refresh();
  await scene.discovery.close();
  await last;
  await scene.pass(60_000);
  assert.equal([scene.looks, scene.clock.timers, scene.changes.length], [2, 0, 1]);
  const call = new Watched(scene.discovery.refresh());
  await settled();
  assert.is(call.brief, 'ConnectionError closed not-sent');
});

discovery('a listener that has left hears nothing', async () => {
  const scene = new Scene();
  const leave = scene.discovery.onChange(() => assert.unreachable());
  leave();
  await scene.discovery.servers();
  assert.is(scene.changes.length, 1);
});

/** A cluster whose configuration an embedded server tells. */
function managed(options: ClusterDiscoveryOptions = {}): {
  readonly server: TestServer;
  readonly cluster: ClusterDiscovery;
  readonly set: (version: number, ...nodes: ClusterNode[]) => void;
} {
  let config: ClusterConfig = { version: 0, nodes: [] };
  const server = new TestServer({ cluster: () => config });
  const client = new RetryingClient(createTestClient({ server }).client);
  const cluster = new ClusterDiscovery(client, { random: () => 1, ...options });
  return { server, cluster, set: (version, ...nodes) => void (config = { version, nodes }) };
}

const node = (host: string, ip = '10.0.0.1'): ClusterNode => ({ host, ip, port: 11212 });

discovery('cluster: servers by name, or by address where there is one', async () => {
  for (
    const [address, expected] of [['name', 'a:11212 b:11212'], [
      'ip',
      '10.0.0.1:11212 b:11212',
    ]] as const
  ) {
    const { cluster, set } = managed({ address });
    set(1, node('a'), node('b', ''));
    assert.is(names(await cluster.servers()), expected);
    await cluster.close();
  }
});

discovery('cluster: changes are heard of, by the clock of the client', async () => {
  const { server, cluster, set } = managed();
  const changes: unknown[] = [];
  cluster.onChange((servers) => changes.push(names(servers)));
  set(1, node('a'));
  await cluster.servers();
  set(2, node('a'), node('b'));
  server.clock.advance(60_000);
  await settled();
  set(1, node('a'));
  await cluster.refresh();
  assert.equal(changes, ['a:11212', 'a:11212 b:11212']);
  await cluster.close();
});

discovery('cluster: an endpoint that is down or names nobody leaves the servers', async () => {
  const errors: string[] = [];
  const { server, cluster, set } = managed({ onError: ({ name }) => errors.push(name) });
  set(1, node('a'));
  await cluster.servers();
  set(2);
  server.clock.advance(60_000);
  await settled();
  server.down();
  server.clock.advance(1000);
  await settled();
  assert.equal(errors, ['ProtocolError', 'ConnectionError']);
  assert.is(names(await cluster.servers()), 'a:11212');
  await cluster.close();
});

discovery('cluster: a memcached that is no configuration endpoint says so', async () => {
  const { client, server } = createTestClient();
  await client.set('AmazonElastiCache:cluster', '1\nevil||11211\n');
  const cluster = new ClusterDiscovery(client);
  const call = new Watched(cluster.servers());
  await settled();
  assert.is(call.brief, 'ServerReplyError error done');
  assert.is(server.items.size, 1);
  await cluster.close();
  const closed = new Watched(client.version());
  await settled();
  assert.is(closed.brief, 'ConnectionError closed not-sent', 'closing closes the client');
});

discovery('cluster: another name than cluster has no configuration', async () => {
  const server = new TestServer({ cluster: () => ({ version: 1, nodes: [node('a')] }) });
  const { client } = createTestClient({ server });
  assert.equal(await client.execute({ verb: 'config get', words: ['other'] }), { type: 'END' });
  await client.close();
});

discovery('wrong arguments are refused by their name', () => {
  const { client } = createTestClient();
  const wrong: [string, () => unknown][] = [
    ['interval', () => new Scene({ interval: 0 })],
    ['allow', () => new Scene({ allow: 'a' as unknown as string[] })],
    ['address', () => new ClusterDiscovery(client, { address: 'host' as 'ip' })],
    ['client', () => new ClusterDiscovery({} as typeof client)],
  ];
  for (const [argument, make] of wrong) {
    assert.throws(
      make,
      (error: unknown) => error instanceof UsageError && error.argument === argument,
      argument,
    );
  }
});

discovery.run();
