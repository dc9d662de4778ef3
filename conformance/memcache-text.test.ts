import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../transport-node/mod.ts';
import { memcacheCases, oneServerCases } from './mod.ts';

memcacheSuites({
  name: 'client: text',
  servers: 1,
  unix: true,
  cases: [...memcacheCases, ...oneServerCases],
  open: ([server], options) => new Client(server, { ...options, dialect: 'text' }),
});
