// The bridge on Deno: WebSockets in, memcached out.
import { bridgeListener, type ListenBridge } from '../transport-node/bridge-listener.ts';
import { dial } from './dial.ts';
import { listenAt } from './listen.ts';

export * from '../core/bridge/mod.ts';
export type { ListenBridge } from '../transport-node/bridge-listener.ts';

/** Listens for WebSockets on Deno and connects each to the upstream. See `ListenBridge`. */
export const listenBridge: ListenBridge = /* @__PURE__ */ bridgeListener(dial, listenAt);
