import { RetryingClient } from '../core/client/retrying-client.ts';
import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../test/runtime.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from './mod.ts';

for (const dialect of ['meta', 'text'] as const) {
  const shared = [...memcacheCases, ...oneServerCases];
  memcacheSuites({
    name: `retrying client: ${dialect}`,
    servers: 1,
    cases: dialect === 'text' ? shared : [...shared, ...metaOnlyCases],
    open: ([server], options) => new RetryingClient(new Client(server, { ...options, dialect })),
  });
}
