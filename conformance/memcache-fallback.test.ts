import { FallbackClient } from '../core/client/fallback-client.ts';
import { createTestClient, TestServer } from '../core/testing/mod.ts';
import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../test/runtime.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from './mod.ts';

// The second cache never has anything: what is judged is the first.
for (const dialect of ['meta', 'text'] as const) {
  const shared = [...memcacheCases, ...oneServerCases];
  memcacheSuites({
    name: `fallback client: ${dialect}`,
    servers: 1,
    cases: dialect === 'text' ? shared : [...shared, ...metaOnlyCases],
    open([server], options) {
      const second = createTestClient({ server: new TestServer({ memory: 64 * 1024 }) });
      return new FallbackClient([new Client(server, { ...options, dialect }), second.client]);
    },
  });
}
