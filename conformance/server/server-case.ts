import type { Dialer, Endpoint } from '../../core/transport.ts';
import type { Case } from '../case.ts';
import { RawConnection } from './raw-connection.ts';

/** A server to be judged from outside. */
export interface ServerContext {
  readonly dial: Dialer;
  readonly endpoint: Endpoint;
  /** Whether it has what memcached has since this version. */
  readonly since: (version: string) => boolean;
  /** Lets seconds go by for the server. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Eight letters and digits that no other case uses, to make keys of. */
  readonly unique: () => string;
}

/**
 * What is sent, and what must come back: all of it, or a pattern for it. `{k}` in either stands for
 * a key of this case alone. `CLOSED` says that the server then closes.
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

/** The same for what newer servers have; older ones give other answers, which must not change. */
export function talkSince(
  version: string,
  name: string,
  steps: readonly Step[],
  before: readonly Step[],
): Case<ServerContext> {
  return {
    name: `${name} (since ${version})`,
    run: (context) => converse(context, context.since(version) ? steps : before),
  };
}

async function converse(context: ServerContext, steps: readonly Step[]): Promise<void> {
  const key = context.unique();
  const own = (text: string): string => text.replaceAll('{k}', key);
  const connection = await RawConnection.open(context.dial, context.endpoint);
  try {
    let open = true;
    for (const [send, expected] of steps) {
      connection.send(own(send));
      // A server may still be busy with the dump before: asked again, it will not be for ever.
      while (send.startsWith('lru_crawler m') && await connection.skips(/BUSY [^\n]*\r\n/)) {
        connection.send(own(send));
      }
      if (expected === CLOSED) {
        await connection.end();
        open = false;
      } else if (typeof expected === 'string') await connection.expect(own(expected));
      else await connection.match(new RegExp(own(expected.source), expected.flags));
    }
    if (!open) return;
    // Nothing more may come: a server that says too much is as wrong as one that says too little.
    connection.send('mn\r\n');
    await connection.expect('MN\r\n');
  } finally {
    connection.close();
  }
}
