// The values of spymemcached.
import { fromUtf8 } from '../../../wire/bytes.ts';
import { UsageError } from '../../../wire/errors.ts';
import { checkString, ownBytes, type Serde } from '../serde.ts';
import { ForeignValue, storeForeign } from './foreign-value.ts';

const TEXT = 0;
const BOOLEAN = 1 << 8;
const INT = 2 << 8;
const LONG = 3 << 8;
const DATE = 4 << 8;
const BYTE = 5 << 8;
const FLOAT = 6 << 8;
const DOUBLE = 7 << 8;
const BYTES = 8 << 8;

/**
 * The values of spymemcached and xmemcached: numbers are big-endian without leading zeros. Whole
 * numbers are stored as `int` if they fit, else as `long`. Java's serialised objects come
 * back as `ForeignValue`.
 */
export const spymemcachedSerde: Serde = {
  serialize(_key, value) {
    if (typeof value === 'string') return { value: checkString(value), flags: TEXT };
    if (value instanceof Uint8Array) return { value, flags: BYTES };
    if (typeof value === 'boolean') return { value: value ? '1' : '0', flags: BOOLEAN };
    if (value instanceof Date && Number.isFinite(value.getTime())) {
      return { value: pack(BigInt(value.getTime()), 64), flags: DATE };
    }
    if (typeof value === 'number' && (!Number.isSafeInteger(value) || Object.is(value, -0))) {
      return { value: pack(doubleBits(value), 64), flags: DOUBLE };
    }
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      return storeForeign('spymemcached', value);
    }
    const number = BigInt(value);
    if (BigInt.asIntN(32, number) === number) return { value: pack(number, 32), flags: INT };
    if (BigInt.asIntN(64, number) === number) return { value: pack(number, 64), flags: LONG };
    throw new UsageError('value', 'is too great for a long of Java');
  },

  deserialize(_key, value, flags) {
    switch (flags) {
      case TEXT:
        return fromUtf8(value);
      case BOOLEAN:
        return value[0] === 0x31;
      case INT:
        return Number(BigInt.asIntN(32, unpack(value)));
      case LONG: {
        const number = BigInt.asIntN(64, unpack(value));
        return BigInt(Number(number)) === number && Number.isSafeInteger(Number(number))
          ? Number(number)
          : number;
      }
      case DATE:
        return new Date(Number(BigInt.asIntN(64, unpack(value))));
      case BYTE:
        return Number(BigInt.asIntN(8, unpack(value)));
      case FLOAT:
        return view(unpack(value)).getFloat32(4);
      case DOUBLE:
        return view(unpack(value)).getFloat64(0);
      case BYTES:
        return ownBytes(value);
      default:
        return new ForeignValue(value, flags);
    }
  },
};

/** The bytes of a number of so many bits, without leading zeros. */
function pack(number: bigint, bits: 32 | 64): Uint8Array {
  const { buffer } = view(BigInt.asUintN(bits, number));
  const bytes = new Uint8Array(buffer);
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? bytes.subarray(8) : bytes.subarray(first);
}

function unpack(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const byte of bytes.subarray(0, 8)) number = (number << 8n) | BigInt(byte);
  return number;
}

function view(number: bigint): DataView<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, number);
  return bytes;
}

function doubleBits(number: number): bigint {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, number);
  return bytes.getBigUint64(0);
}
