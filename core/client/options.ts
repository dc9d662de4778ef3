// The table of client options, and the options of calls: types, rules and defaults.
import { type Clock, systemClock } from '../io/clock.ts';
import type { Dialer, TlsOptions } from '../io/transport.ts';
import type { TextCodec } from '../wire/bytes.ts';
import { assertArgument, checkKnown, checkObject, optionNames } from '../wire/check.ts';
import {
  type ClientConnectionOptions,
  clientConnectionOptions,
} from '../wire/client-connection-options.ts';
import { replyLimits } from '../wire/decode-reply.ts';
import { type MemcacheError, type ServerReplyError, UsageError } from '../wire/errors.ts';
import type { OnFetch } from './cache/fetch-end.ts';
import type { HealthOptions } from './cluster/health.ts';
import { checkTls } from './connection/endpoint.ts';
import type { ExecuteOptions } from './connection/executor.ts';
import type { OnCommand } from './connection/observe.ts';
import type { ServerChange } from './connection/server-status.ts';
import { type Expire, MONTH } from './expire.ts';
import type { HashScheme } from './hashing/hasher.ts';
import type { HashSchemeName } from './hashing/schemes.ts';
import type { ProfileName } from './values/profiles/profiles.ts';
import { checkSerde, defaultSerde, type Serde } from './values/serde.ts';
import type { Optional } from '../wire/options.ts';

/** The options of a client, each of which may be left out. */
export interface ClientOptions extends Optional<ClientSettings> {}

/** The options of a client with their defaults. Without a default an option is off. */
export interface ClientSettings
  extends Omit<ClientConnectionOptions, 'serverName' | 'closesAtProbe' | 'textFlags'> {
  /**
   * Connects to a server. By default the runtime's own dialer: Node's, Deno's, Bun's or that of pages.
   */
  readonly dial?: Dialer | undefined;
  /**
   * Milliseconds after which a command that was not answered is given up.
   *
   * @default 1000
   */
  readonly timeout: number;
  /**
   * Milliseconds after which a dial is given up, TLS handshake included.
   *
   * @default 1000
   */
  readonly connectTimeout: number;
  /** TLS from the first byte, with these options; `{}` for TLS with the defaults. */
  readonly tls?: TlsOptions | undefined;
  /** The login, for memcached's ASCII authentication. */
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  /**
   * The commands to use. `auto` detects on each connection whether the server supports meta commands,
   * before any value is sent, and uses classic ones if it does not. `meta` requires meta commands, and
   * refuses a server without them; `text` uses only classic ones.
   *
   * @default 'auto'
   */
  readonly dialect: 'meta' | 'text' | 'auto';
  /**
   * Turns values into bytes and client flags, and back. The default one stores bytes, strings,
   * numbers, bigints and JSON, with the flags of pymemcache.
   *
   * @default defaultSerde
   */
  readonly serde: Serde;
  /**
   * The prefix of every key.
   *
   * @default ''
   */
  readonly keyPrefix: string;
  /**
   * Accept keys that are not ASCII, and send them as UTF-8.
   *
   * @default false
   */
  readonly unicodeKeys: boolean;
  /**
   * Accept keys with any byte, and send those with spaces or control characters as base64, which
   * requires meta commands.
   *
   * @default false
   */
  readonly binaryKeys: boolean;
  /**
   * The maximum number of keys in one `get`; calls for more keys send several. A `get` has at most
   * 16,000 bytes of keys in any case. The client for pages has 100, the limit of bridges.
   *
   * @default 1000
   */
  readonly maxKeys: number;
  /**
   * Seconds after which what `set`, `add`, `replace`, `cas` and `setMany` store expires, and what
   * `incr` and `decr` create, if the call gives no `expire`: at most 30 days, 0 for never. With it
   * `expire: 0` of a call means never. `touch`, `gat` and `client.meta` name their own.
   *
   * @default 0
   */
  readonly expire: number;
  /**
   * The part of an expiry in seconds, from 0 to 1, by which it is shortened at random, so that what
   * was stored together does not expire together: with 0.1 one of 300 s is between 270 and 300 s. It
   * applies where `expire` does, also to the `expire` of a call; not to a Date.
   *
   * @default 0
   */
  readonly jitter: number;
  /**
   * Do not wait for replies to stores, `delete`, `touch` and `flushAll`, unless the call sets
   * `noreply: false`. For `cas`, `incr` and `decr`, which are called for their result, only the
   * option of the call counts.
   *
   * @default false
   */
  readonly noreply: boolean;
  /** Called with each error of the server for a command whose reply is not awaited. */
  readonly onQuietError?: ((error: ServerReplyError) => void) | undefined;
  /**
   * Reads that fail return the same as a miss, and are counted in `ignored`. A `UsageError` still
   * rejects.
   *
   * @default false
   */
  readonly ignoreErrors: boolean;
  /** Called with each error that `ignoreErrors` turned into a miss. */
  readonly onIgnored?: ((error: MemcacheError) => void) | undefined;
  /** Called with each command; a function that it returns is called at the command's end. */
  readonly onCommand?: OnCommand | undefined;
  /**
   * Called with the key of each `fetch`; a function that it returns is called at its end, with how
   * it got its answer and how long that took.
   */
  readonly onFetch?: OnFetch | undefined;
  /**
   * Called when a server is being connected to, is up, down or back, or has left the list. An exception
   * of it surfaces as an unhandled rejection, not in a call.
   */
  readonly onServer?: ((event: ServerChange) => void) | undefined;
  /**
   * Send small writes at once (TCP_NODELAY). It is on by default in the transports of every runtime.
   */
  readonly noDelay?: boolean | undefined;
  /** Seconds without traffic after which the operating system probes the peer (TCP keep-alive). */
  readonly keepAlive?: number | undefined;
  /**
   * Let the process end while connections are open. A pending call keeps it alive until its `timeout`.
   * It has no effect in pages and Workers, which have no process.
   *
   * @default false
   */
  readonly unref: boolean;
  /**
   * Milliseconds after which an unused connection is closed. The next call opens another.
   *
   * @default Infinity; in a `PooledClient` 60000
   */
  readonly idleTimeout: number;
  /**
   * Milliseconds to wait before the second dial after a failed one, doubled after each further
   * failure, half of it random. Meanwhile calls reject at once, with the code `down`.
   *
   * @default 25
   */
  readonly reconnectDelay: number;
  /**
   * The longest wait between two dials, in milliseconds.
   *
   * @default 1000
   */
  readonly maxReconnectDelay: number;
  /**
   * The source of time.
   *
   * @default the system's clock
   */
  readonly clock: Clock;
  /**
   * The source of jitter: returns a number from 0 to 1. With a `clock` and a seeded `random` a run
   * can be repeated.
   *
   * @default Math.random
   */
  readonly random: () => number;
}

/** The number of connections that a client has to each server. */
export interface PoolOptions {
  /**
   * The maximum number of connections to a server. Another one is opened while all are busy.
   *
   * @default 1; in a `PooledClient` 4
   */
  readonly maxPoolSize: number;
}

/** The options of a client with several connections, each of which may be left out. */
export interface PooledClientOptions extends ClientOptions, Optional<PoolOptions> {}

/** The options of a client of many servers with their defaults. */
export interface HashClientSettings extends ClientSettings, PoolOptions, HealthOptions {
  /**
   * How keys are distributed among the servers. The default is even, moves only the keys of a
   * server that leaves, and agrees with pymemcache. It has no weights; `weightedKetama` has.
   *
   * @default 'rendezvous'
   */
  readonly scheme: HashSchemeName | HashScheme;
  /**
   * Another client whose scheme, long keys and values are used, so that both find and read each
   * other's items. `scheme` and `serde` override their part of it.
   */
  readonly profile?: ProfileName | undefined;
}

/** The options of a client of many servers, each of which may be left out. */
export interface HashClientOptions extends Optional<HashClientSettings> {}

/** The dialer, which is required for a client of the core. */
export interface WithDial {
  readonly dial: Dialer;
}

/** Adds the runtime's defaults to a client's options: at least a dialer. */
export type Prepare = <Options extends ClientOptions>(options: Options) => Options;

/** The additions of a client of the core: none. */
export const asGiven: Prepare = (options) => options;

/** The check of a value, and its description for errors. */
export type Rule = readonly [holds: (value: unknown) => boolean, says: string];

/** The rule and the default of each option; undefined if it has none. */
export type OptionTable<Settings> = {
  readonly [Name in keyof Settings]-?: readonly [rule: Rule, byDefault: Settings[Name]];
};

const isFunction: Rule = [(value) => typeof value === 'function', 'must be a function'];
const isString: Rule = [(value) => typeof value === 'string', 'must be a string'];
const isObject: Rule = [
  (value) => typeof value === 'object' && value !== null,
  'must be an object',
];
const isLimit: Rule = [
  (value) => typeof value === 'number' && value > 0,
  'must be a number, more than 0',
];
export const isCount: Rule = [
  (value) => typeof value === 'number' && Number.isInteger(value) && value > 0,
  'must be a whole number, more than 0',
];
const isNotNegative: Rule = [
  (value) => typeof value === 'number' && value >= 0,
  'must be a number, 0 or more',
];
const isExpire: Rule = [
  (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MONTH,
  `must be a whole number of seconds from 0, for never, to ${MONTH}, which are 30 days`,
];
const isPart: Rule = [
  (value) => typeof value === 'number' && value >= 0 && value <= 1,
  'must be a number from 0 to 1',
];
/** The longest delay that timers support: a longer one would fire at once. */
const isDelay: Rule = [
  (value) => typeof value === 'number' && value > 0 && value <= 0x7fff_ffff,
  'must be a number of milliseconds, more than 0',
];
/** Checked where it is used, so that not every client includes all schemes and profiles. */
export const isChecked: Rule = [() => true, ''];
const isCodec: Rule = [
  (value) => {
    const { read, write, allocate = read } = (value ?? {}) as Partial<TextCodec>;
    return [read, write, allocate].every((one) => typeof one === 'function');
  },
  'must be an object with the functions read and write',
];
const isBoolean: Rule = [(value) => typeof value === 'boolean', 'must be a boolean'];

/** The rules of options that are no numbers, booleans or texts, as those of a URL are. */
export const notInUrls: ReadonlySet<Rule> = /* @__PURE__ */ new Set([
  isFunction,
  isObject,
  isCodec,
]);

function isOneOf(choices: readonly unknown[]): Rule {
  return [(value) => choices.includes(value), `must be one of ${choices.join(', ')}`];
}

// A row that is left out does not compile. docs/client.md is made of the tables and of the comments
// above: `npm run docs`.

export const clientTable: OptionTable<ClientSettings> = {
  dial: [isFunction, undefined],
  timeout: [isDelay, 1000],
  connectTimeout: [isDelay, 1000],
  tls: [isObject, undefined],
  auth: [isObject, undefined],
  dialect: [/* @__PURE__ */ isOneOf(['meta', 'text', 'auto']), clientConnectionOptions.dialect],
  serde: [isObject, defaultSerde],
  keyPrefix: [isString, ''],
  unicodeKeys: [isBoolean, false],
  binaryKeys: [isBoolean, false],
  maxKeys: [isCount, 1000],
  expire: [isExpire, 0],
  jitter: [isPart, 0],
  noreply: [isBoolean, false],
  onQuietError: [isFunction, undefined],
  ignoreErrors: [isBoolean, false],
  onIgnored: [isFunction, undefined],
  onCommand: [isFunction, undefined],
  onFetch: [isFunction, undefined],
  onServer: [isFunction, undefined],
  noDelay: [isBoolean, undefined],
  keepAlive: [isLimit, undefined],
  unref: [isBoolean, false],
  idleTimeout: [isLimit, Infinity],
  reconnectDelay: [isDelay, 25],
  maxReconnectDelay: [isDelay, 1000],
  stallAfter: [isLimit, clientConnectionOptions.stallAfter],
  maxPending: [isLimit, clientConnectionOptions.maxPending],
  maxPendingBytes: [isLimit, clientConnectionOptions.maxPendingBytes],
  maxValue: [isLimit, replyLimits.maxValue],
  maxLine: [isLimit, replyLimits.maxLine],
  maxLines: [isLimit, replyLimits.maxLines],
  fence: [/* @__PURE__ */ isOneOf(['mn', 'version', 'get']), clientConnectionOptions.fence],
  fenceEvery: [isLimit, clientConnectionOptions.fenceEvery],
  textCodec: [isCodec, clientConnectionOptions.textCodec],
  clock: [isObject, systemClock],
  // Looked up at each call, as a program may replace it.
  random: [isFunction, () => Math.random()],
};

/** The pool options of a client without any. */
export const poolTable: OptionTable<PoolOptions> = {
  maxPoolSize: [isCount, 1],
};

export const pooledClientTable: OptionTable<ClientSettings & PoolOptions> = {
  ...clientTable,
  maxPoolSize: [isCount, 4],
  idleTimeout: [isLimit, 60_000],
};

export const hashClientTable: OptionTable<HashClientSettings> = {
  ...clientTable,
  ...poolTable,
  scheme: [isChecked, 'rendezvous'],
  profile: [isChecked, undefined],
  retryAttempts: [isNotNegative, 2],
  retryTimeout: [isDelay, 1000],
  deadTimeout: [isDelay, 60_000],
};

/**
 * The options with the default of each that is left out.
 *
 * @throws UsageError naming the option that breaks its rule, or that the table does not have.
 */
export function readOptions<Settings extends object>(
  table: OptionTable<Settings>,
  options: Optional<Settings>,
): Settings {
  checkObject('options', options);
  checkKnown('options', options, new Set(Object.keys(table)));
  const settings = { ...options } as Settings;
  for (const name in table) {
    const [[holds, says], byDefault] = table[name];
    const value: unknown = options[name];
    if (value === undefined) settings[name] = byDefault;
    else assertArgument(holds(value), name, says);
  }
  return settings;
}

/**
 * As `readOptions`, for a client.
 *
 * @throws UsageError naming the option that breaks its rule, or that the table does not have.
 */
export function clientSettings<Settings extends ClientSettings>(
  table: OptionTable<Settings>,
  options: Optional<Settings>,
): Settings & WithDial {
  const settings = readOptions(table, options);
  const { dial } = settings;
  assertArgument(dial !== undefined, 'dial', 'must be given');
  checkClock(settings.clock);
  checkSerde(settings.serde);
  if (settings.tls !== undefined) checkTls(settings.tls);
  if (settings.auth !== undefined) checkKnown('auth', settings.auth, authNames);
  return { ...settings, dial };
}

/** Checks the options of any client before a runtime adds to them. */
export function checkOptions(options: HashClientOptions): void {
  readOptions(hashClientTable, options);
}

const authNames = /* @__PURE__ */ new Set(['username', 'password']);

/** @throws UsageError when the clock lacks a method. */
export function checkClock(clock: Clock): void {
  for (const name of ['now', 'elapsed', 'after', 'yield'] as const) {
    assertArgument(typeof clock[name] === 'function', 'clock', `must have the method ${name}`);
  }
}

/** The options of every operation. */
export type CallOptions = Pick<ExecuteOptions, 'timeout' | 'signal'>;

/** The options of a call that writes. */
export interface WriteOptions extends CallOptions {
  /**
   * Do not wait for the reply: the promise resolves as on success when the transport has taken the
   * bytes of the command. It rejects with the outcome `not-sent` if there is no connection, and waits
   * while more than 1024 commands are pending. Errors of the server go to `onQuietError`. The default
   * is the client's `noreply`.
   */
  readonly noreply?: boolean | undefined;
}

/** The options of a call that stores. */
export interface StoreOptions extends WriteOptions {
  /**
   * When it expires: seconds from now, or a Date; 0 for never. The default is the client's `expire`.
   */
  readonly expire?: Expire | undefined;
  /** Client flags to store instead of those of the serde. */
  readonly flags?: number | undefined;
}

/** The options of `incr` and `decr`. */
export interface CountOptions extends WriteOptions {
  /** The number to create if the key does not exist; the call returns it. */
  readonly initial?: bigint | number | undefined;
  /** When a number that is created expires, as in `StoreOptions`. Only with `initial`. */
  readonly expire?: Expire | undefined;
}

/** The options of many writes at once. `timeout` is for all of them together. */
export interface BulkOptions extends WriteOptions {
  /**
   * Let the server reply only to failures, which costs the fewest bytes. If it reports an error that
   * any of the commands may have caused, each is sent once more to find out. It has no effect on a
   * connection that speaks text, whose `noreply` hides failures.
   */
  readonly quiet?: boolean | undefined;
}

const callNames = /* @__PURE__ */ optionNames<CallOptions>({ timeout: true, signal: true });
const writeNames = /* @__PURE__ */ optionNames<WriteOptions>({
  timeout: true,
  signal: true,
  noreply: true,
});
const storeNames = /* @__PURE__ */ optionNames<StoreOptions>({
  timeout: true,
  signal: true,
  noreply: true,
  expire: true,
  flags: true,
});
const countNames = /* @__PURE__ */ optionNames<CountOptions>({
  timeout: true,
  signal: true,
  noreply: true,
  initial: true,
  expire: true,
});
const bulkNames = /* @__PURE__ */ optionNames<BulkOptions>({
  timeout: true,
  signal: true,
  quiet: true,
  noreply: true,
});
const bulkStoreNames = /* @__PURE__ */ optionNames<
  BulkOptions & Pick<StoreOptions, 'expire' | 'flags'>
>({
  timeout: true,
  signal: true,
  quiet: true,
  noreply: true,
  expire: true,
  flags: true,
});

/** @throws UsageError naming an option that reads do not have. */
export function checkCallOptions(options: CallOptions | undefined): void {
  if (options !== undefined) checkNames(options, callNames);
}

/** @throws UsageError naming an option that writes do not have. */
export function checkWriteOptions(options: WriteOptions | undefined): void {
  if (options !== undefined) checkNames(options, writeNames);
}

/** @throws UsageError naming an option that `incr` and `decr` do not have, or that needs another. */
export function checkCountOptions(options: CountOptions): void {
  checkNames(options, countNames);
  if (options.expire !== undefined && options.initial === undefined) {
    throw new UsageError(
      'expire',
      'is for a number that is created: give initial too, or use touch for one that exists',
    );
  }
}

/** @throws UsageError naming an option that stores do not have. */
export function checkStoreOptions(options: StoreOptions | undefined): void {
  if (options === undefined) return;
  // As memcached (npm) and others have it.
  if (typeof options === 'number') {
    throw new UsageError('options', `must be an object: { expire: ${String(options)} }`);
  }
  checkNames(options, storeNames);
}

/** @throws UsageError naming an option that `deleteMany` does not have. */
export function checkBulkOptions(options: BulkOptions | undefined): void {
  if (options !== undefined) checkNames(options, bulkNames);
}

/** @throws UsageError naming an option that `setMany` does not have. */
export function checkBulkStoreOptions(
  options: BulkOptions & Pick<StoreOptions, 'expire' | 'flags'> | undefined,
): void {
  if (options !== undefined) checkNames(options, bulkStoreNames);
}

/** @throws UsageError naming an option that is not among these. */
export function checkNames(options: object, known: ReadonlySet<string>): void {
  checkObject('options', options);
  checkKnown('options', options, known);
}
