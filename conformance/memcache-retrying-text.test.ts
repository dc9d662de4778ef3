import { RetryingClient } from '../core/client/retrying-client.ts';
import { memcacheSuites } from '../test/memcache-suites.ts';

memcacheSuites('text', {
  name: 'retrying client',
  wrap: (client) => new RetryingClient(client),
  unix: false,
});
