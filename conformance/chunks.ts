// The ways to cut a sample into chunks.
import { Random } from './random.ts';

/** One way to cut bytes into chunks. */
export interface Cutting {
  /** What is cut how, for messages. */
  readonly name: string;
  /** The bytes, cut. */
  readonly chunks: readonly Uint8Array[];
}

/** Up to this length every cut in two is tried; beyond it, a sample of the cuts. */
const EVERY_SPLIT = 400;

/**
 * All the chunkings that must be read alike: whole, byte by byte, cut in two at every place, cut at
 * random, and as a view into a larger array.
 */
export function cuttings(bytes: Uint8Array): Cutting[] {
  const found: Cutting[] = [
    { name: 'whole', chunks: [bytes] },
    { name: 'byte by byte', chunks: [...bytes].map((byte) => Uint8Array.of(byte)) },
    { name: 'as a view with an offset', chunks: [offsetView(bytes)] },
    { name: 'with an empty chunk', chunks: [new Uint8Array(0), bytes, new Uint8Array(0)] },
  ];
  const step = Math.max(1, Math.floor(bytes.length / EVERY_SPLIT));
  for (let at = 1; at < bytes.length; at += step) {
    found.push({ name: `cut at ${at}`, chunks: [bytes.slice(0, at), bytes.slice(at)] });
  }
  for (let seed = 1; seed <= 3; seed++) {
    found.push({ name: `cut at random, seed ${seed}`, chunks: randomChunks(bytes, seed) });
  }
  return found;
}

function randomChunks(bytes: Uint8Array, seed: number): Uint8Array[] {
  const random = new Random(seed);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + random.below(12));
    chunks.push(bytes.slice(at, end));
    at = end;
  }
  return chunks;
}

// Reading `view.buffer` whole, instead of the view, must give garbage.
function offsetView(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(bytes.length + 14).fill(0x21);
  larger.set(bytes, 7);
  return larger.subarray(7, 7 + bytes.length);
}
