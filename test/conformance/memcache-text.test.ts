import { memcacheSuites } from '../support/memcache-suites.ts';
import { Client } from '../runner/runtime.ts';
import { memcacheCases, oneServerCases } from '../../conformance/mod.ts';

memcacheSuites({
  name: 'client: text',
  servers: 1,
  also: ['unix socket'],
  cases: [...memcacheCases, ...oneServerCases],
  open: ([server], options) => new Client(server, { ...options, dialect: 'text' }),
});
