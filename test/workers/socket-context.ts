// The context of the transport cases where sockets can only be dialed: they meet at an exchange.
import { equal } from '../../conformance/assert.ts';
import type { HalfCloseTransportContext } from '../../conformance/mod.ts';
import { never } from '../../conformance/transport/context.ts';
import { TestEvents } from '../../conformance/transport/peer.ts';
import type { Accept, Dialer, Listener, Transport } from '../../core/io/transport.ts';

const at = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });

/**
 * @param dial Connects without TLS.
 * @param ports The port of the exchange, and one where nothing listens.
 * @param kind What the ports of `listen` speak: see `startSocketExchange`.
 * @param over The dialer under test, where it is another.
 */
export function socketContext(
  dial: Dialer,
  ports: { readonly exchange: number; readonly nowhere: number },
  kind = 'tcp',
  over: Dialer = dial,
): HalfCloseTransportContext {
  const order = (line: string): Promise<Order> => Order.send(dial, ports.exchange, line);
  return {
    dial: over,
    listen: async (accept) => await listen(dial, await order(`listen ${kind}`), accept),
    nowhere: at(ports.nowhere),
    async listenAndEnd(words) {
      const owner = await order(`end ${kind} ${words}`);
      return {
        endpoint: at(await owner.answer()),
        heard: owner.answer().then((count) => new Uint8Array(count)),
        close: () => Promise.resolve(),
      };
    },
    async dialAndEnd(to, words) {
      const port = 'port' in to ? to.port : 0;
      return new Uint8Array(await (await order(`dial ${kind} ${port} ${words}`)).answer());
    },
  };
}

async function listen(dial: Dialer, owner: Order, accept: Accept): Promise<Listener> {
  const endpoint = at(await owner.answer());
  void (async () => {
    for (let port = await owner.answer(); port > 0; port = await owner.answer()) {
      const late = new LateTransport();
      late.attach(await dial(at(port), accept(late, 'socket'), never()));
    }
  })();
  return {
    endpoint,
    async close() {
      owner.events.send('close\n');
      equal(await owner.events.closed, null);
    },
  };
}

/** An order to the exchange, and its answers. */
class Order {
  readonly events: TestEvents;

  private constructor(events: TestEvents) {
    this.events = events;
  }

  static async send(dial: Dialer, port: number, line: string): Promise<Order> {
    const events = new TestEvents();
    events.transport = await dial(at(port), events, never());
    events.send(`${line}\n`);
    return new Order(events);
  }

  /** The next number; 0 at the end. */
  async answer(): Promise<number> {
    let digits = '';
    for (;;) {
      const digit = await this.events.read(1);
      if (digit === '\n' || digit === '') return Number(digits);
      digits += digit;
    }
  }
}

/** A transport that is still being dialed: an accepted one speaks before its owner listens. */
class LateTransport implements Transport {
  #transport: Transport | null = null;
  #calls: ((transport: Transport) => void)[] = [];

  attach(transport: Transport): void {
    this.#transport = transport;
    for (const call of this.#calls) call(transport);
  }

  send(bytes: Uint8Array): number {
    if (this.#transport !== null) return this.#transport.send(bytes);
    this.#calls.push((transport) => transport.send(bytes));
    return bytes.length;
  }

  pause(): void {
    this.#call((transport) => transport.pause());
  }

  resume(): void {
    this.#call((transport) => transport.resume());
  }

  close(): void {
    this.#call((transport) => transport.close());
  }

  abort(): void {
    this.#call((transport) => transport.abort());
  }

  #call(call: (transport: Transport) => void): void {
    if (this.#transport === null) this.#calls.push(call);
    else call(this.#transport);
  }
}
