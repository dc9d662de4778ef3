// The runtime that runs the tests, and its transport.
import * as bun from '../../transport-bun/mod.ts';
import * as deno from '../../transport-deno/mod.ts';
import * as node from '../../transport-node/mod.ts';

/** The runtime that the tests run on. */
export const runtime: 'bun' | 'deno' | 'node' = 'Deno' in globalThis
  ? 'deno'
  : 'Bun' in globalThis
  ? 'bun'
  : 'node';

const transport: Pick<
  typeof node,
  'Client' | 'HashClient' | 'PooledClient' | 'dial' | 'listen' | 'zlibCodec'
> = {
  bun,
  deno,
  node,
}[runtime];

/** Its own transport. */
export const { Client, HashClient, PooledClient, dial, listen, zlibCodec } = transport;
