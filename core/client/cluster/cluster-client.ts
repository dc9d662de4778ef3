// The methods of a client of many servers, over anything that knows its servers.
import { MemcacheError, UsageError } from '../../wire/errors.ts';
import type { ServerName } from '../connection/endpoint.ts';
import type { Expire } from '../expire.ts';
import type { ItemKey } from '../keys.ts';
import { Memcache } from '../memcache.ts';
import { type MemcacheDependencies, type Servers, withPrefix } from '../operation-context.ts';
import type { CallOptions, WriteOptions } from '../options.ts';
import type { StatValue } from '../results.ts';
import { ServerClient } from '../server-client.ts';
import type { ClusterServer } from './cluster-server.ts';

/** The result of each server by its name, or the error that it ended with. */
export type Each<Result> = Map<string, Result | MemcacheError>;

/**
 * A client of many servers: the operations on items, and those on the list of servers and on all
 * servers. The operations on one server are on `server(name)`.
 */
export class ClusterClient extends Memcache {
  /**
   * @param dependencies With `servers`, which must know the servers of the executor.
   *
   * @internal
   */
  constructor(dependencies: MemcacheDependencies & { readonly servers: Servers }) {
    super(dependencies);
  }

  /**
   * The same client with a prefix for every key, as in `Memcache`: each is on the server on which this
   * client has it. The operations on the servers concern all keys.
   *
   * @throws UsageError when the prefix breaks a rule.
   *
   * @example
   * ```ts
   * const users = client.withPrefix('user:');
   * console.log(users.serverOf('1') === client.serverOf('user:1')); // true
   * ```
   */
  override withPrefix(prefix: string): ClusterClient {
    return new ClusterClient(
      withPrefix({ ...this.dependencies, servers: serversOf(this) }, prefix),
    );
  }

  /** The names of the servers, in their order; none before a discovery has found them. */
  get servers(): string[] {
    return serversOf(this).names();
  }

  /**
   * A client of one of the servers, whether it is up or not. Closing it does nothing.
   *
   * @throws UsageError when there is no server of that name.
   *
   * @example
   * ```ts
   * const [name = ''] = client.servers;
   * await client.server(name).verbosity(1);
   * ```
   */
  server(name: string): ServerClient {
    return serverClient(this, name, this.dependencies.ignoreErrors);
  }

  /**
   * The name of the server that has a key now; undefined when all are dead, or none is known yet.
   *
   * @example
   * ```ts
   * const name = client.serverOf('user:1'); // 'a:11211'
   * ```
   */
  serverOf(key: ItemKey): string | undefined {
    return serversOf(this).serverOf(this.dependencies.keys.toWire(key));
  }

  /**
   * Adds a server at the end of the list. Keys that move to it are misses until they are stored
   * again.
   *
   * @throws UsageError when there is a server of that name, the scheme cannot have its weight, or
   * the servers come from a discovery.
   *
   * @example
   * ```ts
   * client.addServer('c:11211');
   * ```
   */
  addServer(server: ServerName | ClusterServer): void {
    serversOf(this).add(server);
  }

  /**
   * Removes a server: its keys move to the others.
   *
   * @returns Whether there was a server of that name, once its pending commands have ended.
   * @throws UsageError when the servers come from a discovery.
   *
   * @example
   * ```ts
   * const wasThere = await client.removeServer('b:11211');
   * ```
   */
  async removeServer(name: string): Promise<boolean> {
    return await serversOf(this).remove(name);
  }

  /**
   * The versions of all servers.
   *
   * @example
   * ```ts
   * for (const [server, version] of await client.version()) console.log(server, version);
   * ```
   */
  version(options: CallOptions = {}): Promise<Each<string>> {
    return askEach(this, options, (server, left) => server.version(left));
  }

  /**
   * The statistics of all servers; see `ServerClient.stats`.
   *
   * @example
   * ```ts
   * const all = await client.stats(); // of each server
   * ```
   */
  stats(
    words: readonly string[] = [],
    options: CallOptions = {},
  ): Promise<Each<Map<string, StatValue>>> {
    return askEach(this, options, (server, left) => server.stats(words, left));
  }

  /**
   * Deletes everything on all servers, now or after so many seconds.
   *
   * @returns The servers on which it was not done, each with its error: empty when all went well.
   *
   * @example
   * ```ts
   * await client.flushAll(); // every item of every server
   * ```
   */
  async flushAll(
    delay: Expire = 0,
    options: WriteOptions = {},
  ): Promise<Map<string, MemcacheError>> {
    const failed = new Map<string, MemcacheError>();
    const results = await askEach(this, options, (server, left) => server.flushAll(delay, left));
    for (const [name, error] of results) if (error !== undefined) failed.set(name, error);
    return failed;
  }
}

// These are functions, not private methods: a wrapper borrows the methods of the class.

function serversOf({ dependencies }: Memcache): Servers {
  return dependencies.servers!;
}

function serverClient(client: Memcache, name: string, ignoreErrors: boolean): ServerClient {
  const executor = serversOf(client).executorOf(name);
  const all = client.dependencies.statuses;
  const statuses = all && (() => all().filter((status) => status.name === name));
  const own = { ignoreErrors, executor, statuses, servers: undefined, isBorrowed: true };
  return new ServerClient({ ...client.dependencies, ...own });
}

async function askEach<Options extends CallOptions, Result>(
  client: Memcache,
  options: Options,
  ask: (server: ServerClient, options: Options) => Promise<Result>,
): Promise<Each<Result>> {
  const { ready, names } = serversOf(client);
  const left = await ready?.(options) ?? options;
  const one = async (name: string): Promise<[string, Result | MemcacheError]> => {
    try {
      return [name, await ask(serverClient(client, name, false), left)];
    } catch (error) {
      // A broken rule is the caller's fault, and no server's.
      if (!(error instanceof MemcacheError) || error instanceof UsageError) throw error;
      return [name, error];
    }
  };
  return new Map(await Promise.all(names().map(one)));
}
