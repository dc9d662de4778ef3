import { systemClock } from '../clock.ts';
import type { Dialer, Endpoint } from '../transport.ts';
import { UsageError } from '../wire/errors.ts';
import { checkOptions, type ClientOptions } from './client-options.ts';
import type { Dialect } from './dialect.ts';
import { metaDialect } from './dialect-meta.ts';
import { textDialect } from './dialect-text.ts';
import { type ServerName, toEndpoint } from './endpoint.ts';
import { Keys } from './key-policy.ts';
import { OneServer } from './one-server.ts';
import { defaultSerde } from './serde.ts';
import { Upstream } from './upstream.ts';

const dialects: Readonly<Record<'meta' | 'text' | 'auto', Dialect | null>> = {
  meta: metaDialect,
  text: textDialect,
  auto: null,
};

/** A client of one server, over one connection. It connects when the first call comes. */
export class Client extends OneServer {
  /**
   * @param server `host:port` and the like, see `ServerName`.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName, options: ClientOptions & { readonly dial: Dialer }) {
    checkOptions(options);
    if (options.dial === undefined) throw new UsageError('dial', 'must be given');
    const { clock = systemClock, dialect = 'meta', serde = defaultSerde } = options;
    const { timeout = 1000, connectTimeout = 1000 } = options;
    const { reconnectDelay = 25, maxReconnectDelay = 1000 } = options;
    const { keyPrefix = '', unicodeKeys = false, binaryKeys = false } = options;
    const upstream = new Upstream({
      ...options,
      clock,
      endpoint: withSocketOptions(toEndpoint(server, options.tls), options),
      timeout: milliseconds('timeout', timeout),
      connectTimeout: milliseconds('connectTimeout', connectTimeout),
      reconnectDelay: milliseconds('reconnectDelay', reconnectDelay),
      maxReconnectDelay: milliseconds('maxReconnectDelay', maxReconnectDelay),
      fence: options.fence ?? (dialect === 'meta' ? 'mn' : 'version'),
      random: Math.random,
    });
    super({
      executor: upstream,
      dialect: dialects[dialect],
      serde,
      keys: new Keys({ prefix: keyPrefix, unicode: unicodeKeys, binary: binaryKeys }),
      clock,
      maxKeys: options.maxKeys ?? 1000,
      noreply: options.noreply ?? false,
      ignoreErrors: options.ignoreErrors ?? false,
      onIgnored: options.onIgnored,
    });
  }
}

function withSocketOptions(
  endpoint: Endpoint,
  { noDelay, keepAlive }: Pick<ClientOptions, 'noDelay' | 'keepAlive'>,
): Endpoint {
  if ('path' in endpoint) return endpoint;
  return {
    ...endpoint,
    ...(noDelay === undefined ? {} : { noDelay }),
    ...(keepAlive === undefined ? {} : { keepAlive }),
  };
}

function milliseconds(argument: string, value: number): number {
  if (typeof value !== 'number' || !(value > 0) || value > 0x7fff_ffff) {
    throw new UsageError(argument, 'must be a number of milliseconds, more than 0');
  }
  return value;
}
