import type { ClientOptions } from '../../core/client/client-options.ts';
import { Client } from '../../core/client/clients.ts';
import { endpointName, toEndpoint } from '../../core/client/endpoint.ts';
import type { Clock } from '../../core/clock.ts';
import { type CommandLine, FlagError, type FlagName } from '../../core/console/flags.ts';
import { asStored } from '../../core/console/stored.ts';
import { tapped } from '../../core/console/wire-tap.ts';
import { memoryDialer } from '../../core/server/memory.ts';
import { Server } from '../../core/server/serve.ts';
import type { Dialer, Endpoint, TlsOptions } from '../../core/transport.ts';
import { dial } from '../dial.ts';
import { type Credentials, loggedIn } from './login.ts';
import { readText } from './read-text.ts';
import type { Terminal } from './terminal.ts';

/** A server to give commands to. */
export interface Session {
  readonly client: Client;
  /** How the server is called; null for an embedded one, which ends with the session. */
  readonly server: string | null;
  /** How to connect to it without a client. */
  readonly dial: Dialer;
  readonly endpoint: Endpoint;
  /** Milliseconds until a connection or a reply is given up. */
  readonly timeout: number;
  close(): Promise<void>;
}

/** Where the bytes both ways are shown, a line at a time; null where nobody wants to see them. */
type Note = ((line: string) => void) | null;

/**
 * Makes the client of the server that the command line names, or the environment, or of an embedded
 * one. It connects when the first command comes.
 *
 * @param named The server that the command line names; that of `--server` by default.
 * @param note Hears of the bytes; by default stderr does, with `--wire`.
 * @throws FlagError, UsageError
 */
export function connect(
  line: CommandLine,
  { environment, stderr, clock }: Terminal,
  named: string | undefined = line.text('server'),
  note: Note = line.has('wire') ? (text) => stderr.write(`${text}\n`) : null,
): Session {
  const server = named ?? nonEmpty(environment['MEMWIRE_SERVER']) ?? null;
  const timeout = line.number('timeout') ?? 1000;
  const options: ClientOptions = {
    timeout,
    connectTimeout: timeout,
    dialect: readDialect(line.text('dialect')),
    serde: asStored,
    binaryKeys: true,
  };
  if (server === null) return embedded(line, options, timeout, clock, note);
  const endpoint = toEndpoint(server, readTls(line));
  const auth = readAuth(line, environment);
  const heardDial = heard(dial, note);
  const client = new Client(endpoint, {
    ...options,
    dial: heardDial,
    ...(auth === undefined ? {} : { auth }),
  });
  return {
    client,
    server: endpointName(endpoint),
    dial: auth === undefined ? heardDial : loggedIn(heardDial, auth),
    endpoint,
    timeout,
    close: () => client.close(),
  };
}

function embedded(
  line: CommandLine,
  options: ClientOptions,
  timeout: number,
  clock: Clock,
  note: Note,
): Session {
  for (const name of ['tls', 'ca', 'cert', 'key', 'server-name', 'auth-file'] as const) {
    if (line.has(name) || line.text(name) !== undefined) {
      throw new FlagError(`--${name} needs a server: name one with --server`);
    }
  }
  const server = new Server({}, clock);
  const heardDial = heard(memoryDialer(server), note);
  const client = new Client('localhost', {
    ...options,
    // This one need not be asked for its version.
    dialect: readDialect(line.text('dialect') ?? 'meta'),
    dial: heardDial,
  });
  return {
    client,
    server: null,
    dial: heardDial,
    endpoint: toEndpoint('localhost'),
    timeout,
    async close() {
      await client.close();
      server.close();
    },
  };
}

function heard(dialer: Dialer, note: Note): Dialer {
  return note === null ? dialer : tapped(dialer, note);
}

function readDialect(name: string = 'auto'): 'meta' | 'text' | 'auto' {
  if (name === 'meta' || name === 'text' || name === 'auto') return name;
  throw new FlagError(`--dialect: "${name}" is not meta, text or auto`);
}

function readTls(line: CommandLine): TlsOptions | undefined {
  const [ca, cert, key] = [readFlag(line, 'ca'), readFlag(line, 'cert'), readFlag(line, 'key')];
  const serverName = line.text('server-name');
  if ((cert === undefined) !== (key === undefined)) {
    throw new FlagError('--cert and --key go together');
  }
  if (!line.has('tls') && (ca ?? cert ?? serverName) === undefined) return undefined;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

// Not from an argument: those of a process are for everybody on the machine to see.
function readAuth(
  line: CommandLine,
  environment: Readonly<Record<string, string | undefined>>,
): Credentials | undefined {
  const file = readFlag(line, 'auth-file')?.split(/\r?\n/, 1)[0];
  const login = file ?? nonEmpty(environment['MEMWIRE_AUTH']);
  if (login === undefined) return undefined;
  const colon = login.indexOf(':');
  if (colon < 1) {
    const where = file === undefined ? 'MEMWIRE_AUTH' : '--auth-file';
    throw new FlagError(`${where}: it must say user:password`);
  }
  return { username: login.slice(0, colon), password: login.slice(colon + 1) };
}

/** What is in the file that a flag names. */
function readFlag(line: CommandLine, name: FlagName): string | undefined {
  const file = line.text(name);
  return file === undefined ? undefined : readText(`--${name}`, file);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
