import { RetryingClient } from '../core/client/retrying-client.ts';
import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../test/runtime.ts';
import { memcacheCases, oneServerCases } from './mod.ts';

memcacheSuites({
  name: 'retrying client: text',
  servers: 1,
  cases: [...memcacheCases, ...oneServerCases],
  open: ([server], options) =>
    new RetryingClient(new Client(server, { ...options, dialect: 'text' })),
});
