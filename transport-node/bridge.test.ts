import { connect, type Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { rejects } from '../conformance/assert.ts';
import { MemoryServer } from '../core/server/memory.ts';
import type { TlsOptions } from '../core/transport.ts';
import { makeCertificates } from '../test/certificates.ts';
import { findProgram } from '../test/memcached.ts';
import { CountingClock } from '../test/scripted.ts';
import { suite } from '../test/suite.ts';
import { Client } from '../transport-web/mod.ts';
import { bridgeLimits, type BridgeOptions, listenBridge, type RunningBridge } from './bridge.ts';

const node = suite('bridge: on Node');
const origin = 'https://app.example.org';
const token = 'a-token-for-a-test';
const tokens = new Map([['test', token]]);
const started: RunningBridge[] = [];

async function start(options: Partial<BridgeOptions> = {}, tls?: TlsOptions): Promise<number> {
  const { dial } = new MemoryServer();
  const at = { host: '127.0.0.1', port: 0, ...(tls === undefined ? {} : { tls }) };
  const bridge = await listenBridge(at, { upstream: 'localhost', dial, ...options });
  started.push(bridge);
  return bridge.endpoint.port;
}

node.after(async () => {
  for (const bridge of started) await bridge.close();
});

/** Opens a WebSocket as a page of `origin` does; rejects with the status that it is refused with. */
function open(
  port: number,
  headers: Record<string, string> = {},
  protocols: readonly string[] = ['memcached'],
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, [...protocols], {
      headers: { origin, ...headers },
    });
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (_request, response) => {
      assert.is(response.headers['cache-control'], 'no-store');
      reject(new Error(String(response.statusCode)));
    });
    socket.on('error', reject);
  });
}

/** The code and the reason that a WebSocket is closed with. */
function closing(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('close', (code, reason) => resolve(`${code} ${reason.toString()}`.trim()));
  });
}

function hears(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('message', (data: Buffer) => resolve(data.toString()));
  });
}

/** A TCP connection to the bridge, its end, and what it was told before. */
function dialRaw(port: number, text = ''): { socket: Socket; end: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let said = '';
  socket.on('data', (data: Buffer) => {
    said += data.toString();
  });
  socket.on('error', () => {});
  if (text !== '') socket.write(text);
  return { socket, end: new Promise((resolve) => socket.once('close', () => resolve(said))) };
}

node('a page of an allowed origin is served', async () => {
  const socket = await open(await start({ origins: [origin] }));
  assert.is(socket.protocol, 'memcached');
  assert.is(socket.extensions, '');
  socket.send(Buffer.from('set a 0 0 1\r\nx\r\n'));
  assert.is(await hears(socket), 'STORED\r\n');
  socket.close();
});

for (
  const [status, what, options, headers, protocols] of [
    [403, 'by default any page', {}, {}, ['memcached']],
    [403, 'another origin', { origins: [origin] }, { origin: 'https://evil.example' }, [
      'memcached',
    ]],
    [403, 'another host', { origins: [origin] }, { host: 'evil.example' }, ['memcached']],
    [401, 'no token', { origins: [origin], tokens }, {}, ['memcached']],
    [401, 'a wrong token', { origins: [origin], tokens }, {}, ['memcached', `bearer.${token}x`]],
    [400, 'another subprotocol', { origins: [origin] }, {}, ['chat']],
  ] as const
) {
  node(`${what} is refused before the upgrade, with ${status}`, async () => {
    const error = await rejects(open(await start(options), headers, protocols), Error);
    assert.is(error.message, String(status));
  });
}

node('plain HTTP gets no page, and a health check no version', async () => {
  const port = await start();
  for (const [path, status] of [['/', 426], ['/health', 204]] as const) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    assert.is(response.status, status);
    assert.is(await response.text(), '');
    assert.is(response.headers.get('cache-control'), 'no-store');
    assert.is(response.headers.get('access-control-allow-origin'), null);
    assert.is(response.headers.get('set-cookie'), null);
  }
});

node('text is refused', async () => {
  const socket = await open(await start({ origins: [origin] }));
  socket.send('get a\r\n');
  assert.is(await closing(socket), '1003 binary messages only');
});

node('a message that is too large closes the socket', async () => {
  const socket = await open(await start({ origins: [origin] }));
  socket.send(new Uint8Array(bridgeLimits.maxMessage + 1));
  assert.is(await closing(socket), '1009');
  assert.is(bridgeLimits.maxMessage, 1024 * 1024 + 4096);
});

node('a message of too many frames closes the socket', async () => {
  const port = await start({ origins: [origin] });
  const good = await open(port);
  const frames = (socket: WebSocket, count: number): void => {
    for (let i = 1; i < count; i++) socket.send(Buffer.alloc(0), { fin: false });
    socket.send(Buffer.from('mn\r\n'));
  };
  frames(good, bridgeLimits.maxFrames);
  assert.is(await hears(good), 'MN\r\n');
  const bad = await open(port);
  frames(bad, bridgeLimits.maxFrames + 1);
  assert.match(await closing(bad), /^1008/);
  assert.is(bridgeLimits.maxFrames, 64);
  good.close();
});

node('commands in pieces, one byte a message, are the same commands', async () => {
  const socket = await open(await start({ origins: [origin] }));
  for (const byte of Buffer.from('set a 0 0 5\r\nhello\r\n')) socket.send(Buffer.from([byte]));
  assert.is(await hears(socket), 'STORED\r\n');
  socket.close();
});

node('who asks for nothing is cut off when the time for a handshake is over', async () => {
  const clock = new CountingClock();
  const port = await start({ clock });
  const { socket, end } = dialRaw(port, 'GET / HTTP/1.1\r\nHost: local');
  await new Promise((resolve) => socket.once('connect', resolve));
  // The server has accepted it when it serves the next one.
  await fetch(`http://127.0.0.1:${port}/health`);
  clock.advance(bridgeLimits.handshakeTimeout);
  assert.is(await end, '');
  assert.is(bridgeLimits.handshakeTimeout, 5000);
});

node('one address has so many connections without an upgrade, and no more', async () => {
  const port = await start({ maxHandshakes: 2 });
  const first = dialRaw(port);
  const second = dialRaw(port);
  await Promise.all(
    [first, second].map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))),
  );
  assert.is(await dialRaw(port).end, '');
  first.socket.destroy();
  second.socket.destroy();
});

node('a socket that is open is not counted as one without an upgrade', async () => {
  const port = await start({ origins: [origin], maxHandshakes: 1 });
  const sockets = [await open(port), await open(port), await open(port)];
  for (const socket of sockets) socket.close();
});

node('an endless header is cut off', async () => {
  const { end } = dialRaw(await start(), `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`);
  assert.match(await end, /^HTTP\/1\.1 431 /);
});

node('a flood of pings disturbs nobody', async () => {
  const port = await start({ origins: [origin] });
  const flood = await open(port);
  for (let i = 0; i < 10_000; i++) flood.ping();
  const socket = await open(port);
  socket.send(Buffer.from('mn\r\n'));
  assert.is(await hears(socket), 'MN\r\n');
  flood.terminate();
  socket.close();
});

node('behind a proxy, an address is what the proxy says it is', async () => {
  const port = await start({ origins: [origin], tokens, behindProxy: true, maxFailures: 1 });
  const wrong = ['memcached', `bearer.${token}x`];
  const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });
  assert.is((await rejects(open(port, from('spoofed, 192.0.2.1'), wrong), Error)).message, '401');
  assert.is((await rejects(open(port, from('spoofed2, 192.0.2.1'), wrong), Error)).message, '429');
  assert.is((await rejects(open(port, from('192.0.2.2'), wrong), Error)).message, '401');
});

node('a closing bridge closes its sockets', async () => {
  const { dial } = new MemoryServer();
  const options = { upstream: 'localhost', dial, origins: [origin] };
  const bridge = await listenBridge({ host: '127.0.0.1', port: 0 }, options);
  const socket = await open(bridge.endpoint.port);
  await bridge.close();
  assert.is(await closing(socket), '1001 the bridge is closing');
});

node('a place that is open to others is refused before it is', async () => {
  const error = await rejects(
    listenBridge({ host: '0.0.0.0', port: 0 }, { upstream: 'localhost' }),
    Error,
  );
  assert.match(error.message, /^tokens must be given/);
});

const openssl = findProgram('openssl');
const withTls = 'over TLS';
if (openssl === null) node.skip(`${withTls} (needs openssl)`);
else {
  node(withTls, async () => {
    const { ca, server } = makeCertificates(openssl);
    const port = await start({ tokens }, server);
    class Trusting extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { ca });
      }
    }
    const client = new Client(`wss://localhost:${port}`, { WebSocket: Trusting, token });
    await client.set('a', 'x');
    assert.is(await client.get('a'), 'x');
    await client.close();
  });
}

node.run();
