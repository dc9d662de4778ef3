import type { Clock } from '../clock.ts';
import type { Dialer, TlsOptions } from '../transport.ts';
import { checkChoice, checkObject, demand } from '../wire/check.ts';
import type { ClientConnectionOptions } from '../wire/client-options.ts';
import { type MemcacheError, UsageError } from '../wire/errors.ts';
import type { LinkOptions } from './link-options.ts';
import type { Serde } from './serde.ts';

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
  /** How many keys one `get` asks for at most; 1000 by default, and 100 through a bridge. */
  readonly maxKeys?: number;
  /** Do not wait for replies to writes, where a call does not say; off by default. */
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
  /** Milliseconds to wait before the second dial after a failed one, then doubled; 25 by default. */
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

/** What each option has to be. Infinity is no `limit`. */
const kinds: Readonly<Record<string, 'function' | 'boolean' | 'object' | 'limit'>> = {
  dial: 'function',
  onCommand: 'function',
  onQuietError: 'function',
  unicodeKeys: 'boolean',
  binaryKeys: 'boolean',
  noreply: 'boolean',
  ignoreErrors: 'boolean',
  onIgnored: 'function',
  noDelay: 'boolean',
  auth: 'object',
  tls: 'object',
  serde: 'object',
  clock: 'object',
  random: 'function',
  maxPending: 'limit',
  maxPendingBytes: 'limit',
  stallAfter: 'limit',
  fenceEvery: 'limit',
  maxLine: 'limit',
  maxValue: 'limit',
  maxLines: 'limit',
  keepAlive: 'limit',
  idleTimeout: 'limit',
};

/** @throws UsageError naming the option that breaks a rule. */
export function checkOptions(options: ClientOptions & Partial<PoolOptions>): void {
  checkObject('options', options);
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown = options[name as keyof ClientOptions];
    if (value === undefined) continue;
    if (kind === 'limit') {
      const isLimit = typeof value === 'number' && value > 0;
      demand(isLimit, name, 'must be a number, more than 0');
    } else if (typeof value !== kind || value === null) {
      throw new UsageError(name, `must be ${kind === 'object' ? 'an' : 'a'} ${kind}`);
    }
  }
  const { dialect = 'auto', fence = 'mn', maxKeys = 1, maxPoolSize = 1 } = options;
  for (const [name, value] of Object.entries({ maxKeys, maxPoolSize })) {
    const isCount = Number.isInteger(value) && value > 0;
    demand(isCount, name, 'must be a whole number, more than 0');
  }
  checkChoice('dialect', dialect, ['meta', 'text', 'auto']);
  checkChoice('fence', fence, ['mn', 'version', 'get']);
}
