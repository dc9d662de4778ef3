import type { Page } from 'playwright-core';
import { MemoryServer } from '../core/server/memory.ts';
import { type PageList, pageLists } from '../test/browser/cases.ts';
import { type CaseResults, distantSuite } from '../test/support/cases.ts';
import { chromiumPath, TestBrowser } from '../test/support/chromium.ts';
import {
  findProgram,
  freePort,
  type RunningMemcached,
  startMemcached,
} from '../test/support/memcached.ts';
import { type Exchange, startExchange } from '../test/support/websocket-exchange.ts';
import { type BridgeOptions, listenBridge, type RunningBridge } from '../transport-node/bridge.ts';

const memcached = findProgram('memcached');
const token = 'a-token-for-a-test';
const bridges: RunningBridge[] = [];
let starting: Promise<TestBrowser> | null = null;
const browser = (): Promise<TestBrowser> => starting ??= TestBrowser.start('browser/page.ts');

declare const results: (list: PageList) => Promise<CaseResults>;

/** The cases of a list, which is run in a page as a whole. */
function pageSuite(
  where: string,
  list: PageList,
  open: () => Promise<Page>,
  after: () => Promise<void> = () => Promise.resolve(),
  needs: readonly (readonly [string, string | null])[] = [],
): void {
  const missing = [['chromium', chromiumPath] as const, ...needs].find(([, path]) => path === null);
  const run = async (): Promise<CaseResults> => {
    const page = await open();
    return await page.evaluate((list) => results(list), list);
  };
  distantSuite(`Chromium: ${where}`, pageLists[list], run, { skip: missing?.[0], after });
}

/** The address of a new bridge that serves these origins. */
async function start(options: BridgeOptions): Promise<string> {
  const bridge = await listenBridge({ host: '127.0.0.1', port: 0 }, {
    tokens: new Map([['test', token]]),
    prefix: 'app1:',
    // The cases are in more of a hurry than people are.
    rate: 100_000,
    upstreamTimeout: 10_000,
    ...options,
  });
  bridges.push(bridge);
  return `ws://127.0.0.1:${bridge.endpoint.port}/`;
}

async function openBridged(
  options: BridgeOptions,
  pass: (seconds: number) => unknown,
): Promise<Page> {
  const { origin } = await browser();
  const bridge = await start({ ...options, origins: [origin] });
  const closed = await start({ ...options, origins: ['https://app.example.org'] });
  return await (await browser()).open({ bridge, closed, token }, { pass });
}

// To load a page takes longer than most of the lists: those that ask nothing of it share one.
let shared: Promise<Page> | null = null;
const open = (): Promise<Page> => shared ??= browser().then((browser) => browser.open());
pageSuite('wire', 'wire', open);
pageSuite('server, embedded in the page', 'server', open);
pageSuite('server: login, embedded in the page', 'login', open);
pageSuite('client, embedded server in the page', 'memory', open);
pageSuite('client at fault, embedded server in the page', 'faults', open);
pageSuite('client of many with retry and fallback, embedded servers in the page', 'family', open);

let exchange: Exchange;
pageSuite(
  'transport',
  'transport',
  async () => {
    exchange = await startExchange();
    const nowhere = String(await freePort());
    return await (await browser()).open({ exchange: String(exchange.port), nowhere });
  },
  () => Promise.resolve(exchange?.close()),
);

const { dial, clock } = new MemoryServer();
pageSuite(
  'client, bridge to the embedded server',
  'bridge',
  () => openBridged({ upstream: 'localhost', dial }, (seconds) => clock.advance(seconds * 1000)),
);

let server: RunningMemcached;
pageSuite(
  'client, bridge to memcached',
  'bridge',
  async () => {
    server = await startMemcached(memcached ?? '');
    const pass = (seconds: number): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return await openBridged({ upstream: server.endpoint }, pass);
  },
  async () => {
    await Promise.all(bridges.map((bridge) => bridge.close()));
    await server?.stop();
    await (await starting)?.close();
  },
  [['memcached', memcached]],
);
