import { memcacheSuites } from '../support/memcache-suites.ts';
import { Client } from '../runner/runtime.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from '../../conformance/mod.ts';

memcacheSuites({
  name: 'client: auto',
  servers: 1,
  also: ['unix socket'],
  cases: [...memcacheCases, ...oneServerCases, ...metaOnlyCases],
  open: ([server], options) => new Client(server, { ...options, dialect: 'auto' }),
});
