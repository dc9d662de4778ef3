// The context of the server cases, their features, and the ways to write one.
import type { Dialer, Endpoint } from '../../core/io/transport.ts';
import type { Case } from '../case.ts';
import { RawConnection } from './raw-connection.ts';
import { changes } from './since.ts';

/**
 * The optional features of a server, by the names in `needs`, with their meaning. A case without
 * needs changes only small items of its own.
 */
export const serverFeatures: Readonly<Record<string, string>> = {
  meta: 'the meta commands: mg ms md ma mn me',
  stats: 'statistics, which nobody else changes meanwhile, and logs to watch',
  limits: "memcached's limits: keys of 250 bytes, items of a mebibyte, lines of 2048 bytes",
  empty: 'nothing that matters is in it: it is flushed, filled and dumped',
  admin: 'its settings may be changed: memory, LRU, slabs, logging, counters',
};

/** The server under test, seen from outside. */
export interface ServerContext {
  /** How to connect to the server. */
  readonly dial: Dialer;
  /** Where the server is. */
  readonly endpoint: Endpoint;
  /**
   * The timeout of a connection, and of the next bytes of a reply; 10000 milliseconds by default.
   */
  readonly patience?: number | undefined;
  /**
   * Whether it behaves like memcached since this version; before it, other answers are accepted.
   *
   * @param row The change, by its name in this package's table of changes.
   */
  readonly since: (version: string, row: string) => boolean;
  /** Advances the server's clock by seconds. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Eight letters and digits that no other case uses, for keys. */
  readonly unique: () => string;
}

/**
 * A request, and its whole expected reply, or a pattern for it. `{k}` in either stands for a key of
 * this case alone. `CLOSED` means that the server then closes.
 */
export type Step = readonly [send: string, expected: string | RegExp | typeof CLOSED];

export const CLOSED: unique symbol = Symbol('closed');

/** A case in which bytes go to a server and bytes come back. */
export function talk(name: string, ...steps: Step[]): Case<ServerContext> {
  return {
    name,
    run: (context) => converse(context, steps),
  };
}

/**
 * The same for a change in newer servers, by its row in the table of changes. Older servers give
 * other answers, which must not change, or have it already.
 */
export function talkSince(
  row: string,
  name: string,
  steps: readonly Step[],
  before: readonly Step[],
): Case<ServerContext> {
  const since = changes[row]?.since ?? null;
  if (since === null) throw new Error(`no version of memcached has ${row}`);
  return {
    name: `${name} (since ${since})`,
    async run(context) {
      if (context.since(since, row)) return await converse(context, steps);
      try {
        await converse(context, before);
      } catch (error) {
        await converse(context, steps).catch(() => {
          throw error;
        });
      }
    },
  };
}

/** A case with a connection of its own. */
export function withConnection(
  name: string,
  run: (connection: RawConnection, context: ServerContext) => Promise<void>,
): Case<ServerContext> {
  return {
    name,
    async run(context) {
      const connection = await open(context);
      try {
        await run(connection, context);
      } finally {
        connection.close();
      }
    },
  };
}

/** A case in which the server's clock advances between two exchanges. */
export function withTime(
  name: string,
  before: readonly Step[],
  seconds: number,
  after: readonly Step[],
): Case<ServerContext> {
  return {
    name,
    async run(context) {
      const key = context.unique();
      const own = { ...context, unique: () => key };
      await converse(own, before);
      await context.pass(seconds);
      await converse(own, after);
    },
  };
}

/** Connects to the server of a case. */
export function open({ dial, endpoint, patience }: ServerContext): Promise<RawConnection> {
  return RawConnection.open(dial, endpoint, patience);
}

async function converse(context: ServerContext, steps: readonly Step[]): Promise<void> {
  const key = context.unique();
  const own = (text: string): string => text.replaceAll('{k}', key);
  const connection = await open(context);
  try {
    let open = true;
    for (const [send, expected] of steps) {
      connection.send(own(send));
      // A server may still be busy with the previous dump, or with a crawl of its own: retry until
      // it is not.
      while (send.startsWith('lru_crawler m') && await connection.skips(/BUSY [^\n]*\r\n/)) {
        await context.pass(1);
        connection.send(own(send));
      }
      if (expected === CLOSED) {
        await connection.end();
        open = false;
      } else if (typeof expected === 'string') await connection.expect(own(expected));
      else await connection.match(new RegExp(own(expected.source), expected.flags));
    }
    if (!open) return;
    // Nothing more may arrive: an extra reply is as wrong as a missing one.
    connection.send(`get ${key}-end\r\n`);
    await connection.expect('END\r\n');
  } finally {
    connection.close();
  }
}
