import { memcacheSuites } from '../test/memcache-suites.ts';
import { PooledClient } from '../test/runtime.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from './mod.ts';

for (const dialect of ['meta', 'text'] as const) {
  const shared = [...memcacheCases, ...oneServerCases];
  memcacheSuites({
    name: `pooled client: ${dialect}`,
    servers: 1,
    cases: dialect === 'text' ? shared : [...shared, ...metaOnlyCases],
    open: ([server], options) => new PooledClient(server, { ...options, dialect }),
  });
}
