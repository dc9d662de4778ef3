/** Bob Jenkins' lookup3 (`hashlittle`), with the start that libmemcached gives it. */
export function jenkins(bytes: Uint8Array, length: number): number {
  let a = (0xdeadbeef + length + 13) | 0;
  let b = a;
  let c = a;
  let at = 0;
  for (; length - at > 12; at += 12) {
    a = (a + word(bytes, at, length)) | 0;
    b = (b + word(bytes, at + 4, length)) | 0;
    c = (c + word(bytes, at + 8, length)) | 0;
    a = ((a - c) ^ turn(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ turn(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ turn(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ turn(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ turn(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ turn(b, 4)) | 0;
    b = (b + a) | 0;
  }
  if (length === 0) return c >>> 0;
  a = (a + word(bytes, at, length)) | 0;
  b = (b + word(bytes, at + 4, length)) | 0;
  c = (c + word(bytes, at + 8, length)) | 0;
  c = ((c ^ b) - turn(b, 14)) | 0;
  a = ((a ^ c) - turn(c, 11)) | 0;
  b = ((b ^ a) - turn(a, 25)) | 0;
  c = ((c ^ b) - turn(b, 16)) | 0;
  a = ((a ^ c) - turn(c, 4)) | 0;
  b = ((b ^ a) - turn(a, 14)) | 0;
  return ((c ^ b) - turn(b, 24)) >>> 0;
}

/** Four bytes, the low one first; those past the end are 0. */
function word(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = Math.min(at + 4, length) - 1; i >= at; i--) value = (value << 8) | bytes[i]!;
  return value;
}

function turn(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
