import { FallbackClient } from '../core/client/fallback-client.ts';
import { createTestClient } from '../core/testing/mod.ts';
import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../test/runtime.ts';
import { memcacheCases, oneServerCases } from './mod.ts';

// The second cache never has anything: what is judged is the first.
memcacheSuites({
  name: 'fallback client: text',
  servers: 1,
  cases: [...memcacheCases, ...oneServerCases],
  open: ([server], options) =>
    new FallbackClient([
      new Client(server, { ...options, dialect: 'text' }),
      createTestClient().client,
    ]),
});
