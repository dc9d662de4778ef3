// The values of php-memcached.
import { fromUtf8, latin1, utf8 } from '../../../wire/bytes.ts';
import { checkBoolean, optionNames } from '../../../wire/check.ts';
import { UsageError } from '../../../wire/errors.ts';
import {
  checkCoded,
  checkCompression,
  type Codec,
  compress,
  decompress,
  MAX_DECOMPRESSED,
} from '../compressed-serde.ts';
import {
  checkString,
  fromJson,
  ownBytes,
  type Serde,
  type Serialized,
  toInteger,
  toJson,
} from '../serde.ts';
import { fastlzDecompress } from './fastlz.ts';
import { ForeignValue, storeForeign } from './foreign-value.ts';

/** The meanings of the lowest four bits of the flags. */
const STRING = 0;
const LONG = 1;
const DOUBLE = 2;
const BOOLEAN = 3;
const JSON_TEXT = 6;
const TYPE = 0xf;

const COMPRESSED = 1 << 4;
const ZLIB = 1 << 5;
const FASTLZ = 1 << 6;
/** The bits that belong to the extension; the others are the user's. */
const INTERNAL = 0xfff0;
/** The minimum compression ratio: php.ini's `memcached.compression_factor`. */
const LEAST_GAIN = 1.3;

/** The options of `phpSerde`. */
export interface PhpSerdeOptions {
  /**
   * A codec for zlib's format, for values that are compressed with it. FastLZ, which is only read, needs
   * none.
   */
  readonly codec?: Codec | undefined;
  /**
   * Values with more bytes than this are compressed with `codec`; 0 and Infinity, the default, turn
   * compression off.
   */
  readonly threshold?: number | undefined;
  /** The maximum decompressed size of a value in bytes; 64 MiB by default. */
  readonly maxSize?: number | undefined;
  /** Return PHP's strings, which may hold any bytes, as bytes; false, as text, by default. */
  readonly binary?: boolean | undefined;
}

const phpNames = /* @__PURE__ */ optionNames<PhpSerdeOptions>({
  codec: true,
  threshold: true,
  maxSize: true,
  binary: true,
});

/**
 * The values of php-memcached. Objects are stored as JSON, which every build with JSON reads,
 * regardless of its serialiser. A value that was serialised by PHP, igbinary or msgpack comes back as
 * `ForeignValue`.
 *
 * @throws UsageError naming an option that breaks a rule or is unknown.
 */
export function phpSerde(options: PhpSerdeOptions = {}): Serde {
  checkCompression(options, phpNames);
  const { codec, threshold = Infinity, maxSize = MAX_DECOMPRESSED, binary = false } = options;
  checkBoolean('binary', binary);

  function pack(plain: Serialized): Serialized {
    if (codec === undefined || threshold === 0 || threshold === Infinity) return plain;
    const { value, flags } = plain;
    const bytes = typeof value === 'string' ? utf8(value) : value;
    if (bytes.length <= threshold) return plain;
    const packed = compress(codec, bytes);
    if (packed.length * LEAST_GAIN >= bytes.length) return plain;
    const stored = new Uint8Array(4 + packed.length);
    new DataView(stored.buffer).setUint32(0, bytes.length, true);
    stored.set(packed, 4);
    return { value: stored, flags: flags | COMPRESSED | ZLIB };
  }

  return {
    serialize(_key, value) {
      if (value instanceof ForeignValue) return storeForeign('php-memcached', value);
      if (typeof value === 'string') return pack({ value: checkString(value), flags: STRING });
      if (value instanceof Uint8Array) return pack({ value, flags: STRING });
      return toScalar(value) ?? pack({ value: toJson(value), flags: JSON_TEXT });
    },

    deserialize(key, value, flags) {
      const bytes = unpack(value, flags, codec, maxSize);
      if (bytes === null) return new ForeignValue(value, flags);
      switch (flags & TYPE) {
        case STRING:
          return binary ? ownBytes(bytes) : fromUtf8(bytes);
        case LONG:
          return toInteger(key, bytes);
        case DOUBLE:
          return Number(latin1(bytes));
        case BOOLEAN:
          return bytes[0] === 0x31;
        case JSON_TEXT:
          return fromJson(key, fromUtf8(bytes));
        default:
          return new ForeignValue(bytes, flags & ~INTERNAL);
      }
    },
  };
}

/** A boolean or a number as PHP writes it; null for any other value. It is never compressed. */
function toScalar(value: unknown): Serialized | null {
  if (typeof value === 'boolean') return { value: value ? '1' : '', flags: BOOLEAN };
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) {
    throw new UsageError('value', 'is too great for an integer of PHP');
  }
  if (typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))) {
    return { value: String(value), flags: LONG };
  }
  if (typeof value !== 'number') return null;
  return { value: Object.is(value, -0) ? '-0' : String(value), flags: DOUBLE };
}

/** The bytes of a value, decompressed; null without a codec that can do it. */
function unpack(
  value: Uint8Array,
  flags: number,
  codec: Codec | undefined,
  maxSize: number,
): Uint8Array | null {
  if ((flags & COMPRESSED) === 0) return value;
  const inflate = (flags & FASTLZ) !== 0
    ? fastlzDecompress
    : (flags & ZLIB) !== 0
    ? codec?.decompress.bind(codec)
    : undefined;
  if (inflate === undefined) return null;
  return decompress(() => {
    if (value.length < 4) throw new Error('it has no length');
    const length = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
    if (length > maxSize) throw new Error(`it has ${length} bytes, more than ${maxSize}`);
    const bytes = inflate(value.subarray(4), length);
    checkCoded('decompress', bytes);
    if (bytes.length !== length) throw new Error(`it has ${bytes.length} bytes, not ${length}`);
    return bytes;
  });
}
