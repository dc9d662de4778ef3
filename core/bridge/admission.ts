// Admission to a bridge: limits for connections, and the check of upgrade requests.
import { sameText } from '../wire/credentials.ts';
import { bearerProtocol, SUBPROTOCOL } from '../io/web-socket.ts';
import type { BridgeSettings } from './options.ts';
import { TokenBucket } from './token-bucket.ts';

/** The number of addresses whose wrong tokens and connections are remembered. */
const MAX_ADDRESSES = 10_000;

/** An HTTP request for an upgrade to a WebSocket. */
export interface UpgradeRequest {
  /** The address of the peer, or of the client that the proxy before the bridge names. */
  readonly address: string;
  /** The headers of these names; undefined where they are missing. */
  readonly host: string | undefined;
  /** The header `Origin`, which a page cannot forge; programs send none. */
  readonly origin: string | undefined;
  /** `Sec-WebSocket-Protocol`: `memcached`, and `bearer.<token>`. */
  readonly protocols: string | undefined;
}

/** The answer to an upgrade request. */
export type UpgradeAnswer =
  | {
    readonly status: 101;
    readonly address: string;
    readonly origin: string | null;
    readonly tenant: string | null;
  }
  | { readonly status: 400 | 401 | 403 | 429 | 503; readonly why: string };

/** Decides whether a connection, and then its upgrade request, is admitted. */
export class Admission {
  readonly #settings: BridgeSettings;
  // The bearer protocol of each tenant's token.
  readonly #bearers: ReadonlyMap<string, string>;
  readonly #failures: Map<string, TokenBucket> = new Map();
  readonly #waiting: Map<string, number> = new Map();
  readonly #arrivals: Map<string, TokenBucket> = new Map();
  readonly #inside: Map<string | null, number> = new Map();
  readonly #insideByAddress: Map<string, number> = new Map();

  constructor(settings: BridgeSettings) {
    this.#settings = settings;
    this.#bearers = new Map([...settings.tokens].map(([name, token]) => [
      name,
      bearerProtocol(token),
    ]));
  }

  /**
   * Counts an accepted connection that has not sent its request. Returns a function to call when the
   * request has arrived or the connection has closed; null if its address has too many of them.
   */
  begin(address: string): (() => void) | null {
    const { maxHandshakes, behindProxy } = this.#settings;
    // Behind a proxy all clients have the proxy's address; it is for the proxy to count them.
    if (behindProxy) return () => {};
    if (!this.#mayArrive(address)) return null;
    return enter(this.#waiting, address, maxHandshakes);
  }

  /** Judges a request; changes nothing but the counts of connections and of wrong tokens. */
  judge(request: UpgradeRequest): UpgradeAnswer {
    const { address, origin } = request;
    const { hosts, origins, tokens, behindProxy } = this.#settings;
    // Behind a proxy the client's address is known only from the request.
    if (behindProxy && !this.#mayArrive(address)) {
      return { status: 429, why: 'too many connections' };
    }
    const host = (request.host ?? '').toLowerCase().replace(/:\d+$/, '');
    // After DNS rebinding the `Host` header is still the name of the other site.
    if (!hosts.has(host)) return { status: 403, why: 'the host is not one of this bridge' };
    const offered = (request.protocols ?? '').split(',').map((word) => word.trim());
    if (!offered.includes(SUBPROTOCOL)) {
      return { status: 400, why: `the subprotocol ${SUBPROTOCOL} is not offered` };
    }
    let tenant: string | null = null;
    if (tokens.size > 0) {
      if (this.#hasFailed(address)) return { status: 429, why: 'too many wrong tokens' };
      tenant = this.#tenant(offered);
      if (tenant === null) {
        this.#fail(address);
        return { status: 401, why: 'the token is missing or wrong' };
      }
    }
    const isPage = origin !== undefined && origin !== 'null';
    if (isPage ? !origins.has(origin) : tenant === null) {
      return { status: 403, why: isPage ? 'the origin is not allowed' : 'there is no origin' };
    }
    return { status: 101, address, origin: isPage ? origin : null, tenant };
  }

  /** Counts a socket; returns a function to call when it has closed, null if there are too many. */
  enter(tenant: string | null, address: string): (() => void) | null {
    const { maxSockets, maxSocketsPerAddress } = this.#settings;
    const leaveAddress = enter(this.#insideByAddress, address, maxSocketsPerAddress);
    if (leaveAddress === null) return null;
    const leaveTenant = enter(this.#inside, tenant, maxSockets);
    if (leaveTenant === null) {
      leaveAddress();
      return null;
    }
    return () => {
      leaveAddress();
      leaveTenant();
    };
  }

  // Compares with every token, even after a match, so that its duration reveals nothing.
  #tenant(offered: readonly string[]): string | null {
    let found: string | null = null;
    for (const [name, bearer] of this.#bearers) {
      for (const word of offered) if (sameText(bearer, word)) found = name;
    }
    return found;
  }

  #hasFailed(address: string): boolean {
    const bucket = this.#failures.get(address);
    return bucket !== undefined && bucket.wait(this.#settings.clock.elapsed()) > 0;
  }

  #fail(address: string): void {
    const { maxFailures, clock } = this.#settings;
    const make = (): TokenBucket => new TokenBucket(maxFailures, maxFailures / 60, clock.elapsed());
    recall(this.#failures, address, make).take(clock.elapsed());
  }

  // Counts a connection of an address.
  #mayArrive(address: string): boolean {
    const { connectRate, clock } = this.#settings;
    const make = (): TokenBucket => new TokenBucket(connectRate, connectRate, clock.elapsed());
    return recall(this.#arrivals, address, make).take(clock.elapsed());
  }
}

// The bucket of an address. The least recently used one is forgotten first.
function recall(
  buckets: Map<string, TokenBucket>,
  address: string,
  make: () => TokenBucket,
): TokenBucket {
  const bucket = buckets.get(address) ?? make();
  buckets.delete(address);
  buckets.set(address, bucket);
  if (buckets.size > MAX_ADDRESSES) {
    for (const oldest of buckets.keys()) {
      buckets.delete(oldest);
      break;
    }
  }
  return bucket;
}

function enter<Name>(counts: Map<Name, number>, name: Name, limit: number): (() => void) | null {
  const count = counts.get(name) ?? 0;
  if (count >= limit) return null;
  counts.set(name, count + 1);
  let left = false;
  return () => {
    if (left) return;
    left = true;
    const rest = (counts.get(name) ?? 0) - 1;
    if (rest > 0) counts.set(name, rest);
    else counts.delete(name);
  };
}
