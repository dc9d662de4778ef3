import type { ClientOptions } from '../../core/client/client-options.ts';
import type { OneServer } from '../../core/client/one-server.ts';
import type { Case } from '../case.ts';

/** A client to be judged, and the server behind it. */
export interface MemcacheContext {
  /** Makes a client; the case closes it. */
  readonly create: (options?: Omit<ClientOptions, 'dial'>) => OneServer;
  /** Lets seconds go by for the server. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Eight letters and digits that no other case uses, to make keys of. */
  readonly unique: () => string;
}

/** A case with a client and a key of its own. */
export function withClient(
  name: string,
  run: (client: OneServer, key: string, context: MemcacheContext) => Promise<void>,
  options: Omit<ClientOptions, 'dial'> = {},
): Case<MemcacheContext> {
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
export function withAdmin(...args: Parameters<typeof withClient>): Case<MemcacheContext> {
  return { ...withClient(...args), needs: ['admin'] };
}
