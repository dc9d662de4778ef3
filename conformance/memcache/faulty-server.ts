import { Server } from '../../core/server/serve.ts';
import type { ServerOptions } from '../../core/server/options.ts';
import type { Accept, Transport } from '../../core/io/transport.ts';
import { bytes, text } from '../assert.ts';

/** What becomes of the replies of a server. */
export type Fault = 'late' | 'lost' | 'nonsense' | 'of another key';

/** A server that is right until it is told to be wrong. */
export class FaultyServer {
  /** How many connections there were. */
  connections = 0;
  readonly #server: Server;
  #fault: Fault | null = null;
  // Replies that are late, and who waits for there to be one.
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

  /** What is wrong from now on. */
  fail(fault: Fault): void {
    this.#fault = fault;
  }

  /** Settles when the next reply is kept back: its request has been carried out by then. */
  late(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHeld = resolve;
    });
  }

  /** Is right again; what was late comes now. */
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
        // Of a classic reply the key says whose it is, of a meta one the opaque.
        transport.send(bytes(text(reply).replace(/^(VALUE |VA .* O)\S/m, '$1z')));
    }
    return reply.length;
  }
}
