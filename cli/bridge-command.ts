// `memwire bridge`: its flags, its help and its run.
import { parseArgs } from 'node:util';
import { endpointName, toEndpoint } from '../core/client/connection/endpoint.ts';
import type { BridgeEvent } from '../core/bridge/events.ts';
import { bridgeLimits } from '../core/bridge/options.ts';
import type { Endpoint } from '../core/io/transport.ts';
import { FlagError } from './console/flags.ts';
import { printable } from './console/quote.ts';
import { UsageError } from '../core/wire/errors.ts';
import { type BridgeOptions, listenBridge, type RunningBridge } from '../transport-node/bridge.ts';
import { readText } from './read-text.ts';
import { SecureFlags } from './secure-flags.ts';
import type { Terminal } from './terminal.ts';

const help = `memwire bridge: WebSockets in, memcached out

  --upstream=<server>     the memcached behind it: host:port, or the path of a unix socket
  --upstream-tls          speak TLS to it; implied by the next four
  --upstream-ca=<file>    trust these authorities, in PEM
  --upstream-cert=<file>  the client certificate, in PEM
  --upstream-key=<file>   its private key, in PEM
  --upstream-server-name=<name>
                          the name that its certificate must have, if it is not its host
  --upstream-auth-file=<file>
                          log in with the first line of the file: user:password
  --listen=<addr>         address and port to listen on (default 127.0.0.1:8211)
  --origin=<origin>       an origin whose pages may connect; may be repeated
                          (default: none)
  --host=<name>           a host name of the bridge; may be repeated
                          (default: localhost and the loopback addresses)
  --token-file=<file>     require a token; the file has a name:token on each line
  --prefix=<text>         prefix of every key, invisible to pages
  --read-only             refuse commands that change an item
  --tls-cert=<file>       TLS, with this certificate chain
  --tls-key=<file>        and this private key
  --behind-proxy          a proxy in front of the bridge speaks TLS and sets X-Forwarded-For
  --limit=<name>=<num>    change a limit; may be repeated; the defaults are:
${
  Object.entries(bridgeLimits).map(([name, value]) =>
    `                            ${name}=${value}`
  )
    .join('\n')
}
  --verbose               print events on standard error
  --help                  print this
`;

/** The flags, as Node's parser of arguments wants them. */
export const bridgeFlags = {
  upstream: { type: 'string' },
  'upstream-tls': { type: 'boolean', default: false },
  'upstream-ca': { type: 'string' },
  'upstream-cert': { type: 'string' },
  'upstream-key': { type: 'string' },
  'upstream-server-name': { type: 'string' },
  'upstream-auth-file': { type: 'string' },
  listen: { type: 'string', default: '127.0.0.1:8211' },
  origin: { type: 'string', multiple: true },
  host: { type: 'string', multiple: true },
  'token-file': { type: 'string' },
  prefix: { type: 'string', default: '' },
  'read-only': { type: 'boolean', default: false },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'behind-proxy': { type: 'boolean', default: false },
  limit: { type: 'string', multiple: true },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/**
 * Runs `memwire bridge` until it is stopped.
 *
 * @returns The exit code: 0 after a stop, 1 when it could not start.
 */
export async function bridgeCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  let running: RunningBridge;
  try {
    const values = parse(args);
    if (values.help) {
      terminal.stdout.write(help);
      return 0;
    }
    const { at, options } = read(values);
    const log = (event: BridgeEvent): void => {
      terminal.stderr.write(`${printable(describe(event))}\n`);
    };
    running = await listenBridge(at, values.verbose ? { ...options, log } : options);
  } catch (error) {
    // The command line may contain a password; a FlagError does not show it.
    const { message } = new FlagError(error instanceof Error ? error.message : String(error));
    terminal.stderr.write(`memwire bridge: ${message} (memwire bridge --help lists the flags)\n`);
    return 1;
  }
  const { endpoint } = running;
  const scheme = endpoint.tls === undefined ? 'ws' : 'wss';
  terminal.stdout.write(`listening on ${scheme}://${endpointName(endpoint)}\n`);
  await new Promise<void>((resolve) => terminal.onStop(resolve));
  await running.close();
  return 0;
}

type Values = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: bridgeFlags }).values;
}

function read(values: Values): { at: Endpoint; options: BridgeOptions } {
  const { upstream, origin = [], host, prefix, limit = [] } = values;
  if (upstream === undefined) throw new UsageError('--upstream', 'must be given');
  const secure = new SecureFlags((name) => values[`upstream-${name}`], 'upstream-');
  const upstreamTls = secure.tls(values['upstream-tls']);
  const upstreamAuth = secure.login();
  const options: BridgeOptions = {
    upstream,
    ...(upstreamTls === undefined ? {} : { upstreamTls }),
    ...(upstreamAuth === undefined ? {} : { upstreamAuth }),
    origins: origin,
    prefix,
    readOnly: values['read-only'],
    behindProxy: values['behind-proxy'],
    ...(host === undefined ? {} : { hosts: host }),
    ...(values['token-file'] === undefined ? {} : { tokens: readTokens(values['token-file']) }),
    ...Object.fromEntries(limit.map(readLimit)),
  };
  const [cert, key] = [values['tls-cert'], values['tls-key']];
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--tls-cert', 'and --tls-key must be given together');
  }
  const at = readPlace(values.listen);
  if (cert === undefined || key === undefined) return { at, options };
  const tls = { cert: readText('--tls-cert', cert), key: readText('--tls-key', key) };
  return { at: { ...at, tls }, options };
}

// Port 0, which asks for a free one, cannot be connected to, so it is no part of a server's name.
function readPlace(text: string): Endpoint {
  const free = text.replace(/:0$/, '');
  const place = toEndpoint(free);
  return free === text || 'path' in place ? place : { ...place, port: 0 };
}

function readTokens(file: string): Map<string, string> {
  const tokens = new Map<string, string>();
  for (const line of readText('--token-file', file).split(/\r?\n/)) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    if (colon < 1 || tokens.has(line.slice(0, colon))) {
      throw new UsageError('--token-file', 'must have a name:token on each line, each name once');
    }
    tokens.set(line.slice(0, colon), line.slice(colon + 1));
  }
  if (tokens.size === 0) throw new UsageError('--token-file', 'must have a token');
  return tokens;
}

function readLimit(text: string): [name: string, value: number] {
  const [name = '', value = ''] = text.split('=');
  if (!Object.hasOwn(bridgeLimits, name) || !/^\d+$/.test(value)) {
    throw new UsageError('--limit', `must be the name of a limit and a number, not ${text}`);
  }
  return [name, Number(value)];
}

function describe(event: BridgeEvent): string {
  if (event.type === 'refused') {
    return `refused ${event.address}: ${event.status}, ${event.why}`;
  }
  const { id, address, origin, tenant } = event.client;
  const who = `#${id} ${address} ${origin ?? '-'} ${tenant ?? '-'}`;
  switch (event.type) {
    case 'opened':
      return `opened ${who}`;
    case 'denied':
      return `denied ${who}: ${event.verb}, ${event.why}`;
    case 'failed':
      return `policy failed ${who}: ${String(event.error)}`;
    case 'upstream':
      return `upstream failed ${who}: ${event.error.message}`;
    case 'closed':
      return `closed ${who}: ${event.why}`;
  }
}
