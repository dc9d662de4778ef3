// A bridge that listens with a runtime's sockets.
import type {
  Accept,
  Arrive,
  Dialer,
  Endpoint,
  Listener,
  ListenOptions,
  Transport,
  TransportEvents,
} from '../io/transport.ts';
import { withoutKey } from '../client/connection/endpoint.ts';
import { Bridge, type Place, type RunningBridge } from './bridge.ts';
import { type Digest, Guest } from './guest.ts';
import type { BridgeOptions } from './options.ts';

/** The functions of a runtime that a bridge needs. */
export interface BridgeRuntime {
  /** Listens for connections. */
  listen(at: Place, accept: Accept, options: ListenOptions): Promise<Listener>;
  /** Connects to the upstream. */
  readonly dial: Dialer;
  /** SHA-1 and SHA-256, of the WebSocket handshake and of tokens. */
  readonly digest: Digest;
}

/**
 * Listens for WebSockets and connects each to the upstream.
 *
 * @throws UsageError naming the option that breaks a rule, or that is required to listen there.
 */
export async function listenBridgeOn(
  runtime: BridgeRuntime,
  place: Endpoint,
  options: BridgeOptions,
): Promise<RunningBridge> {
  const bridge = new Bridge({ ...options, dial: options.dial ?? runtime.dial });
  const at = bridge.checkPlace(place);
  const guests = new Guests(bridge, runtime.digest);
  const listener = await runtime.listen(at, guests.accept, guests);
  const { endpoint } = listener;
  let closing: Promise<unknown> | null = null;
  return {
    bridge,
    endpoint: withoutKey({ ...at, port: 'port' in endpoint ? endpoint.port : at.port }),
    async close() {
      if (closing === null) {
        closing = Promise.all([bridge.close(), listener.close()]);
        guests.close();
      }
      await closing;
    },
  };
}

/** The connections to a bridge that have not become WebSockets. */
class Guests {
  readonly #bridge: Bridge;
  readonly #digest: Digest;
  // Functions that abort them.
  readonly #waiting: Set<() => void> = new Set();
  // Those in their TLS handshake, by address and port: after it the runtime gives another socket.
  readonly #arrived: Map<string, () => void> = new Map();

  constructor(bridge: Bridge, digest: Digest) {
    this.#bridge = bridge;
    this.#digest = digest;
  }

  readonly arrive: Arrive = (name, drop) => {
    const leave = this.#begin(name, drop);
    this.#arrived.set(name, leave);
    return () => {
      if (this.#arrived.get(name) === leave) this.#arrived.delete(name);
      leave();
    };
  };

  readonly accept: Accept = (transport: Transport, name: string): TransportEvents => {
    const leave = this.#arrived.get(name) ?? this.#begin(name, () => transport.abort());
    this.#arrived.delete(name);
    return new Guest(this.#bridge, transport, hostOf(name), this.#digest, leave);
  };

  /** Cuts all of them off. */
  close(): void {
    for (const drop of this.#waiting) drop();
  }

  // Returns a function to call when it no longer waits for its upgrade.
  #begin(name: string, drop: () => void): () => void {
    const end = this.#bridge.begin(hostOf(name));
    if (end === null) {
      drop();
      return () => {};
    }
    const { clock, handshakeTimeout } = this.#bridge.settings;
    const cancel = clock.after(handshakeTimeout, drop);
    this.#waiting.add(drop);
    return () => {
      this.#waiting.delete(drop);
      cancel();
      end();
    };
  }
}

/** The host in the address that `Accept` gets: `tcp:192.0.2.7:4000`. */
function hostOf(name: string): string {
  return name.replace(/^tcp:/, '').replace(/:\d+$/, '');
}
