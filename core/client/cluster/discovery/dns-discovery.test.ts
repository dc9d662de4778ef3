import * as assert from 'uvu/assert';
import { CountingClock, settled, Watched } from '../../../../test/support/scripted.ts';
import { suite } from '../../../../test/runner/suite.ts';
import { DnsDiscovery as NodeDnsDiscovery, resolve } from '../../../../transport-node/mod.ts';
import type { Endpoint } from '../../../io/transport.ts';
import { UsageError } from '../../../wire/errors.ts';
import { endpointName } from '../../connection/endpoint.ts';
import { DnsDiscovery } from './dns-discovery.ts';

const dns = suite('discovery: DNS');

const names = (servers: readonly Endpoint[]): string => servers.map(endpointName).join(' ');

dns('a server for each address, however the resolver orders them', async () => {
  const clock = new CountingClock();
  const changes: unknown[] = [];
  const asked: string[] = [];
  let addresses = ['10.0.0.2', '10.0.0.1', '10.0.0.2', '::1'];
  const found = new DnsDiscovery('cache.internal:11212', {
    clock,
    random: () => 1,
    resolve: (host) => {
      asked.push(host);
      return Promise.resolve(addresses);
    },
  });
  found.onChange((servers) => changes.push(names(servers)));
  await found.servers();
  for (const next of [['::1', '10.0.0.1', '10.0.0.2'], ['10.0.0.1', '10.0.0.3']]) {
    addresses = next;
    clock.advance(60_000);
    await settled();
  }
  assert.equal(changes, [
    '10.0.0.1:11212 10.0.0.2:11212 [::1]:11212',
    '10.0.0.1:11212 10.0.0.3:11212',
  ]);
  assert.equal(asked, ['cache.internal', 'cache.internal', 'cache.internal']);
  await found.close();
});

dns('with TLS each address proves the name', async () => {
  const server = { host: 'cache.internal', port: 1, tls: { ca: 'PEM' } };
  const found = new DnsDiscovery(server, { resolve: () => Promise.resolve(['10.0.0.1']) });
  assert.equal(await found.servers(), [
    { host: '10.0.0.1', port: 1, tls: { ca: 'PEM', serverName: 'cache.internal' } },
  ]);
  await found.close();
});

dns('no address, and no answer', async () => {
  const noAnswer = (): Promise<string[]> => Promise.reject(new Error('ENOTFOUND'));
  for (const resolver of [() => Promise.resolve([]), noAnswer]) {
    const found = new DnsDiscovery('nowhere', { resolve: resolver });
    const call = new Watched(found.servers());
    await settled();
    assert.is(call.brief, 'ConnectionError connection not-sent');
    await found.close();
  }
});

dns('Node resolves as its system does', async () => {
  const found = new NodeDnsDiscovery('127.0.0.1:11212');
  assert.is(names(await found.servers()), '127.0.0.1:11212');
  await found.close();
  const loopback = await resolve('localhost');
  assert.ok(loopback.includes('127.0.0.1') || loopback.includes('::1'));
});

dns('wrong arguments are refused by their name', () => {
  const none = (): Promise<string[]> => Promise.resolve([]);
  const wrong: [string, () => unknown][] = [
    ['server', () => new DnsDiscovery('/socket', { resolve: none })],
    ['resolve', () => new DnsDiscovery('a', { resolve: 5 as unknown as typeof none })],
  ];
  for (const [argument, make] of wrong) {
    assert.throws(
      make,
      (error: unknown) => error instanceof UsageError && error.argument === argument,
      argument,
    );
  }
});

dns.run();
