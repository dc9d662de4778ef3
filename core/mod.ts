/** The protocol of memcached without I/O, and the client that any transport can drive. */
export * from './client/mod.ts';
export * from './clock.ts';
export { guardEvents } from './guard-events.ts';
export { ServerLink, type ServerLinkOptions } from './server-link.ts';
export * from './transport.ts';
export * from './version.ts';
export * from './wire/mod.ts';
