// The script of the test page: runs cases in a browser.
import {
  type Case,
  type CaseReport,
  type MemcacheContext,
  runCases,
  type ServerContext,
} from '../../conformance/mod.ts';
import { isEmbeddedSince } from '../../conformance/server/since.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import type { ServerOptions } from '../../core/server/options.ts';
import { createTestClient } from '../../core/testing/mod.ts';
import {
  Client,
  FallbackClient,
  HashClient,
  type Memcache,
  RetryingClient,
  type WebSocketConstructor,
} from '../../transport-web/mod.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { memoryServers } from '../support/memory-servers.ts';
import { patience } from '../support/patience.ts';
import { type PageContext, type PageList, pageLists } from './cases.ts';
import { type WebSocketContext, webSocketContext } from './web-socket-cases.ts';

// The dialer accepts the standard WebSocket.
const standard: WebSocketConstructor = WebSocket;

/** The functions that the test provides to the page. */
declare const pass: PageContext['pass'];

const parameter = (name: string): string => new URLSearchParams(location.search).get(name) ?? '';
const connect: PageContext['connect'] = (bridge, token = parameter('token')) =>
  new Client(parameter(bridge), { token });

const clock = new EagerClock();
let count = 0;
const unique = (): string => `p${(count++).toString(36).padStart(7, '0')}`;

function inPage(): PageContext {
  const { dial, clock } = new MemoryServer();
  return {
    create: (options) => new Client('localhost', { ...options, dial }),
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique,
    connect,
  };
}

function ofMany(): MemcacheContext<Memcache> {
  const { endpoints, dial, clock } = memoryServers(3);
  return {
    create(options) {
      const hash = new HashClient(endpoints, { ...options, dial, maxPoolSize: 2 });
      return new FallbackClient([new RetryingClient(hash), createTestClient().client]);
    },
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique,
  };
}

function serverInPage(options: Partial<ServerOptions> = {}): ServerContext {
  const { dial, clock } = new MemoryServer(options);
  return {
    dial,
    endpoint: { path: 'memory' },
    since: isEmbeddedSince,
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique,
  };
}

function behindBridge(): PageContext {
  const token = parameter('token');
  return {
    create: (options) =>
      new Client(parameter('bridge'), { ...patience, ...options, WebSocket: standard, token }),
    pass,
    unique,
    connect,
  };
}

function atExchange(): WebSocketContext {
  const [exchange, nowhere] = [parameter('exchange'), parameter('nowhere')].map(Number);
  return webSocketContext(standard, { exchange: exchange ?? 0, nowhere: nowhere ?? 0 });
}

/** The function that the test calls. */
const lists: Readonly<Record<PageList, () => Promise<CaseReport>>> = {
  wire: () => runList(pageLists.wire, undefined),
  server: () => runList(pageLists.server, serverInPage()),
  login: () => {
    const credentials = new Map([['other', 'word'], ['user', 'pass']]);
    return runList(pageLists.login, serverInPage({ credentials }));
  },
  memory: () => runList(pageLists.memory, inPage()),
  family: () => runList(pageLists.family, ofMany()),
  faults: () =>
    runList(pageLists.faults, {
      createFor: (accept, options) =>
        new Client('localhost', { ...options, clock, dial: memoryDialer({ accept }) }),
      unique,
      clock,
    }),
  bridge: () => runList(pageLists.bridge, behindBridge()),
  transport: () => runList(pageLists.transport, atExchange()),
};

function runList<Context>(
  cases: readonly Case<Context>[],
  context: Context,
): Promise<CaseReport> {
  return runCases(cases, () => context, { timeout: 60_000, has: () => true });
}

/** The result of each case by name: an error, or null. */
async function results(list: PageList): Promise<Record<string, string | null>> {
  const { passed, failed } = await lists[list]();
  return Object.fromEntries([
    ...passed.map((name) => [name, null] as const),
    ...failed.map(({ name, error }) => [name, error.stack ?? error.message] as const),
  ]);
}

Object.assign(globalThis, { results });
