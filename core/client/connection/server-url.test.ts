import { inspect } from 'node:util';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { FakePeer } from '../../../test/support/fake-peer.ts';
import { suite } from '../../../test/runner/suite.ts';
import { memoryDialer } from '../../io/memory-pipe.ts';
import type { Dialer, Endpoint } from '../../io/transport.ts';
import { MemoryServer } from '../../server/memory.ts';
import { UsageError } from '../../wire/errors.ts';
import { HashClient } from '../cluster/hash-client.ts';
import {
  clientTable,
  type HashClientOptions,
  hashClientTable,
  type PooledClientOptions,
} from '../options.ts';
import { Client, PooledClient } from '../server-client.ts';
import type { ServerChange } from './server-status.ts';
import { endpointName } from './endpoint.ts';
import { readServerUrls } from './server-url.ts';

const urls = suite('servers by URL');
const seed = Number(process.env['MEMWIRE_SEED'] ?? 20261127);

/** What a URL says, with the names of its servers. */
function read(url: string, options: HashClientOptions = {}): [string[], HashClientOptions] {
  const { servers, options: given } = readServerUrls<string, HashClientOptions>(
    [url],
    options,
    hashClientTable,
  );
  return [
    servers.map((one) => typeof one === 'string' ? one : endpointName(one)),
    given,
  ];
}

const auth = { username: 'user', password: 'p@ss:w%rd' };
const login = 'user:p%40ss%3Aw%25rd';

const good: readonly (readonly [url: string, servers: string[], options: HashClientOptions])[] = [
  ['memcached://host', ['host:11211'], {}],
  ['MEMCACHED://host:5/', ['host:5'], {}],
  [`memcached://${login}@host:5`, ['host:5'], { auth }],
  ['memcached://user:a:b,c@host', ['host:11211'], { auth: { ...auth, password: 'a:b,c' } }],
  ['memcached://user:@host', ['host:11211'], { auth: { ...auth, password: '' } }],
  [`memcached://${login}@[::1]:5`, ['[::1]:5'], { auth }],
  ['memcached://[::1]', ['[::1]:11211'], {}],
  ['memcached://a, b:5,[::1]:6', ['a:11211', 'b:5', '[::1]:6'], {}],
  [`memcached://${login}@/run/my%20cache.sock`, ['/run/my cache.sock'], { auth }],
  ['memcached:///run/m.sock?timeout=5', ['/run/m.sock'], { timeout: 5 }],
  ['memcached://h?timeout=500&dialect=text', ['h:11211'], { timeout: 500, dialect: 'text' }],
  ['memcached://h/?noreply=true&unicodeKeys=false', ['h:11211'], {
    noreply: true,
    unicodeKeys: false,
  }],
  ['memcached://h?keyPrefix=42', ['h:11211'], { keyPrefix: '42' }],
  ['memcached://h?keyPrefix=a%26b%3D', ['h:11211'], { keyPrefix: 'a&b=' }],
  ['memcached://h?retryAttempts=Infinity&reconnectDelay=0.5', ['h:11211'], {
    retryAttempts: Infinity,
    reconnectDelay: 0.5,
  }],
  ['memcached://h?scheme=ketama&profile=pymemcache', ['h:11211'], {
    scheme: 'ketama',
    profile: 'pymemcache',
  }],
];

for (const [url, servers, options] of good) {
  urls(url, () => assert.equal(read(url), [servers, options]));
}

urls('what is no URL is left as it is', () => {
  for (const server of ['host:5', '/run/m.sock', 'unix:/run/a?b.sock', 'wss://host/', 'a,b']) {
    assert.equal(read(server, { timeout: 5 }), [[server], { timeout: 5 }]);
  }
});

urls('options beside the URL override it, unless they are undefined', () => {
  const url = 'memcached://user:x@h?timeout=500&dialect=text';
  const [, given] = read(url, { timeout: 5, dialect: undefined, auth });
  assert.equal(given, { timeout: 5, dialect: 'text', auth });
});

urls('memcacheds is TLS, with the options that are given for it', () => {
  const tlsOf = (url: string, options: HashClientOptions): unknown =>
    readServerUrls<string | Endpoint, HashClientOptions>([url], options, hashClientTable)
      .servers.map((one) => typeof one === 'string' ? one : one.tls);
  assert.equal(tlsOf('memcacheds://a,b', {}), [{}, {}]);
  assert.equal(tlsOf('memcacheds://a', { tls: { ca: 'pem' } }), [{ ca: 'pem' }]);
  assert.equal(tlsOf('memcached://a', { tls: { ca: 'pem' } }), [{ ca: 'pem' }]);
  assert.equal(tlsOf('memcached://a', {}), [undefined]);
});

urls('each option that is a number, a boolean or a text may be in a URL, and no other', () => {
  for (const [name, [, byDefault]] of Object.entries(clientTable)) {
    if (typeof byDefault === 'function' || typeof byDefault === 'object') {
      assert.throws(
        () => read(`memcached://h?${name}=x`),
        new RegExp(`${name} cannot be given in`),
      );
    } else if (byDefault !== undefined) {
      assert.equal(read(`memcached://h?${name}=${byDefault}`)[1], { [name]: byDefault });
    }
  }
});

const bad: readonly (readonly [url: string, argument: string, says: RegExp])[] = [
  ['memcached://', 'server', /must name a host/],
  ['memcached://h:x', 'server', /must have a port/],
  ['memcached://u@h', 'server', /login of the form user:password/],
  ['memcached://:p@h', 'server', /login of the form user:password/],
  ['memcached://u:a@b@h', 'server', /percent-encoded/],
  ['memcached://u:a/b@h', 'server', /percent-encoded/],
  ['memcached://u:a?b@h', 'server', /percent-encoded/],
  ['memcached://u:a#b@h', 'server', /percent-encoded/],
  ['memcached://h#x', 'server', /percent-encoded/],
  ['memcached://u:%zz@h', 'server', /two hexadecimal digits/],
  ['memcached://h/run/m.sock', 'server', /not both/],
  ['memcached://h?timout=5', 'timout', /did you mean timeout/],
  ['memcached://h?timeout=', 'timeout', /number of milliseconds/],
  ['memcached://h?timeout=0x10', 'timeout', /number of milliseconds/],
  ['memcached://h?timeout=-1', 'timeout', /number of milliseconds/],
  ['memcached://h?noreply=yes', 'noreply', /boolean/],
  ['memcached://h?noreply', 'noreply', /boolean/],
  ['memcached://h?dialect=latin', 'dialect', /one of meta, text, auto/],
  ['memcached://h?timeout=1&timeout=1', 'timeout', /once/],
  ['memcached://u:p@h?auth=x', 'auth', /once/],
  ['memcached://h?tls=x', 'tls', /cannot be given in a URL/],
];

for (const [url, argument, says] of bad) {
  urls(`${url} is refused`, () => {
    assert.throws(
      () => read(url),
      (error: unknown) =>
        error instanceof UsageError && error.argument === argument && says.test(error.message),
    );
  });
}

urls('URLs of one list agree on their options', () => {
  const { dial } = new MemoryServer();
  const one = 'memcached://u:p@a?timeout=5';
  new HashClient([one, 'memcached://u:p@b', 'c'], { dial });
  assert.throws(
    () => new HashClient([one, 'memcached://u:q@b'], { dial }),
    /auth must be the same/,
  );
  assert.throws(
    () => new HashClient([one, 'memcached://b?timeout=6'], { dial }),
    /timeout must be/,
  );
});

urls('a client of one server refuses a list, and names the client that takes it', () => {
  const { dial } = new MemoryServer();
  for (const make of [Client, PooledClient]) {
    assert.throws(() => new make('memcached://a,b', { dial }), /HashClient/);
    assert.throws(
      () => make.fromEnv({ dial }, { MEMCACHED_URL: 'memcached://u:p@a,b:5' }),
      /HashClient/,
    );
  }
});

urls('HashClient takes a list as a text, a URL, or an array of either', () => {
  const { dial } = new MemoryServer();
  for (const servers of ['a, b:5', 'memcached://a,b:5', ['memcached://a', 'b:5'], ['a', 'b:5']]) {
    assert.equal(new HashClient(servers, { dial }).servers, ['a:11211', 'b:5']);
  }
});

urls('the options of a client are those of its own table', () => {
  const { dial } = new MemoryServer();
  const url = 'memcached://h?maxPoolSize=2';
  new PooledClient(url, { dial } satisfies PooledClientOptions);
  new HashClient(url, { dial });
  assert.throws(() => new Client(url, { dial }), /maxPoolSize is no option/);
});

urls('fromEnv reads MEMCACHED_URL of the environment that it is given', async () => {
  const { dial } = new MemoryServer();
  for (const make of [Client, PooledClient, HashClient]) {
    const client = make.fromEnv({ dial }, { MEMCACHED_URL: 'memcached://h?keyPrefix=app:' });
    assert.instance(client, make);
    await client.set('k', 'v');
    assert.equal(client.dependencies.keys.toWire('k').key, 'app:k');
    await client.close();
    for (const environment of [{}, { MEMCACHED_URL: '' }, { MEMCACHED_URL: undefined }]) {
      assert.throws(() => make.fromEnv({ dial }, environment), /MEMCACHED_URL must be set/);
    }
    assert.throws(() => make.fromEnv({ dial }), /environment must be given/);
  }
  const denied = new Proxy({}, {
    get() {
      throw new Error('no permission');
    },
  });
  assert.throws(
    () => Client.fromEnv({ dial }, denied),
    /MEMCACHED_URL cannot be read: no permission/,
  );
});

const SECRET = 's3cr3t';
const password = fc.array(
  fc.constantFrom(...'ab9:/@?#[]%., "\'\\\n\té\u{1f600}&=+'),
  { maxLength: 6 },
).chain((letters) =>
  fc.nat(letters.length).map((at) =>
    letters.slice(0, at).join('') + SECRET + letters.slice(at).join('')
  )
);

const refuse: Dialer = () => Promise.reject(new Error('connection refused'));
/** A server that repeats every line, as some do that understand none of it. */
const repeat = memoryDialer(
  new FakePeer((text) => `CLIENT_ERROR ${text.split('\r\n').join(' ')}\r\n`),
);
const hang: Dialer = () => new Promise(() => {});
const dials = [refuse, repeat, hang, new MemoryServer().dial];

/** All that can be printed of a value. */
function printed(value: unknown): string {
  const all = [
    String(value),
    inspect(value, { showHidden: true, depth: 20 }),
    inspect(value, { showHidden: true, depth: 20, customInspect: false }),
    JSON.stringify(value, (_, it: unknown) => typeof it === 'bigint' ? String(it) : it),
  ];
  if (value instanceof Error) all.push(value.stack ?? '', printed(value.cause ?? ''));
  return all.join('\n');
}

// The law: whatever becomes of a client of a URL, nothing that can be printed has the password.
urls('no password is in a client, or in an error of it, whatever becomes of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      password,
      fc.constantFrom(...dials),
      fc.boolean(),
      fc.constantFrom('', '?timeout=5', '?timeout=x', '?unknown=1'),
      async (password, dial, isRaw, query) => {
        const shown = isRaw ? password : encodeURIComponent(password);
        for (const make of [Client, PooledClient, HashClient]) {
          const said: unknown[] = [];
          try {
            const onServer = (event: ServerChange): void => void said.push(event, event.cause);
            const client = make.fromEnv({ dial, onServer, timeout: 20, connectTimeout: 5 }, {
              MEMCACHED_URL: `memcached://user:${shown}@host:5${query}`,
            });
            for (let i = 0; i < 2; i++) await client.get('k').catch((error) => said.push(error));
            said.push(client, client.counters());
            await client.close();
          } catch (error) {
            said.push(error);
          }
          for (const one of said) assert.not.match(printed(one), SECRET);
        }
      },
    ),
    { seed, numRuns: 100 },
  );
});

urls.run();
