import { createHash } from 'node:crypto';
import type { RunningBridge } from '../core/bridge/bridge.ts';
import { listenBridgeOn } from '../core/bridge/listen-bridge.ts';
import type { BridgeOptions } from '../core/bridge/options.ts';
import type { Endpoint } from '../core/io/transport.ts';
import { dial } from './dial.ts';
import { listenAt } from './listen.ts';

export * from '../core/bridge/mod.ts';

/**
 * Listens for WebSockets and leads each to the upstream.
 *
 * @param place Where; with `tls`, pages connect to `wss://`. Port 0 finds a free one.
 * @throws UsageError naming the option that breaks a rule, or that is missing to listen there.
 */
export function listenBridge(place: Endpoint, options: BridgeOptions): Promise<RunningBridge> {
  return listenBridgeOn(
    {
      dial,
      listen: listenAt,
      digest: (text) => createHash('sha1').update(text).digest('base64'),
    },
    place,
    options,
  );
}
