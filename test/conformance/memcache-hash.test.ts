import { Discovery } from '../../core/client/cluster/discovery/discovery.ts';
import { memcacheSuites } from '../support/memcache-suites.ts';
import { HashClient } from '../runner/runtime.ts';
import { memcacheCases, metaOnlyCases } from '../../conformance/mod.ts';

// With `auto` a discovery finds the servers, so the first call waits for the list and the proof.
for (const dialect of ['meta', 'text', 'auto'] as const) {
  memcacheSuites({
    name: `hash client: ${dialect}${dialect === 'auto' ? ', discovered' : ''}`,
    servers: 3,
    cases: dialect === 'text' ? memcacheCases : [...memcacheCases, ...metaOnlyCases],
    open(servers, options) {
      const found = new Discovery(() => Promise.resolve({ servers }));
      return new HashClient(dialect === 'auto' ? found : servers, { ...options, dialect });
    },
  });
}
