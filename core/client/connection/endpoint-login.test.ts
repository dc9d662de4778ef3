import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { bridgeSettings } from '../../bridge/options.ts';
import { memoryDialer, Server } from '../../server/mod.ts';
import { Client, PooledClient } from '../server-client.ts';
import { DnsDiscovery } from '../cluster/discovery/dns-discovery.ts';
import { Discovery } from '../cluster/discovery/discovery.ts';
import { endpointName, toEndpoint, withoutLogin } from './endpoint.ts';
import { HashClient } from '../cluster/hash-client.ts';
import { SchemeHasher } from '../hashing/hasher.ts';
import { hashSchemes } from '../hashing/schemes.ts';

const logins = suite('endpoint: a login in the name of a server');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261126);
const SECRET = 's3cr3t';
const dial = memoryDialer(new Server());

/** A password, with what tears a name apart, and the secret in it. */
const password = fc.array(fc.constantFrom(...'ab9:/@?#[]%., "\'\\\n\té\u{1f600}'), { maxLength: 6 })
  .chain((letters) =>
    fc.nat(letters.length).map((at) =>
      letters.slice(0, at).join('') + SECRET + letters.slice(at).join('')
    )
  );
const scheme = fc.constantFrom(
  ...['', 'memcache://', 'memcached://', 'memcacheds://', 'tcp://', 'ws://', 'x:', 'UNIX:'],
);
const place = fc.constantFrom(
  ...['host', 'host:11211', '[::1]:5', '::1', 'host:', 'host:99999', 'host:x', '', ':1', '[::1'],
  ...['host/path', 'host,other:1', 'a b', '/run/m.sock', 'host:1/', 'host:1?x=1'],
);
const name = fc.tuple(scheme, fc.constantFrom('u', '', 'u:v', 'u@v'), password, place).map(
  ([scheme, user, password, place]) => `${scheme}${user}:${password}@${place}`,
);

/** All that an error says, its causes too. */
function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.message, error.stack, JSON.stringify(error), said(error.cause)].join('\n');
}

function saidBy(run: () => unknown): string {
  try {
    run();
    return '';
  } catch (error) {
    return said(error);
  }
}

const users: Readonly<Record<string, (server: string) => unknown>> = {
  toEndpoint: (server) => toEndpoint(server),
  'an endpoint': (host) => toEndpoint({ host, port: 1 }),
  Client: (server) => new Client(server, { dial }),
  PooledClient: (server) => new PooledClient(server, { dial }),
  HashClient: (server) => new HashClient([server], { dial }),
  'a HashClient of a text': (server) => new HashClient(server, { dial }),
  'a HashClient of two logins': (server) => new HashClient([server, `${server}:1`], { dial }),
  'Client.fromEnv': (server) => Client.fromEnv({ dial }, { MEMCACHED_URL: server }),
  'a server of a HashClient': (server) => new HashClient([{ server, name: 'a' }], { dial }),
  'a list': (server) => toEndpoint([server, server] as never),
  DnsDiscovery: (server) => new DnsDiscovery(server, { resolve: () => Promise.resolve([]) }),
  'two nodes': (name) => new SchemeHasher(hashSchemes.ketama, [{ name }, { name }]),
  'the origin of a bridge': (origin) =>
    bridgeSettings({ upstream: 'localhost', origins: [origin], dial }),
};

for (const [user, use] of Object.entries(users)) {
  logins(`${user} never quotes the password`, () => {
    fc.assert(
      fc.property(name, (server) => {
        assert.not.match(saidBy(() => use(server)), SECRET);
      }),
      { seed, numRuns: 300 },
    );
  });
}

logins('what is shown has nothing from before the @, whatever there is', () => {
  fc.assert(
    fc.property(name, (server) => assert.not.match(withoutLogin(server), SECRET)),
    { seed, numRuns: 2000 },
  );
});

logins('nor what is left of a login that has lost its @', () => {
  for (const server of ['memcache://u:s3cr3t', 'u:s3cr3t:11211', 'tcp://h:1:s3cr3t', 'h?s3cr3t']) {
    assert.not.match(saidBy(() => toEndpoint(server)), SECRET);
    assert.is.not(saidBy(() => toEndpoint(server)), '');
  }
});

logins('a list that a discovery was given is not quoted either', async () => {
  const host = `user:${SECRET}@cache.example`;
  const found = new Discovery(() => Promise.resolve({ servers: [{ host, port: 1 }] }), {
    allow: ['other.example'],
  });
  const text = await found.servers().then(() => '', said);
  await found.close();
  assert.match(text, 'the list names ***@cache.example:1, which is not allowed');
  assert.not.match(text, SECRET);
  assert.is(endpointName({ host, port: 1 }), '***@cache.example:1');
});

logins('it is refused where no URL is taken, with the option that takes it', () => {
  const text = saidBy(() => toEndpoint(`memcache://user:${SECRET}@cache.example:5`));
  assert.match(text, 'server must not hold a login, as "memcache://***@cache.example:5" does');
  assert.match(text, 'option auth');
});

logins('the path of a unix socket may have an @ in it', () => {
  for (const path of ['/run/user@1000/m.sock', 'unix:/run/user@1000/m.sock']) {
    assert.equal(toEndpoint(path), { path: '/run/user@1000/m.sock' });
  }
});

logins.run();
