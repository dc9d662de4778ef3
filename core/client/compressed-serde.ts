import { utf8 } from '../wire/bytes.ts';
import { UsageError } from '../wire/errors.ts';
import { defaultSerde, type Serde } from './serde.ts';

/** How bytes are made smaller, and larger again. */
export interface Codec {
  compress(data: Uint8Array): Uint8Array;
  /**
   * The bytes that were compressed.
   *
   * @param limit Throws rather than giving more bytes than this.
   */
  decompress(data: Uint8Array, limit: number): Uint8Array;
}

export interface CompressionOptions {
  readonly codec: Codec;
  /** What makes bytes of values before they are compressed; `defaultSerde` by default. */
  readonly serde?: Serde;
  /** Values of more bytes than this are compressed; 400 by default, as in pymemcache. */
  readonly threshold?: number;
  /**
   * The most bytes that a value may decompress to, so that a small one cannot fill the memory;
   * 64 MiB by default.
   */
  readonly maxSize?: number;
  /** The client flag that says so; 8 by default, as pymemcache and python-memcached have it. */
  readonly flag?: number;
}

/** The most that a value may decompress to. */
export const MAX_DECOMPRESSED: number = 64 * 1024 * 1024;

/**
 * A serde that compresses values where that makes them smaller. What is compressed cannot be
 * appended to.
 */
export function compressedSerde(options: CompressionOptions): Serde {
  const {
    codec,
    serde = defaultSerde,
    threshold = 400,
    maxSize = MAX_DECOMPRESSED,
    flag: compressed = 8,
  } = options;
  return {
    serialize(key, value) {
      const plain = serde.serialize(key, value);
      const bytes = typeof plain.value === 'string' ? utf8(plain.value) : plain.value;
      // What was read without being decompressed, and is stored again, has the flag already.
      if (bytes.length <= threshold || (plain.flags & compressed) !== 0) return plain;
      const packed = codec.compress(bytes);
      if (packed.length > bytes.length) return plain;
      return { value: packed, flags: plain.flags | compressed };
    },

    deserialize(key, value, flags) {
      if ((flags & compressed) === 0) return serde.deserialize(key, value, flags);
      const bytes = decompress(() => codec.decompress(value, maxSize));
      return serde.deserialize(key, bytes, flags & ~compressed);
    },
  };
}

/** @throws UsageError saying why it cannot be done. */
export function decompress(run: () => Uint8Array): Uint8Array {
  try {
    return run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('serde', `cannot decompress a value: ${reason}`);
  }
}
