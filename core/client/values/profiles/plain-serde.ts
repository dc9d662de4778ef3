import { checkString, ownBytes, type Serde } from '../serde.ts';
import { ForeignValue, storeForeign } from './foreign-value.ts';

/** Bytes as they are, for clients whose flags are their callers': gomemcache, memjs. */
export const plainSerde: Serde = {
  serialize(_key, value) {
    if (typeof value === 'string') return { value: checkString(value), flags: 0 };
    if (value instanceof Uint8Array) return { value, flags: 0 };
    return storeForeign('a client of bytes', value);
  },

  deserialize(_key, value, flags) {
    return flags === 0 ? ownBytes(value) : new ForeignValue(value, flags);
  },
};
