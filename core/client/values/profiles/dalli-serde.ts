// The values of dalli.
import { fromUtf8 } from '../../../wire/bytes.ts';
import { checkString, fromJson, ownBytes, type Serde, toJson } from '../serde.ts';
import { ForeignValue, storeForeign } from './foreign-value.ts';

const BYTES = 0;
const SERIALIZED = 1;
/** Since dalli 5.0.4; older ones do not look at it, and take the bytes as they are. */
const TEXT = 4;

/**
 * The values that dalli stores with `raw` or `string_fastpath`: text and bytes. Serialised values, by
 * default in Ruby's Marshal format, come back as `ForeignValue`.
 */
export const dalliSerde: Serde = {
  serialize(_key, value) {
    if (typeof value === 'string') return { value: checkString(value), flags: TEXT };
    if (value instanceof Uint8Array) return { value, flags: BYTES };
    return storeForeign('dalli', value);
  },

  deserialize(_key, value, flags) {
    if (flags === BYTES) return ownBytes(value);
    if (flags === TEXT) return fromUtf8(value);
    return new ForeignValue(value, flags);
  },
};

/** dalli with `serializer: JSON`, which it uses for all but raw values. */
export const dalliJsonSerde: Serde = {
  serialize(key, value) {
    if (value instanceof Uint8Array || value instanceof ForeignValue) {
      return dalliSerde.serialize(key, value);
    }
    return { value: toJson(value), flags: SERIALIZED };
  },

  deserialize(key, value, flags) {
    if (flags === SERIALIZED) return fromJson(key, fromUtf8(value));
    return dalliSerde.deserialize(key, value, flags);
  },
};
