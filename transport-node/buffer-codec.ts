// Text by way of Node's Buffer, which Bun and Deno have too.
import { Buffer, isAscii } from 'node:buffer';
import type { TextCodec } from '../core/wire/bytes.ts';

/** What every Buffer inherits, and works on any Uint8Array. Not among Node's types. */
interface Slices {
  readonly utf8Slice: (this: Uint8Array, from: number, to: number) => string;
  readonly latin1Slice: (this: Uint8Array, from: number, to: number) => string;
  readonly utf8Write: (this: Uint8Array, text: string, at: number, most: number) => number;
}

/** Up to this many bytes, to ask whether they are ASCII costs more than it saves. */
const SHORT = 256;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Text of UTF-8 without a view of the bytes: for 100 bytes it takes half as long as TextDecoder, and
 * for long ASCII a quarter. Undefined on a runtime that lacks what it needs.
 */
export const bufferCodec: TextCodec | undefined = codecOf(Buffer.prototype as Partial<Slices>);

function codecOf({ utf8Slice, latin1Slice, utf8Write }: Partial<Slices>): TextCodec | undefined {
  if (utf8Slice === undefined || latin1Slice === undefined || utf8Write === undefined) {
    return undefined;
  }
  return {
    read(bytes, from, to) {
      if (to - from <= SHORT) return utf8Slice.call(bytes, from, to);
      const view = bytes.subarray(from, to);
      return isAscii(view) ? latin1Slice.call(bytes, from, to) : decoder.decode(view);
    },
    write: (text, target, at) => utf8Write.call(target, text, at, target.length - at),
  };
}
