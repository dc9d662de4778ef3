// A serde that compresses the values of another one.
import { utf8 } from '../../wire/bytes.ts';
import {
  assertArgument,
  checkKnown,
  checkObject,
  checkWhole,
  optionNames,
} from '../../wire/check.ts';
import { UsageError } from '../../wire/errors.ts';
import { MAX_U32 } from '../../wire/numbers.ts';
import { checkSerde, checkString, defaultSerde, type Serde, serialize } from './serde.ts';
import type { Optional } from '../../wire/options.ts';

/** Compresses and decompresses bytes. */
export interface Codec {
  /** Makes data smaller. */
  compress(data: Uint8Array): Uint8Array;
  /**
   * Decompresses bytes.
   *
   * @param limit The maximum number of bytes; it throws rather than return more.
   */
  decompress(data: Uint8Array, limit: number): Uint8Array;
}

/** The options of `compressedSerde`. */
export interface CompressionOptions {
  /** What compresses. */
  readonly codec: Codec;
  /** Turns values into the bytes that are compressed; `defaultSerde` by default. */
  readonly serde?: Serde | undefined;
  /**
   * Values with more bytes than this are compressed; 400 by default. 0 and Infinity turn compression
   * off, as 0 does in pymemcache.
   */
  readonly threshold?: number | undefined;
  /**
   * The maximum decompressed size of a value in bytes, so that a small one cannot fill the memory;
   * 64 MiB by default.
   */
  readonly maxSize?: number | undefined;
  /** The client flag of compressed values; 8 by default, as in pymemcache and python-memcached. */
  readonly flag?: number | undefined;
}

/** The most that a value may decompress to. */
export const MAX_DECOMPRESSED: number = 64 * 1024 * 1024;

const names = /* @__PURE__ */ optionNames<CompressionOptions>({
  codec: true,
  serde: true,
  threshold: true,
  maxSize: true,
  flag: true,
});

/**
 * A serde that compresses values if that makes them smaller. Do not append to a compressed value.
 *
 * @throws UsageError naming an option that breaks a rule or is unknown.
 */
export function compressedSerde(options: CompressionOptions): Serde {
  checkCompression(options, names);
  const {
    codec,
    serde = defaultSerde,
    threshold = 400,
    maxSize = MAX_DECOMPRESSED,
    flag: compressed = 8,
  } = options;
  assertArgument(codec !== undefined, 'codec', 'must be given, as zlibCodec');
  checkSerde(serde);
  checkWhole('flag', compressed, 1, MAX_U32);
  return {
    serialize(key, value) {
      const plain = serialize(serde, key, value);
      if (threshold === 0 || threshold === Infinity) return plain;
      // A value that was read without being decompressed, and is stored again, has the flag
      // already.
      if ((plain.flags & compressed) !== 0) return plain;
      const bytes = typeof plain.value === 'string' ? utf8(checkString(plain.value)) : plain.value;
      if (bytes.length <= threshold) return plain;
      const packed = compress(codec, bytes);
      if (packed.length > bytes.length) return plain;
      // `>>> 0`, as the result of `|` would be signed.
      return { value: packed, flags: (plain.flags | compressed) >>> 0 };
    },

    deserialize(key, value, flags) {
      if ((flags & compressed) === 0) return serde.deserialize(key, value, flags);
      const bytes = decompress(() => {
        const all = codec.decompress(value, maxSize);
        checkCoded('decompress', all);
        if (all.length > maxSize) {
          throw new Error(`it has ${all.length} bytes, more than ${maxSize}`);
        }
        return all;
      });
      return serde.deserialize(key, bytes, (flags & ~compressed) >>> 0);
    },
  };
}

/**
 * Checks what serdes that compress have in common.
 *
 * @throws UsageError naming the option that breaks a rule, or that is not `known`.
 */
export function checkCompression(
  options: Optional<Pick<CompressionOptions, 'codec' | 'threshold' | 'maxSize'>>,
  known: ReadonlySet<string>,
): void {
  checkObject('options', options);
  checkKnown('options', options, known);
  const { codec, threshold = 0, maxSize = 1 } = options;
  if (codec !== undefined) {
    const isCodec = typeof codec?.compress === 'function' &&
      typeof codec.decompress === 'function';
    assertArgument(
      isCodec,
      'codec',
      'must be an object with the functions compress and decompress',
    );
  }
  const isSize = typeof threshold === 'number' && threshold >= 0;
  assertArgument(isSize, 'threshold', 'must be a number of bytes, 0 or more');
  const isLimit = typeof maxSize === 'number' && maxSize > 0;
  assertArgument(isLimit, 'maxSize', 'must be a number of bytes, more than 0');
}

/** @throws UsageError naming the codec if it fails, or does not return bytes. */
export function compress(codec: Codec, bytes: Uint8Array): Uint8Array {
  let packed: Uint8Array;
  try {
    packed = codec.compress(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('codec', `cannot compress a value: ${reason}`, error);
  }
  checkCoded('compress', packed);
  return packed;
}

/** @throws UsageError when it is not bytes: a promise, for instance. */
export function checkCoded(name: keyof Codec, bytes: unknown): void {
  const rule = `must give a Uint8Array from ${name}, at once`;
  assertArgument(bytes instanceof Uint8Array, 'codec', rule);
}

/** @throws UsageError saying why it cannot be done. */
export function decompress(run: () => Uint8Array): Uint8Array {
  try {
    return run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('serde', `cannot decompress a value: ${reason}`, error);
  }
}
