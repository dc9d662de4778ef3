/** Sessions of Express in memcached: `session({ store: sessionStore(session.Store, client) })`. */
import type { Memcache } from '../core/client/memcache.ts';
import { checkStoreKeyOptions, Namespace, type StoreKeyOptions, toExpire } from './namespace.ts';

export type { StoreKeyOptions } from './namespace.ts';

/** The options of `sessionStore`. */
export interface SessionStoreOptions extends StoreKeyOptions {
  /**
   * Seconds that a session lives whose cookie has no end.
   *
   * @default 86400
   */
  readonly ttl?: number | undefined;
}

/** What a session has that this store reads. */
export interface StoredSession {
  /** Its cookie; the session ends when that does. */
  readonly cookie?: { readonly expires?: Date | string | null | undefined } | undefined;
}

/** Gets the result of a call, or its error. */
export type SessionCallback<Result = never> = (error?: unknown, result?: Result | null) => void;

/** What express-session calls. Without `all`, `ids` and `length`: memcached lists no keys. */
export interface SessionMethods {
  /** Gives the session, or null. */
  get(id: string, callback: SessionCallback<StoredSession>): void;
  /** Stores a session, as JSON, until its cookie ends. */
  set(id: string, session: StoredSession, callback?: SessionCallback): void;
  /** Moves the end of a session to that of its cookie, without sending it. */
  touch(id: string, session: StoredSession, callback?: SessionCallback): void;
  /** Deletes a session. */
  destroy(id: string, callback?: SessionCallback): void;
  /** Ends all sessions, or gives a UsageError where the store is not `clearable`. */
  clear(callback?: SessionCallback): void;
}

/**
 * Makes a store for express-session. It does not close the client, which others may use.
 *
 * The errors of calls are those of the client; express-session gives them to `next`.
 *
 * @param Store The class `Store` of express-session, which the store is an instance of.
 * @param client Any client: of one server or many, retrying or not.
 * @param options The prefix is `sess:` by default, and `clearable` false: sessions on many servers
 * would all depend on the one with their generation.
 * @throws UsageError for an option that it does not know.
 *
 * @example
 * ```ts
 * const store = sessionStore(session.Store, new Client('localhost:11211'));
 * app.use(session({ store, secret, resave: false, saveUninitialized: false }));
 * ```
 */
export function sessionStore<Store extends object>(
  Store: abstract new () => Store,
  client: Memcache,
  options: SessionStoreOptions = {},
): Store & SessionMethods {
  checkStoreKeyOptions(options, ['ttl']);
  const { prefix = 'sess:', clearable = false, ttl = 86_400 } = options;
  const namespace = new Namespace(client, prefix, clearable);
  const expireOf = ({ cookie }: StoredSession) => {
    const end = new Date(cookie?.expires ?? NaN).getTime();
    // A date that is none is express-session's to report.
    const left = Number.isNaN(end) ? ttl * 1000 : end - client.dependencies.clock.now();
    return toExpire(client, left);
  };
  const methods: SessionMethods = {
    get(id, callback) {
      answer(read(id), callback);
    },
    set(id, session, callback) {
      answer(write(id, session), callback);
    },
    touch(id, session, callback) {
      answer(
        namespace.useKey(id, (wire) => client.touch(wire, expireOf(session))).then(nothing),
        callback,
      );
    },
    destroy(id, callback) {
      answer(namespace.useKey(id, (wire) => client.delete(wire)).then(nothing), callback);
    },
    clear(callback) {
      answer(namespace.clear().then(nothing), callback);
    },
  };
  async function read(id: string): Promise<StoredSession | null> {
    const text = await namespace.useKey(id, (wire) => client.get<string>(wire));
    return text === undefined ? null : JSON.parse(text) as StoredSession;
  }
  async function write(id: string, session: StoredSession): Promise<null> {
    const text = JSON.stringify(session);
    await namespace.useKey(id, (wire) => client.set(wire, text, { expire: expireOf(session) }));
    return null;
  }
  const store: Store = Reflect.construct(Store, []) as Store;
  return Object.assign(store, methods);
}

function nothing(): null {
  return null;
}

/** An exception of the callback surfaces as an unhandled rejection, not as a second call. */
function answer<Result>(
  result: Promise<Result | null>,
  callback: SessionCallback<Result> | undefined,
): void {
  void result.then(
    (value) => callback?.(null, value),
    (error: unknown) => callback?.(error),
  );
}
