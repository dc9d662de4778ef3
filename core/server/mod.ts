/** An embedded memcached, for programs, for tests, and for pages. */
export { type Clock, systemClock, VirtualClock } from '../io/clock.ts';
export { memoryDialer } from '../io/memory-pipe.ts';
export { MemoryServer } from './memory.ts';
export { SERVER_VERSION, type ServerOptions, serverOptions } from './options.ts';
export { Server } from './serve.ts';
export type { CacheOptions } from './store.ts';
