/** The protocol of memcached without I/O, and the client that any transport can drive. */
export * from './client/mod.ts';
export * from './io/clock.ts';
export { guardEvents } from './io/guard-events.ts';
export { ServerLink, type ServerLinkOptions } from './proxy/server-link.ts';
export * from './io/transport.ts';
export * from './version.ts';
export * from './wire/mod.ts';
