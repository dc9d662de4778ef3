// Digests of keys.
import { fromUtf8, utf8, utf8Into } from '../../wire/bytes.ts';
import type { Key } from '../../wire/command.ts';

/** A hash of the first `length` of some bytes: an unsigned 32-bit number. */
export type Digest = (bytes: Uint8Array, length: number) => number;

const SCRATCH = 1024;

/** What a digest makes of the bytes of keys. */
export function byteHash<Hash>(
  digest: (bytes: Uint8Array, length: number) => Hash,
): (key: Key) => Hash {
  // A new array for each key would cost more than most digests do.
  const scratch = new Uint8Array(SCRATCH);
  return (key) => {
    if (typeof key !== 'string') return digest(key, key.length);
    if (key.length * 3 <= SCRATCH) return digest(scratch, putText(scratch, key));
    const bytes = utf8(key);
    return digest(bytes, bytes.length);
  };
}

/** The key as text, for the schemes that hash characters. */
export function hashText(key: Key): string {
  return typeof key === 'string' ? key : fromUtf8(key);
}

// Nearly all keys are short and ASCII, and quicker written here than by the encoder.
function putText(target: Uint8Array, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return utf8Into(text, target);
    target[i] = unit;
  }
  return text.length;
}
