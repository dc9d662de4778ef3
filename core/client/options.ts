import type { Clock } from '../io/clock.ts';
import type { Dialer, TlsOptions } from '../io/transport.ts';
import { assertArgument, checkChoice, checkKnown, checkObject } from '../wire/check.ts';
import type { ClientConnectionOptions } from '../wire/client-connection.ts';
import { type MemcacheError, UsageError } from '../wire/errors.ts';
import { checkTls } from './connection/endpoint.ts';
import type { HealthOptions } from './cluster/health.ts';
import type { LinkOptions } from './connection/link-options.ts';
import { checkSerde, type Serde } from './values/serde.ts';

export interface ClientOptions
  extends
    Partial<Omit<ClientConnectionOptions, 'serverName' | 'closesAtProbe'>>,
    Pick<LinkOptions, 'auth' | 'onCommand' | 'onQuietError'> {
  /** How to connect; the runtime's own way by default. */
  readonly dial?: Dialer;
  /** Milliseconds until a reply is given up; 1000 by default. */
  readonly timeout?: number;
  /** Milliseconds until a connection is given up, TLS included; 1000 by default. */
  readonly connectTimeout?: number;
  /** Speak TLS, with these options. */
  readonly tls?: TlsOptions;
  /**
   * The commands to use. `auto`, the default, finds out on each connection whether the server speaks
   * meta commands, before any value is sent, and uses the classic ones where it does not. `meta`
   * insists on meta commands, and refuses a server without them; `text` on the classic ones.
   */
  readonly dialect?: 'meta' | 'text' | 'auto';
  /** How values become bytes and back; `defaultSerde` by default. */
  readonly serde?: Serde;
  /** What stands before every key; nothing by default. */
  readonly keyPrefix?: string;
  /** Take keys that are not ASCII, as UTF-8; off by default. */
  readonly unicodeKeys?: boolean;
  /** Take keys with any byte, as base64, in the meta dialect; off by default. */
  readonly binaryKeys?: boolean;
  /**
   * How many keys one `get` asks for at most; 1000 by default, and 100 through a bridge. Its keys have
   * at most 16,000 bytes in any case.
   */
  readonly maxKeys?: number;
  /**
   * Do not wait for replies to stores, `delete`, `touch` and `flushAll`, where a call does not say; off
   * by default. `cas`, `incr` and `decr` take it by the call alone.
   */
  readonly noreply?: boolean;
  /**
   * Reads that fail for any reason but a bad argument give what a miss gives, and are counted in
   * `ignored`; off by default.
   */
  readonly ignoreErrors?: boolean;
  /** Hears of each error that `ignoreErrors` made a miss. */
  readonly onIgnored?: (error: MemcacheError) => void;
  /** Send small writes at once (TCP_NODELAY); true by default. */
  readonly noDelay?: boolean;
  /** Seconds without traffic after which the system probes the server; off by default. */
  readonly keepAlive?: number;
  /**
   * Milliseconds to wait before the second dial after a failed one, then doubled; 25 by default.
   * Meanwhile calls reject at once, with the code `down`.
   */
  readonly reconnectDelay?: number;
  /** The longest such wait; 1000 by default. */
  readonly maxReconnectDelay?: number;
  /** Where time comes from. */
  readonly clock?: Clock;
  /**
   * A number from 0 to 1, for jitter; `Math.random` by default. With a `clock` and one of these that
   * is seeded, a run can be repeated.
   */
  readonly random?: () => number;
}

/** How many connections a client has to a server. */
export interface PoolOptions {
  /**
   * The most connections to a server: another is opened while all are busy. 4 by default in a
   * `PooledClient`, 1 in others.
   */
  readonly maxPoolSize: number;
  /**
   * Milliseconds after which a connection that is not used is closed, Infinity for never; a minute
   * by default in a `PooledClient`, never in others.
   */
  readonly idleTimeout: number;
}

/**
 * What each option of a client has to be; `other` where it is checked by itself. Infinity is no
 * `limit`. An option without a row does not compile, and one that is no row is refused.
 */
const kinds: Readonly<Record<keyof ClientOptions, Kind>> = {
  dial: 'function',
  timeout: 'other',
  connectTimeout: 'other',
  tls: 'object',
  dialect: 'other',
  serde: 'object',
  keyPrefix: 'other',
  unicodeKeys: 'boolean',
  binaryKeys: 'boolean',
  maxKeys: 'other',
  noreply: 'boolean',
  ignoreErrors: 'boolean',
  onIgnored: 'function',
  noDelay: 'boolean',
  keepAlive: 'limit',
  reconnectDelay: 'other',
  maxReconnectDelay: 'other',
  clock: 'object',
  random: 'function',
  auth: 'object',
  onCommand: 'function',
  onQuietError: 'function',
  maxPending: 'limit',
  maxPendingBytes: 'limit',
  stallAfter: 'limit',
  fence: 'other',
  fenceEvery: 'limit',
  maxLine: 'limit',
  maxValue: 'limit',
  maxLines: 'limit',
};

type Kind = 'function' | 'boolean' | 'object' | 'limit' | 'other';

const poolKinds: Readonly<Record<keyof PoolOptions, Kind>> = {
  maxPoolSize: 'other',
  idleTimeout: 'limit',
};

/** Those of a client of many servers. */
const hashKinds: Readonly<Record<keyof HealthOptions | 'scheme' | 'profile', Kind>> = {
  retryAttempts: 'other',
  retryTimeout: 'other',
  deadTimeout: 'other',
  scheme: 'other',
  profile: 'other',
};

const pooled = { ...kinds, ...poolKinds };

/** Whose options they are. What a client gives to each of its upstreams has those of all. */
export type OptionsOwner = 'Client' | 'PooledClient' | 'HashClient' | 'upstream';

const namesOf: Readonly<Record<OptionsOwner, ReadonlySet<string>>> = {
  Client: namesIn(kinds),
  PooledClient: namesIn(pooled),
  HashClient: namesIn({ ...pooled, ...hashKinds }),
  upstream: namesIn({ ...pooled, ...hashKinds, onFailure: 'function', pace: 'object' }),
};

function namesIn(table: object): ReadonlySet<string> {
  return new Set(Object.keys(table));
}

const authNames = new Set(['username', 'password']);

/**
 * @param owner Whose options they are.
 * @throws UsageError naming the option that breaks a rule, or that its owner does not have.
 */
export function checkOptions(
  options: ClientOptions & Partial<PoolOptions>,
  owner: OptionsOwner = 'upstream',
): void {
  checkObject('options', options);
  checkKnown('options', options, namesOf[owner]);
  for (const [name, kind] of Object.entries(pooled)) {
    const value: unknown = options[name as keyof ClientOptions];
    if (value === undefined || kind === 'other') continue;
    if (kind === 'limit') {
      const isLimit = typeof value === 'number' && value > 0;
      assertArgument(isLimit, name, 'must be a number, more than 0');
    } else if (typeof value !== kind || value === null) {
      throw new UsageError(name, `must be ${kind === 'object' ? 'an' : 'a'} ${kind}`);
    }
  }
  const { dialect = 'auto', fence = 'mn', maxKeys = 1, maxPoolSize = 1, tls, auth } = options;
  for (const [name, value] of Object.entries({ maxKeys, maxPoolSize })) {
    const isCount = Number.isInteger(value) && value > 0;
    assertArgument(isCount, name, 'must be a whole number, more than 0');
  }
  checkChoice('dialect', dialect, ['meta', 'text', 'auto']);
  checkChoice('fence', fence, ['mn', 'version', 'get']);
  if (options.clock !== undefined) checkClock(options.clock);
  if (tls !== undefined) checkTls(tls);
  if (auth !== undefined) checkKnown('auth', auth, authNames);
  if (options.serde !== undefined) checkSerde(options.serde);
}

/** @throws UsageError when it is none. */
export function checkClock(clock: Clock): void {
  checkObject('clock', clock);
  for (const name of ['now', 'elapsed', 'after', 'yield'] as const) {
    assertArgument(typeof clock[name] === 'function', 'clock', `must have the method ${name}`);
  }
}
