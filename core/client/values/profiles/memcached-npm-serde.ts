// The values of the npm package memcached.
import { fromLatin1, fromUtf8, latin1 } from '../../../wire/bytes.ts';
import { checkString, fromJson, type Serde, toJson } from '../serde.ts';
import { ForeignValue, storeForeign } from './foreign-value.ts';

const TEXT = 0;
const JSON_TEXT = 2;
const BINARY = 4;
const NUMBER = 8;

/**
 * The values of memcached (npm). Bytes are stored as text of one character each, in UTF-8, and every
 * line end is preceded by a backslash.
 */
export const memcachedNpmSerde: Serde = {
  serialize(_key, value) {
    if (typeof value === 'string') return { value: escape(checkString(value)), flags: TEXT };
    if (value instanceof Uint8Array) return { value: escape(latin1(value)), flags: BINARY };
    if (typeof value === 'number') return { value: String(value), flags: NUMBER };
    if (typeof value === 'bigint' || value instanceof ForeignValue) {
      return storeForeign('memcached (npm)', value);
    }
    return { value: toJson(value), flags: JSON_TEXT };
  },

  deserialize(key, value, flags) {
    const text = fromUtf8(value).replace(/\\([\r\n])/g, '$1');
    switch (flags) {
      case TEXT:
        return text;
      case JSON_TEXT:
        return fromJson(key, text);
      case BINARY:
        return fromLatin1(text);
      case NUMBER:
        return Number(text);
      default:
        return new ForeignValue(value, flags);
    }
  },
};

function escape(text: string): string {
  return text.replace(/[\r\n]/g, '\\$&');
}
