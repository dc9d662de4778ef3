import { dialectSuites } from '../support/memcache-suites.ts';
import { PooledClient } from '../runner/runtime.ts';

dialectSuites('pooled client', (server, options) => new PooledClient(server, options));
