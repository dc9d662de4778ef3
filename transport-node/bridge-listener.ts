// `listenBridge` of Node, Deno and Bun: they differ in their sockets alone.
import { createHash } from 'node:crypto';
import type { RunningBridge } from '../core/bridge/bridge.ts';
import { type BridgeRuntime, listenBridgeOn } from '../core/bridge/listen-bridge.ts';
import type { BridgeOptions } from '../core/bridge/options.ts';
import type { Dialer, Endpoint } from '../core/io/transport.ts';

/**
 * Listens for WebSockets and leads each to the upstream.
 *
 * On Deno `--allow-net` for the place and the upstream is all the permission that it needs.
 *
 * @param place Where; with `tls`, pages connect to `wss://`. Port 0 finds a free one.
 * @throws UsageError naming the option that breaks a rule, or that is missing to listen there.
 */
export type ListenBridge = (place: Endpoint, options: BridgeOptions) => Promise<RunningBridge>;

/** `listenBridge` over the sockets of a runtime. */
export function bridgeListener(dial: Dialer, listen: BridgeRuntime['listen']): ListenBridge {
  const digest = (text: string): string => createHash('sha1').update(text).digest('base64');
  return (place, options) => listenBridgeOn({ dial, listen, digest }, place, options);
}
