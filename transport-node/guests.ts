import type { Socket } from 'node:net';
import type { Bridge } from '../core/bridge/mod.ts';

/** The connections to a bridge that have not become WebSockets. */
export class Guests {
  readonly #bridge: Bridge;
  // By address and port: the socket that TLS gives is another one.
  readonly #leave: Map<string, () => void> = new Map();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Lets a connection in for as long as a handshake may take. */
  greet(socket: Socket): void {
    const knocked = this.#bridge.knock(socket.remoteAddress ?? '');
    if (knocked === null) {
      socket.destroy();
      return;
    }
    const { clock, handshakeTimeout } = this.#bridge.settings;
    const cancel = clock.after(handshakeTimeout, () => socket.destroy());
    const name = nameOf(socket);
    this.#leave.set(name, () => {
      this.#leave.delete(name);
      cancel();
      knocked();
    });
    socket.once('close', () => this.#leave.get(name)?.());
  }

  /** It has become a WebSocket. */
  seat(socket: Socket): void {
    this.#leave.get(nameOf(socket))?.();
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
