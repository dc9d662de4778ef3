// Plain commands: those that clients send most, encoded in one pass and their replies read in one.
//
// A plain command is a meta command with a text key and one of the lists that `plainFlags` gave. A
// plain reply is `VA`, `HD` or `EN` with the expected opaque, and of other flags each of `c f h l s t`
// with its number and each of the marks `W X Z` at most once. It lies whole in one chunk, unless it is
// a large text. Everything else is left untouched to the general encoder and decoder, which have all
// rules and all errors.
import { EMPTY, isBytes, latin1, matches, utf8At } from './bytes.ts';
import { checkCommand } from './check-command.ts';
import type { Command, Key } from './command.ts';
import { ProtocolError } from './errors.ts';
import { BAD_END, type Input, LONG } from './input.ts';
import { MAX_KEY } from './key.ts';
import { hasQuiet } from './meta-flags.ts';
import { bigDigits, putNumber } from './numbers.ts';
import { type Output, putEnd, REFERENCE_SIZE } from './output.ts';
import { EN, HD, type MetaReply, type MetaValueReply } from './reply.ts';
import { spareMemory } from './spare-memory.ts';

/** A list of flags in the form in which it is sent. */
export interface PlainFlags {
  /** The command that has them. */
  readonly verb: 'mg' | 'ms' | 'md' | 'ma';
  /** The flags as they are sent, up to the opaque's number. */
  readonly line: Uint8Array;
  /** Which replies are plain: `item`, `VA` with flags or `EN`; `number`, `VA`; `status`, `HD`. */
  readonly asks: 'item' | 'number' | 'status';
  /** It has no reply on success. */
  readonly isQuiet: boolean;
}

const known: WeakMap<readonly string[], PlainFlags> = new WeakMap();

/**
 * A list of flags for plain commands, checked and frozen, so that it need not be checked again.
 *
 * @throws UsageError when a command with this verb cannot have them.
 */
export function plainFlags(verb: PlainFlags['verb'], flags: readonly string[]): readonly string[] {
  const list = Object.freeze([...flags]);
  const command = { key: '-', base64: false, flags: list };
  checkCommand(verb === 'ms' ? { verb, ...command, value: EMPTY } : { verb, ...command });
  const text = list.map((flag) => ` ${flag}`).join('');
  const isQuiet = hasQuiet(list);
  const asks = !/ v/.test(text) ? 'status' : verb === 'ma' ? 'number' : 'item';
  const isWhole = asks !== 'item' || (!isQuiet && / f/.test(text));
  // Not with an opaque or a key that has to be given back.
  if (isWhole && !/ [bkO]/.test(text)) {
    known.set(list, { verb, line: toBytes(`${text} O`), asks, isQuiet });
  }
  return list;
}

/** The flags of a command, if it is a plain one. */
export function plainFlagsOf(command: Command): PlainFlags | undefined {
  try {
    // The command has not been checked yet: it may be anything.
    const { flags, verb } = command as { readonly flags: readonly string[]; readonly verb: string };
    const plain = known.get(flags);
    return plain?.verb === verb ? plain : undefined;
  } catch {
    return undefined;
  }
}

/** The most bytes of a line besides key and flags: `ms`, spaces, a length, an opaque. */
const FRAME = 32;

/**
 * Checks and writes a plain command.
 *
 * @returns The length of its value; -1 if it is not plain or breaks a rule, and was not written.
 */
export function putPlain(
  output: Output,
  command: Command,
  plain: PlainFlags,
  opaque: number,
): number {
  try {
    return put(output, command, plain, opaque);
  } catch {
    // A getter or the trap of a Proxy threw.
    return -1;
  }
}

function put(output: Output, command: Command, plain: PlainFlags, opaque: number): number {
  if (!('key' in command)) return -1;
  const { key } = command;
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY) return -1;
  if (!('base64' in command) || command.base64 !== false) return -1;
  const head = FRAME + MAX_KEY + plain.line.length;
  if (command.verb !== 'ms') {
    output.reserve(head);
    const end = putLine(output.slab, output.end, plain, key, -1, opaque);
    if (end < 0) return -1;
    output.end = end;
    return 0;
  }
  const { value } = command;
  const isText = typeof value === 'string';
  if (!isText && !isBytes(value)) return -1;
  const most = isText ? value.length * 3 : value.length;
  if (most >= REFERENCE_SIZE) return -1;
  output.reserve(head + most + 2);
  const { slab } = output;
  let { length } = value;
  let at = putLine(slab, output.end, plain, key, length, opaque);
  if (at < 0) return -1;
  if (isText) {
    const written = utf8At(output.codec, value, slab, at);
    if (written !== length) {
      // It is not all ASCII, so the line was written with too small a length.
      length = written;
      at = putLine(slab, output.end, plain, key, length, opaque);
      utf8At(output.codec, value, slab, at);
    }
  } else slab.set(value, at);
  output.end = putEnd(slab, at + length);
  return length;
}

// Returns the position after the line, or -1 where the key breaks a rule.
function putLine(
  slab: Uint8Array,
  start: number,
  plain: PlainFlags,
  key: string,
  length: number,
  opaque: number,
): number {
  const { verb, line } = plain;
  slab[start] = 0x6d;
  slab[start + 1] = verb.charCodeAt(1);
  slab[start + 2] = 0x20;
  let at = start + 3;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return -1;
    slab[at++] = code;
  }
  if (length >= 0) {
    slab[at] = 0x20;
    at = putNumber(slab, at + 1, length);
  }
  for (let i = 0; i < line.length; i++) slab[at++] = line[i]!;
  return putEnd(slab, putNumber(slab, at, opaque));
}

interface PlainLimits {
  readonly maxLine: number;
  readonly maxValue: number;
  readonly textFlags: number;
}

/** A plain reply. The decoder reuses one object: copy the fields that are kept. */
export class PlainReply {
  /** What kind of reply it is. */
  type: 'VA' | 'HD' | 'EN' = 'HD';
  /** The client flags of an item. */
  flags = 0;
  /** The value of an item, or the digits of a number, is `bytes[from, to)`. */
  bytes: Uint8Array = EMPTY;
  /** Where the value begins. */
  from = 0;
  /** Where it ends. */
  to = 0;
  /** The memory of `bytes` will be written to again: copy what is kept. */
  isLent = false;
  /** The bytes of the whole reply. */
  size = 0;
  // The bits of the flags that it has, whose numbers the other fields hold.
  #has = 0;
  // The length of the large text whose block is being read, and the memory that it is read into.
  #due = -1;
  #spare: Uint8Array | null = null;
  // Where the flags lie in `bytes`, the first space and the last letter included.
  #flagsFrom = 0;
  #flagsTo = 0;
  #casFrom = 0;
  #ttl = 0;
  #lastAccess = 0;
  #hitBefore = 0;
  #valueSize = 0;

  /** Flag `c`: the version of the item; undefined where the reply does not say. */
  get cas(): bigint | undefined {
    if ((this.#has & CAS_BIT) === 0) return undefined;
    const { bytes } = this;
    let end = this.#casFrom;
    while (bytes[end]! > SPACE) end++;
    return bigDigits(bytes, this.#casFrom, end) ?? undefined;
  }

  /** Flag `t`: the seconds that the item has left, Infinity if it never expires. */
  get ttl(): number | undefined {
    return (this.#has & TTL_BIT) === 0 ? undefined : this.#ttl;
  }

  /** Flag `l`: the seconds since it was last read. */
  get lastAccess(): number | undefined {
    return (this.#has & LAST_ACCESS_BIT) === 0 ? undefined : this.#lastAccess;
  }

  /** Flag `h`: whether it was read since it was stored. */
  get hitBefore(): boolean | undefined {
    return (this.#has & HIT_BIT) === 0 ? undefined : this.#hitBefore === 1;
  }

  /** Flag `s`: the bytes of the value. */
  get valueSize(): number | undefined {
    return (this.#has & SIZE_BIT) === 0 ? undefined : this.#valueSize;
  }

  /** Mark `W`: the caller has won, and is the one to store a new value. */
  get won(): boolean {
    return (this.#has & WON_BIT) !== 0;
  }

  /** Mark `X`: the item is stale. */
  get stale(): boolean {
    return (this.#has & STALE_BIT) !== 0;
  }

  /** Mark `Z`: another caller has won. */
  get alreadyWon(): boolean {
    return (this.#has & LOST_BIT) !== 0;
  }

  /** Whether it is the empty placeholder that an `mg` with N has made, which counts as a miss. */
  get isPlaceholder(): boolean {
    return this.from === this.to && this.flags === 0 && (this.#has & (WON_BIT | LOST_BIT)) !== 0;
  }

  /**
   * Reads the next reply if it is plain; returns whether it was.
   *
   * @param opaque The expected opaque.
   * @param asks Which replies are plain: see `PlainFlags`.
   * @param limits The longest line and value, in bytes, and the client flags of texts.
   *
   * @internal
   */
  read(
    input: Input,
    opaque: number,
    asks: PlainFlags['asks'],
    { maxLine, maxValue, textFlags }: PlainLimits,
  ): boolean {
    if (this.#due >= 0) return this.readText(input);
    if (input.isCut) return false;
    const { chunk, position } = input;
    let at = position + 2;
    let length = -1;
    const code = chunk[position]! << 8 | chunk[position + 1]!;
    if (code === VA && asks !== 'status') {
      if (chunk[at] !== SPACE) return false;
      const lengthAt = ++at;
      length = 0;
      for (let digit; (digit = chunk[at]! - ZERO) >= 0 && digit <= 9; at++) {
        length = length * 10 + digit;
      }
      if (at === lengthAt || at - lengthAt > 9 || length > maxValue) return false;
    } else if (code !== (asks === 'item' ? EN_CODE : HD_CODE)) return false;
    this.#flagsFrom = at;
    at = this.#readFlags(chunk, at, opaque);
    if (at < 0 || chunk[at] !== CR || chunk[at + 1] !== LF || at - position > maxLine) return false;
    if (length >= 0 && asks === 'item' && (this.#has & FLAGS_BIT) === 0) return false;
    this.#flagsTo = at;
    this.bytes = chunk;
    at += 2;
    if (length < 0) this.type = asks === 'item' ? 'EN' : 'HD';
    else {
      const end = at + length;
      const isLong = asks === 'item' && length >= LONG && end + 2 > chunk.length;
      if (isLong && this.flags === textFlags && this.#isBare) {
        this.#due = length;
        this.size = at - position + length + 2;
        input.position = at;
        return this.readText(input);
      }
      if (chunk[end] !== CR || chunk[end + 1] !== LF) return false;
      this.type = 'VA';
      this.isLent = input.isLent;
      this.from = at;
      this.to = end;
      at = end + 2;
    }
    this.size = at - position;
    input.position = at;
    return true;
  }

  /** Whether the line of a large text was read, and its block was not. */
  get isDue(): boolean {
    return this.#due >= 0;
  }

  /**
   * Reads the block that is due into spare memory; returns whether it is all there.
   *
   * @throws ProtocolError
   *
   * @internal
   */
  readText(input: Input): boolean {
    const length = this.#due;
    this.#spare ??= spareMemory.take(length) ?? input.allocate(length);
    const block = input.data(length, this.#spare);
    if (block === null) return false;
    this.#due = -1;
    if (!input.terminated) throw new ProtocolError(BAD_END);
    this.type = 'VA';
    this.isLent = true;
    this.bytes = block;
    this.from = 0;
    this.to = length;
    return true;
  }

  /** Gives back the memory of a large text, which whoever wanted the value has read. */
  release(): void {
    if (this.#spare === null || this.#due >= 0) return;
    spareMemory.put(this.#spare);
    this.#spare = null;
    this.bytes = EMPTY;
  }

  // Whether its flags are those that every item has. Others lie in a chunk, which may be a lent one.
  get #isBare(): boolean {
    return this.#has === (FLAGS_BIT | OPAQUE_BIT);
  }

  // Returns the position after the flags, or -1 where they are not plain.
  #readFlags(chunk: Uint8Array, from: number, opaque: number): number {
    let has = 0;
    let at = from;
    while (chunk[at] === SPACE) {
      const letter = chunk[at + 1]!;
      // These letters differ in their last five bits.
      const bit = 1 << (letter & 31);
      if ((has & bit) !== 0) return -1;
      has |= bit;
      const start = at += 2;
      let number = 0;
      for (let digit; (digit = chunk[at]! - ZERO) >= 0 && digit <= 9; at++) {
        number = number * 10 + digit;
      }
      const length = at - start;
      switch (letter) {
        case FLAGS:
          // Not with a leading zero, which the number would not show.
          if (length === 0 || length > 10 || (length > 1 && chunk[start] === ZERO)) return -1;
          this.flags = number;
          break;
        case OPAQUE:
          if (number !== opaque || length === 0 || length > 9) return -1;
          break;
        case 0x63: // c
          // No more digits than certainly fit 64 bits.
          if (length === 0 || length > 19) return -1;
          this.#casFrom = start;
          break;
        case 0x74: // t
          if (length === 0 && chunk[at] === MINUS && chunk[at + 1] === ONE) {
            at += 2;
            number = Infinity;
          } else if (length === 0 || length > 15) return -1;
          this.#ttl = number;
          break;
        case 0x68: // h
          if (length !== 1) return -1;
          this.#hitBefore = number;
          break;
        case 0x6c: // l
          if (length === 0 || length > 15) return -1;
          this.#lastAccess = number;
          break;
        case 0x73: // s
          if (length === 0 || length > 15) return -1;
          this.#valueSize = number;
          break;
        case 0x57: // W
        case 0x58: // X
        case 0x5a: // Z
          if (length > 0) return -1;
          break;
        default:
          return -1;
      }
    }
    this.#has = has;
    return (has & OPAQUE_BIT) === 0 ? -1 : at;
  }

  /**
   * Reads the next item of a `get` if it lies whole in the chunk and has one of the keys; returns
   * the index of the key, or -1.
   *
   * @param first The index of the first key that may come.
   *
   * @internal
   */
  readItem(
    input: Input,
    keys: readonly Key[],
    first: number,
    maxLine: number,
    maxValue: number,
  ): number {
    const { chunk, position } = input;
    for (let i = 0; i < VALUE.length; i++) if (chunk[position + i] !== VALUE[i]) return -1;
    let at = position + VALUE.length;
    let index = first;
    while (index < keys.length && !spellsKey(chunk, at, keys[index]!)) index++;
    if (index === keys.length) return -1;
    at += keys[index]!.length + 1;
    const flagsAt = at;
    let flags = 0;
    for (let digit; (digit = chunk[at]! - ZERO) >= 0 && digit <= 9; at++) {
      flags = flags * 10 + digit;
    }
    if (at === flagsAt || at - flagsAt > 10 || chunk[at] !== SPACE) return -1;
    const lengthAt = ++at;
    let length = 0;
    for (let digit; (digit = chunk[at]! - ZERO) >= 0 && digit <= 9; at++) {
      length = length * 10 + digit;
    }
    if (at === lengthAt || at - lengthAt > 9 || length > maxValue) return -1;
    if (chunk[at] !== CR || chunk[at + 1] !== LF || at - position > maxLine) return -1;
    const end = at + 2 + length;
    if (chunk[end] !== CR || chunk[end + 1] !== LF) return -1;
    this.type = 'VA';
    this.flags = flags;
    this.#has = FLAGS_BIT;
    this.bytes = chunk;
    this.isLent = input.isLent;
    this.from = at + 2;
    this.to = end;
    input.position = end + 2;
    this.size = end + 2 - position;
    return index;
  }

  /** The same reply as the general decoder would return. */
  toReply(): MetaReply | MetaValueReply {
    const { type, bytes, from, to } = this;
    if (type === 'VA') {
      const value = this.isLent ? bytes.slice(from, to) : bytes.subarray(from, to);
      return { type, flags: this.#toFlags(), value };
    }
    if (this.#has !== OPAQUE_BIT) return { type, flags: this.#toFlags() };
    return type === 'HD' ? HD : EN;
  }

  #toFlags(): string[] {
    if (this.#isBare) return [`f${this.flags}`];
    const text = latin1(this.bytes, this.#flagsFrom + 1, this.#flagsTo);
    return text.split(' ').filter((flag) => !flag.startsWith('O'));
  }
}

const VALUE = toBytes('VALUE ');
const SPACE = 0x20;
const ZERO = 0x30;
const CR = 0x0d;
const LF = 0x0a;
const MINUS = 0x2d;
const ONE = 0x31;
const FLAGS = 0x66;
const OPAQUE = 0x4f;
const FLAGS_BIT = 1 << (FLAGS & 31);
const OPAQUE_BIT = 1 << (OPAQUE & 31);
const CAS_BIT = 1 << (0x63 & 31);
const TTL_BIT = 1 << (0x74 & 31);
const HIT_BIT = 1 << (0x68 & 31);
const LAST_ACCESS_BIT = 1 << (0x6c & 31);
const SIZE_BIT = 1 << (0x73 & 31);
const WON_BIT = 1 << (0x57 & 31);
const STALE_BIT = 1 << (0x58 & 31);
const LOST_BIT = 1 << (0x5a & 31);
const VA = 0x5641;
const HD_CODE = 0x4844;
const EN_CODE = 0x454e;

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

// Whether the bytes at a position are a key and a space.
function spellsKey(bytes: Uint8Array, at: number, key: Key): boolean {
  const { length } = key;
  if (bytes[at + length] !== SPACE) return false;
  if (typeof key !== 'string') return matches(bytes, at, at + length, key);
  for (let i = 0; i < length; i++) if (bytes[at + i] !== key.charCodeAt(i)) return false;
  return true;
}
