// Servers by URL: memcached://user:password@host:11211?timeout=500.
import type { Endpoint, TlsOptions } from '../../io/transport.ts';
import { assertArgument, checkKnown, checkObject } from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';
import { notInUrls, type Rule } from '../options.ts';
import { toEndpoint } from './endpoint.ts';

/** The options that a URL may give besides those of its query. */
interface Given {
  readonly tls?: TlsOptions | undefined;
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
}

type Values = Readonly<Record<string, unknown>>;

type Table = Readonly<Record<string, readonly [rule: Rule, byDefault: unknown]>>;

/** What is read of an environment: the `env` of a Worker has other things than text in it, too. */
export interface Environment {
  readonly MEMCACHED_URL?: string | undefined;
}

/** The variable of the environment that `fromEnv` reads. */
export const URL_VARIABLE = 'MEMCACHED_URL';

/** @throws UsageError: the runtime has no environment that is known here. */
export function noEnvironment(): never {
  const rule = 'must be given, as this runtime has none: Client.fromEnv(options, env)';
  throw new UsageError('environment', rule);
}

/**
 * Replaces URLs among servers by their endpoints, and adds the options that they give.
 *
 * `memcached://user:password@host:11211,host:11212?timeout=500` has a login, several servers and
 * options; `memcacheds://` is TLS, `memcached:///path` a unix socket. The options are those of the
 * table that are numbers, booleans or text. Options that are given beside the URL override it.
 *
 * @param table The options of the client.
 * @throws UsageError that names what cannot be read, and never quotes a login.
 */
export function readServerUrls<Server, Options extends Given>(
  servers: readonly Server[],
  options: Options,
  table: Table,
): { readonly servers: (Server | Endpoint)[]; readonly options: Options } {
  checkObject('options', options);
  let given: Values = {};
  const found = servers.flatMap((server): (Server | Endpoint)[] => {
    const url = typeof server === 'string' ? parse(server) : null;
    if (url === null) return [server];
    given = merge(given, optionsOf(url, table));
    const tls = url.isSecure ? options.tls ?? {} : options.tls;
    return url.places.map((place) => toEndpoint(place, tls));
  });
  const all: Record<string, unknown> = { ...given };
  // An option that is undefined has not been given.
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined || !(name in all)) all[name] = value;
  }
  return { servers: found, options: all as unknown as Options };
}

/**
 * The servers that the environment names.
 *
 * @throws UsageError when it names none.
 */
export function readEnvironment(environment: Environment): string {
  let url: string | undefined;
  try {
    url = environment[URL_VARIABLE];
  } catch (cause) {
    // Deno asks for a permission.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(URL_VARIABLE, `cannot be read: ${why}`, cause);
  }
  if (url === undefined || url === '') throw new UsageError(URL_VARIABLE, 'must be set');
  return url;
}

/** The parts of a URL, with what is percent-encoded decoded. */
interface ServerUrl {
  readonly isSecure: boolean;
  readonly login: string | null;
  readonly places: readonly string[];
  readonly query: string;
}

const SCHEME = /^(?:memcached?|(memcacheds)|tcp):\/\//i;

// Not by `URL`, whose error has the whole address as a property, and which refuses lists.
function parse(server: string): ServerUrl | null {
  const [scheme, secure] = SCHEME.exec(server) ?? [];
  if (scheme === undefined) return null;
  const [, authority = '', path = '', query = '', rest = ''] =
    /^([^/?#]*)([^?#]*)\??([^#]*)(.*)$/s.exec(server.slice(scheme.length)) ?? [];
  const at = authority.lastIndexOf('@');
  // One of these characters may have torn a password apart, and what follows be the rest of it.
  const isTorn = `${path}${query}${rest}`.includes('@') || authority.indexOf('@') !== at;
  assertArgument(!isTorn && rest === '', 'server', 'must have @ / ? # of a login percent-encoded');
  const places = authority.slice(at + 1);
  return {
    isSecure: secure !== undefined,
    login: at < 0 ? null : authority.slice(0, at),
    places: path.length > 1
      ? [socketPath(places, path)]
      : places.split(',').map((one) => one.trim()),
    query,
  };
}

function socketPath(places: string, path: string): string {
  assertArgument(places === '', 'server', 'must name a host or the path of a socket, not both');
  return decode(path);
}

function optionsOf({ login, query }: ServerUrl, table: Table): Values {
  const given: Record<string, unknown> = login === null ? {} : { auth: toAuth(login) };
  for (const part of query.split('&').filter((one) => one !== '')) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
    const option = decode(name);
    checkKnown('options', { [option]: true }, new Set(Object.keys(table)));
    assertArgument(!(option in given), option, 'must be given once');
    given[option] = toValue(option, decode(value), table);
  }
  return given;
}

function toAuth(login: string): Given['auth'] {
  const colon = login.indexOf(':');
  assertArgument(colon > 0, 'server', 'must have a login of the form user:password');
  return { username: decode(login.slice(0, colon)), password: decode(login.slice(colon + 1)) };
}

// The rule of an option tells its kind.
function toValue(name: string, text: string, table: Table): unknown {
  const [rule] = table[name]!;
  const [holds, says] = rule;
  assertArgument(!notInUrls.has(rule), name, 'cannot be given in a URL');
  const values: unknown[] = [text];
  if (/^(\d+(\.\d+)?|Infinity)$/.test(text)) values.unshift(Number(text));
  if (text === 'true' || text === 'false') values.unshift(text === 'true');
  const value = values.find(holds);
  assertArgument(value !== undefined, name, says);
  return value;
}

function merge(one: Values, other: Values): Values {
  for (const name of Object.keys(other)) {
    const same = !(name in one) || JSON.stringify(one[name]) === JSON.stringify(other[name]);
    assertArgument(same, name, 'must be the same in all URLs');
  }
  return { ...one, ...other };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UsageError('server', 'must have each % of a URL followed by two hexadecimal digits');
  }
}
