import { memcacheSuites } from '../test/memcache-suites.ts';

memcacheSuites('auto');
