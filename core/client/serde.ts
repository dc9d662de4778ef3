import { fromUtf8, latin1 } from '../wire/bytes.ts';
import type { Key, Value } from '../wire/command.ts';
import { UsageError } from '../wire/errors.ts';

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
 * JSON. Nothing that is stored is ever executed.
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
        return toInteger(value);
      case JSON_TEXT:
        return JSON.parse(fromUtf8(value));
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
  return value.length * 2 < value.buffer.byteLength ? value.slice() : value;
}

function toJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('value', `cannot be written as JSON: ${reason}`);
  }
  if (text === undefined) {
    throw new UsageError('value', `of type ${typeof value} cannot be stored`);
  }
  return text;
}

function toInteger(value: Uint8Array): number | bigint {
  // decr leaves spaces behind a number that has lost a digit.
  const text = latin1(value, 0, Math.min(value.length, 64)).trim();
  if (!/^-?\d+$/.test(text)) {
    throw new UsageError('serde', 'found a value with the flags of an integer that is none');
  }
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function describe(key: Key): string {
  return typeof key === 'string' ? JSON.stringify(key) : `a key of ${key.length} bytes`;
}
