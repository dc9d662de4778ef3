import { dialectSuites } from '../test/memcache-suites.ts';
import { PooledClient } from '../test/runtime.ts';

dialectSuites('pooled client', (server, options) => new PooledClient(server, options));
