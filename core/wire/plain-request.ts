// A reader of the plainest requests: positions instead of words, commands and views.
import { EMPTY, latin1, startsWith } from './bytes.ts';
import { MAX_KEY } from './key.ts';
import { MAX_OPAQUE } from './meta-flags.ts';
import { MAX_U32 } from './numbers.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const ZERO = 0x30;
const NONE: readonly string[] = [];
const MAX_I32 = 0x7fff_ffff;
/** How many digits 32 bits have at most. */
const MAX_DIGITS = 10;

/**
 * A request in one of these forms, which nearly all requests have, as positions in the bytes that it
 * lies in:
 *
 * ```
 * get <key>
 * mg <key> with any of the flags v, f and O<opaque>, O not before f
 * set <key> <flags> <exptime> <length> [noreply], and the value
 * ms <key> <length> with any of the flags F<flags>, T<ttl> and O<opaque>, and the value
 * ```
 *
 * with one space between two words, numbers of nothing but digits, CR LF at the ends, and all of it
 * in one chunk. Whatever differs, if only by a second space, is left to `CommandDecoder`, which
 * knows every rule and every error; so nothing is refused here.
 */
export class PlainRequest {
  /** Tests clear it, to compare with the long way: no request is read then. */
  enabled = true;
  verb: 'get' | 'mg' | 'set' | 'ms' = 'get';
  bytes: Uint8Array = EMPTY;
  /** The same bytes. */
  view: DataView = new DataView(EMPTY.buffer);
  /** The key is `bytes[keyFrom, keyTo)`. */
  keyFrom = 0;
  keyTo = 0;
  /** The value is `bytes[valueFrom, valueTo)`, of `set` and `ms`. */
  valueFrom = 0;
  valueTo = 0;
  /** Where the next request begins. */
  end = 0;
  /** The client flags, of `set` and `ms`. */
  flags = 0;
  /** The time to live in seconds as the protocol counts it, of `set` and `ms`. */
  expire = 0;
  /** `set` wants no reply. */
  noreply = false;
  /** `mg` asks for the value, and for the client flags. */
  wantsValue = false;
  wantsFlags = false;
  /** The flag O and its argument are `bytes[opaqueFrom, opaqueTo)`; both are 0 where there is none. */
  opaqueFrom = 0;
  opaqueTo = 0;
  /** Where the flags begin, of `mg` and `ms`. */
  flagsFrom = 0;
  // Behind the last number or flag that was read.
  #at = 0;

  /** Reads the request at `from`; false if there is none in one of the forms, or not all of it. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    // The shortest is `mg k`.
    if (to - from < 6 || !this.enabled) return false;
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const first = bytes[from];
    if (first === 0x6d) {
      if (bytes[from + 2] !== SPACE || !this.#readKey(from + 3, to)) return false;
      const second = bytes[from + 1];
      if (second === 0x67) return this.#readMetaGet(to);
      return second === 0x73 && this.#readMetaSet(to);
    }
    if (bytes[from + 1] !== 0x65 || bytes[from + 2] !== 0x74 || bytes[from + 3] !== SPACE) {
      return false;
    }
    if (first === 0x67) return this.#readKey(from + 4, to) && this.#readGet(to);
    return first === 0x73 && this.#readKey(from + 4, to) && this.#readSet(to);
  }

  /** The flags of `mg` and `ms` as they stand, three at most. */
  words(): readonly string[] {
    this.#at = this.flagsFrom;
    const first = this.#word();
    if (first === null) return NONE;
    const second = this.#word();
    // Not one list that is pushed to: growing reserves room for 16.
    if (second === null) return [first];
    const third = this.#word();
    return third === null ? [first, second] : [first, second, third];
  }

  #word(): string | null {
    const { bytes } = this;
    if (bytes[this.#at] !== SPACE) return null;
    const from = this.#at + 1;
    let to = from;
    while (bytes[to]! > SPACE) to++;
    this.#at = to;
    return latin1(bytes, from, to);
  }

  #readGet(to: number): boolean {
    this.verb = 'get';
    return this.#readEnd(this.keyTo, to);
  }

  #readMetaGet(to: number): boolean {
    const { bytes } = this;
    this.verb = 'mg';
    this.wantsValue = this.wantsFlags = false;
    this.opaqueFrom = this.opaqueTo = 0;
    let at = this.flagsFrom = this.keyTo;
    // Two bytes behind a space: a letter, and what must follow it.
    while (bytes[at] === SPACE && at + 2 < to) {
      const letter = bytes[at + 1];
      if (letter === 0x4f) {
        if (!this.#readOpaque(at + 1, to)) return false;
        at = this.opaqueTo;
        continue;
      }
      // The reply has the fields in the order in which they are asked for.
      if (letter === 0x76 && !this.wantsValue) this.wantsValue = true;
      else if (letter === 0x66 && !this.wantsFlags && this.opaqueTo === 0) this.wantsFlags = true;
      else return false;
      at += 2;
    }
    return this.#readEnd(at, to);
  }

  #readSet(to: number): boolean {
    const { bytes } = this;
    this.verb = 'set';
    this.flags = this.#readNumber(this.keyTo, to);
    if (this.flags < 0 || this.flags > MAX_U32) return false;
    this.expire = this.#readNumber(this.#at, to);
    if (this.expire < 0 || this.expire > MAX_I32) return false;
    const length = this.#readNumber(this.#at, to);
    if (length < 0) return false;
    const at = this.#at;
    this.noreply = bytes[at] === SPACE;
    if (!this.noreply) return this.#readValue(at, length, to);
    return startsWith(bytes, at, to, ' noreply') &&
      this.#readValue(at + ' noreply'.length, length, to);
  }

  #readMetaSet(to: number): boolean {
    const { bytes } = this;
    this.verb = 'ms';
    this.noreply = false;
    this.opaqueFrom = this.opaqueTo = 0;
    // Not given, until they are.
    this.flags = this.expire = -1;
    const length = this.#readNumber(this.keyTo, to);
    if (length < 0) return false;
    let at = this.flagsFrom = this.#at;
    while (bytes[at] === SPACE && at + 2 < to) {
      const letter = bytes[at + 1];
      if (letter === 0x4f) {
        if (!this.#readOpaque(at + 1, to)) return false;
        at = this.opaqueTo;
        continue;
      }
      const number = this.#readDigits(at + 2, to);
      if (number < 0) return false;
      if (letter === 0x46 && this.flags < 0 && number <= MAX_U32) this.flags = number;
      else if (letter === 0x54 && this.expire < 0 && number <= MAX_I32) this.expire = number;
      else return false;
      at = this.#at;
    }
    this.flags = Math.max(this.flags, 0);
    this.expire = Math.max(this.expire, 0);
    return this.#readValue(at, length, to);
  }

  #readKey(from: number, to: number): boolean {
    const { bytes } = this;
    const limit = Math.min(to, from + MAX_KEY + 1);
    let at = from;
    while (at < limit && bytes[at]! > SPACE) at++;
    this.keyFrom = from;
    this.keyTo = at;
    // Something lies behind it.
    return at > from && at < limit;
  }

  #readOpaque(from: number, to: number): boolean {
    if (this.opaqueTo > 0) return false;
    const { bytes } = this;
    const limit = Math.min(to, from + MAX_OPAQUE + 2);
    let at = from + 1;
    while (at < limit && bytes[at]! > SPACE) at++;
    this.opaqueFrom = from;
    this.opaqueTo = at;
    return at > from + 1 && at < limit;
  }

  // A space and a number: the number, or -1.
  #readNumber(from: number, to: number): number {
    return this.bytes[from] === SPACE ? this.#readDigits(from + 1, to) : -1;
  }

  // At most ten digits: the number, or -1. What comes behind them is for the caller to judge.
  #readDigits(from: number, to: number): number {
    const { bytes } = this;
    const limit = Math.min(to, from + MAX_DIGITS);
    let at = from;
    let number = 0;
    while (at < limit) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
      at++;
    }
    this.#at = at;
    return at > from && at < to ? number : -1;
  }

  // The end of the line at `at`, a value of this length, and its end.
  #readValue(at: number, length: number, to: number): boolean {
    const from = at + 2;
    const end = from + length;
    if (end + 2 > to || !this.#readEnd(at, to)) return false;
    this.valueFrom = from;
    this.valueTo = end;
    return this.#readEnd(end, to);
  }

  #readEnd(at: number, to: number): boolean {
    this.end = at + 2;
    return this.end <= to && this.bytes[at] === CR && this.bytes[at + 1] === LF;
  }
}
