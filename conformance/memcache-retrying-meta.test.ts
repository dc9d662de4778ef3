import { RetryingClient } from '../core/client/retrying-client.ts';
import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../test/runtime.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from './mod.ts';

memcacheSuites({
  name: 'retrying client: meta',
  servers: 1,
  cases: [...memcacheCases, ...oneServerCases, ...metaOnlyCases],
  open: ([server], options) =>
    new RetryingClient(new Client(server, { ...options, dialect: 'meta' })),
});
