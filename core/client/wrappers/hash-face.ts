import { MemcacheError, UsageError } from '../../wire/errors.ts';
import type { Executor } from '../connection/executor.ts';
import type { Each, HashClient } from '../cluster/hash-client.ts';
import type { Memcache } from '../memcache.ts';
import type { CallOptions, WriteOptions } from '../options.ts';
import { ServerClient } from '../server-client.ts';

/** What a `HashClient` has beside the operations on items. */
export type HashFace = Pick<
  HashClient,
  | 'servers'
  | 'server'
  | 'serverOf'
  | 'addServer'
  | 'removeServer'
  | 'version'
  | 'stats'
  | 'flushAll'
>;

/**
 * The face that a wrapper keeps of the client that it wraps: a `HashClient`'s, a `ServerClient`'s, else
 * the operations on items.
 */
export type FaceOf<Client extends Memcache> = Client extends HashFace ? Memcache & HashFace
  : Client extends ServerClient ? ServerClient
  : Memcache;

/**
 * Gives a wrapper the face of the client that it wraps, where that is of many servers: what asks all
 * of them takes the place of what asks the one.
 *
 * @param around Makes of the executor of a server the one that is used.
 */
export function keepFace(
  wrapper: Memcache,
  client: Memcache,
  around: (executor: Executor) => Executor,
): void {
  if (!isOfMany(client)) return;
  Object.defineProperties(
    wrapper,
    Object.getOwnPropertyDescriptors(faceOf(wrapper, client, around)),
  );
}

function isOfMany(client: Memcache): client is Memcache & HashFace {
  return 'serverOf' in client;
}

// The wrapper's face: what the client does itself, and what asks its servers.
function faceOf(
  wrapper: Memcache,
  client: Memcache & HashFace,
  around: (executor: Executor) => Executor,
): HashFace {
  const server = (name: string, ignoreErrors: boolean): ServerClient => {
    const { dependencies } = client.server(name);
    return new ServerClient({
      ...dependencies,
      ignoreErrors,
      executor: around(dependencies.executor),
    });
  };
  const each = async <Options extends CallOptions, Result>(
    options: Options,
    ask: (server: ServerClient, options: Options) => Promise<Result>,
  ): Promise<Each<Result>> => {
    const left = await wrapper.dependencies.ready?.(options) ?? options;
    const one = async (name: string): Promise<[string, Result | MemcacheError]> => {
      try {
        return [name, await ask(server(name, false), left)];
      } catch (error) {
        // A broken rule is the caller's fault, and no server's.
        if (!(error instanceof MemcacheError) || error instanceof UsageError) throw error;
        return [name, error];
      }
    };
    return new Map(await Promise.all(client.servers.map(one)));
  };
  return {
    get servers() {
      return client.servers;
    },
    server: (name) => server(name, client.dependencies.ignoreErrors),
    serverOf: (key) => client.serverOf(key),
    addServer: (added) => client.addServer(added),
    removeServer: (name) => client.removeServer(name),
    version(options: CallOptions = {}) {
      return each(options, (one, left) => one.version(left));
    },
    stats(words: readonly string[] = [], options: CallOptions = {}) {
      return each(options, (one, left) => one.stats(words, left));
    },
    async flushAll(delay = 0, options: WriteOptions = {}) {
      const failed = new Map<string, MemcacheError>();
      for (const [name, error] of await each(options, (one, left) => one.flushAll(delay, left))) {
        if (error !== undefined) failed.set(name, error);
      }
      return failed;
    },
  };
}
