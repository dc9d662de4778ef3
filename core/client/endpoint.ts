import type { Endpoint, TlsOptions } from '../transport.ts';
import { checkKnown, checkObject, checkText, checkWhole, optionNames } from '../wire/check.ts';
import { UsageError } from '../wire/errors.ts';

/** memcached's port. */
export const DEFAULT_PORT = 11211;

/**
 * How a server is named: `host`, `host:port`, `[v6]`, `[v6]:port`, a bare IPv6 address,
 * `memcache://host:port`, `unix:/path`, `/path`, or an endpoint.
 */
export type ServerName = string | Endpoint;

/**
 * The endpoint of a server's name.
 *
 * @param tls Speak TLS there.
 * @throws UsageError when the name cannot be read.
 */
export function toEndpoint(server: ServerName, tls?: TlsOptions): Endpoint {
  const extra = tls === undefined ? {} : { tls };
  if (typeof server === 'object' && server !== null) return { ...checkEndpoint(server), ...extra };
  if (typeof server !== 'string') {
    throw new UsageError('server', 'must be a string or an endpoint');
  }
  const name = server.replace(/^(memcached?|tcp):\/\//, '').replace(/^unix:(\/\/)?/, '');
  if (name.startsWith('/')) return { path: name, ...extra };
  if (server.startsWith('unix:')) {
    throw new UsageError('server', 'of a unix socket must be an absolute path');
  }
  const { host, port } = split(name.replace(/\/$/, ''));
  if (host === '' || /[\s/@[\]]/.test(host) || (host.includes(':') && !IPV6.test(host))) {
    throw new UsageError('server', `must name a host, not ${JSON.stringify(server)}`);
  }
  return { host, port, ...extra };
}

/** What an IPv6 address may be made of, with its zone; the rest is for the system to judge. */
const IPV6 = /^[\da-f:.]+(%[^:%]+)?$/i;

function checkEndpoint(server: Endpoint): Endpoint {
  checkKnown('server', server, 'path' in server ? socketNames : endpointNames);
  if (server.tls !== undefined) checkTls(server.tls);
  if ('path' in server) {
    checkText('path', server.path);
  } else {
    checkText('host', server.host);
    checkWhole('port', server.port, 1, 65535);
  }
  return server;
}

const endpointNames = /* @__PURE__ */ optionNames<Exclude<Endpoint, { readonly path: string }>>({
  host: true,
  port: true,
  tls: true,
  noDelay: true,
  keepAlive: true,
});
const socketNames = /* @__PURE__ */ optionNames<Extract<Endpoint, { readonly path: string }>>({
  path: true,
  tls: true,
});
const tlsNames = /* @__PURE__ */ optionNames<TlsOptions>({
  ca: true,
  cert: true,
  key: true,
  serverName: true,
  requireClientCert: true,
});

/** @throws UsageError when they are no object, or naming an option that TLS has not here. */
export function checkTls(tls: TlsOptions): void {
  checkObject('tls', tls);
  checkKnown('tls', tls, tlsNames);
}

/** How an endpoint is called in messages. */
export function endpointName(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path;
  const { host, port } = endpoint;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function split(name: string): { host: string; port: number } {
  // Two colons and no brackets: an IPv6 address with the default port.
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::([^:]*))?$/.exec(name) ?? [];
  return {
    host: bracketed ?? plain ?? name,
    port: port === undefined ? DEFAULT_PORT : toPort(port),
  };
}

function toPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new UsageError('server', `must have a port from 1 to 65535, not ${JSON.stringify(text)}`);
  }
  return port;
}
