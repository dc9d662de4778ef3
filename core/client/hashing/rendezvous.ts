// Schemes by which the node with the highest score has a key.
import type { Key } from '../../wire/command.ts';
import {
  assertArgument,
  checkKnown,
  checkObject,
  checkU32,
  optionNames,
} from '../../wire/check.ts';
import { type HashNode, type HashScheme, refuseWeights } from './hasher.ts';
import { hashText } from './key-hash.ts';
import { KeyWords, Murmur3, putCharacters } from './digests/murmur3.ts';

/** The options of `rendezvous`. */
export interface RendezvousOptions {
  /**
   * The score of a node for a key, from the text `node-key`; the highest one gets the key.
   * `murmur3` by default. It must return a number, and the same one in every process.
   */
  readonly hash?: ((text: string, seed: number) => number) | undefined;
  /** The seed of the hash: an unsigned 32-bit number; 0 by default. */
  readonly seed?: number | undefined;
}

const names = /* @__PURE__ */ optionNames<RendezvousOptions>({ hash: true, seed: true });

/**
 * Rendezvous hashing: a key is on the node whose name has the highest hash together with the key. When
 * a node leaves, only its keys move. The time is linear in the number of nodes. A key given as bytes is
 * read as UTF-8.
 *
 * It is pymemcache's `RendezvousHash` with the same hash and seed.
 *
 * @throws UsageError naming the option that breaks a rule. The scheme throws it too, when the hash
 * returns something that is not a number.
 */
export function rendezvous(options: RendezvousOptions = {}): HashScheme {
  checkObject('options', options);
  checkKnown('options', options, names);
  const { hash, seed = 0 } = options;
  checkU32('seed', seed);
  if (hash === undefined) return rendezvousOf(hashText, seed);
  assertArgument(typeof hash === 'function', 'hash', 'must be a function of a text and a seed');
  return rendezvousBy(hash, seed);
}

/**
 * Like pymemcache: `rendezvous()`, where a `Uint8Array` is Python's `bytes`, which is hashed as its
 * `repr()`: the key `foo` and its bytes are on different nodes.
 */
export const pymemcache: HashScheme = /* @__PURE__ */ rendezvousOf((key) =>
  typeof key === 'string' ? key : pythonBytes(key)
);

/** With any hash. */
function rendezvousBy(hash: NonNullable<RendezvousOptions['hash']>, seed: number): HashScheme {
  return (nodes) => {
    refuseWeights(nodes);
    const rivals = inRank(nodes);
    return (key) => {
      const text = hashText(key);
      let winner = -1;
      let highest = -Infinity;
      for (const { name, index } of rivals) {
        const score = hash(`${name}-${text}`, seed);
        assertArgument(Number.isFinite(score), 'hash', `must give a number, not ${String(score)}`);
        if (score <= highest) continue;
        highest = score;
        winner = index;
      }
      return winner;
    };
  };
}

/** With murmur3, where the work for each name, and for each key, is done once. */
function rendezvousOf(textOf: (key: Key) => string, seed = 0): HashScheme {
  return (nodes) => {
    refuseWeights(nodes);
    const offsets = [0, 1, 2, 3].map((offset) => new KeyWords(offset));
    const rivals = inRank(nodes).map(({ name, index }) => {
      const hash = new Murmur3(characters(`${name}-`), seed);
      return { index, hash, words: offsets[hash.offset]! };
    });
    const used = offsets.filter((words) => rivals.some((rival) => rival.words === words));
    const scratch = new Uint8Array(SCRATCH);
    return (key) => {
      const text = textOf(key);
      const bytes = text.length > SCRATCH ? new Uint8Array(text.length) : scratch;
      const length = putCharacters(bytes, text);
      for (const words of used) words.set(bytes, length);
      let winner = -1;
      let highest = -1;
      for (const { index, hash, words } of rivals) {
        const score = hash.digest(words);
        if (score <= highest) continue;
        highest = score;
        winner = index;
      }
      return winner;
    };
  };
}

/** Of equal scores the greater name wins, so it is tried first. */
function inRank(nodes: readonly HashNode[]): { readonly name: string; readonly index: number }[] {
  return nodes.map(({ name }, index) => ({ name, index }))
    .sort((left, right) => (left.name < right.name ? 1 : -1));
}

const SCRATCH = 1024;

function characters(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  return bytes.subarray(0, putCharacters(bytes, text));
}

// repr() of Python's bytes.
function pythonBytes(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  let text = `b${quote}`;
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (character === quote || character === '\\') text += `\\${character}`;
    else if (byte >= 0x20 && byte < 0x7f) text += character;
    else text += ESCAPES.get(byte) ?? `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text + quote;
}

const ESCAPES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map([
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
]);
