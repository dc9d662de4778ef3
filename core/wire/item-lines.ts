// The lines in which `me` and metadumps describe an item.
import type { Key } from './command.ts';
import { keyBytes } from './key.ts';
import { bigDecimal } from './numbers.ts';
import type { ItemFacts } from './reply.ts';

/** The `name=value` words in which `me` and the metadump describe an item. */
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

/** The metadata in these words; null when one is missing or not a number. */
export function toFacts(words: Words | null, key: Key): ItemFacts | null {
  const word = (name: string): string => words?.get(name) ?? '';
  const number = (name: string): number =>
    /^-?\d{1,15}$/.test(word(name)) ? Number(word(name)) : NaN;
  const exp = number('exp');
  const la = number('la');
  const cls = number('cls');
  const size = number('size');
  const cas = bigDecimal(word('cas'));
  const fetch = word('fetch');
  // Up to 64 bits, like the flags of a value; see `wideDigits`.
  const flags = words?.has('flags') ? bigDecimal(word('flags')) : undefined;
  if (Number.isNaN(exp + la + cls + size) || cas === null || flags === null) return null;
  if (fetch !== 'yes' && fetch !== 'no') return null;
  const wide = flags === undefined ? undefined : Number(flags);
  return { key, exp, la, cas, fetch: fetch === 'yes', cls, size, flags: wide };
}

/** The words for this metadata, without the key. */
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
  if (/%(?![\da-f]{2})/i.test(text)) return null;
  const char = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));
  return toKey(text.replace(/%(..)/g, char));
}

/** Text of one-byte characters as a key: itself where it is printable ASCII, else bytes. */
export function toKey(text: string): Key {
  return /^[!-~]*$/.test(text) ? text : keyBytes(text);
}
