import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { MemoryServer } from '../core/server/memory.ts';
import { makeCertificates } from '../test/support/certificates.ts';
import { findProgram } from '../test/support/memcached.ts';
import { patience } from '../test/support/patience.ts';
import { suite } from '../test/runner/suite.ts';
import { Client } from '../transport-web/mod.ts';
import { listenBridge } from './bridge.ts';

// What every runtime's bridge does is judged by conformance/bridge*.test.ts. This one runs on Deno
// too, which can use Node's.
const node = suite("bridge: Node's own");

const openssl = findProgram('openssl');
const withTls = 'a client of the web over TLS';
if (openssl === null) node.skip(`${withTls} (needs openssl)`);
else {
  node(withTls, async () => {
    const { ca, server: tls } = makeCertificates(openssl);
    const token = 'a-token-for-a-test';
    const { dial } = new MemoryServer();
    const bridge = await listenBridge({ host: '127.0.0.1', port: 0, tls }, {
      upstream: 'localhost',
      dial,
      tokens: new Map([['test', token]]),
    });
    class Trusting extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { ca });
      }
    }
    const client = new Client(`wss://localhost:${bridge.endpoint.port}`, {
      ...patience,
      WebSocket: Trusting,
      token,
    });
    await client.set('a', 'x');
    assert.is(await client.get('a'), 'x');
    await client.close();
    await bridge.close();
  });
}

node.run();
