/** The modules that the package exports: the name of each in `dist`, and its source. */
export const entries: Readonly<Record<string, string>> = {
  node: 'transport-node/mod.ts',
  'node-bridge': 'transport-node/bridge.ts',
  deno: 'transport-deno/mod.ts',
  'deno-bridge': 'transport-deno/bridge.ts',
  bun: 'transport-bun/mod.ts',
  'bun-bridge': 'transport-bun/bridge.ts',
  web: 'transport-web/mod.ts',
  workers: 'transport-web/workers.ts',
  core: 'core/mod.ts',
  client: 'core/client/mod.ts',
  server: 'core/server/mod.ts',
  testing: 'core/testing/mod.ts',
  keyv: 'stores/keyv.ts',
  unstorage: 'stores/unstorage.ts',
  'express-session': 'stores/express-session.ts',
  conformance: 'conformance/mod.ts',
};
