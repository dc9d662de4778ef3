import { FallbackClient } from '../../core/client/wrappers/fallback-client.ts';
import { createTestClient, TestServer } from '../../core/testing/mod.ts';
import { dialectSuites } from '../support/memcache-suites.ts';
import { Client } from '../runner/runtime.ts';

// The second cache is always empty: the cases test the first.
dialectSuites('fallback client', (server, options) => {
  const second = createTestClient({ server: new TestServer({ memory: 64 * 1024 }) });
  return new FallbackClient([new Client(server, options), second.client]);
});
