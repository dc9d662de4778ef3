// The bridge without its sockets.
import { checkServerTls, checkTls, toEndpoint } from '../client/connection/endpoint.ts';
import type { Dialer, Endpoint, Listener } from '../io/transport.ts';
import { UsageError } from '../wire/errors.ts';
import { Admission, type UpgradeAnswer, type UpgradeRequest } from './admission.ts';
import { type BridgeOptions, type BridgeSettings, bridgeSettings } from './options.ts';
import { BridgeSession, type BridgeSocket, type InFlight } from './session.ts';

/**
 * WebSockets in, memcached out, on every runtime. It has no socket of its own.
 *
 * A server calls `begin` for each connection, if its runtime reports connections before their first
 * request, `admit` for each upgrade request, and `accept` for each WebSocket that results from one.
 */
export class Bridge {
  // Private, so that no console shows the tokens and passwords.
  readonly #settings: BridgeSettings;
  readonly #admission: Admission;
  readonly #sessions: Set<BridgeSession> = new Set();
  readonly #inFlight: InFlight = { count: 0 };
  #nextId = 1;
  #closing: Promise<void> | null = null;
  #onEmpty: () => void = () => {};

  /**
   * Makes a bridge that listens nowhere yet.
   *
   * @throws UsageError naming the option that breaks a rule.
   */
  constructor(options: BridgeOptions & { readonly dial: Dialer }) {
    this.#settings = bridgeSettings(options);
    const { upstream, upstreamTls } = this.settings;
    if (upstreamTls !== undefined) checkTls(upstreamTls);
    toEndpoint(upstream, upstreamTls);
    this.#admission = new Admission(this.settings);
  }

  /** Its options, each checked and there. */
  get settings(): BridgeSettings {
    return this.#settings;
  }

  /** How many sockets are open. */
  get sockets(): number {
    return this.#sessions.size;
  }

  /**
   * Returns the place if the bridge may listen there: beyond the loopback it requires tokens, and TLS,
   * its own or that of a proxy in front of it.
   *
   * @throws UsageError naming the missing option.
   */
  checkPlace(at: Endpoint): Place {
    const { tokens, behindProxy } = this.settings;
    if ('path' in at) throw new UsageError('host', 'must be given: pages connect over TCP');
    // Some runtimes would serve without TLS.
    if (at.tls !== undefined) checkServerTls(at.tls);
    if (LOOPBACK.test(at.host)) return at;
    if (tokens.size === 0) throw new UsageError('tokens', `must be given to listen on ${at.host}`);
    if (at.tls === undefined && !behindProxy) {
      throw new UsageError('tls', `must be given to listen on ${at.host}, or behindProxy`);
    }
    return at;
  }

  /** See `Admission.begin`. */
  begin(address: string): (() => void) | null {
    return this.#admission.begin(address);
  }

  /** Decides on an upgrade request. */
  admit(request: UpgradeRequest): UpgradeAnswer {
    const admission: UpgradeAnswer = this.#closing === null
      ? this.#admission.judge(request)
      : { status: 503, why: CLOSING[1] };
    if (admission.status !== 101) {
      const { status, why } = admission;
      this.settings.log({ type: 'refused', address: request.address, status, why });
    }
    return admission;
  }

  /**
   * Serves a WebSocket that was admitted; null, and the socket is closed, when its tenant has too
   * many, or the bridge is closing.
   *
   * @param ping Sends a ping, whose answer goes to `onAlive`; null where the runtime sends pings and
   * closes sockets that do not answer them.
   */
  accept(
    socket: BridgeSocket,
    { address, origin, tenant }: UpgradeAnswer & { readonly status: 101 },
    ping: (() => void) | null,
  ): BridgeSession | null {
    // It may have been admitted before the bridge began to close.
    if (this.#closing !== null) {
      socket.refuse(...CLOSING);
      return null;
    }
    const leave = this.#admission.enter(tenant, address);
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
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#onEmpty();
      },
    });
    socket.onGone(leave);
    this.#sessions.add(session);
    return session;
  }

  /**
   * Admits no more sockets, and closes each when its commands are answered. Resolves when none is
   * left, or after `upstreamTimeout`: every command is answered by then, even if a slow page has not
   * read the reply.
   */
  close(): Promise<void> {
    return this.#closing ??= new Promise((resolve) => {
      const { clock, upstreamTimeout } = this.settings;
      const cancel = clock.after(upstreamTimeout, resolve);
      this.#onEmpty = () => {
        cancel();
        resolve();
      };
      for (const session of this.#sessions) session.close(...CLOSING);
      if (this.#sessions.size === 0) this.#onEmpty();
    });
  }
}

/** A bridge that listens. */
export interface RunningBridge extends Listener {
  /** Where it listens. */
  readonly endpoint: Place;
  /** What it runs. */
  readonly bridge: Bridge;
  /** Accepts no more connections; resolves when all commands are answered. See `Bridge.close`. */
  close(): Promise<void>;
}

/** Where a bridge listens: not a unix socket, whose clients have no addresses to distinguish them. */
export type Place = Extract<Endpoint, { readonly host: string }>;

const CLOSING = [1001, 'the bridge is closing'] as const;

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;
