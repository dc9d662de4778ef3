/** SHA-1 (RFC 3174) as five words; the bytes of the digest are theirs, the high byte first. */
export function sha1(bytes: Uint8Array): Uint32Array {
  const { length } = bytes;
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  // The message, a byte 0x80, zeros, and the number of bits in the last 8 bytes of a block.
  const padded = new Uint8Array(((length + 72) >>> 6) << 6);
  padded.set(bytes);
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, length >>> 29);
  view.setUint32(padded.length - 4, length << 3);
  for (let at = 0; at < padded.length; at += 64) mix(state, view, at);
  return state;
}

function mix(state: Uint32Array, view: DataView, at: number): void {
  const words = new Int32Array(80);
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 80; i++) {
    words[i] = turn(words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!, 1);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let i = 0; i < 80; i++) {
    let chosen: number;
    if (i < 20) chosen = (d ^ (b & (c ^ d))) + 0x5a827999;
    else if (i < 40) chosen = (b ^ c ^ d) + 0x6ed9eba1;
    else if (i < 60) chosen = ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
    else chosen = (b ^ c ^ d) + 0xca62c1d6;
    const sum = (turn(a, 5) + chosen + e + words[i]!) | 0;
    e = d;
    d = c;
    c = turn(b, 30);
    b = a;
    a = sum;
  }
  for (const [i, word] of [a, b, c, d, e].entries()) state[i]! += word;
}

function turn(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
