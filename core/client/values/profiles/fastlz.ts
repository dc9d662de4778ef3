/**
 * Decompresses FastLZ, the default compression of php-memcached.
 *
 * @param length The decompressed size.
 * @throws Error when the data is malformed, or has another size.
 */
export function fastlzDecompress(input: Uint8Array, length: number): Uint8Array {
  // A byte decompresses to at most 264, so a short input cannot use much memory.
  if (length > input.length * 264) throw corrupt();
  const output = new Uint8Array(length);
  // The level is in the first byte, beside a run of literal bytes.
  const isSecond = byteAt(input, 0) >> 5 === 1;
  let control = byteAt(input, 0) & 31;
  let at = 1;
  let written = 0;
  for (;;) {
    if (control < 32) {
      const end = at + control + 1;
      if (end > input.length || written + control + 1 > length) throw corrupt();
      output.set(input.subarray(at, end), written);
      written += control + 1;
      at = end;
    } else {
      let count = (control >> 5) + 2;
      if (count === 9) {
        let more: number;
        do {
          more = byteAt(input, at++);
          count += more;
        } while (isSecond && more === 255);
      }
      const low = byteAt(input, at++);
      let back = ((control & 31) << 8) + low + 1;
      if (isSecond && back === 0x2000) {
        back += (byteAt(input, at) << 8) + byteAt(input, at + 1);
        at += 2;
      }
      if (back > written || written + count > length) throw corrupt();
      // Byte by byte, as a match may overlap its own output.
      for (let i = 0; i < count; i++, written++) output[written] = output[written - back]!;
    }
    if (at >= input.length) break;
    control = input[at++]!;
  }
  if (written !== length) throw corrupt();
  return output;
}

function byteAt(input: Uint8Array, at: number): number {
  const byte = input[at];
  if (byte === undefined) throw corrupt();
  return byte;
}

function corrupt(): Error {
  return new Error('it is no FastLZ of that length');
}
