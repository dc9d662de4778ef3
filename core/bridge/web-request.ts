import type { Bridge } from './bridge.ts';
import type { Admission, UpgradeRequest } from './door.ts';

/** The part of the standard's `Request` that a bridge looks at. */
export interface WebRequest {
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

/** The part of the standard's `Response` that is used here. */
export interface WebResponse {
  readonly status: number;
  readonly headers: { set(name: string, value: string): void };
}

declare const Response: new (
  body: null,
  init: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
) => WebResponse;

/** What each answer has that is no upgrade: no page, no cookie, no version, and no next request. */
export const refusalHeaders: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  Connection: 'close',
};

/**
 * Answers a request, for servers that have the standard's `Request` and `Response`.
 *
 * @param peer The address that the connection comes from.
 * @param upgrade Makes a WebSocket of the request, and gives what the server wants in return; null
 * when the request is not what the standard asks for.
 */
export function answerRequest<Upgraded>(
  bridge: Bridge,
  { url, headers }: WebRequest,
  peer: string,
  upgrade: (admission: Admission & { readonly status: 101 }) => Upgraded | null,
): Upgraded | WebResponse {
  const header = (name: string): string | undefined => headers.get(name) ?? undefined;
  if (header('upgrade') === undefined) {
    return refusal(plainStatus(url.replace(/^\w+:\/\/[^/]*/, '')));
  }
  const admission = bridge.admit(upgradeRequest(peer, header, bridge.settings.behindProxy));
  if (admission.status !== 101) return refusal(admission.status);
  // Deno does not look at these.
  const isStandard = header('sec-websocket-version') === '13' &&
    /^[A-Za-z\d+/]{22}==$/.test(header('sec-websocket-key') ?? '');
  const upgraded = isStandard ? upgrade(admission) : null;
  return upgraded === null ? refusal(400) : upgraded;
}

function refusal(status: number): WebResponse {
  return new Response(null, { status, headers: refusalHeaders });
}

/** The status of plain HTTP: there is a health check, and else nothing without an upgrade. */
export function plainStatus(path: string): 204 | 426 {
  return path === '/health' ? 204 : 426;
}

/**
 * What a request asks for.
 *
 * @param header Gives the header of a name in lower case.
 * @param behindProxy Whether the peer is a proxy that says whom it speaks for.
 */
export function upgradeRequest(
  peer: string,
  header: (name: string) => string | undefined,
  behindProxy: boolean,
): UpgradeRequest {
  // The last entry is the one that the proxy itself has added.
  const forwarded = behindProxy ? header('x-forwarded-for') : undefined;
  return {
    address: forwarded?.split(',').at(-1)?.trim() || peer,
    host: header('host'),
    origin: header('origin'),
    protocols: header('sec-websocket-protocol'),
  };
}
