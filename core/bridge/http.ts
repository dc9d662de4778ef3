import type { UpgradeRequest } from './admission.ts';

// The part of HTTP/1.1 that a bridge implements: one request per connection, without a body. It is
// strict (RFC 9112): a request that two parsers could read differently is a bad request.

/** The head of a request. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** By name, in lower case; values of repeated headers are joined with commas. */
  readonly headers: ReadonlyMap<string, string>;
}

/** The statuses that a bridge answers with, and their names. */
const statuses = {
  101: 'Switching Protocols',
  204: 'No Content',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
} as const;

export type Status = keyof typeof statuses;

/** The longest head of a request, in bytes. */
export const MAX_HEAD = 8192;

/** Headers that must not be repeated, since two values would be ambiguous. */
const single: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'content-length',
  'host',
  'origin',
  'sec-websocket-key',
  'sec-websocket-version',
  'transfer-encoding',
]);

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+";
const REQUEST_LINE = /* @__PURE__ */ new RegExp(`^(${TOKEN}) (\\S+) HTTP/1\\.1$`);
const HEADER = /* @__PURE__ */ new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`);

/**
 * Reads the head of a request.
 *
 * @param text The whole head, one character for each byte, without the empty line that ends it.
 * @returns null if it is not a valid request, or has a body.
 */
export function parseHead(text: string): RequestHead | null {
  const [first = '', ...lines] = text.split('\r\n');
  const [, method, target] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || target === undefined) return null;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (before !== undefined && single.has(key)) return null;
    headers.set(key, before === undefined ? value.trim() : `${before}, ${value.trim()}`);
  }
  const hasBody = (headers.get('content-length') ?? '0') !== '0' ||
    headers.has('transfer-encoding');
  return hasBody || !headers.has('host') ? null : { method, target, headers };
}

/** Whether a request asks for an upgrade. */
export function asksUpgrade({ headers }: RequestHead): boolean {
  return headers.has('upgrade') && hasToken(headers.get('connection'), 'upgrade');
}

/** The key of a valid request for a WebSocket (RFC 6455, 4.2.1), otherwise null. */
export function webSocketKey({ method, headers }: RequestHead): string | null {
  const key = headers.get('sec-websocket-key') ?? '';
  const isStandard = method === 'GET' && hasToken(headers.get('upgrade'), 'websocket') &&
    headers.get('sec-websocket-version') === '13' && /^[A-Za-z\d+/]{22}==$/.test(key);
  return isStandard ? key : null;
}

/** The status for a request without an upgrade, of which only the health check succeeds. */
export function plainStatus({ target }: RequestHead): 204 | 426 {
  return target === '/health' ? 204 : 426;
}

/**
 * The upgrade request of a head.
 *
 * @param behindProxy Whether the peer is a proxy that adds the address of its client.
 */
export function upgradeRequest(
  peer: string,
  { headers }: RequestHead,
  behindProxy: boolean,
): UpgradeRequest {
  // The last entry is the one that the proxy itself has added.
  const forwarded = behindProxy ? headers.get('x-forwarded-for') : undefined;
  return {
    address: forwarded?.split(',').at(-1)?.trim() || peer,
    host: headers.get('host'),
    origin: headers.get('origin'),
    protocols: headers.get('sec-websocket-protocol'),
  };
}

/** A response without a body. */
export function encodeResponse(status: Status, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${statuses[status]}\r\n${lines.join('')}\r\n`;
}

/** The response to a request that is not upgraded: without a body, and with `Connection: close`. */
export function encodeRefusal(status: Status): string {
  return encodeResponse(status, {
    'Cache-Control': 'no-store',
    Connection: 'close',
    // A 204 must not have this header.
    ...(status === 204 ? {} : { 'Content-Length': '0' }),
  });
}

function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? '').toLowerCase().split(',').some((word) => word.trim() === token);
}
