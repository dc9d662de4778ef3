// Helpers for byte arrays: UTF-8, Latin-1, comparison.

/** An empty array, shared. */
export const EMPTY: Uint8Array = new Uint8Array(0);

// With those of the clock, the only globals core needs that are not in the language itself; every
// runtime has them.
declare const TextEncoder: new () => {
  encode(text: string): Uint8Array;
  encodeInto(text: string, target: Uint8Array): { written: number };
};
declare const TextDecoder: new (
  label: string,
  options: { ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });

// The getter itself: the property may be overridden, on the array or on a class of its own.
const lengthOf = /* @__PURE__ */ Reflect.getOwnPropertyDescriptor(
  /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype) as object,
  'length',
)?.get as (this: Uint8Array) => number;

/**
 * Whether this is a Uint8Array that can be read: neither a look-alike, as a Proxy or an object with
 * its prototype, nor one whose buffer was transferred or has shrunk away under it.
 */
export function isBytes(value: unknown): value is Uint8Array {
  if (!ArrayBuffer.isView(value) || !(value instanceof Uint8Array)) return false;
  const length = lengthOf.call(value);
  return value.length === length && (length > 0 || isAttached(value));
}

// Both an empty array and one that has lost its buffer have the length 0; methods tell them apart.
function isAttached(value: Uint8Array): boolean {
  try {
    Uint8Array.prototype.includes.call(value, 0);
    return true;
  } catch {
    return false;
  }
}

/** How a runtime turns UTF-8 into text and back, where it has something faster than the standard. */
export interface TextCodec {
  /** The text of `bytes[from, to)`; ill-formed bytes become U+FFFD. */
  readonly read: (bytes: Uint8Array, from: number, to: number) => string;
  /** Writes the UTF-8 bytes of a text at `at`, where there is room; returns how many there are. */
  readonly write: (text: string, target: Uint8Array, at: number) => number;
  /** An array of this size, whose bytes may be anything; by default one of zeros. */
  readonly allocate?: ((size: number) => Uint8Array) | undefined;
}

/** The codec of the standard's TextDecoder and TextEncoder. */
export const standardCodec: TextCodec = {
  read: (bytes, from, to) =>
    decoder.decode(to - from === bytes.length ? bytes : bytes.subarray(from, to)),
  write: (text, target, at) => encoder.encodeInto(text, target.subarray(at)).written,
};

/** ASCII up to this length is written by hand: to call an encoder costs more. */
const BY_HAND = 24;

/**
 * Writes the UTF-8 bytes of a string at `at`; returns how many there are.
 *
 * @param target Must have room for three bytes a unit.
 */
export function utf8At(
  codec: TextCodec,
  text: string,
  target: Uint8Array,
  at: number,
): number {
  if (text.length > BY_HAND) return codec.write(text, target, at);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return codec.write(text, target, at);
    target[at + i] = unit;
  }
  return text.length;
}

/** The UTF-8 bytes of a string; lone surrogates become U+FFFD. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes the UTF-8 bytes of a string to the start of `target`; returns how many there are. */
export function utf8Into(text: string, target: Uint8Array): number {
  return encoder.encodeInto(text, target).written;
}

/** The string whose UTF-8 bytes these are; ill-formed bytes become U+FFFD. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** How many bytes `utf8(text)` has. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    // A surrogate pair is two units and four bytes: 2 + 2, so the low half adds nothing.
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next < 0xe000) i++;
    }
  }
  return length;
}

/** One character for each byte. Meant for lines and words: short, and ASCII as a rule. */
export function latin1(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  if (to - from > 64) {
    let text = '';
    for (let i = from; i < to; i += 4096) {
      // To spread bytes into arguments takes seven times as long.
      text += Reflect.apply(String.fromCharCode, null, bytes.subarray(i, Math.min(to, i + 4096)));
    }
    return text;
  }
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** The bytes of a string whose characters are all below 256. */
export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Whether `bytes[from, to)` spells `word`. */
export function spells(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  return to - from === word.length && startsWith(bytes, from, to, word);
}

/** Whether `bytes[from, to)` begins with `word`. */
export function startsWith(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from < word.length) return false;
  for (let i = 0; i < word.length; i++) {
    if (bytes[from + i] !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether `bytes[from, to)` equals a key, be it text (ASCII) or bytes. */
export function matches(
  bytes: Uint8Array,
  from: number,
  to: number,
  key: string | Uint8Array,
): boolean {
  if (typeof key === 'string') return spells(bytes, from, to, key);
  if (to - from !== key.length) return false;
  for (let i = 0; i < key.length; i++) {
    if (bytes[from + i] !== key[i]) return false;
  }
  return true;
}

/** The index of the first space in `bytes[from, to)`, or `to`. */
export function wordEnd(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && bytes[i] !== 0x20) i++;
  return i;
}

/** Two arrays in one. */
export function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}
