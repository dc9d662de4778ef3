import { memcacheSuites } from '../test/memcache-suites.ts';
import { HashClient } from '../test/runtime.ts';
import { memcacheCases, metaOnlyCases } from './mod.ts';

for (const dialect of ['meta', 'text', 'auto'] as const) {
  memcacheSuites({
    name: `hash client: ${dialect}`,
    servers: 3,
    cases: dialect === 'text' ? memcacheCases : [...memcacheCases, ...metaOnlyCases],
    open: (servers, options) => new HashClient(servers, { ...options, dialect }),
  });
}
