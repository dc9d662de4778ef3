// The address of a bridge.
import { type ServerName, withoutLogin } from '../core/client/connection/endpoint.ts';
import type { Endpoint } from '../core/io/transport.ts';
import { UsageError } from '../core/wire/errors.ts';

/** Whether a server is a bridge: `wss://cache.example.org/memcached`. */
export function isBridgeAddress(server: ServerName): server is string {
  return typeof server === 'string' && /^wss?:\/\//i.test(server);
}

/**
 * The endpoint of a bridge, and its path there.
 *
 * @param isBridge Nothing but a bridge will do: the caller has no way of its own to connect.
 */
export function toBridge(
  server: ServerName,
  isBridge: boolean,
): { endpoint: ServerName; path: string } {
  if (!isBridgeAddress(server)) {
    // An endpoint says nothing of what is there.
    if (isBridge && typeof server !== 'object') throw new UsageError('server', BRIDGE_RULE);
    return { endpoint: server, path: '/' };
  }
  const { protocol, username, password, hostname, port, pathname, search } = parse(server);
  if (username !== '' || password !== '') {
    const rule = 'must not hold a login: give what the bridge asks for as the option token';
    throw new UsageError('server', rule);
  }
  const secure = protocol === 'wss:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const endpoint: Endpoint = { host, port: Number(port) || (secure ? 443 : 80) };
  return { endpoint: secure ? { ...endpoint, tls: {} } : endpoint, path: pathname + search };
}

interface Url {
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
}

declare const URL: new (text: string) => Url;

const BRIDGE_RULE = "must be a bridge's address, like wss://cache.example.org/: " +
  'a page reaches memcached through one (memwire/bridge)';

function parse(url: string): Url {
  try {
    return new URL(url);
  } catch {
    // The runtime's own error quotes the address, login and all.
    const shown = JSON.stringify(withoutLogin(url));
    throw new UsageError('server', `must be an address, not ${shown}`);
  }
}
