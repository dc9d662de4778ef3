import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as assert from 'uvu/assert';
import { WebSocket, WebSocketServer } from 'ws';
import { TestEvents } from '../conformance/transport/peer.ts';
import { rejects } from '../conformance/assert.ts';
import { suite } from '../test/runner/suite.ts';
import { Client, UsageError, webDialer, type WebSocketConstructor } from './mod.ts';

const web = suite('web: dial');
const never = new AbortController().signal;

/** Notes the address and the subprotocols it is called with, and opens nothing. */
function spy(): { WebSocket: WebSocketConstructor; calls: (readonly [string, string[]])[] } {
  const calls: (readonly [string, string[]])[] = [];
  class Spy extends WebSocket {
    constructor(url: string, protocols: string[]) {
      calls.push([url, protocols]);
      super('ws://127.0.0.1:1/', protocols);
    }
  }
  return { WebSocket: Spy, calls };
}

const addresses: readonly (readonly [server: string, url: string])[] = [
  ['ws://localhost:8080', 'ws://localhost:8080/'],
  ['ws://localhost', 'ws://localhost:80/'],
  ['wss://cache.example.org/memcached?pool=a', 'wss://cache.example.org:443/memcached?pool=a'],
  ['wss://[::1]:9000/x', 'wss://[::1]:9000/x'],
];

for (const [server, url] of addresses) {
  web(`${server} is dialed at ${url}`, async () => {
    const { WebSocket, calls } = spy();
    const client = new Client(server, { WebSocket });
    await rejects(client.get('a'), Error);
    assert.equal(calls, [[url, ['memcached']]]);
    await client.close();
  });
}

web('a token travels as a subprotocol', async () => {
  const { WebSocket, calls } = spy();
  const client = new Client('ws://localhost', { WebSocket, token: 'secret' });
  await rejects(client.get('a'), Error);
  assert.equal(calls[0]?.[1], ['memcached', 'bearer.secret']);
  await client.close();
});

web('fromEnv takes its variables, and only the address of a bridge in them', () => {
  const variables = { MEMCACHED_URL: 'wss://cache.example.org/' };
  assert.instance(Client.fromEnv({}, variables), Client);
  assert.throws(() => Client.fromEnv(), /environment must be given/);
  assert.throws(
    () => Client.fromEnv({}, { MEMCACHED_URL: 'memcached://user:s3cr3t@cache.example' }),
    (error: unknown) =>
      error instanceof UsageError && /bridge/.test(error.rule) && !error.rule.includes('s3cr3t'),
  );
});

web('an endpoint is that of a bridge', async () => {
  const { WebSocket, calls } = spy();
  const client = new Client({ host: '::1', port: 8080 }, { WebSocket });
  const { message } = await rejects(client.get('a'), Error);
  assert.equal(calls[0]?.[0], 'ws://[::1]:8080/');
  assert.match(message, /bridge/);
  await client.close();
});

for (const server of ['localhost', 'localhost:11211', 'memcache://cache.example', '/run/m.sock']) {
  web(`${server} is no bridge, and the error names what one is`, () => {
    assert.throws(
      () => new Client(server),
      (error: unknown) =>
        error instanceof UsageError && error.argument === 'server' &&
        error.rule.includes("a bridge's address, like wss://") &&
        error.rule.includes('memwire/bridge'),
    );
    // With a way of its own to connect, any server will do.
    void new Client(server, { dial: webDialer() }).close();
  });
}

web('the query of an address is in no message', async () => {
  const { WebSocket } = spy();
  const client = new Client('ws://localhost:8080/x?token=s3cr3t', { WebSocket });
  const { message, cause } = await rejects(client.get('a'), Error);
  const said = `${message} ${String(cause)}`;
  assert.match(said, 'ws://localhost:8080/x?*** could not be opened');
  assert.not.match(said, 's3cr3t');
  await client.close();
});

web('what cannot be sent is refused before anything is opened', () => {
  const refused = (error: unknown): boolean => error instanceof UsageError;
  assert.throws(() => new Client('ws://localhost', { token: 'a b' }), refused);
  assert.throws(() => new Client('ws://'), refused);
});

web('a unix socket is out of reach', async () => {
  const error = await rejects(webDialer()({ path: '/tmp/x' }, new TestEvents(), never), Error);
  assert.match(error.message, /unix socket/);
});

web('who gives up is told why, even where closing is heard within close', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  // As Node's own does while it opens.
  class Abrupt extends WebSocket {
    override close(): void {
      this.emit('close', 1006, Buffer.alloc(0));
      this.terminate();
    }
  }
  const to = { host: '127.0.0.1', port: (silent.address() as AddressInfo).port };
  const aborter = new AbortController();
  const dialing = rejects(
    webDialer({ WebSocket: Abrupt })(to, new TestEvents(), aborter.signal),
    Error,
  );
  aborter.abort(new Error('took too long'));
  assert.is((await dialing).message, 'took too long');
  silent.close();
});

web('a server that chooses no subprotocol is none of ours', async () => {
  const http = createServer();
  const server = new WebSocketServer({ server: http, handleProtocols: () => false });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  // ws itself refuses; this one opens whatever the server says, as Deno's does.
  class Lenient extends WebSocket {
    constructor(url: string) {
      super(url);
    }
  }
  const to = { host: '127.0.0.1', port: (http.address() as AddressInfo).port };
  const dial = webDialer({ WebSocket: Lenient });
  const error = await rejects(dial(to, new TestEvents(), never), Error);
  assert.match(error.message, /subprotocol/);
  server.close();
  http.close();
});

web.run();
