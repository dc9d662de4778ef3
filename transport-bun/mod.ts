/** memwire on Bun. */
import { HashClient as CoreHashClient } from '../core/client/cluster/hash-client.ts';
import type { Prepare } from '../core/client/options.ts';
import {
  Client as CoreClient,
  PooledClient as CorePooledClient,
} from '../core/client/server-client.ts';
import { environment, prepareWith } from '../transport-node/runtime-options.ts';
import { dial } from './dial.ts';

export * from '../core/client/public.ts';
export { VERSION } from '../core/version.ts';
export type { CommandMessage } from '../transport-node/diagnostics.ts';
export { DnsDiscovery } from '../transport-node/dns-discovery.ts';
export { resolve } from '../transport-node/resolve.ts';
export { zlibCodec } from '../transport-node/zlib-codec.ts';
export { dial } from './dial.ts';
export { listen } from './listen.ts';
export type { Listen } from '../transport-node/listening.ts';

const prepare: Prepare = /* @__PURE__ */ prepareWith(dial);

/** A client of one server, over one connection of Bun's. It connects with the first call. */
export class Client extends CoreClient {
  /** @internal */
  static override readonly prepare: Prepare = prepare;
  /** @internal */
  static override readonly environment: typeof environment = environment;
}

/** A client of one server, over several connections of Bun's. */
export class PooledClient extends CorePooledClient {
  /** @internal */
  static override readonly prepare: Prepare = prepare;
  /** @internal */
  static override readonly environment: typeof environment = environment;
}

/** A client of many servers, over connections of Bun's. */
export class HashClient extends CoreHashClient {
  /** @internal */
  static override readonly prepare: Prepare = prepare;
  /** @internal */
  static override readonly environment: typeof environment = environment;
}
