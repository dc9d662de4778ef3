// The context of the field cases, and their parts.
import type { ClientOptions } from '../../core/client/options.ts';
import type { MetaCommands } from '../../core/client/meta/meta-commands.ts';
import { systemClock } from '../../core/io/clock.ts';
import type { Accept } from '../../core/io/transport.ts';
import { equal, text } from '../assert.ts';
import type { Case } from '../case.ts';
import type { ServerModel } from '../servers/model.ts';
import { ModelServer } from '../servers/model-server.ts';
import { serverModels } from '../servers/models.ts';
import { guardClient } from './context.ts';
import type { JudgedClient } from './judged-client.ts';

/** The client under test, for cases with older servers and proxies. */
export interface FieldContext {
  /**
   * Makes a client of the server that accepts these connections, with default options except these;
   * the case closes it.
   */
  readonly createFor: (
    accept: Accept,
    options: Omit<ClientOptions, 'dial'>,
  ) => FieldClient | Promise<FieldClient>;
  /** Eight letters and digits that no other case uses, for keys. */
  readonly unique: () => string;
}

/** A client that may have meta commands; a case that uses them declares that in `needs`. */
export type FieldClient = JudgedClient & { readonly meta?: MetaCommands | undefined };

export interface Scene {
  readonly client: FieldClient;
  readonly server: ModelServer;
  readonly key: string;
  /** Makes another client of the same server. */
  readonly another: () => Promise<FieldClient>;
}

/** A case with a server of this model, a client and a key. */
export function withModel(
  model: ServerModel,
  name: string,
  needs: readonly string[],
  run: (scene: Scene) => Promise<void>,
  options: Omit<ClientOptions, 'dial'> = {},
): Case<FieldContext> {
  return {
    name: `${model.name}: ${name}`,
    needs: [...needs, ...Object.keys(options)],
    async run({ createFor, unique }) {
      const server = new ModelServer(model);
      const clients: FieldClient[] = [];
      const another = async (): Promise<FieldClient> => {
        const client = guardClient(await createFor(server.accept, options));
        clients.push(client);
        return client;
      };
      try {
        await run({ client: await another(), server, key: unique(), another });
      } finally {
        await Promise.all(clients.map((client) => client.close()));
      }
    },
  };
}

/** Values that do harm if a server reads each of their lines as a command. */
export const hostile: readonly string[] = [
  'flush_all',
  'set evil 0 0 3\r\nbad',
  'delete victim',
  'quit',
  'shutdown',
];
const harm: ReadonlySet<string> = new Set(hostile.flatMap((value) => value.split('\r\n')));

/** Fails if a line of those values was read as a command. */
export function nothingWasRun({ commands }: ModelServer): void {
  const run = commands.filter((line) => harm.has(line));
  equal(run.slice(0, 5), [], 'what was run of the values');
}

/** A value that is too large for any server. */
export const TOO_LARGE: string = 'flush_all\r\n'.repeat(96_000);

/** The models that store items. */
export const keeping: readonly ServerModel[] = serverModels.filter(({ keeps }) => keeps !== false);
/** Whether it has no meta commands, or unreliable ones. */
export const lacksMeta = ({ lacks }: ServerModel): boolean => lacks.includes('meta');

/** Retries for two seconds, as a caller may after a lost connection. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let i = 0;; i++) {
    try {
      return await call();
    } catch (error) {
      if (i === 200) throw error;
      await new Promise<void>((resolve) => systemClock.after(10, resolve));
    }
  }
}

/** Lets other callbacks run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => systemClock.yield(resolve));
}

/** Records all bytes that a client sends. */
export function overheard(accept: Accept, hear: (piece: string) => void): Accept {
  return (transport, address) => {
    const events = accept(transport, address);
    return {
      onData(chunk) {
        hear(text(chunk));
        events.onData(chunk);
      },
      onDrain: () => events.onDrain(),
      onEnd: () => events.onEnd?.(),
      onClosed: (cause) => events.onClosed(cause),
    };
  };
}
