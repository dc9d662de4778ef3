import { memcacheSuites } from '../test/memcache-suites.ts';
import { Client } from '../test/runtime.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from './mod.ts';

memcacheSuites({
  name: 'client: meta',
  servers: 1,
  // How the bytes travel is one question, the dialect another: TLS is asked of one.
  also: ['unix socket', 'TLS with client certificates'],
  cases: [...memcacheCases, ...oneServerCases, ...metaOnlyCases],
  open: ([server], options) => new Client(server, { ...options, dialect: 'meta' }),
});
