// The command line of `memwire serve`, with memcached's own flags.
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { FlagError, showWord, whole } from './console/flags.ts';
import type { ServerOptions } from '../core/server/options.ts';
import type { Endpoint, TlsOptions } from '../core/io/transport.ts';
import { checkChunks, parseExtended } from './extended-flags.ts';
import { readText } from './read-text.ts';

/** The settings on the command line of `memwire serve`. */
export interface ServeFlags {
  readonly options: Partial<ServerOptions>;
  readonly endpoints: readonly Endpoint[];
  /** The permissions of a unix socket. */
  readonly mode: number;
  readonly tls: TlsOptions | undefined;
  readonly verbose: number;
  /** Serve in a process of its own, and end this one when it listens. */
  readonly daemon: boolean;
  /** The file that holds the id of the process while it serves. */
  readonly pidFile: string | undefined;
  /** Requested features that are unavailable but no reason to stop. */
  readonly notices: readonly string[];
  readonly show: 'help' | 'version' | null;
}

export const serveHelp = `memwire serve: an embedded memcached, with memcached's own flags

  -p, --port=<num>           TCP port (default 11211; 0 for none, -1 for a free one)
  -s, --unix-socket=<file>   unix socket to listen on, instead of TCP
  -a, --unix-mask=<mask>     permissions of the unix socket, octal (default 700)
  -l, --listen=<addr>        addresses to listen on, each with an optional port
                             (default: the loopback addresses; memcached's is all)
  -m, --memory-limit=<num>   memory for items in megabytes (default 64)
  -I, --max-item-size=<num>  largest item, with k or m (default 1m, from 1k to 1024m)
  -M, --disable-evictions    refuse to store when memory is full, instead of evicting
  -c, --conn-limit=<num>     connections at once (default 1024)
  -R, --max-reqs-per-event=<num>
                             requests of one connection before others get a turn
                             (default 1024)
  -C, --disable-cas          no cas uniques
  -F, --disable-flush-all    refuse flush_all
  -X, --disable-dumping      refuse stats cachedump and the lru_crawler dumps
  -W, --disable-watch        refuse watch
  -A, --enable-shutdown      allow the shutdown command
  -D <char>                  delimiter of key prefixes for stats detail (default :)
  -Y, --auth-file=<file>     require a login; the file has a user:password on each line
  -Z, --enable-ssl           TLS, with -o ssl_chain_cert=<file>,ssl_key=<file>
  -o, --extended=<list>      idle_timeout=<seconds>, track_sizes, ssl_chain_cert=<file>,
                             ssl_key=<file>, ssl_ca_cert=<file>, ssl_verify_mode=<0|2>;
                             options that only tune memcached's internals are accepted
  -d, --daemon               serve in the background: return when it listens
  -P, --pidfile=<file>       write the process id to a file, which is removed at the end
  -U, --udp-port=<num>       there is no UDP; without -p, TCP uses this port, as in
                             memcached
  -v, --verbose              print connections as they come and go
  -V, --version              print the version
  -h, --help                 print this

Accepted without effect: -u <user>, -t <num>, -b <num>, -f <num>, -n <num>, -k, -L,
-r, -B ascii, -B auto
`;

/** The flags, as Node's parser of arguments wants them. */
export const serveFlags = {
  port: { type: 'string', short: 'p' },
  'udp-port': { type: 'string', short: 'U', default: '0' },
  'unix-socket': { type: 'string', short: 's' },
  'unix-mask': { type: 'string', short: 'a', default: '700' },
  listen: { type: 'string', short: 'l', multiple: true },
  'memory-limit': { type: 'string', short: 'm', default: '64' },
  'max-item-size': { type: 'string', short: 'I', default: '1m' },
  'disable-evictions': { type: 'boolean', short: 'M', default: false },
  'conn-limit': { type: 'string', short: 'c', default: '1024' },
  'max-reqs-per-event': { type: 'string', short: 'R', default: '1024' },
  'disable-cas': { type: 'boolean', short: 'C', default: false },
  'disable-flush-all': { type: 'boolean', short: 'F', default: false },
  'disable-dumping': { type: 'boolean', short: 'X', default: false },
  'disable-watch': { type: 'boolean', short: 'W', default: false },
  'enable-shutdown': { type: 'boolean', short: 'A', default: false },
  delimiter: { type: 'string', short: 'D' },
  'auth-file': { type: 'string', short: 'Y' },
  'enable-ssl': { type: 'boolean', short: 'Z', default: false },
  extended: { type: 'string', short: 'o', multiple: true },
  daemon: { type: 'boolean', short: 'd', default: false },
  pidfile: { type: 'string', short: 'P' },
  verbose: { type: 'boolean', short: 'v', multiple: true },
  version: { type: 'boolean', short: 'V', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  user: { type: 'string', short: 'u' },
  threads: { type: 'string', short: 't' },
  'listen-backlog': { type: 'string', short: 'b' },
  'slab-growth-factor': { type: 'string', short: 'f' },
  'slab-min-size': { type: 'string', short: 'n' },
  protocol: { type: 'string', short: 'B', default: 'auto' },
  'lock-memory': { type: 'boolean', short: 'k' },
  'enable-largepages': { type: 'boolean', short: 'L' },
  'enable-coredumps': { type: 'boolean', short: 'r' },
  'enable-sasl': { type: 'boolean', short: 'S', default: false },
  'memory-file': { type: 'string', short: 'e' },
} as const;

/**
 * Reads the command line of `memwire serve`.
 *
 * @throws FlagError with the first mistake.
 */
export function parseServeFlags(args: readonly string[]): ServeFlags {
  const values = parse(args);
  // Help is printed even if the rest of the command line is invalid.
  if (values.help || values.version) {
    return { ...parseServeFlags([]), show: values.help ? 'help' : 'version' };
  }
  checkAbsent(values);
  checkIdle(values);
  const extended = parseExtended(values.extended ?? []);
  const memory = whole('-m', values['memory-limit'], 1, 1024 * 1024) * 1024 * 1024;
  const maxItem = bytes('-I', values['max-item-size']);
  if (maxItem < 1024) throw new FlagError('-I: item max size cannot be less than 1024 bytes');
  if (maxItem > memory / 2) {
    throw new FlagError('-I: cannot set item size limit higher than 1/2 of memory max');
  }
  if (maxItem > 1024 ** 3) {
    throw new FlagError('-I: cannot set item size limit higher than a gigabyte');
  }
  checkChunks(extended, maxItem);
  const udpPort = whole('-U', values['udp-port'], 0, 65535);
  const tls = values['enable-ssl'] ? parseTls(extended) : undefined;
  const port = whole('-p', values.port ?? (udpPort === 0 ? '11211' : String(udpPort)), -1, 65535);
  const path = values['unix-socket'];
  const endpoints = path === undefined
    ? (values.listen ?? ['127.0.0.1,::1']).flatMap((list) => parseListen(list, port))
    : [{ path }];
  if (endpoints.length === 0) throw new FlagError('-p 0: there is nothing left to listen on');
  const delimiter = values.delimiter;
  if (delimiter !== undefined && delimiter === '') {
    throw new FlagError('-D: no delimiter specified');
  }
  const authFile = values['auth-file'];
  if (authFile !== undefined && udpPort !== 0) {
    throw new FlagError('-Y: cannot use UDP with ascii authentication (-U 0 disables it)');
  }
  return {
    options: {
      memory,
      maxItem,
      requestsPerEvent: whole('-R', values['max-reqs-per-event'], 1, 2 ** 31 - 1),
      maxConnections: whole('-c', values['conn-limit'], 1, 1_000_000),
      useCas: !values['disable-cas'],
      evict: !values['disable-evictions'],
      allowFlush: !values['disable-flush-all'],
      allowShutdown: values['enable-shutdown'],
      allowDump: !values['disable-dumping'],
      allowWatch: !values['disable-watch'],
      credentials: authFile === undefined ? null : readCredentials(authFile),
      idleTimeout: whole('-o idle_timeout', extended.get('idle_timeout') ?? '0', 0, 2 ** 31 - 1),
      trackSizes: extended.has('track_sizes'),
      prefixDelimiter: delimiter?.charAt(0) ?? ':',
      settings: {
        tcpport: String(path === undefined ? Math.max(0, port) : 0),
        domain_socket: path ?? 'NULL',
        inter: values.listen?.join(',') ?? '127.0.0.1,::1',
        umask: values['unix-mask'],
        ...(authFile === undefined ? {} : { auth_enabled_ascii: authFile }),
      },
    },
    endpoints,
    mode: octal(values['unix-mask']),
    tls,
    verbose: values.verbose?.length ?? 0,
    daemon: values.daemon,
    pidFile: values.pidfile,
    notices: udpPort === 0 ? [] : [`-U ${udpPort}: there is no UDP here, only TCP is served`],
    show: null,
  };
}

type Values = ReturnType<typeof parseArgs<{ options: typeof serveFlags }>>['values'];

/** Refuses flags whose effect is not supported. */
function checkAbsent(values: Values): void {
  const { protocol } = values;
  if (protocol === 'binary') throw new FlagError('-B binary: only ascii is spoken here');
  if (protocol !== 'auto' && protocol !== 'ascii') {
    throw new FlagError(`-B: "${showWord(protocol)}" is not auto, binary or ascii`);
  }
  if (values['enable-sasl']) throw new FlagError('-S: there is no SASL here, -Y asks for a login');
  if (values['memory-file'] !== undefined) {
    throw new FlagError('-e: items are in memory alone here, and end with the process');
  }
}

/** Refuses values of flags without effect that memcached would refuse too. */
function checkIdle(values: Values): void {
  const { threads = '4', 'listen-backlog': backlog = '1024', 'slab-min-size': size = '48' } =
    values;
  whole('-t', threads, 1, 2 ** 31 - 1);
  whole('-b', backlog, 1, 2 ** 31 - 1);
  whole('-n', size, 1, 2 ** 31 - 1);
  const factor = values['slab-growth-factor'] ?? '1.25';
  if (!/^\d+(\.\d+)?$/.test(factor) || Number(factor) <= 1) {
    throw new FlagError(`-f: "${showWord(factor)}" is not a number more than 1`);
  }
}

function parse(args: readonly string[]): Values {
  // A value that starts with a dash must be glued to its flag, or it reads as a flag itself.
  const glued: string[] = [];
  for (const arg of args) {
    const last = glued.at(-1);
    if (/^-\d+$/.test(arg) && last !== undefined && /^-[pcmtUR]$/.test(last)) {
      glued[glued.length - 1] = last + arg;
    } else glued.push(arg);
  }
  try {
    return parseArgs({ args: glued, options: serveFlags, allowPositionals: false }).values;
  } catch (error) {
    // Its message quotes the unreadable word, which may be the address of a server.
    const text = error instanceof Error ? error.message : String(error);
    throw new FlagError(
      args.reduce((said, arg) => said.replaceAll(arg, () => showWord(arg)), text),
    );
  }
}

function parseTls(extended: ReadonlyMap<string, string>): TlsOptions {
  const cert = extended.get('ssl_chain_cert');
  const key = extended.get('ssl_key');
  if (cert === undefined || key === undefined) {
    throw new FlagError('-Z: needs -o ssl_chain_cert=<file>,ssl_key=<file>');
  }
  const ca = extended.get('ssl_ca_cert');
  const mode = whole('-o ssl_verify_mode', extended.get('ssl_verify_mode') ?? '0', 0, 3);
  return {
    cert: readText('-o ssl_chain_cert', cert),
    key: readText('-o ssl_key', key),
    requireClientCert: mode >= 2,
    ...(ca === undefined ? {} : { ca: readText('-o ssl_ca_cert', ca) }),
  };
}

// `addr`, `addr:port`, `[v6]:port`, `*`, and lists of these.
function parseListen(list: string, port: number): Endpoint[] {
  return list.split(',').flatMap((text) => {
    const found = /^(?:\[(?<v6>[^\]]+)\](?::(?<port6>\d+))?|(?<host>[^:]*):(?<port>\d+))$/.exec(
      text,
    );
    const groups = found?.groups ?? {};
    const host = groups['v6'] ?? groups['host'] ?? text;
    const own = groups['port6'] ?? groups['port'];
    const number = own === undefined ? port : whole('-l', own, 1, 65535);
    if (host === '') throw new FlagError(`-l: no address in "${showWord(text)}"`);
    if (!isIP(host) && /[\s:@/]/.test(host)) {
      throw new FlagError(`-l: "${showWord(text)}" is not the address of an interface`);
    }
    if (number === 0) return [];
    return [{ host: host === '*' ? '::' : host, port: Math.max(0, number) }];
  });
}

function readCredentials(file: string): ReadonlyMap<string, string> {
  const credentials = new Map<string, string>();
  for (const line of readText('-Y', file).split(/\r?\n/)) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    if (colon < 0) throw new FlagError(`-Y: a line of ${file} is not user:password`);
    credentials.set(line.slice(0, colon), line.slice(colon + 1));
  }
  if (credentials.size === 0) throw new FlagError(`-Y: ${file} has no user`);
  return credentials;
}

function bytes(flag: string, text: string): number {
  const found = /^(\d+)([kKmM]?)$/.exec(text);
  if (found === null) throw new FlagError(`${flag}: "${showWord(text)}" is not a size`);
  const unit = { k: 1024, m: 1024 * 1024 }[found[2]!.toLowerCase()] ?? 1;
  return Number(found[1]) * unit;
}

function octal(text: string): number {
  if (!/^[0-7]{1,4}$/.test(text)) {
    throw new FlagError(`-a: "${showWord(text)}" is not an octal mask`);
  }
  return Number.parseInt(text, 8);
}
