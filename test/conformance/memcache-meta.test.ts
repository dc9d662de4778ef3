import { memcacheSuites } from '../support/memcache-suites.ts';
import { Client } from '../runner/runtime.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from '../../conformance/mod.ts';

memcacheSuites({
  name: 'client: meta',
  servers: 1,
  // How the bytes travel is one question, the dialect another: every way is asked of one. How the
  // embedded server listens is for the cases of servers.
  also: ['unix socket', 'TLS', 'TLS with client certificates', 'TCP, with a login'],
  embedded: ['TCP', 'TCP, with a login'],
  cases: [...memcacheCases, ...oneServerCases, ...metaOnlyCases],
  open: ([server], options) => new Client(server, { ...options, dialect: 'meta' }),
});
