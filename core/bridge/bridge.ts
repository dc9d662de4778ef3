import { toEndpoint } from '../client/endpoint.ts';
import type { Dialer, Endpoint } from '../transport.ts';
import { UsageError } from '../wire/errors.ts';
import { type Admission, Door, type UpgradeRequest } from './door.ts';
import { type BridgeOptions, type BridgeSettings, bridgeSettings } from './options.ts';
import { BridgeSession, type BridgeSocket, type InFlight } from './session.ts';

/**
 * WebSockets in, memcached out: what every runtime's server of it shares. It has no socket of its
 * own.
 *
 * A server calls `knock` for each connection, `admit` for each request to upgrade, and `accept` for
 * each WebSocket that comes of one.
 */
export class Bridge {
  readonly settings: BridgeSettings;
  readonly #door: Door;
  readonly #sessions: Set<BridgeSession> = new Set();
  readonly #inFlight: InFlight = { count: 0 };
  #nextId = 1;

  /** @throws UsageError naming the option that breaks a rule. */
  constructor(options: BridgeOptions & { readonly dial: Dialer }) {
    this.settings = bridgeSettings(options);
    toEndpoint(this.settings.upstream, this.settings.upstreamTls);
    this.#door = new Door(this.settings);
  }

  /** How many sockets are open. */
  get sockets(): number {
    return this.#sessions.size;
  }

  /**
   * Gives the place back if the bridge may listen there: beyond the loopback it wants tokens, and
   * TLS, which may be that of the proxy before it.
   *
   * @throws UsageError that names what is missing.
   */
  checkPlace(at: Endpoint): Place {
    const { tokens, behindProxy } = this.settings;
    if ('path' in at) throw new UsageError('host', 'must be given: pages connect over TCP');
    if (LOOPBACK.test(at.host)) return at;
    if (tokens.size === 0) throw new UsageError('tokens', `must be given to listen on ${at.host}`);
    if (at.tls === undefined && !behindProxy) {
      throw new UsageError('tls', `must be given to listen on ${at.host}, or behindProxy`);
    }
    return at;
  }

  /** See `Door.knock`. */
  knock(address: string): (() => void) | null {
    return this.#door.knock(address);
  }

  /** Judges a request to upgrade. */
  admit(request: UpgradeRequest): Admission {
    const admission = this.#door.judge(request);
    if (admission.status !== 101) {
      const { status, why } = admission;
      this.settings.log({ type: 'refused', address: request.address, status, why });
    }
    return admission;
  }

  /**
   * Serves a WebSocket that was admitted; null, and the socket is closed, when its tenant has too
   * many.
   *
   * @param ping Sends a ping, whose answer goes to `onAlive`; null where the runtime does that.
   */
  accept(
    socket: BridgeSocket,
    { address, origin, tenant }: Admission & { readonly status: 101 },
    ping: (() => void) | null,
  ): BridgeSession | null {
    const leave = this.#door.enter(tenant);
    if (leave === null) {
      const why = 'too many sockets';
      this.settings.log({ type: 'refused', address, status: 503, why });
      socket.refuse(1013, why);
      return null;
    }
    const { settings } = this;
    const client = { id: this.#nextId++, address, origin, tenant };
    settings.log({ type: 'opened', client });
    const session: BridgeSession = new BridgeSession({
      settings,
      client,
      socket,
      ping,
      inFlight: this.#inFlight,
      onClosed: () => {
        leave();
        this.#sessions.delete(session);
      },
    });
    this.#sessions.add(session);
    return session;
  }

  /** Closes every socket when what it has asked for is answered. */
  close(): void {
    for (const session of this.#sessions) session.close(1001, 'the bridge is closing');
  }
}

/** Where a bridge listens: a unix socket has no address to tell one client from another. */
export type Place = Extract<Endpoint, { readonly host: string }>;

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
