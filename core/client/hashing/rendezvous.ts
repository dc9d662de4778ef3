import type { Key } from '../../wire/command.ts';
import { type HashScheme, refuseWeights } from './hasher.ts';
import { keyText } from './key-hash.ts';
import { Murmur3, Words } from './murmur3.ts';

/**
 * Rendezvous hashing: the node whose name gives the highest MurmurHash3 together with the key. Only
 * the keys of a node that leaves move. It asks every node, so it takes time with their number.
 */
export const rendezvous: HashScheme = /* @__PURE__ */ rendezvousOf(keyText);

/**
 * What pymemcache does: `rendezvous`, where a `Uint8Array` is Python's `bytes` and so hashed as its
 * representation: the key `foo` and its bytes are on different nodes.
 */
export const pymemcache: HashScheme = /* @__PURE__ */ rendezvousOf((key) =>
  typeof key === 'string' ? key : pythonBytes(key)
);

function rendezvousOf(textOf: (key: Key) => string): HashScheme {
  return (nodes) => {
    refuseWeights(nodes);
    const offsets = [0, 1, 2, 3].map((offset) => new Words(offset));
    // On equal scores the greater name wins, so it is asked first.
    const rivals = nodes.map(({ name }, index) => ({ name, index }))
      .sort((left, right) => (left.name < right.name ? 1 : -1))
      .map(({ name, index }) => {
        const hash = new Murmur3(characters(`${name}-`));
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

const SCRATCH = 1024;

function characters(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  return bytes.subarray(0, putCharacters(bytes, text));
}

// A byte for each code point, the low one of its number: that is all pymemcache looks at.
function putCharacters(target: Uint8Array, text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    target[length++] = unit;
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const point = text.codePointAt(i)!;
    if (point === unit) continue;
    target[length - 1] = point;
    i++;
  }
  return length;
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
