import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../transport-node/mod.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from './mod.ts';

memcacheSuites({
  name: 'client: meta',
  servers: 1,
  unix: true,
  cases: [...memcacheCases, ...oneServerCases, ...metaOnlyCases],
  open: ([server], options) => new Client(server, { ...options, dialect: 'meta' }),
});
