// The context of the client cases, and their features.
import type { ClientOptions } from '../../core/client/options.ts';
import type { MetaCommands } from '../../core/client/meta/meta-commands.ts';
import type { ServerClient } from '../../core/client/server-client.ts';
import { awaitedLate } from '../assert.ts';
import type { Case } from '../case.ts';
import type { JudgedClient } from './judged-client.ts';

/**
 * The optional features of a client. A need of a case is one of these, a method of `JudgedClient`
 * other than `get`, `set`, `delete` and `close`, or an option of a call or of a client.
 */
export const memcacheFeatures: Readonly<Record<string, string>> = {
  bytes: 'stores a Uint8Array and gives it back as one',
  types: 'gives back numbers, booleans, null and objects as what they were',
  errors: "fails with this package's errors, each with its code, outcome and argument",
  'byte-keys': 'takes a Uint8Array for a key',
  'long-keys': 'takes keys of 250 bytes, as nobody on the way makes them longer',
  admin: 'may ask for statistics, dumps and a flush, and change settings',
};

/** The client under test, and the server or servers behind it. */
export interface MemcacheContext<Client extends JudgedClient = JudgedClient> {
  /** Makes a client, with only the options that the case needs; the case closes it. */
  readonly create: (options?: Omit<ClientOptions, 'dial'>) => Client;
  /** Advances the server's clock by seconds. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Eight letters and digits that no other case uses, to make keys of. */
  readonly unique: () => string;
}

/** The need of meta commands. */
export type MetaContext = MemcacheContext<JudgedClient & { readonly meta: MetaCommands }>;

/** The need of a client with one server. */
export type OneServerContext = MemcacheContext<ServerClient>;

/**
 * A case with a client and a key of its own.
 *
 * @param needs The methods and options that the case uses, and other features.
 * @param options The options of the client, which are added to the needs.
 */
export function withClient<Client extends JudgedClient = JudgedClient>(
  name: string,
  needs: readonly string[],
  run: (client: Client, key: string, context: MemcacheContext<Client>) => Promise<void>,
  options: Omit<ClientOptions, 'dial'> = {},
): Case<MemcacheContext<Client>> {
  return {
    name,
    needs: [...needs, ...Object.keys(options)],
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

/**
 * The same case without unhandled rejections: a broken client may reject promises that the case, as
 * it has failed, no longer awaits.
 */
export function guarded<Client extends JudgedClient>(
  one: Case<MemcacheContext<Client>>,
): Case<MemcacheContext<Client>> {
  return {
    ...one,
    run: (context) =>
      one.run({ ...context, create: (options) => guardClient(context.create(options)) }),
  };
}

/** The methods that return something with methods of its own. */
const makers: readonly (string | symbol)[] = ['cache', 'namespace', 'withPrefix'];

/** The same client, whose promises may be awaited late, or never. */
export function guardClient<Client extends object>(client: Client): Client {
  return new Proxy(client, {
    get(target, property): unknown {
      const found: unknown = Reflect.get(target, property);
      // `client.meta` has methods, too.
      if (typeof found === 'object' && found !== null) return guardClient(found);
      if (typeof found !== 'function') return found;
      return (...words: unknown[]): unknown => {
        const result: unknown = Reflect.apply(found, target, words);
        if (result instanceof Promise) return awaitedLate(result);
        const isClient = makers.includes(property) && typeof result === 'object' && result !== null;
        return isClient ? guardClient(result) : result;
      };
    },
  });
}
