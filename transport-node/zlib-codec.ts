// zlib as a codec for compressed values.
import { deflateSync, inflateSync } from 'node:zlib';
import type { Codec } from '../core/client/values/compressed-serde.ts';

/** zlib's format, which pymemcache's `CompressedSerde` writes and reads by default. */
export const zlibCodec: Codec = {
  compress: (data) => deflateSync(data),
  decompress(data, limit) {
    const { buffer, byteOffset, length } = inflateSync(data, { maxOutputLength: limit });
    return new Uint8Array(buffer, byteOffset, length);
  },
};
