// The bridge and the WebSocket of the runtime that runs the tests.
import { WebSocket } from 'ws';
import * as bun from '../../transport-bun/bridge.ts';
import * as deno from '../../transport-deno/bridge.ts';
import * as node from '../../transport-node/bridge.ts';
import type { WebDialOptions } from '../../transport-web/mod.ts';
import { runtime } from './runtime.ts';

/** The bridge of the runtime that the tests run on. */
export const { listenBridge }: Pick<typeof node, 'listenBridge'> = { bun, deno, node }[runtime];

/** The options that make a web client use the runtime's own WebSocket. Node 20 has none. */
export const ownWebSocket: Pick<WebDialOptions, 'WebSocket'> = runtime === 'node'
  ? { WebSocket }
  : {};
