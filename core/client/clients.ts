import { type Clock, systemClock } from '../clock.ts';
import type { Dialer, TlsOptions } from '../transport.ts';
import { UsageError } from '../wire/errors.ts';
import type { ClientConnectionOptions } from '../wire/client-options.ts';
import type { Dialect } from './dialect.ts';
import { metaDialect } from './dialect-meta.ts';
import { textDialect } from './dialect-text.ts';
import { type ServerName, toEndpoint } from './endpoint.ts';
import { Keys } from './key-policy.ts';
import type { LinkOptions } from './link.ts';
import { Memcache } from './memcache.ts';
import { defaultSerde, type Serde } from './serde.ts';
import { Upstream } from './upstream.ts';

export interface ClientOptions
  extends Partial<ClientConnectionOptions>, Pick<LinkOptions, 'auth' | 'onQuietError'> {
  /** How to connect; the runtime's own way by default. */
  readonly dial?: Dialer;
  /** Milliseconds until a reply is given up; 1000 by default. */
  readonly timeout?: number;
  /** Milliseconds until a connection is given up, TLS included; 1000 by default. */
  readonly connectTimeout?: number;
  /** Speak TLS, with these options. */
  readonly tls?: TlsOptions;
  /** The commands to use: `meta` by default, `text` for servers older than 1.6. */
  readonly dialect?: 'meta' | 'text';
  /** How values become bytes and back; `defaultSerde` by default. */
  readonly serde?: Serde;
  /** What stands before every key; nothing by default. */
  readonly keyPrefix?: string;
  /** Take keys that are not ASCII, as UTF-8; off by default. */
  readonly unicodeKeys?: boolean;
  /** Take keys with any byte, as base64, in the meta dialect; off by default. */
  readonly binaryKeys?: boolean;
  /** Do not wait for replies to writes, where a call does not say; off by default. */
  readonly noreply?: boolean;
  /** Milliseconds to wait before the second dial after a failed one, then doubled; 25 by default. */
  readonly reconnectDelay?: number;
  /** The longest such wait; 1000 by default. */
  readonly maxReconnectDelay?: number;
  /** Where time comes from. */
  readonly clock?: Clock;
}

const dialects: Readonly<Record<'meta' | 'text', Dialect>> = {
  meta: metaDialect,
  text: textDialect,
};

/** A client of one server, over one connection. It connects when the first call comes. */
export class Client extends Memcache {
  /**
   * @param server `host:port` and the like, see `ServerName`.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(server: ServerName, options: ClientOptions & { readonly dial: Dialer }) {
    checkOptions(options);
    const { clock = systemClock, dialect = 'meta', serde = defaultSerde } = options;
    const { timeout = 1000, connectTimeout = 1000 } = options;
    const { reconnectDelay = 25, maxReconnectDelay = 1000 } = options;
    const { keyPrefix = '', unicodeKeys = false, binaryKeys = false, noreply = false } = options;
    const upstream = new Upstream({
      ...options,
      clock,
      endpoint: toEndpoint(server, options.tls),
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
      noreply,
    });
  }
}

const kinds: Readonly<Record<string, 'function' | 'boolean' | 'object'>> = {
  dial: 'function',
  onQuietError: 'function',
  unicodeKeys: 'boolean',
  binaryKeys: 'boolean',
  noreply: 'boolean',
  auth: 'object',
  tls: 'object',
  serde: 'object',
  clock: 'object',
};

/** Infinity is no limit. */
const limits = [
  'maxPending',
  'maxPendingBytes',
  'stallAfter',
  'fenceEvery',
  'maxLine',
  'maxValue',
  'maxLines',
] as const;

function checkOptions(options: ClientOptions & { readonly dial: Dialer }): void {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError('options', 'must be an object');
  }
  if (options.dial === undefined) throw new UsageError('dial', 'must be given');
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown = options[name as keyof ClientOptions];
    if (value === undefined) continue;
    if (typeof value !== kind || value === null) {
      throw new UsageError(name, `must be ${kind === 'object' ? 'an' : 'a'} ${kind}`);
    }
  }
  for (const name of limits) {
    const value = options[name];
    if (value !== undefined && !(typeof value === 'number' && value > 0)) {
      throw new UsageError(name, 'must be a number, more than 0');
    }
  }
  const { dialect, fence } = options;
  if (dialect !== undefined && !Object.hasOwn(dialects, dialect)) {
    throw new UsageError('dialect', 'must be meta or text');
  }
  if (fence !== undefined && fence !== 'mn' && fence !== 'version') {
    throw new UsageError('fence', 'must be mn or version');
  }
}

function milliseconds(argument: string, value: number): number {
  if (typeof value !== 'number' || !(value > 0) || value > 0x7fff_ffff) {
    throw new UsageError(argument, 'must be a number of milliseconds, more than 0');
  }
  return value;
}
