import { fromUtf8, latin1 } from '../wire/bytes.ts';
import type { Key, Value } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';
import { wholeNumber } from '../wire/numbers.ts';

/** Turns what a program stores into bytes, and back. */
export interface Serde {
  /** The value to send and the client flags that say what it is. */
  serialize(key: Key, value: unknown): { readonly value: Value; readonly flags: number };
  /**
   * What was stored. `value` may be a view of a larger chunk: copy what is kept.
   */
  deserialize(key: Key, value: Uint8Array, flags: number): unknown;
}

// pymemcache's numbers where it has them, so that both read each other.
const BYTES = 0;
const INTEGER = 2;
const TEXT = 16;
const JSON_TEXT = 32;

/**
 * Bytes stay bytes, strings are UTF-8, whole numbers and bigints are decimal, everything else is
 * JSON. A bigint that is a safe integer comes back as a number. What JSON would lose as a whole
 * (NaN, Maps, buffers that are no Uint8Array) is refused. Nothing that is stored is ever executed.
 */
export const defaultSerde: Serde = {
  serialize(_key, value) {
    if (typeof value === 'string') return { value, flags: TEXT };
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
      default:
        throw new UsageError(
          'serde',
          `does not know the flags ${flags} that ${describe(key)} was stored with`,
        );
    }
  },
};

/** Values that are small in their chunk are copied out of it, so that they do not keep it alive. */
export function ownBytes(value: Uint8Array): Uint8Array {
  return value.length * 2 < value.buffer.byteLength ? new Uint8Array(value) : value;
}

// JSON gives null for these, or {}: the value would be gone without a word.
function isLost(value: unknown): boolean {
  return (typeof value === 'number' && !Number.isFinite(value)) || value instanceof Map ||
    value instanceof Set || value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** @throws UsageError for what JSON would lose. */
export function toJson(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (isLost(value)) {
    const what = typeof value === 'number' ? String(value) : Object.prototype.toString.call(value);
    throw new UsageError('value', `${what} cannot be written as JSON`);
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('value', `cannot be written as JSON: ${reason}`, error);
  }
  if (text === undefined) {
    throw new UsageError('value', `of type ${typeof value} cannot be stored`);
  }
  return text;
}

/** @throws UsageError for what is no JSON. */
export function fromJson(key: Key, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError('serde', `found no JSON in ${describe(key)}, against its flags`, error);
  }
}

/** A number where it is a safe one. @throws UsageError for what is no integer. */
export function toInteger(key: Key, value: Uint8Array): number | bigint {
  // decr leaves spaces behind a number that has lost a digit.
  const whole = wholeNumber(latin1(value).trim());
  if (whole !== undefined) return whole;
  throw new UsageError('serde', `found no integer in ${describe(key)}, against its flags`);
}

function describe(key: Key): string {
  return typeof key === 'string' ? JSON.stringify(key) : `a key of ${key.length} bytes`;
}
