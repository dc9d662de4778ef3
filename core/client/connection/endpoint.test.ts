import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { UsageError } from '../../wire/errors.ts';
import { endpointName, quoted, type ServerName, toEndpoint, withoutLogin } from './endpoint.ts';

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

for (
  const [name, shown] of [
    ['host', 'host'],
    ['host:1', 'host:1'],
    ['[::1]:5', '[::1]:5'],
    ['host:secret', 'host:***'],
    ['user:secret@host', '***@host'],
    ['@host', '***@host'],
    ['secret@b@host', '***@host'],
    ['memcached://user:secret@host:1', 'memcached://***@host:1'],
    ['memcached://host:secret', 'memcached://host:***'],
    ['host?secret', 'host?***'],
    ['host#secret', 'host#***'],
    ['host:1?secret', 'host:1?***'],
    ['memcached://host:1/?secret', 'memcached://host:1/?***'],
  ] as const
) {
  endpoint(`${name} is shown as ${shown}`, () => {
    assert.is(withoutLogin(name), shown);
  });
}

endpoint('a name in a list is quoted, without what may be a login', () => {
  assert.equal(['a@b', 'a?b', 'plain', 5].map(quoted), ['"***@b"', '"a?b"', '"plain"', '"5"']);
});

const LIST = /^must be one server, not a list: new HashClient/;

for (
  const [given, argument, rule] of [
    [['a', 1], 'server', /^must be 'host:port' or \{ host, port \}, not a pair$/],
    [['a', 'b'], 'server', LIST],
    [[1, 1], 'server', LIST],
    [['a', 1, 2], 'server', LIST],
    [['a'], 'server', LIST],
    [[], 'server', LIST],
    ['//user:secret@h', 'server', /^must have a scheme before its two slashes: memcached:\/\/$/],
    ['unix:////user:secret@h', 'server', /^must have a scheme/],
    ['h\0', 'server', /^must name a host, not "h\\u0000"$/],
    [{ host: 'h\x1b', port: 1 }, 'host', /^must be a name or an address/],
    [
      { host: 'h', port: 1, tls: { cert: 'c' } },
      'tls',
      /^must have both cert and key, or neither$/,
    ],
    [{ host: 'h', port: 1, tls: { key: 'k' } }, 'tls', /^must have both cert and key, or neither$/],
    ['h:99999', 'server', /^must have a port from 1 to 65535, not 99999$/],
    ['h:secret', 'server', /^must have a port from 1 to 65535$/],
    [{ host: 'h', port: 1, prt: 1 }, 'server.prt', /did you mean port/],
    [{ path: '/s', host: 'h' }, 'server.host', /there are path, tls, unref$/],
    [{ host: 'h', port: 1, tls: 5 }, 'tls', /^must be an object$/],
    [{ host: 'h', port: 1, tls: 'abc' }, 'tls', /^must be an object$/],
    [{ path: '/s', tls: null }, 'tls', /^must be an object$/],
    [{ host: 'h', port: 1, tls: { caa: 1 } }, 'tls.caa', /did you mean ca/],
  ] as const
) {
  endpoint(`${JSON.stringify(given)} breaks the rule of ${argument}`, () => {
    try {
      toEndpoint(given as ServerName);
    } catch (error) {
      assert.instance(error, UsageError);
      assert.is((error as UsageError).argument, argument);
      assert.match((error as UsageError).rule, rule);
      return;
    }
    throw new Error('it is accepted');
  });
}

endpoint('TLS is that of the name, of the option, or of the endpoint', () => {
  const host = { host: 'h', port: 11211 };
  assert.equal(toEndpoint('memcacheds://h'), { ...host, tls: {} });
  assert.equal(toEndpoint('memcacheds://h', { serverName: 'x' }), {
    ...host,
    tls: { serverName: 'x' },
  });
  assert.equal(toEndpoint({ ...host, tls: {} }), { ...host, tls: {} });
  assert.equal(toEndpoint({ host: 'memcacheds', port: 11211 }), {
    host: 'memcacheds',
    port: 11211,
  });
});

endpoint.run();
