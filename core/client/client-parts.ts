import { systemClock } from '../io/clock.ts';
import type { Dialer, Endpoint } from '../io/transport.ts';
import { checkMilliseconds } from '../wire/check.ts';
import { UsageError } from '../wire/errors.ts';
import { checkOptions, type ClientOptions, type PoolOptions } from './options.ts';
import { Keys } from './keys.ts';
import type { MemcacheDependencies } from './memcache-options.ts';
import { defaultSerde } from './values/serde.ts';
import { Upstream, type UpstreamOptions } from './connection/upstream.ts';

/** What makes a connection, beside how it is to be used. */
export interface WithDial {
  readonly dial: Dialer;
}

/**
 * What a client is made of, but for its executor.
 *
 * @throws UsageError when an option breaks a rule.
 */
export function clientDependencies(options: ClientOptions): Omit<MemcacheDependencies, 'executor'> {
  const { clock = systemClock, serde = defaultSerde } = options;
  const { keyPrefix = '', unicodeKeys = false, binaryKeys = false } = options;
  return {
    serde,
    keys: new Keys({ prefix: keyPrefix, unicode: unicodeKeys, binary: binaryKeys }),
    clock,
    random: options.random ?? Math.random,
    maxKeys: options.maxKeys ?? 1000,
    noreply: options.noreply ?? false,
    ignoreErrors: options.ignoreErrors ?? false,
    onIgnored: options.onIgnored,
  };
}

/**
 * The executor for one server, with the defaults of all clients.
 *
 * @throws UsageError when an option breaks a rule.
 */
export function upstreamFor(
  endpoint: Endpoint,
  options:
    & ClientOptions
    & Partial<PoolOptions>
    & WithDial
    & Pick<UpstreamOptions, 'onFailure' | 'pace'>,
): Upstream {
  checkOptions(options);
  if (options.dial === undefined) throw new UsageError('dial', 'must be given');
  const { clock = systemClock, timeout = 1000, connectTimeout = 1000 } = options;
  const { reconnectDelay = 25, maxReconnectDelay = 1000 } = options;
  return new Upstream({
    ...options,
    clock,
    endpoint: withSocketOptions(endpoint, options),
    timeout: checkMilliseconds('timeout', timeout),
    connectTimeout: checkMilliseconds('connectTimeout', connectTimeout),
    reconnectDelay: checkMilliseconds('reconnectDelay', reconnectDelay),
    maxReconnectDelay: checkMilliseconds('maxReconnectDelay', maxReconnectDelay),
    random: options.random ?? Math.random,
  });
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
