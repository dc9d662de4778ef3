// The server of the fault cases.
import { Server } from '../../core/server/serve.ts';
import type { ServerOptions } from '../../core/server/options.ts';
import type { Accept, Transport } from '../../core/io/transport.ts';
import { bytes, text } from '../assert.ts';

/** What happens to the replies of a server. */
export type Fault = 'late' | 'lost' | 'nonsense' | 'of another key';

/** A server whose replies can be made late, lost or wrong. */
export class FaultyServer {
  /** How many connections there were. */
  connections = 0;
  readonly #server: Server;
  #fault: Fault | null = null;
  // Replies that are late, and the callback for the next one.
  #held: (() => void)[] = [];
  #onHeld: (() => void) | null = null;

  constructor(options: Partial<ServerOptions> = {}) {
    this.#server = new Server(options);
  }

  readonly accept: Accept = (transport, address) => {
    this.connections++;
    const faulty: Transport = {
      send: (reply) => this.#send(transport, reply),
      pause: () => transport.pause(),
      resume: () => transport.resume(),
      close: () => transport.close(),
      abort: () => transport.abort(),
    };
    return this.#server.accept(faulty, address);
  };

  /** Sets the fault of all replies from now on. */
  fail(fault: Fault): void {
    this.#fault = fault;
  }

  /** Resolves when the next reply is held back: its request has been executed by then. */
  late(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHeld = resolve;
    });
  }

  /** Ends the fault, and sends the late replies. */
  recover(): void {
    this.#fault = null;
    for (const send of this.#held.splice(0)) send();
  }

  #send(transport: Transport, reply: Uint8Array): number {
    switch (this.#fault) {
      case null:
        return transport.send(reply);
      case 'late':
        this.#held.push(() => transport.send(reply));
        this.#onHeld?.();
        break;
      case 'lost':
        transport.abort();
        break;
      case 'nonsense':
        transport.send(bytes('NONSENSE\r\n'));
        break;
      case 'of another key':
        // A classic reply is matched by its key, a meta reply by its opaque.
        transport.send(bytes(text(reply).replace(/^(VALUE |VA .* O)\S/m, '$1z')));
    }
    return reply.length;
  }
}
