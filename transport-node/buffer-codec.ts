// Text by way of Node's Buffer, which Bun and Deno have too.
import { Buffer, isAscii } from 'node:buffer';
import { standardCodec, type TextCodec } from '../core/wire/bytes.ts';

/** What every Buffer inherits, and works on any Uint8Array. Not among Node's types. */
interface Slices {
  readonly utf8Slice: (this: Uint8Array, from: number, to: number) => string;
  readonly latin1Slice: (this: Uint8Array, from: number, to: number) => string;
  readonly utf8Write: (this: Uint8Array, text: string, at: number, most: number) => number;
}

/** Up to this many bytes, to ask whether they are ASCII costs more than it saves. */
const SHORT = 256;

/**
 * Text of UTF-8 without a view of the bytes: for 100 bytes it takes half as long as TextDecoder, and
 * for long ASCII a quarter. The standard codec on a runtime that lacks the functions.
 */
export const bufferCodec: TextCodec = codecOf(Buffer.prototype as Partial<Slices>);

function codecOf({ utf8Slice, latin1Slice, utf8Write }: Partial<Slices>): TextCodec {
  if (utf8Slice === undefined || latin1Slice === undefined || utf8Write === undefined) {
    return standardCodec;
  }
  return {
    read(bytes, from, to) {
      if (to - from <= SHORT) return utf8Slice.call(bytes, from, to);
      const view = bytes.subarray(from, to);
      return isAscii(view)
        ? latin1Slice.call(bytes, from, to)
        : standardCodec.read(view, 0, view.length);
    },
    write: (text, target, at) => utf8Write.call(target, text, at, target.length - at),
    // A plain view: Buffer's methods, such as `slice`, differ.
    allocate: (size) => new Uint8Array(Buffer.allocUnsafeSlow(size).buffer),
  };
}
