/** Sessions of React Router and Remix in memcached, for their `createSessionStorage`. */
import type { Memcache } from '../core/client/memcache.ts';
import { assertArgument, checkKnown } from '../core/wire/check.ts';
import { toExpire, toKey } from './namespace.ts';

/** The options of `sessionStrategy`. */
export interface SessionStrategyOptions {
  /**
   * The beginning of each key.
   *
   * @default 'session:'
   */
  readonly prefix?: string | undefined;
  /**
   * Seconds that a session lives whose cookie has no end.
   *
   * @default 86400
   */
  readonly ttl?: number | undefined;
}

const names = /* @__PURE__ */ new Set(['prefix', 'ttl']);

/** What `createSessionStorage` calls. Its functions reject as the methods of the client do. */
export interface SessionStrategy {
  /** Stores a new session, and returns its id, which is random. */
  createData(data: unknown, expires?: Date): Promise<string>;
  /** The data of a session, or null. */
  readData<Data>(id: string): Promise<Data | null>;
  /** Stores the data of a session, until its cookie ends, also if the session has ended. */
  updateData(id: string, data: unknown, expires?: Date): Promise<void>;
  /** Deletes a session. */
  deleteData(id: string): Promise<void>;
}

declare const crypto: { randomUUID(): string };

/**
 * Makes what `createSessionStorage` needs to keep sessions in memcached. It does not close the client,
 * which others may use.
 *
 * @param client Any client: of one server or many, retrying or not. Its serde stores the data of
 * sessions, and refuses what it cannot.
 * @throws UsageError for an option that it does not know.
 *
 * @example
 * ```ts
 * const client = new Client('localhost:11211');
 * const cookie = { name: '__session', secrets: ['a secret'], maxAge: 3600 };
 * const sessions = createSessionStorage({ cookie, ...sessionStrategy(client) });
 * const session = await sessions.getSession(request.headers.get('cookie'));
 * ```
 */
export function sessionStrategy(
  client: Memcache,
  options: SessionStrategyOptions = {},
): SessionStrategy {
  checkKnown('options', options, names);
  const { prefix = 'session:', ttl = 86_400 } = options;
  const keyOf = async (id: unknown): Promise<string> => {
    // A cookie that is not signed may have been made to hold anything.
    assertArgument(typeof id === 'string', 'id', 'must be text, as the cookie of a session has it');
    return prefix + await toKey(id);
  };
  const updateData = async (id: string, data: unknown, expires?: Date): Promise<void> => {
    const left = expires === undefined
      ? ttl * 1000
      : expires.getTime() - client.dependencies.clock.now();
    await client.set(await keyOf(id), data, { expire: toExpire(client, left) });
  };
  return {
    async createData(data, expires) {
      const id = crypto.randomUUID();
      await updateData(id, data, expires);
      return id;
    },
    readData: async <Data>(id: string) => await client.get<Data>(await keyOf(id)) ?? null,
    updateData,
    async deleteData(id) {
      await client.delete(await keyOf(id));
    },
  };
}
