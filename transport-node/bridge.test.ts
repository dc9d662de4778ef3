import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { MemoryServer } from '../core/server/memory.ts';
import type { TlsOptions } from '../core/transport.ts';
import { makeCertificates } from '../test/certificates.ts';
import { findProgram } from '../test/memcached.ts';
import { patience } from '../test/patience.ts';
import { dialRaw, RawPage } from '../test/raw-page.ts';
import { CountingClock } from '../test/scripted.ts';
import { suite } from '../test/suite.ts';
import { Client } from '../transport-web/mod.ts';
import { bridgeLimits, type BridgeOptions, listenBridge, type RunningBridge } from './bridge.ts';

// What every runtime's bridge does is judged by conformance/bridge.test.ts. This is what only Node's
// server lets a bridge see: connections before their request, and frames. It runs on Deno too.
const node = suite("bridge: Node's own");
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
  await Promise.all(started.map((bridge) => bridge.close()));
});

function open(port: number): Promise<RawPage> {
  return RawPage.open(port, { headers: { Origin: origin } });
}

node('a message of too many frames closes the socket', async () => {
  const page = await open(await start({ origins: [origin] }));
  page.sendCut('mn\r\n', bridgeLimits.maxFrames + 1);
  assert.match(await page.closing, /^1008/);
});

node('who asks for nothing is cut off when the time for a handshake is over', async () => {
  const clock = new CountingClock();
  const port = await start({ clock });
  const { connected, end } = dialRaw(port, 'GET / HTTP/1.1\r\nHost: local');
  await connected;
  // The server has accepted it when it serves the next one.
  await fetch(`http://127.0.0.1:${port}/health`);
  clock.advance(bridgeLimits.handshakeTimeout);
  assert.is(await end, '');
  assert.is(bridgeLimits.handshakeTimeout, 5000);
});

node('one address has so many connections without an upgrade, and no more', async () => {
  const port = await start({ maxHandshakes: 2 });
  const waiting = [dialRaw(port), dialRaw(port)];
  await Promise.all(waiting.map(({ connected }) => connected));
  assert.is(await dialRaw(port).end, '');
  for (const { socket } of waiting) socket.destroy();
});

node('a socket that is open is not counted as one without an upgrade', async () => {
  const port = await start({ origins: [origin], maxHandshakes: 1 });
  for (const page of [await open(port), await open(port), await open(port)]) page.leave();
});

node('an endless header is cut off', async () => {
  const { end } = dialRaw(await start(), `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`);
  assert.match(await end, /^HTTP\/1\.1 431 /);
});

const openssl = findProgram('openssl');
const withTls = 'a client of the web over TLS';
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
    const client = new Client(`wss://localhost:${port}`, {
      ...patience,
      WebSocket: Trusting,
      token,
    });
    await client.set('a', 'x');
    assert.is(await client.get('a'), 'x');
    await client.close();
  });
}

node.run();
