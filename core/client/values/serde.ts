// Turns values into bytes and flags, and back.
import { fromUtf8, latin1, type TextCodec } from '../../wire/bytes.ts';
import { assertArgument, checkWellFormed } from '../../wire/check.ts';
import type { Key, Value } from '../../wire/command.ts';
import { MemcacheError, UsageError } from '../../wire/errors.ts';
import { wholeNumber } from '../../wire/numbers.ts';

/** A value as it is sent. */
export interface Serialized {
  /** Text goes out as UTF-8. */
  readonly value: Value;
  /** The type of the value, as an unsigned 32-bit number that the server stores with it. */
  readonly flags: number;
}

/** Turns values into bytes and back, synchronously. */
export interface Serde {
  /** The value to send, and the client flags that give its type. */
  serialize(key: Key, value: unknown): Serialized;
  /**
   * The stored value. `value` may be a view of a larger chunk: copy the bytes that are kept.
   */
  deserialize(key: Key, value: Uint8Array, flags: number): unknown;
}

// The numbers of pymemcache where it has them, so that each reads values of the other.
const BYTES = 0;
const INTEGER = 2;
const TEXT = 16;
const JSON_TEXT = 32;

// Those of a cache, for items that are no values or would not look like one. Other clients see an
// empty string, or a short token, with flags of no type.

/** An empty item that says: there is none. */
export const NONE = 0x100_0000;
/** An empty value whose own flags are 0: it would look like a placeholder. */
export const EMPTY_VALUE = 0x200_0000;
/** A placeholder that was made without meta commands: its value is a token. */
export const CLAIM = 0x400_0000;

/**
 * Bytes stay bytes, strings are UTF-8, whole numbers and bigints are decimal, everything else is
 * JSON. What would not come back is refused with a `UsageError`: a lone surrogate in a string, NaN
 * and Infinity, a function, a Map, an Error, a Promise, a buffer that is no Uint8Array, on its own
 * or within an object, and undefined in an array.
 *
 * These come back as something else: a bigint that is a safe integer as a number; a Buffer as a
 * Uint8Array; an object with a `toJSON` as its result, so a Date as text; an instance of a class as
 * an object of its own properties; within an object or an array, -0 as 0. A property of an object
 * that is undefined, a function or a symbol is left out.
 *
 * Nothing that is stored is ever executed.
 */
export const defaultSerde: Serde = {
  serialize(_key, value) {
    if (typeof value === 'string') return { value: checkString(value), flags: TEXT };
    if (value instanceof Uint8Array) return { value, flags: BYTES };
    if (typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))) {
      return { value: String(value), flags: INTEGER };
    }
    return { value: toJson(value), flags: JSON_TEXT };
  },

  deserialize(key, value, flags) {
    switch (flags) {
      case TEXT:
        return fromUtf8(value);
      case BYTES:
        return ownBytes(value);
      case INTEGER:
        return toInteger(key, value);
      case JSON_TEXT:
        return fromJson(key, fromUtf8(value));
      case EMPTY_VALUE:
        return ownBytes(value);
      case NONE:
      case CLAIM:
        return undefined;
      default:
        throw new UsageError(
          'serde',
          `does not know the flags ${flags} that ${describe(key)} was stored with`,
        );
    }
  },
};

/** The client flags of items that a serde reads as text and nothing else; -1 for none. */
export function textFlagsOf(serde: Serde): number {
  return serde.deserialize === defaultSerde.deserialize ? TEXT : -1;
}

/** An item as it was received: its value is `bytes[from, to)`. */
export interface ItemBytes {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly flags: number;
  /** The memory of `bytes` will be written to again: copy what is kept. */
  readonly isLent: boolean;
}

/** The value of an item. Text, the most common by far, needs no view of the bytes. */
export function deserialize(serde: Serde, codec: TextCodec, key: Key, item: ItemBytes): unknown {
  const { bytes, from, to, flags } = item;
  if (flags === textFlagsOf(serde)) {
    return codec.read(bytes, from, to);
  }
  if (item.isLent) return serde.deserialize(key, bytes.slice(from, to), flags);
  const isWhole = to - from === bytes.length;
  return serde.deserialize(key, isWhole ? bytes : bytes.subarray(from, to), flags);
}

/** A value in a buffer of its own, which keeps no chunk alive and exposes no other bytes. */
export function ownBytes(value: Uint8Array): Uint8Array {
  return value.length === value.buffer.byteLength ? value : new Uint8Array(value);
}

/** @throws UsageError for a lone surrogate, which has no UTF-8 form and would be replaced. */
export function checkString(text: string): string {
  checkWellFormed('value', text);
  return text;
}

/** @throws UsageError when it is no serde. */
export function checkSerde(serde: Serde): void {
  const isSerde = typeof serde === 'object' && typeof serde?.serialize === 'function' &&
    typeof serde.deserialize === 'function';
  assertArgument(
    isSerde,
    'serde',
    'must be an object with the functions serialize and deserialize',
  );
}

/**
 * Serializes a value, and checks the result.
 *
 * @throws UsageError when the serde, which may be the caller's own, fails or gives what cannot be
 * sent.
 */
export function serialize(serde: Serde, key: Key, value: unknown): Serialized {
  let made: Serialized;
  try {
    made = serde.serialize(key, value);
  } catch (error) {
    if (error instanceof MemcacheError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('serde', `could not serialize ${describe(key)}: ${reason}`, error);
  }
  const isWhole = typeof made === 'object' && made !== null &&
    (typeof made.value === 'string' || made.value instanceof Uint8Array) &&
    made.flags >>> 0 === made.flags;
  if (isWhole) return made;
  const rule =
    'must make { value, flags } of a value, a string or a Uint8Array and a whole number' +
    ' of 32 bits';
  throw new UsageError('serde', `${rule}: of ${describe(key)} it made ${kindOf(made)}`);
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (toTag(value) !== '[object Object]') return toTag(value);
  const { value: data, flags } = value as { readonly value?: unknown; readonly flags?: unknown };
  return `a value that is ${toTag(data)} and the flags ${String(flags)}`;
}

/** `[object Map]`, also for a value of another realm, as test runners have them. */
function toTag(value: unknown): string {
  return Object.prototype.toString.call(value);
}

/**
 * Finds a part of a value that JSON would silently turn into null or `{}`: returns its path and
 * what it is, or null.
 *
 * JSON.stringify has accepted the value, so it has no circle. This takes about a tenth of the time:
 * plain objects are recognised by their prototype, because asking for a tag costs ten times as
 * much.
 */
function findLost(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    // A bigint that JSON.stringify has accepted has a toJSON.
    case 'bigint':
      return null;
    case 'number':
      return Number.isFinite(value) ? null : ` is ${value}`;
    case 'object':
      return value === null ? null : findLostIn(value);
    default:
      return value === undefined ? ' is undefined' : ` is a ${typeof value}`;
  }
}

/** @param isMade It is the result of a `toJSON`, whose own `toJSON` is not called. */
function findLostIn(value: object, isMade = false): string | null {
  if (!isMade && hasToJson(value)) {
    if (toTag(value) === '[object Date]') {
      return Number.isNaN((value as Date).getTime()) ? ' is an invalid Date' : null;
    }
    const made = value.toJSON('');
    if (made === undefined) return null;
    return typeof made === 'object' && made !== null ? findLostIn(made, true) : findLost(made);
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const lost = findLost(value[i]);
      if (lost !== null) return `[${i}]${lost}`;
    }
    return null;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && isLost(value)) {
    return ` is ${toTag(value)}`;
  }
  for (const name in value) {
    const one = (value as Readonly<Record<string, unknown>>)[name];
    if (one === null || typeof one === 'string') continue;
    // JSON leaves them out; reading them gives undefined as well.
    if (one === undefined || typeof one === 'function' || typeof one === 'symbol') continue;
    const lost = findLost(one);
    if (lost !== null && Object.hasOwn(value, name)) return `.${name}${lost}`;
  }
  return null;
}

function isLost(value: object): boolean {
  const tag = toTag(value);
  if (ArrayBuffer.isView(value) || /^\[object (Map|Set|Error)\]$/.test(tag)) return true;
  // A Promise, a RegExp, a buffer: none of its content is in properties.
  const isPlain = /^\[object (Object|Number|String|Boolean)\]$/.test(tag);
  return !isPlain && Object.keys(value).length === 0;
}

function hasToJson(value: object): value is { toJSON(key: string): unknown } {
  return typeof (value as { readonly toJSON?: unknown }).toJSON === 'function';
}

/** @throws UsageError for what JSON would lose. */
export function toJson(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  let text: string | undefined;
  let lost: string | null;
  try {
    text = JSON.stringify(value);
    lost = findLost(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('value', `cannot be written as JSON: ${reason}`, error);
  }
  if (text === undefined) {
    throw new UsageError('value', `of type ${typeof value} cannot be stored`);
  }
  if (lost !== null) {
    throw new UsageError('value', `cannot be written as JSON, which would lose it: value${lost}`);
  }
  return text;
}

/** @throws UsageError for a value that JSON cannot hold. */
export function fromJson(key: Key, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError('serde', `found no JSON in ${describe(key)}, against its flags`, error);
  }
}

/** A number, or a bigint if it is not safe. @throws UsageError if it is no integer. */
export function toInteger(key: Key, value: Uint8Array): number | bigint {
  // decr pads a number that has lost a digit with spaces.
  const whole = wholeNumber(latin1(value).trim());
  if (whole !== undefined) return whole;
  throw new UsageError('serde', `found no integer in ${describe(key)}, against its flags`);
}

function describe(key: Key): string {
  return typeof key === 'string' ? JSON.stringify(key) : `a key of ${key.length} bytes`;
}
