import { type ChildProcess, spawn } from 'node:child_process';
import { webSocketCases, webSocketContext } from '../browser/web-socket-cases.ts';
import { caseSuite } from '../support/cases.ts';
import { findProgram, freePort } from '../support/memcached.ts';
import { runtime } from '../runner/runtime.ts';
import type { WebSocketConstructor } from '../../transport-web/mod.ts';

// The exchange runs on Node for every runtime: only the dialer is tested.
const node = findProgram('node');

// Deno's WebSocket has Nagle's algorithm on, with no option to turn it off.
const cases = runtime === 'deno'
  ? webSocketCases.filter(({ name }) => !/holds back no small piece/.test(name))
  : webSocketCases;

function webSocketSuite(name: string, WebSocket: WebSocketConstructor): void {
  let exchange: ChildProcess;
  let ports: { exchange: number; nowhere: number };
  caseSuite(`transport | ${name}`, cases, () => webSocketContext(WebSocket, ports), {
    skip: node === null ? 'node' : undefined,
    async before() {
      const program = 'test/support/websocket-exchange-main.ts';
      exchange = spawn(node ?? '', ['--import', 'tsx', program], { stdio: 'pipe' });
      const said = new Promise<string>((resolve) => {
        exchange.stdout?.once('data', (chunk: Uint8Array) => resolve(String(chunk)));
      });
      ports = { exchange: Number(await said), nowhere: await freePort() };
    },
    async after() {
      await Promise.resolve(exchange?.kill());
    },
  });
}

const { WebSocket: own } = globalThis as { WebSocket?: WebSocketConstructor };
if (own !== undefined) webSocketSuite('its own WebSocket', own);
if (runtime === 'node') webSocketSuite('WebSocket of ws', (await import('ws')).WebSocket);
