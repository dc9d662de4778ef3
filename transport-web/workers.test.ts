import * as assert from 'uvu/assert';
import { rejects } from '../conformance/assert.ts';
import { Server } from '../core/server/serve.ts';
import { memoryDialer } from '../core/io/memory-pipe.ts';
import { suite } from '../test/runner/suite.ts';
import {
  Client,
  ConnectionError,
  HashClient,
  PooledClient,
  type SocketConnect,
  socketDialer,
  UsageError,
  type WebSocketConstructor,
} from './workers.ts';

// Outside of a Worker: what the clients are, and what they refuse. Inside: workerd.test.ts.

const workers = suite('workers: clients');
const host = { host: 'cache.example', port: 11211 };

/** Notes how it is called, and connects to nothing. */
function spy(): { connect: SocketConnect; calls: unknown[][] } {
  const calls: unknown[][] = [];
  return {
    calls,
    connect(...words) {
      calls.push(words);
      throw new Error('nothing is there');
    },
  };
}

workers('they store and read, one server or many', async () => {
  const memory = memoryDialer(new Server());
  for (
    const client of [
      new Client('a', { dial: memory }),
      new PooledClient('a', { dial: memory }),
      new HashClient(['a', 'b'], { dial: memory }),
    ]
  ) {
    await client.set('key', 'value');
    assert.is(await client.get('key'), 'value');
    await client.close();
  }
});

workers('fromEnv takes the variables of the Worker', async () => {
  const options = { dial: memoryDialer(new Server()) };
  const variables = { MEMCACHED_URL: 'memcached://cache.example?keyPrefix=app:' };
  for (const make of [Client, PooledClient, HashClient]) {
    await using client = make.fromEnv(options, variables);
    assert.instance(client, make);
    assert.is(client.dependencies.keys.toWire('k').key, 'app:k');
    assert.throws(
      () => make.fromEnv(options),
      /environment must be given.*fromEnv\(options, env\)/,
    );
  }
});

workers('a client of many asks each of them', async () => {
  await using client = new HashClient(['a', 'b'], { dial: memoryDialer(new Server()) });
  assert.equal([...(await client.version()).keys()], ['a:11211', 'b:11211']);
  assert.is(await client.removeServer('a:11211'), true);
  assert.equal(client.servers, ['b:11211']);
});

workers('where the runtime has no sockets, the error names the bridge', async () => {
  await using client = new Client('cache.example');
  const error = await rejects(client.get('a'), ConnectionError);
  assert.is(error.outcome, 'not-sent');
  assert.match(error.message, /no sockets .*memwire\/bridge/);
});

workers('the address of a bridge is dialed as a WebSocket', async () => {
  const urls: string[] = [];
  class Spy {
    constructor(url: string) {
      urls.push(url);
      throw new Error('nothing is there');
    }
  }
  const WebSocket = Spy as unknown as WebSocketConstructor;
  await using client = new Client('wss://cache.example/x', { WebSocket, token: 'secret' });
  await rejects(client.get('a'), ConnectionError);
  assert.equal(urls, ['wss://cache.example:443/x']);
});

workers('a token, which only a bridge takes, is refused with a host', () => {
  assert.throws(
    () => new Client('cache.example', { token: 'secret' }),
    (error: unknown) => error instanceof UsageError && error.argument === 'token',
  );
});

workers('TLS is asked for by the name of the host, or by another', async () => {
  for (
    const [tls, secureTransport] of [[undefined, 'off'], [{}, 'on'], [
      { serverName: 'a.example' },
      'starttls',
    ]] as const
  ) {
    const { connect, calls } = spy();
    const to = tls === undefined ? host : { ...host, tls };
    await using client = new Client(to, { dial: socketDialer({ connect }) });
    await rejects(client.get('a'), ConnectionError);
    const where = { hostname: 'cache.example', port: 11211 };
    assert.equal(calls, [[where, { secureTransport, allowHalfOpen: true }]]);
  }
});

workers('what a Worker cannot do is refused before anything is opened', async () => {
  const { connect, calls } = spy();
  const dial = socketDialer({ connect });
  for (
    const [to, why] of [
      [{ path: '/run/memcached.sock' }, /unix socket/],
      [{ ...host, tls: { ca: 'PEM' } }, /tls must not have ca/],
      [{ ...host, tls: { cert: 'PEM', key: 'PEM' } }, /tls must not have cert/],
    ] as const
  ) {
    await using client = new Client(to, { dial });
    const error = await rejects(client.get('a'), ConnectionError);
    assert.match(error.message, why);
    assert.instance(error.cause, UsageError);
  }
  assert.equal(calls, []);
});

workers('an option that the dialer has not is refused', () => {
  assert.throws(
    () => socketDialer({ conect: spy().connect } as object),
    (error: unknown) => error instanceof UsageError && error.argument === 'conect',
  );
});

workers.run();
