/** How far each step of a mixing turns its word. */
const SHORT_MIX = [50n, 52n, 30n, 41n, 54n, 48n, 38n, 37n, 62n, 34n, 5n, 36n];
const SHORT_END = [15n, 52n, 26n, 51n, 28n, 9n, 47n, 54n, 32n, 25n, 63n];
const LONG_MIX = [11n, 32n, 43n, 31n, 17n, 28n, 39n, 57n, 55n, 54n, 22n, 46n];
const LONG_END = [44n, 15n, 34n, 21n, 38n, 33n, 10n, 13n, 38n, 53n, 42n, 54n];

const FILL = 0xdeadbeefdeadbeefn;
/** Words in the state of long messages, and bytes in one round of them. */
const WORDS = 12;
const BLOCK = 96;

/** The lowest 32 bits of SpookyHash V2. */
export function spooky32(bytes: Uint8Array, length: number, seed: number): number {
  const hash = length < 2 * BLOCK ? shortHash : longHash;
  return Number(hash(bytes, length, BigInt(seed)) & 0xffffffffn);
}

function shortHash(bytes: Uint8Array, length: number, seed: bigint): bigint {
  const state = BigUint64Array.of(seed, seed, FILL, FILL);
  let at = 0;
  for (; length - at >= 16; at += 16) {
    // Every second half of 32 bytes goes in after the mixing, unless it is the last of all.
    const isFirst = (at & 16) === 0;
    const target = isFirst ? 2 : 0;
    state[target]! += wordAt(bytes, at, length);
    state[target + 1]! += wordAt(bytes, at + 8, length);
    if (isFirst) mixShort(state);
  }
  state[3]! += BigInt(length) << 56n;
  if (at === length) {
    state[2]! += FILL;
    state[3]! += FILL;
  } else {
    state[2]! += wordAt(bytes, at, length);
    state[3]! += wordAt(bytes, at + 8, length);
  }
  for (const [i, turn] of SHORT_END.entries()) {
    const [a, b] = [(i + 2) & 3, (i + 3) & 3];
    state[b]! ^= state[a]!;
    state[a] = turned(state[a]!, turn);
    state[b]! += state[a];
  }
  return state[0]!;
}

function mixShort(state: BigUint64Array): void {
  for (const [i, turn] of SHORT_MIX.entries()) {
    const [a, b] = [(i + 2) & 3, (i + 3) & 3];
    state[a] = turned(state[a]!, turn) + state[b]!;
    state[i & 3]! ^= state[a];
  }
}

function longHash(bytes: Uint8Array, length: number, seed: bigint): bigint {
  const state = BigUint64Array.from({ length: WORDS }, (_, i) => (i % 3 === 2 ? FILL : seed));
  let at = 0;
  for (; length - at >= BLOCK; at += BLOCK) {
    for (const [i, turn] of LONG_MIX.entries()) {
      const last = (i + 11) % WORDS;
      state[i]! += wordAt(bytes, at + 8 * i, length);
      state[(i + 2) % WORDS]! ^= state[(i + 10) % WORDS]!;
      state[last]! ^= state[i]!;
      state[i] = turned(state[i]!, turn);
      state[last]! += state[(i + 1) % WORDS]!;
    }
  }
  for (let i = 0; i < WORDS; i++) state[i]! += wordAt(bytes, at + 8 * i, length);
  state[WORDS - 1]! += BigInt(length - at) << 56n;
  for (let round = 0; round < 3; round++) {
    for (const [i, turn] of LONG_END.entries()) {
      const [first, next, last] = [(i + 1) % WORDS, (i + 2) % WORDS, (i + 11) % WORDS];
      state[last]! += state[first]!;
      state[next]! ^= state[last]!;
      state[first] = turned(state[first]!, turn);
    }
  }
  return state[0]!;
}

function turned(word: bigint, bits: bigint): bigint {
  return BigInt.asUintN(64, (word << bits) | (word >> (64n - bits)));
}

/** Up to eight bytes, the low one first; those past the end are 0. */
function wordAt(bytes: Uint8Array, at: number, length: number): bigint {
  let [low, high] = [0, 0];
  for (let i = Math.min(at + 4, length) - 1; i >= at; i--) low = low << 8 | bytes[i]!;
  for (let i = Math.min(at + 8, length) - 1; i >= at + 4; i--) high = high << 8 | bytes[i]!;
  return BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
}
