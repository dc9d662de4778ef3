import { RetryingClient } from '../core/client/wrappers/retrying-client.ts';
import { dialectSuites } from '../test/memcache-suites.ts';
import { Client } from '../test/runtime.ts';

dialectSuites(
  'retrying client',
  (server, options) => new RetryingClient(new Client(server, options)),
);
