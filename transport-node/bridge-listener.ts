// `listenBridge` of Node, Deno and Bun, which only differ in their sockets.
import { createHash } from 'node:crypto';
import type { RunningBridge } from '../core/bridge/bridge.ts';
import { type BridgeRuntime, listenBridgeOn } from '../core/bridge/listen-bridge.ts';
import type { BridgeOptions } from '../core/bridge/options.ts';
import type { Dialer, Endpoint } from '../core/io/transport.ts';

/**
 * Listens for WebSockets and connects each to the upstream.
 *
 * On Deno it only needs `--allow-net` for the place and the upstream.
 *
 * @param place Where; with `tls`, pages connect to `wss://`. Port 0 finds a free one.
 * @throws UsageError naming the option that breaks a rule, or that is required to listen there.
 */
export type ListenBridge = (place: Endpoint, options: BridgeOptions) => Promise<RunningBridge>;

/** `listenBridge` over the sockets of a runtime. */
export function bridgeListener(dial: Dialer, listen: BridgeRuntime['listen']): ListenBridge {
  const digest = (text: string): string => createHash('sha1').update(text).digest('base64');
  return (place, options) => listenBridgeOn({ dial, listen, digest }, place, options);
}
