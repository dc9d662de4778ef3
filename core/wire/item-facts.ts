import { latin1, startsWith, wordEnd } from './bytes.ts';
import type { Key } from './command.ts';
import { keyBytes } from './key.ts';
import type { ItemFacts } from './reply.ts';

/** The `name=value` words in which `me` and the metadump speak of an item. */
type Words = Map<string, string>;

/** Reads `name=value` words; null when one of them is not of that form. */
export function readWords(bytes: Uint8Array, from: number, to: number): Words | null {
  const words: Words = new Map();
  let at = from;
  while (at < to) {
    const end = wordEnd(bytes, at, to);
    if (end > at) {
      const word = latin1(bytes, at, end);
      const equals = word.indexOf('=');
      if (equals <= 0) return null;
      words.set(word.slice(0, equals), word.slice(equals + 1));
    }
    at = end + 1;
  }
  return words;
}

/** The facts that these words state of an item; null when one is missing or no number. */
export function toFacts(words: Words, key: Key): ItemFacts | null {
  const exp = toNumber(words.get('exp'));
  const la = toNumber(words.get('la'));
  const cas = words.get('cas');
  const cls = toNumber(words.get('cls'));
  const size = toNumber(words.get('size'));
  const fetch = words.get('fetch');
  if (exp === null || la === null || cls === null || size === null) return null;
  if (cas === undefined || !/^\d{1,20}$/.test(cas)) return null;
  if (fetch !== 'yes' && fetch !== 'no') return null;
  const flags = words.has('flags') ? toFlags(words.get('flags')) : undefined;
  if (flags === null) return null;
  return { key, exp, la, cas: BigInt(cas), fetch: fetch === 'yes', cls, size, flags };
}

/** The words that state these facts, without the key. */
export function factWords(facts: ItemFacts): string {
  const { exp, la, cas, fetch, cls, size, flags } = facts;
  const end = flags === undefined ? '' : ` flags=${flags}`;
  return `exp=${exp} la=${la} cas=${cas} fetch=${
    fetch ? 'yes' : 'no'
  } cls=${cls} size=${size}${end}`;
}

/** A key with everything but letters, digits and `-._~` as `%XX`: how dumps and logs write keys. */
export function uriKey(key: Key): string {
  let text = '';
  for (const byte of keyBytes(key)) {
    const char = String.fromCharCode(byte);
    text += /[A-Za-z0-9\-._~]/.test(char)
      ? char
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** The key that `uriKey` wrote; null when a `%` is not followed by two hex digits. */
export function fromUriKey(text: string): Key | null {
  if (!text.includes('%')) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
  const plain = text.replace(
    /%([0-9A-Fa-f]{2})/g,
    (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return toKey(plain);
}

/** Text of one-byte characters as a key: itself where it is printable ASCII, else bytes. */
export function toKey(text: string): Key {
  return /^[!-~]*$/.test(text) ? text : keyBytes(text);
}

/** Whether a line starts with `word` and a space. */
export function opensWith(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  return bytes[from + word.length] === 0x20 && startsWith(bytes, from, to, word);
}

// Up to 64 bits, like the flags of a value; see `wideDigits`.
function toFlags(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : null;
}

function toNumber(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : null;
}
