// Checks of single arguments. As JavaScript callers may pass anything, each takes anything.
import { UsageError } from './errors.ts';
import { MAX_U32, MAX_U64 } from './numbers.ts';

/** @throws UsageError naming the argument and the rule, unless it holds. */
export function assertArgument(holds: boolean, argument: string, rule: string): asserts holds {
  if (!holds) throw new UsageError(argument, rule);
}

/**
 * Checks that an object without a property may hold some: a Promise that was not awaited, a Date or a
 * Map would pass for no options at all.
 */
export function checkEmpty(argument: string, value: object): void {
  checkObject(argument, value);
  if (Object.getPrototypeOf(value) === Object.prototype) return;
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  assertArgument(tag === 'Object', argument, `must be an object with properties, not a ${tag}`);
}

/** Checks that a value is an object, as options must be. */
export function checkObject(argument: string, value: unknown): void {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  assertArgument(isObject, argument, 'must be an object');
}

/**
 * Checks that all options are known. An unknown one is a mistake that would have no effect: an item
 * with the option `ttl` would never expire. It costs a call some 20 ns.
 *
 * @param argument The caller's name for the object, for errors: with `tls` an unknown name is reported
 * as `tls.servername`; `options` is left out.
 * @throws UsageError naming the one that is not known, and the one that is likely meant.
 */
export function checkKnown(argument: string, given: object, known: ReadonlySet<string>): void {
  let isEmpty = true;
  for (const name in given) {
    if (!known.has(name)) refuseUnknown(argument, given, name, known);
    isEmpty = false;
  }
  if (isEmpty) checkEmpty(argument, given);
}

/** The names of options, for `checkKnown`: the compiler ensures that none is missing. */
export function optionNames<Options>(
  names: Readonly<Record<keyof Options, true>>,
): ReadonlySet<string> {
  return new Set(Object.keys(names));
}

function refuseUnknown(
  argument: string,
  given: object,
  name: string,
  known: ReadonlySet<string>,
): void {
  // A property that a program has added to all objects is not an option.
  if (!Object.hasOwn(given, name) && name in Object.prototype) return;
  const likely = likelyName(name, [...known]);
  const hint = likely !== undefined
    ? `; did you mean ${likely}?`
    : known.size <= 12
    ? `; there are ${[...known].join(', ')}`
    : '';
  throw new UsageError(
    argument === 'options' ? name : `${argument}.${name}`,
    `is no option${hint}`,
  );
}

/** The names of an option in other clients, in lower case and without `_` and `-`. */
const synonyms: Readonly<Record<string, string>> = {
  expire: 'ttl ex exp expires expiry expiresin expiration exptime lifetime maxage time duration',
  timeout: 'timeoutms deadline requesttimeout commandtimeout sockettimeout',
  connectTimeout: 'connectiontimeout dialtimeout',
  signal: 'aborted abort abortsignal',
  noreply: 'defaultnoreply quiet fireandforget',
  ignoreErrors: 'ignoreexc ignoreexceptions failsilently',
  keyPrefix: 'prefix namespace keynamespace',
  unicodeKeys: 'allowunicodekeys',
  serde: 'serializer deserializer serialize deserialize codec',
  tls: 'ssl tlscontext sslcontext tlsoptions secure',
  auth: 'username user password credentials sasl',
  noDelay: 'tcpnodelay',
  keepAlive: 'socketkeepalive tcpkeepalive',
  dial: 'socketmodule connect',
  scheme: 'hasher hash hashing distribution algorithm',
  maxPoolSize: 'poolsize pool max maxconnections connections',
  idleTimeout: 'poolidletimeout idle',
  attempts: 'retries maxattempts maxretries',
  delay: 'retrydelay backoff',
  threshold: 'mincompresslen minsize compressthreshold',
  codec: 'compress decompress compressor',
  maxValue: 'maxvaluesize itemsizemax',
  ca: 'cafile cacerts',
  host: 'hostname address ip',
};

function likelyName(name: string, known: readonly string[]): string | undefined {
  const plain = plainName(name);
  const same = known.find((one) =>
    plainName(one) === plain || synonyms[one]?.split(' ').includes(plain)
  );
  if (same !== undefined) return same;
  // A typing error or two, in a word that is long enough to be distinct.
  const most = Math.min(2, Math.floor(plain.length / 3));
  const slips = (one: string): number => distance(plain, plainName(one));
  return known.filter((one) => slips(one) <= most).sort((a, b) => slips(a) - slips(b))[0];
}

function plainName(name: string): string {
  return name.replace(/[_-]/g, '').toLowerCase();
}

/** The edit distance of two words. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change));
    }
    row = next;
  }
  return row[to.length]!;
}

export function checkBoolean(argument: string, value: boolean): boolean {
  assertArgument(typeof value === 'boolean', argument, 'must be true or false');
  return value;
}

/** One of a few words. */
export function checkChoice(argument: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) {
    throw new UsageError(argument, `must be one of ${choices.join(', ')}`);
  }
}

/** The entry of a table under a name. */
export function checkEntry<Name extends string, Value>(
  argument: string,
  table: Readonly<Record<Name, Value>>,
  name: Name,
): Value {
  checkChoice(argument, name, Object.keys(table));
  return table[name];
}

/** A whole number in a range, its ends included. */
export function checkWhole(argument: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new UsageError(argument, `must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** An unsigned 32-bit number: client flags, mostly. */
export function checkU32(argument: string, value: number): number {
  return checkWhole(argument, value, 0, MAX_U32);
}

/** An unsigned 64-bit number. @param kind What the caller may pass, for errors. */
export function checkU64(argument: string, value: unknown, kind = 'bigint'): bigint {
  if (typeof value !== 'bigint' || value < 0n || value > MAX_U64) {
    const isRounded = kind !== 'bigint' && typeof value === 'number' && value <= 2 ** 64 &&
      value > Number.MAX_SAFE_INTEGER;
    assertArgument(
      !isRounded,
      argument,
      'must be a bigint past 2^53 - 1, where a number may be rounded',
    );
    throw new UsageError(argument, `must be a ${kind} from 0 to ${MAX_U64}`);
  }
  return value;
}

/** A text that is not empty. */
export function checkText(argument: string, text: unknown): asserts text is string {
  const isText = typeof text === 'string' && text !== '';
  assertArgument(isText, argument, 'must be a string that is not empty');
}

/** A text without lone surrogates, which UTF-8 would turn into U+FFFD. */
export function checkWellFormed(argument: string, text: string): void {
  assertArgument(
    text.isWellFormed(),
    argument,
    'must not contain a lone surrogate, half of a character',
  );
}

/** Seconds, as the server parses them: a signed 32-bit number. */
export function checkSeconds(argument: string, value: number): number {
  const rule = 'must be a whole number of seconds within 32 bits';
  assertArgument(typeof value === 'number' && value === (value | 0), argument, rule);
  return value;
}

/** Milliseconds for a timer. @param most Infinity if there may be no limit. */
export function checkMilliseconds(argument: string, value: number, most = 0x7fff_ffff): number {
  const isTime = typeof value === 'number' && value > 0 && value <= most;
  assertArgument(isTime, argument, 'must be a number of milliseconds, more than 0');
  return value;
}
