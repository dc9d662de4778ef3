// A client as they are often written, to judge the fault cases by.
import type { Clock } from '../../core/io/clock.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import { type Accept, newAborter, type Transport } from '../../core/io/transport.ts';
import { fromLatin1, latin1 } from '../../core/wire/bytes.ts';
import { foreignClient, type JudgedClient } from '../../conformance/mod.ts';
import { cutReplies } from '../../conformance/faults/replies.ts';

/**
 * A flaw besides these: it takes replies in the order in which they arrive, believes them, does not
 * check what it sends, and takes an error for a miss.
 */
export type NaiveFlaw = 'none but these' | 'no end' | 'no dial' | 'many dials';

interface Waiter {
  readonly resolve: (reply: string) => void;
  readonly reject: (error: Error) => void;
}

interface Connection {
  readonly transport: Transport;
  readonly waiters: Waiter[];
  isClosed: boolean;
}

/** Makes such a client. */
export function naiveClient(
  accept: Accept,
  clock: Clock,
  timeout: number,
  flaw: NaiveFlaw,
): JudgedClient {
  const client = new NaiveClient(accept, clock, timeout, flaw);
  const value = (reply: string): string | undefined =>
    /^VALUE .*\r\n([^]*?)\r\n(END\r\n)?$/.exec(reply)?.[1];
  const get = async (key: unknown): Promise<unknown> =>
    value(await client.ask(`get ${String(key)}\r\n`));
  return foreignClient({
    get,
    async getMany(keys) {
      const found: Record<string, unknown> = {};
      for (const key of keys) found[String(key)] = await get(key);
      return new Map(Object.entries(found).filter(([, one]) => one !== undefined));
    },
    async set(key, stored) {
      const text = String(stored);
      await client.ask(`set ${String(key)} 0 0 ${text.length}\r\n${text}\r\n`);
      return true;
    },
    async incr(key, delta = 1) {
      const reply = await client.ask(`incr ${String(key)} ${delta}\r\n`);
      return /^\d+\r\n$/.test(reply) ? BigInt(reply.trimEnd()) : undefined;
    },
    delete: async (key) => (await client.ask(`delete ${String(key)}\r\n`)) === 'DELETED\r\n',
    close: () => client.close(),
  });
}

class NaiveClient {
  readonly #accept: Accept;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #flaw: NaiveFlaw;
  #connection: Promise<Connection> | null = null;
  #dials = 0;
  // Its flaw is that it outlives a connection.
  #received = '';

  constructor(accept: Accept, clock: Clock, timeout: number, flaw: NaiveFlaw) {
    this.#accept = accept;
    this.#clock = clock;
    this.#timeout = timeout;
    this.#flaw = flaw;
  }

  async ask(request: string): Promise<string> {
    const dials = this.#connection === null || this.#flaw === 'many dials';
    if (dials && this.#flaw === 'no dial' && this.#dials > 0) throw new Error('it is closed');
    if (dials) this.#connection = this.#dial();
    const { transport, waiters, isClosed } = await this.#connection!;
    if (isClosed && this.#flaw !== 'no end') throw new Error('it is closed');
    return await new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      waiters.push(waiter);
      transport.send(fromLatin1(unescape(encodeURIComponent(request))));
      if (this.#flaw === 'no end') return;
      this.#clock.after(this.#timeout, () => {
        const at = waiters.indexOf(waiter);
        if (at >= 0) waiters.splice(at, 1);
        reject(new Error('late'));
      });
    });
  }

  async close(): Promise<void> {
    (await this.#connection)?.transport.close();
  }

  async #dial(): Promise<Connection> {
    this.#dials++;
    const waiters: Waiter[] = [];
    const connection = { waiters, isClosed: false };
    const transport = await memoryDialer({ accept: this.#accept })({ path: '' }, {
      onData: (chunk) => {
        const { whole, rest } = cutReplies(this.#received + latin1(chunk));
        this.#received = rest;
        for (const reply of whole) waiters.shift()?.resolve(reply);
      },
      onDrain() {},
      onClosed: () => {
        connection.isClosed = true;
        if (this.#flaw !== 'many dials') this.#connection = null;
        if (this.#flaw === 'no end') return;
        for (const { reject } of waiters) reject(new Error('it was closed'));
      },
    }, newAborter().signal);
    return Object.assign(connection, { transport });
  }
}
