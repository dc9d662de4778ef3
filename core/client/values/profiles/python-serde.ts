// The values that the clients of Python have in common.
import { fromUtf8 } from '../../../wire/bytes.ts';
import { checkString, ownBytes, type Serde, toInteger } from '../serde.ts';
import { ForeignValue, storeForeign } from './foreign-value.ts';

const BYTES = 0;
const INTEGER = 2;
/** An integer of Python 2 that was long; any integer of pylibmc. */
const LONG = 4;
const TEXT = 16;

/**
 * The values that pymemcache, python-memcached and pylibmc all read without a pickle: text, bytes,
 * whole numbers. Pickles come back as `ForeignValue`.
 */
export const pythonSerde: Serde = {
  serialize(_key, value) {
    if (typeof value === 'string') return { value: checkString(value), flags: TEXT };
    if (value instanceof Uint8Array) return { value, flags: BYTES };
    if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
      return { value: String(value), flags: INTEGER };
    }
    return storeForeign('Python', value);
  },

  deserialize(key, value, flags) {
    switch (flags) {
      case BYTES:
        return ownBytes(value);
      case INTEGER:
      case LONG:
        return toInteger(key, value);
      case TEXT:
        return fromUtf8(value);
      default:
        return new ForeignValue(value, flags);
    }
  },
};
