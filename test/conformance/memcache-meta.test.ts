import { memcacheSuites } from '../support/memcache-suites.ts';
import { Client } from '../runner/runtime.ts';
import { memcacheCases, metaOnlyCases, oneServerCases } from '../../conformance/mod.ts';

memcacheSuites({
  name: 'client: meta',
  servers: 1,
  // Transport and dialect are independent, so only one dialect runs over every transport. The
  // listeners of the embedded server are tested by the server cases.
  also: ['unix socket', 'TLS', 'TLS with client certificates', 'TCP, with a login'],
  embedded: ['TCP', 'TCP, with a login'],
  cases: [...memcacheCases, ...oneServerCases, ...metaOnlyCases],
  open: ([server], options) => new Client(server, { ...options, dialect: 'meta' }),
});
