import { RetryingClient } from '../../core/client/wrappers/retrying.ts';
import { dialectSuites } from '../support/memcache-suites.ts';
import { Client } from '../runner/runtime.ts';

dialectSuites(
  'retrying client',
  (server, options) => new RetryingClient(new Client(server, options)),
);
