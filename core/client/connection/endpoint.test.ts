import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { UsageError } from '../../wire/errors.ts';
import { endpointName, type ServerName, toEndpoint } from './endpoint.ts';

const endpoint = suite('endpoint');

for (
  const [name, host, port] of [
    ['localhost', 'localhost', 11211],
    ['localhost:1', 'localhost', 1],
    ['localhost:65535', 'localhost', 65535],
    ['10.0.0.1:11212', '10.0.0.1', 11212],
    ['memcache://cache.example', 'cache.example', 11211],
    ['memcached://cache.example:5/', 'cache.example', 5],
    ['tcp://cache.example:5', 'cache.example', 5],
    ['::1', '::1', 11211],
    ['[::1]', '::1', 11211],
    ['[::1]:5', '::1', 5],
    ['fe80::1%eth0', 'fe80::1%eth0', 11211],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1', 11211],
  ] as const
) {
  endpoint(`${name} is port ${port} of ${host}`, () => {
    assert.equal(toEndpoint(name), { host, port });
  });
}

for (const name of ['/run/m.sock', 'unix:/run/m.sock', 'unix:///run/m.sock']) {
  endpoint(`${name} is a unix socket`, () => {
    assert.equal(toEndpoint(name), { path: '/run/m.sock' });
  });
}

for (
  const [name, argument] of [
    ['', 'server'],
    [':11211', 'server'],
    ['host:', 'server'],
    ['host:0', 'server'],
    ['host:65536', 'server'],
    ['host:1e3', 'server'],
    ['host: 1', 'server'],
    ['host:80:90', 'server'],
    ['a b', 'server'],
    ['user@host', 'server'],
    ['http://host', 'server'],
    ['host/path', 'server'],
    ['[::1', 'server'],
    ['[::g]:5', 'server'],
    ['[::1]x', 'server'],
    ['unix:run/m.sock', 'server'],
    [undefined, 'server'],
    [null, 'server'],
    [11211, 'server'],
    [{}, 'host'],
    [{ host: '', port: 1 }, 'host'],
    [{ host: 5, port: 1 }, 'host'],
    [{ host: 'h' }, 'port'],
    [{ host: 'h', port: '1' }, 'port'],
    [{ host: 'h', port: 0 }, 'port'],
    [{ host: 'h', port: 65536 }, 'port'],
    [{ path: '' }, 'path'],
    [{ path: 5 }, 'path'],
  ] as [ServerName, string][]
) {
  endpoint(`${JSON.stringify(name)} is refused`, () => {
    assert.throws(
      () => toEndpoint(name),
      (error: unknown) => error instanceof UsageError && error.argument === argument,
    );
  });
}

for (const host of ['h:1', 'u@h', 'a b', '[::1]', 'h/x']) {
  endpoint(`an endpoint whose host is ${host} is refused`, () => {
    assert.throws(() => toEndpoint({ host, port: 1 }), /host must be a name or an address/);
  });
}

const many: readonly (readonly [server: unknown, because: RegExp])[] = [
  [['a:1', 'b:2'], /not a list: new HashClient\(/],
  [[], /not a list: new HashClient\(/],
  ['a:1,b:2', /not a list: new HashClient\(/],
  ['a:1 b:2', /not a list: new HashClient\(/],
  ['memcache://a, b:2', /not a list: new HashClient\(/],
  [['localhost', 11211], /must be 'host:port' or \{ host, port \}, not a pair/],
];

for (const [server, because] of many) {
  endpoint(
    `${JSON.stringify(server)} is more than a server, and the error says who takes it`,
    () => {
      assert.throws(
        () => toEndpoint(server as ServerName),
        (error: unknown) => error instanceof UsageError && because.test(error.message),
      );
    },
  );
}

endpoint('an endpoint is taken as it is, and TLS is added', () => {
  const tls = { ca: 'pem' };
  assert.equal(toEndpoint({ host: 'h', port: 5, noDelay: false }, tls), {
    host: 'h',
    port: 5,
    noDelay: false,
    tls,
  });
  assert.equal(toEndpoint('h:5', tls), { host: 'h', port: 5, tls });
  assert.equal(toEndpoint('/s', tls), { path: '/s', tls });
});

for (const name of ['localhost:5', '[::1]:5', '/run/m.sock']) {
  endpoint(`${name} is its own name in messages`, () => {
    assert.is(endpointName(toEndpoint(name)), name);
  });
}

endpoint.run();
