// Admission to a bridge: limits for connections, and the check of upgrade requests.
import { sameText } from '../wire/credentials.ts';
import { bearerProtocol, SUBPROTOCOL } from '../io/web-socket.ts';
import type { BridgeSettings } from './options.ts';
import { TokenBucket } from './token-bucket.ts';

/** How many addresses are remembered, for their wrong tokens and for their connections. */
const MAX_ADDRESSES = 10_000;

/** An HTTP request that asks to become a WebSocket. */
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

/** The answer to one. */
export type UpgradeAnswer =
  | {
    readonly status: 101;
    readonly address: string;
    readonly origin: string | null;
    readonly tenant: string | null;
  }
  | { readonly status: 400 | 401 | 403 | 429 | 503; readonly why: string };

/** Decides whether a connection, and then its upgrade request, is let in. */
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
   * A connection was accepted that has not sent its request. Returns a function to call when the
   * request has come or the connection is gone; null when its address has too many of them.
   */
  begin(address: string): (() => void) | null {
    const { maxHandshakes, behindProxy } = this.#settings;
    // All of a proxy's clients come from its one address; to count them is the proxy's part.
    if (behindProxy) return () => {};
    if (!this.#mayArrive(address)) return null;
    return enter(this.#waiting, address, maxHandshakes);
  }

  /** Judges a request; changes nothing but the counts of connections and of wrong tokens. */
  judge(request: UpgradeRequest): UpgradeAnswer {
    const { address, origin } = request;
    const { hosts, origins, tokens, behindProxy } = this.#settings;
    // Of a proxy's clients there is an address with the request, and not before it.
    if (behindProxy && !this.#mayArrive(address)) {
      return { status: 429, why: 'too many connections' };
    }
    const host = (request.host ?? '').toLowerCase().replace(/:\d+$/, '');
    // A page of another name that was made to lead here (DNS rebinding) still says that name.
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

  // Compares with every token, whichever fits, so that the time it takes tells nothing.
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

// The bucket of an address. The last to be asked for is the last to be forgotten.
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
