import type { BridgeOptions, RunningBridge } from '../../core/bridge/mod.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import type { Endpoint } from '../../core/io/transport.ts';
import { bridgedCases as cases } from '../browser/cases.ts';
import { caseSuite, uniqueKey } from '../support/cases.ts';
import { findProgram, type RunningMemcached, startMemcached } from '../support/memcached.ts';
import { patience } from '../support/patience.ts';
import { listenBridge, ownWebSocket } from '../runner/runtime-bridge.ts';
import { Client } from '../../transport-web/mod.ts';
import type { OneServerContext } from '../../conformance/mod.ts';

const token = 'a-token-for-a-test';
const options = {
  tokens: new Map([['test', token]]),
  prefix: 'app1:',
  // The cases send faster than the default rate limits allow.
  rate: 100_000,
  upstreamTimeout: 10_000,
};

function start(upstream: Endpoint | string, more: Partial<BridgeOptions>): Promise<RunningBridge> {
  return listenBridge({ host: '127.0.0.1', port: 0 }, { ...options, ...more, upstream });
}

function create(bridge: RunningBridge): OneServerContext['create'] {
  return (more) => new Client(bridge.endpoint, { ...patience, ...more, ...ownWebSocket, token });
}

{
  const { dial, clock } = new MemoryServer();
  let bridge: RunningBridge;
  caseSuite('client | embedded, through the bridge', cases, (): OneServerContext => ({
    create: create(bridge),
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), {
    has: () => true,
    async before() {
      bridge = await start('localhost', { dial });
    },
    after: () => bridge.close(),
  });
}

{
  const program = findProgram('memcached');
  let server: RunningMemcached;
  let bridge: RunningBridge;
  caseSuite('client | memcached, through the bridge', cases, (): OneServerContext => ({
    create: create(bridge),
    pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    unique: uniqueKey,
  }), {
    has: () => true,
    skip: program === null ? 'memcached' : undefined,
    async before() {
      server = await startMemcached(program ?? '');
      bridge = await start(server.endpoint, {});
    },
    async after() {
      await bridge?.close();
      await server?.stop();
    },
  });
}
