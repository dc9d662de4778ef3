import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../test/runtime.ts';
import { memcacheCases, oneServerCases } from './mod.ts';

memcacheSuites({
  name: 'client: text',
  servers: 1,
  also: ['unix socket'],
  cases: [...memcacheCases, ...oneServerCases],
  open: ([server], options) => new Client(server, { ...options, dialect: 'text' }),
});
