import type { Key } from './command.ts';
import { keyBytes } from './key.ts';
import type { ItemFacts } from './reply.ts';

/** The `name=value` words in which `me` and the metadump speak of an item. */
type Words = Map<string, string>;

/** Reads `name=value` words; null when one of them is not of that form. */
export function readWords(text: string): Words | null {
  const words: Words = new Map();
  for (const word of text.split(' ')) {
    const equals = word.indexOf('=');
    if (equals > 0) words.set(word.slice(0, equals), word.slice(equals + 1));
    else if (word !== '') return null;
  }
  return words;
}

/** The facts that these words state of an item; null when one is missing or no number. */
export function toFacts(words: Words | null, key: Key): ItemFacts | null {
  const number = (name: string): number => {
    const text = words?.get(name) ?? '';
    return /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
  };
  const unsigned = (name: string): bigint | null => {
    const text = words?.get(name) ?? '';
    return /^\d{1,20}$/.test(text) ? BigInt(text) : null;
  };
  const exp = number('exp');
  const la = number('la');
  const cas = unsigned('cas');
  const cls = number('cls');
  const size = number('size');
  const fetch = words?.get('fetch');
  // Up to 64 bits, like the flags of a value; see `wideDigits`.
  const flags = words?.has('flags') ? unsigned('flags') : undefined;
  if (Number.isNaN(exp + la + cls + size) || cas === null || flags === null) return null;
  if (fetch !== 'yes' && fetch !== 'no') return null;
  const wide = flags === undefined ? undefined : Number(flags);
  return { key, exp, la, cas, fetch: fetch === 'yes', cls, size, flags: wide };
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
