/** The protocol of memcached without I/O, and the client that any transport can drive. */
export * from './client/mod.ts';
export * from './io/clock.ts';
export { ServerLink, type ServerLinkOptions } from './proxy/server-link.ts';
export {
  type AbortSignalLike,
  type Accept,
  type Arrive,
  type Dialer,
  type Endpoint,
  guardEvents,
  type Listener,
  type ListenOptions,
  type TlsOptions,
  type Transport,
  type TransportEvents,
} from './io/transport.ts';
export * from './version.ts';
export * from './wire/mod.ts';
