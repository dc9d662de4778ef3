// Chooses the server of a command, and connects to it.
import {
  type ClientOptions,
  clientTable,
  type HashClientOptions,
  hashClientTable,
} from '../core/client/options.ts';
import { Client } from '../core/client/server-client.ts';
import { endpointName, toEndpoint, withoutLogin } from '../core/client/connection/endpoint.ts';
import { readServerUrls, URL_VARIABLE } from '../core/client/connection/server-url.ts';
import type { Clock } from '../core/io/clock.ts';
import { type CommandLine, FlagError, showWord } from './console/flags.ts';
import { asStored } from './console/stored.ts';
import { tapped } from './console/wire-tap.ts';
import { memoryDialer } from '../core/io/memory-pipe.ts';
import { Server } from '../core/server/serve.ts';
import type { Dialer, Endpoint } from '../core/io/transport.ts';
import { dial } from '../transport-node/dial.ts';
import { loggedIn } from './login.ts';
import { SecureFlags, toLogin } from './secure-flags.ts';
import type { Terminal } from './terminal.ts';

/** The server that commands are sent to. */
export interface Session {
  readonly client: Client;
  /** The name of the server; null for an embedded one, which ends with the session. */
  readonly server: string | null;
  /** How to connect to it without a client. */
  readonly dial: Dialer;
  readonly endpoint: Endpoint;
  /** The timeout of a connection and of a reply, in milliseconds. */
  readonly timeout: number;
  close(): Promise<void>;
}

/** Receives the bytes in both directions, a line at a time; null if they are not shown. */
type Note = ((line: string) => void) | null;

/**
 * Makes a client of the server that the command line or the environment names, or else of an
 * embedded one. It connects at the first command.
 *
 * @param named The server that the command line names; that of `--server` by default.
 * @param note Called with the bytes; with `--wire` they go to stderr by default.
 * @throws FlagError, UsageError
 */
export function connect(
  line: CommandLine,
  { environment, stderr, clock }: Terminal,
  named: string | undefined = line.text('server'),
  note: Note = line.has('wire') ? (text) => stderr.write(`${text}\n`) : null,
): Session {
  const own = named ?? nonEmpty(environment['MEMWIRE_SERVER']);
  const server = own ?? nonEmpty(environment[URL_VARIABLE]) ?? null;
  const given = line.number('timeout');
  const options: ClientOptions = {
    ...(given === undefined ? {} : { timeout: given, connectTimeout: given }),
    ...(line.has('dialect') ? { dialect: readDialect(line.text('dialect')) } : {}),
    serde: asStored,
    binaryKeys: true,
  };
  if (server === null) return embedded(line, options, given ?? 1000, clock, note);
  // Everybody on the machine can see the arguments of a process.
  if (own?.includes('@') === true && !/^(\/|unix:)/i.test(own)) {
    const shown = JSON.stringify(withoutLogin(own));
    throw new FlagError(
      `server must not hold a login, as ${shown} does: give it by --auth-file, MEMWIRE_AUTH ` +
        `or ${URL_VARIABLE}`,
    );
  }
  const secure = new SecureFlags((name) => line.text(name));
  const tls = secure.tls(line.has('tls'));
  // The URL may be that of a program with a pool, or with many servers.
  const { servers: [first, ...others], options: all } = readServerUrls<
    string | Endpoint,
    HashClientOptions
  >([server], { ...options, tls }, hashClientTable);
  const fromUrl: ClientOptions = Object.fromEntries(
    Object.entries(all).filter(([name]) => name in clientTable),
  );
  if (others.length > 0) {
    throw new FlagError('the server must be one, not a list: name it with --server');
  }
  const { timeout = 1000 } = fromUrl;
  const endpoint = toEndpoint(first ?? '', tls);
  const spare = nonEmpty(environment['MEMWIRE_AUTH']);
  const auth = secure.login() ??
    (spare === undefined ? fromUrl.auth : toLogin('MEMWIRE_AUTH', spare));
  const heardDial = heard(dial, note);
  const client = new Client(endpoint, { ...fromUrl, dial: heardDial, auth });
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

function readDialect(name: string | undefined): 'meta' | 'text' | 'auto' {
  if (name === 'meta' || name === 'text' || name === 'auto') return name;
  throw new FlagError(`--dialect: "${showWord(name ?? '')}" is not meta, text or auto`);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
