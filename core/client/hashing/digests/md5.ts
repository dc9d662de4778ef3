// MD5.
/** How far each of the four rounds turns its sums: four amounts in turn. */
const TURNS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

/** The sines of 1 to 64, in units of 2^-32. Written out: engines need not agree on a sine. */
// deno-fmt-ignore
const SINES = /* @__PURE__ */ Int32Array.of(
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
);

/** MD5 (RFC 1321) as four words; the bytes of the digest are theirs, the low byte first. */
export function md5(bytes: Uint8Array, length: number): Uint32Array {
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const words = new Int32Array(16);
  // The message, a byte 0x80, zeros, and the number of bits in the last 8 bytes of a block.
  const blocks = (length + 72) >>> 6;
  for (let block = 0; block < blocks; block++) {
    words.fill(0);
    const from = block << 6;
    const end = Math.min(length - from, 64);
    for (let i = 0; i < end; i++) words[i >> 2]! |= bytes[from + i]! << ((i & 3) << 3);
    if (end >= 0 && end < 64) words[end >> 2]! |= 0x80 << ((end & 3) << 3);
    if (block === blocks - 1) {
      words[14] = length << 3;
      words[15] = length >>> 29;
    }
    mix(state, words);
  }
  return state;
}

function mix(state: Uint32Array, words: Int32Array): void {
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  for (let i = 0; i < 64; i++) {
    let chosen: number;
    let word: number;
    if (i < 16) {
      chosen = d ^ (b & (c ^ d));
      word = i;
    } else if (i < 32) {
      chosen = c ^ (d & (b ^ c));
      word = (5 * i + 1) & 15;
    } else if (i < 48) {
      chosen = b ^ c ^ d;
      word = (3 * i + 5) & 15;
    } else {
      chosen = c ^ (b | ~d);
      word = (7 * i) & 15;
    }
    const sum = (a + chosen + SINES[i]! + words[word]!) | 0;
    const turn = TURNS[((i >> 4) << 2) | (i & 3)]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}
