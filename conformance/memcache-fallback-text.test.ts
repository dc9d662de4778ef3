import { FallbackClient } from '../core/client/fallback-client.ts';
import { createTestClient } from '../core/testing/mod.ts';
import { memcacheSuites } from '../test/memcache-suites.ts';

// The second cache never has anything: what is judged is the first.
memcacheSuites('text', {
  name: 'fallback client',
  wrap: (client) => new FallbackClient([client, createTestClient().client]),
  unix: false,
});
