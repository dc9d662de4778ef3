import type { ClientOptions } from '../../core/client/client-options.ts';
import type { Memcache } from '../../core/client/memcache.ts';
import type { OneServer } from '../../core/client/one-server.ts';
import type { Case } from '../case.ts';

/** A client to be judged, and the server behind it, or the servers. */
export interface MemcacheContext<Client extends Memcache = Memcache> {
  /** Makes a client; the case closes it. */
  readonly create: (options?: Omit<ClientOptions, 'dial'>) => Client;
  /** Lets seconds go by for the server. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Eight letters and digits that no other case uses, to make keys of. */
  readonly unique: () => string;
}

/** What needs a client of one server. */
export type OneServerContext = MemcacheContext<OneServer>;

/** A case with a client and a key of its own. */
export function withClient<Client extends Memcache = Memcache>(
  name: string,
  run: (client: Client, key: string, context: MemcacheContext<Client>) => Promise<void>,
  options: Omit<ClientOptions, 'dial'> = {},
): Case<MemcacheContext<Client>> {
  return {
    name,
    async run(context) {
      const client = context.create(options);
      try {
        await run(client, context.unique(), context);
      } finally {
        await client.close();
      }
    },
  };
}

/** A case that asks for the server's administration, which not everybody may have. */
export function withAdmin<Client extends Memcache = Memcache>(
  ...args: Parameters<typeof withClient<Client>>
): Case<MemcacheContext<Client>> {
  return { ...withClient(...args), needs: ['admin'] };
}
