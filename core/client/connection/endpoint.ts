// Names of servers, and the endpoints that they stand for.
import type { Endpoint, TlsOptions } from '../../io/transport.ts';
import {
  assertArgument,
  checkKnown,
  checkObject,
  checkText,
  checkWhole,
  optionNames,
} from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';

/** memcached's port. */
export const DEFAULT_PORT = 11211;

/**
 * How a server is named: `host`, `host:port`, `[v6]`, `[v6]:port`, a bare IPv6 address,
 * `memcached://host:port`, `memcacheds://host:port` for TLS, `unix:/path`, `/path`, or an endpoint.
 * Clients also take a login and options in a URL: `memcached://user:password@host?timeout=500`.
 */
export type ServerName = string | Endpoint;

/**
 * The endpoint of a server's name.
 *
 * @param tls Speak TLS there.
 * @throws UsageError when the name cannot be read. A login in it is refused, and never quoted.
 */
export function toEndpoint(server: ServerName, tls?: TlsOptions): Endpoint {
  const isSecure = typeof server === 'string' && /^memcacheds:/i.test(server);
  const extra = tls === undefined ? isSecure ? { tls: {} } : {} : { tls };
  if (Array.isArray(server)) throw new UsageError('server', listRule(server));
  if (typeof server === 'object' && server !== null) return { ...checkEndpoint(server), ...extra };
  if (typeof server !== 'string') {
    throw new UsageError('server', 'must be a string or an endpoint');
  }
  const name = server.replace(/^(memcached?|memcacheds|tcp):\/\//i, '').replace(
    /^unix:(\/\/)?/i,
    '',
  );
  // A URL that has lost its scheme, and may have a login.
  if (name.startsWith('//')) {
    throw new UsageError('server', 'must have a scheme before its two slashes: memcached://');
  }
  if (name.startsWith('/')) return { path: name, ...extra };
  if (/^unix:/i.test(server)) {
    throw new UsageError('server', 'of a unix socket must be an absolute path');
  }
  const shown = JSON.stringify(withoutLogin(server));
  if (name.includes('@')) {
    const rule = 'the option auth takes one (of a bridge: upstreamAuth)';
    throw new UsageError('server', `must not hold a login, as ${shown} does: ${rule}`);
  }
  if (/[^\s,][\s,]+[^\s,]/.test(name)) throw new UsageError('server', LIST_RULE);
  const { host, port } = split(name.replace(/\/$/, ''));
  if (!isHost(host)) throw new UsageError('server', `must name a host, not ${shown}`);
  return { host, port: toPort(port), ...extra };
}

/**
 * A server's name as a message may quote it: what could be a password is `***`, however malformed
 * the name is. That is all that stands before an `@`, all behind a `?` or a `#`, and behind a colon
 * what is no port.
 */
export function withoutLogin(server: string): string {
  const scheme = /^[a-z][a-z\d+.-]*:\/\//i.exec(server)?.[0] ?? '';
  const login = server.lastIndexOf('@');
  const rest = login < 0 ? server.slice(scheme.length) : server.slice(login);
  const shown = rest.replace(/([?#]).*/s, '$1***').replace(
    /^([^:[]*:)(?!\d+([/?#]|$)).+/s,
    '$1***',
  );
  return `${scheme}${login < 0 ? '' : '***'}${shown}`;
}

/** A name that a server has in a list, between quotes; without what could be a login. */
export function quoted(name: unknown): string {
  const text = String(name);
  return JSON.stringify(text.includes('@') ? withoutLogin(text) : text);
}

export const LIST_RULE =
  "must be one server, not a list: new HashClient(['a:11211', 'b:11211']) takes many";

/** What is wrong with a list, or with a pair as Python's clients take it. */
function listRule(list: readonly unknown[]): string {
  const isPair = list.length === 2 && typeof list[0] === 'string' && typeof list[1] === 'number';
  return isPair ? "must be 'host:port' or { host, port }, not a pair" : LIST_RULE;
}

/** What an IPv6 address may be made of, with its zone; the rest is for the system to judge. */
const IPV6 = /^[\da-f:.]+(%[^:%]+)?$/i;

function isHost(host: string): boolean {
  return host !== '' && !/[\s\p{Cc}/?#@[\]]/u.test(host) &&
    (!host.includes(':') || IPV6.test(host));
}

function checkEndpoint(server: Endpoint): Endpoint {
  checkKnown('server', server, 'path' in server ? socketNames : endpointNames);
  if (server.tls !== undefined) checkTls(server.tls);
  if ('path' in server) {
    checkText('path', server.path);
  } else {
    checkText('host', server.host);
    assertArgument(
      isHost(server.host),
      'host',
      'must be a name or an address, without port and login',
    );
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
  unref: true,
});
const socketNames = /* @__PURE__ */ optionNames<Extract<Endpoint, { readonly path: string }>>({
  path: true,
  tls: true,
  unref: true,
});
const tlsNames = /* @__PURE__ */ optionNames<TlsOptions>({
  ca: true,
  cert: true,
  key: true,
  serverName: true,
  requireClientCert: true,
});

/**
 * @throws UsageError when they are no object, naming an option that TLS has not here, or when of a
 * certificate and its key one is missing.
 */
export function checkTls(tls: TlsOptions): void {
  checkTlsNames(tls);
  const isPair = (tls.cert === undefined) === (tls.key === undefined);
  assertArgument(isPair, 'tls', 'must have both cert and key, or neither');
}

/** @throws UsageError unless they have what a server needs, since each handshake would fail. */
export function checkServerTls(tls: TlsOptions): void {
  checkTlsNames(tls);
  const isPair = (tls.cert ?? '') !== '' && (tls.key ?? '') !== '';
  assertArgument(isPair, 'tls', 'must have a cert and its key');
}

function checkTlsNames(tls: TlsOptions): void {
  checkObject('tls', tls);
  checkKnown('tls', tls, tlsNames);
}

/** Where a server listens, without its certificate and the key of that: it is logged, and dialed. */
export function withoutKey<Place extends Endpoint>(at: Place): Place {
  if (at.tls === undefined) return at;
  const { cert: _cert, key: _key, ...tls } = at.tls;
  return { ...at, tls };
}

/** How an endpoint is called in messages. */
export function endpointName(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path;
  const { host, port } = endpoint;
  // Nobody has checked the host in a list that a discovery was given.
  if (host.includes('@')) return `${withoutLogin(host)}:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function split(name: string): { host: string; port: string | undefined } {
  // Two colons and no brackets: an IPv6 address with the default port.
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::([^:]*))?$/.exec(name) ?? [];
  return { host: bracketed ?? plain ?? name, port };
}

function toPort(text: string = String(DEFAULT_PORT)): number {
  const isNumber = /^\d{1,5}$/.test(text);
  const port = isNumber ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    // What is no number may be a password that has lost its `@`.
    const given = isNumber ? `, not ${text}` : '';
    throw new UsageError('server', `must have a port from 1 to 65535${given}`);
  }
  return port;
}
