// The decoder of replies: bytes to values, for clients.
import { EMPTY, latin1, matches, spells, startsWith, wordEnd } from './bytes.ts';
import type { Command, Key } from './command.ts';
import { ProtocolError } from './errors.ts';
import { BAD_END, Input } from './input.ts';
import { toKey } from './item-lines.ts';
import { keyText } from './key.ts';
import { bigDigits, digits, flagNumber, wideDigits } from './numbers.ts';
import { type Optional, withDefaults } from './options.ts';
import { type PlainFlags, PlainReply } from './plain.ts';
import { replyShape } from './command-facts.ts';
import {
  firstWord,
  metaCode,
  plainMeta,
  readConfig,
  readDebug,
  readError,
  readMetadump,
  readMgdump,
  readRefusal,
  readStat,
  readStatus,
  readVersion,
  VA,
} from './reply-lines.ts';
import {
  type ConfigReply,
  EN,
  END,
  type ErrorReply,
  HD,
  isItem,
  type MetaReply,
  MISSES,
  MN,
  OK,
  OPENED,
  type Reply,
  type ReplyItem,
  type StatLine,
  type ValueItem,
} from './reply.ts';
import { withoutSecret } from './server-messages.ts';
import { type ReplyShape, verbs } from './verbs.ts';

/** The limits of what a server may send. */
export interface ReplyLimits {
  /**
   * The longest line in bytes. The longest that memcached writes, a watch line, is 4096.
   *
   * @default 8192
   */
  readonly maxLine: number;
  /**
   * The longest value in bytes; one that a server announces beyond it is never allocated.
   *
   * @default 67108864
   */
  readonly maxValue: number;
  /**
   * The most bytes of memory that the lines of one `stats` reply may take, reckoned at their length
   * and 64 bytes each.
   *
   * @default 16777216
   */
  readonly maxLines: number;
  /**
   * The client flags of items whose value is made into a text where it arrives: large ones are read
   * into memory that is used again.
   *
   * @default -1, for none
   */
  readonly textFlags: number;
}

/** The limits by default. */
export const replyLimits: ReplyLimits = {
  maxLine: 8 * 1024,
  maxValue: 64 * 1024 * 1024,
  maxLines: 16 * 1024 * 1024,
  textFlags: -1,
};

const CR = 0x0d;
const OPAQUE = 0x4f;
/** The bytes of memory accounted for a line or an item besides its own bytes. */
const OVERHEAD = 64;
const NO_FLAGS: readonly string[] = HD.flags;
const QUIET_RUN = 'a run of quiet commands';

/** The shapes that are read a line at a time, as text. */
type LineShape = Exclude<ReplyShape, 'meta' | 'values' | 'status' | 'number' | 'none'>;

/** A data block that is due: its owner, and the reply that it completes; null where more follows. */
interface Due {
  readonly length: number;
  readonly holder: { value: Uint8Array };
  readonly reply: Reply | null;
}

/**
 * Bytes to replies. What is read next depends on what was asked, so the caller names the command
 * whose reply is due; a line that is no reply to it is a ProtocolError, after which the decoder
 * must not be used again.
 */
export class ReplyDecoder {
  /** The opaque of the last meta reply if it was a number, else -1. It is not among its flags. */
  opaque: number = -1;
  /** Where among the flags that opaque stood. */
  opaqueIndex: number = 0;
  /** The password of the login that was sent, which no error may show. */
  secret: string = '';
  /** The reply that `readPlain` read. */
  readonly plain: PlainReply = new PlainReply();

  readonly #input: Input;
  readonly #limits: ReplyLimits;
  // What waits for the data block that is due after the line that was read.
  #due: Due | null = null;
  #items: ValueItem[] = [];
  // The keys of items that were read as plain ones.
  #taken: Key[] = [];
  #nextKey = 0;
  // Once items come out of order: the keys that are still to be answered.
  #keysLeft: Map<string, Key[]> | null = null;
  #lines: StatLine[] = [];
  #rawLines: string[] = [];
  #linesLength = 0;
  #config: ConfigReply | null = null;
  #opened = false;
  #blankAllowed = false;
  #accounted = 0;
  #lastFlags: readonly string[] = NO_FLAGS;

  /**
   * Makes a decoder of replies.
   *
   * @param limits What differs from the defaults of a client.
   * @param allocate Makes arrays for long values, each of whose bytes is then written.
   */
  constructor(limits: Optional<ReplyLimits> = {}, allocate?: (size: number) => Uint8Array) {
    this.#input = new Input(allocate);
    this.#limits = withDefaults(replyLimits, limits);
  }

  /**
   * Takes bytes that arrived.
   *
   * @param isLent The chunk may be written to after the next call of `keep`.
   */
  push(chunk: Uint8Array, isLent = false): void {
    this.#input.push(chunk, isLent);
  }

  /** Copies what has not been read of a lent chunk; returns memory for the next, as `Input.keep`. */
  keep(): Uint8Array | null {
    return this.#input.keep();
  }

  /** How many bytes were read since this was asked last. */
  account(): number {
    const bytes = this.#input.consumed - this.#accounted;
    this.#accounted += bytes;
    return bytes;
  }

  /** Whether bytes are left that have not come out. */
  get pending(): boolean {
    return this.#input.pending;
  }

  /**
   * The reply to `request`, or the next item of it, or null when more bytes are needed.
   *
   * `null` as the request stands for a run of quiet commands: any meta reply, error or fence.
   *
   * @throws ProtocolError
   */
  next(request: Command | null): Reply | ReplyItem | null {
    const shape = request === null ? 'none' : replyShape(request);
    if (this.plain.isDue) return this.#endText();
    for (;;) {
      let reply: Reply | ReplyItem | null;
      if (this.#due === null) {
        if (!this.#line()) return null;
        reply = this.#read(request, shape);
      } else {
        const { length, holder, reply: whole } = this.#due;
        reply = this.#fill(length, holder, whole);
      }
      if (reply !== null || this.#due !== null) return reply;
    }
  }

  /**
   * Reads the next reply into `plain` if it is a plain one; returns whether it was. Otherwise it is
   * left to `next`.
   *
   * A large text, by its client flags, is read into memory that is used again after `plain.release`.
   */
  readPlain(opaque: number, asks: PlainFlags['asks']): boolean {
    if (this.#due !== null || this.#blankAllowed) return false;
    // For `next`, which may have to end a large text that begins here.
    this.opaque = opaque;
    return this.plain.read(this.#input, opaque, asks, this.#limits);
  }

  #endText(): Reply | null {
    if (!this.plain.readText(this.#input)) return null;
    const reply = this.plain.toReply();
    this.plain.release();
    return reply;
  }

  /**
   * Reads items of a `get` into `plain`, as long as each lies whole in one chunk, and calls back with
   * each and the index of its key. The others, and the end of the reply, are left to `next`; its reply
   * has no items that were read here.
   *
   * @throws ProtocolError
   */
  readPlainItems(
    request: Command & { readonly keys: readonly Key[] },
    take: (item: PlainReply, index: number) => void,
  ): void {
    if (this.#blankAllowed || this.#keysLeft !== null || !this.#endCut(request)) return;
    const { maxLine, maxValue } = this.#limits;
    const { keys } = request;
    const { plain } = this;
    const input = this.#input;
    const taken = this.#taken;
    for (;;) {
      const index = plain.readItem(input, keys, this.#nextKey, maxLine, maxValue);
      if (index < 0) return;
      this.#nextKey = index + 1;
      taken.push(keys[index]!);
      take(plain, index);
    }
  }

  // Reads the item that was cut by the end of a chunk; otherwise all behind it in this chunk would be
  // read with it. Returns false where it is not whole yet, or is none: no other line begins with V.
  #endCut(request: Command): boolean {
    const input = this.#input;
    if (!input.isCut) return true;
    if (this.#due !== null) this.#fill(this.#due.length, this.#due.holder, null);
    else if (!input.carries('V') || !this.#line()) return false;
    else this.#read(request, 'values');
    return this.#due === null && this.#keysLeft === null;
  }

  /**
   * An error line that came while nothing was asked (`ERROR Too many open connections`), or null
   * when there is no whole line.
   *
   * @throws ProtocolError for any other line.
   */
  unasked(): ErrorReply | null {
    return this.#line() ? this.#error('nothing') : null;
  }

  #line(): boolean {
    const input = this.#input;
    for (;;) {
      const found = input.line();
      let length = input.to - input.from;
      // A CR may be the first half of the line's end, and the rest still on its way.
      if (!found && input.bytes[input.to - 1] === CR) length--;
      checkLimit('a line', length, this.#limits.maxLine);
      if (!found) return false;
      // 1.6.45 ends an error to an over-long get with a line end too many (protocol.md 4.3).
      const skip = this.#blankAllowed && input.from === input.to;
      this.#blankAllowed = false;
      if (!skip) return true;
    }
  }

  // Takes the data block of a reply, or of a part of one, once it is all there.
  #fill(length: number, holder: Due['holder'], reply: Reply | null): Reply | null {
    const data = this.#input.data(length);
    if (data === null) {
      this.#due ??= { length, holder, reply };
      return null;
    }
    this.#due = null;
    if (!this.#input.terminated) {
      throw new ProtocolError(BAD_END);
    }
    holder.value = data;
    return reply;
  }

  #read(request: Command | null, shape: ReplyShape): Reply | ReplyItem | null {
    const { bytes, from, to } = this.#input;
    const asked = request?.verb ?? QUIET_RUN;
    switch (shape) {
      case 'meta':
        return this.#meta(bytes, from, to, request);
      case 'values':
        if (startsWith(bytes, from, to, 'VALUE ')) return this.#value(request, bytes, from, to);
        return spells(bytes, from, to, 'END') ? this.#values() : this.#error(asked);
      case 'status':
        return readStatus(request, bytes, from, to) ?? this.#error(asked);
      case 'number': {
        const value = bigDigits(bytes, from, to);
        if (value !== null) return { type: 'number', value };
        return readStatus(request, bytes, from, to) ?? this.#error(asked);
      }
      case 'none':
        if (metaCode(bytes, from, to) !== 0) return this.#meta(bytes, from, to, request);
        if (spells(bytes, from, to, 'MN')) return MN;
        if (startsWith(bytes, from, to, 'VALUE ')) return this.#value(request, bytes, from, to);
        if (spells(bytes, from, to, 'END')) return this.#values();
        return readVersion(latin1(bytes, from, to)) ?? this.#error(asked);
      default:
        return this.#readLine(request, shape, asked);
    }
  }

  // What is seldom asked for is read as text.
  #readLine(request: Command | null, shape: LineShape, asked: string): Reply | ReplyItem | null {
    const { bytes, from, to } = this.#input;
    const line = latin1(bytes, from, to);
    let reply: Reply | ReplyItem | null = null;
    switch (shape) {
      case 'version':
        reply = readVersion(line);
        break;
      case 'debug':
        reply = line === 'EN' ? EN : readDebug(line, request);
        break;
      case 'admin':
        reply = line === 'OK' ? OK : readRefusal(withoutSecret(line, this.secret));
        break;
      case 'stats': {
        const stat = readStat(line);
        if (stat !== null) {
          this.#count(line.length, this.#limits.maxLines);
          this.#lines.push(stat);
          return null;
        }
        reply = line === 'END'
          ? { type: 'stats', lines: this.#lines }
          : readStatus(request, bytes, from, to);
        break;
      }
      case 'lines':
        if (line === 'END') reply = { type: 'lines', lines: this.#rawLines };
        else if (readError(line) === null) {
          this.#count(line.length, this.#limits.maxLines);
          this.#rawLines.push(line);
          return null;
        }
        break;
      case 'line':
        if (readError(line) === null) reply = { type: 'line', line };
        break;
      case 'config':
        if (line === 'END') reply = this.#config ?? END;
        else if (this.#config === null) {
          const config = readConfig(line);
          if (config === null) break;
          const { name, flags, length } = config;
          const holder = { type: 'CONFIG' as const, name, flags, value: EMPTY };
          this.#config = holder;
          return this.#fill(this.#length(length), holder, null);
        }
        break;
      case 'metadump':
        if (this.#opens(line)) return null;
        reply = line === 'END' ? END : readMetadump(line) ?? readRefusal(line);
        break;
      case 'mgdump':
        if (this.#opens(line)) return null;
        reply = line === 'EN' ? EN : readMgdump(line) ?? readRefusal(line);
        break;
      case 'watch':
        if (this.#opened) return { type: 'watch', line };
        reply = this.#opens(line) ? OPENED : readRefusal(line);
        break;
      case 'closed':
        break;
    }
    if (reply === null) return this.#error(asked);
    if (!isItem(reply)) this.#reset();
    return reply;
  }

  // Servers since 1.6.43 open a dump with OK, older ones do not; a watch always opens with it.
  #opens(line: string): boolean {
    if (this.#opened || line !== 'OK') return false;
    this.#opened = true;
    return true;
  }

  /** Reads the line as an error, the one thing that any command may be answered with. */
  #error(asked: string): ErrorReply {
    const { bytes, from, to } = this.#input;
    const line = latin1(bytes, from, to);
    const error = readError(line);
    if (error === null) {
      // A line may hold a user's data; its first word is enough to know it by.
      const word = JSON.stringify(withoutSecret(firstWord(line), this.secret).slice(0, 32));
      throw new ProtocolError(`a line that starts with ${word} answers ${asked}`);
    }
    this.#blankAllowed = true;
    this.#reset();
    if (this.secret === '') return error;
    return { ...error, message: withoutSecret(error.message, this.secret) };
  }

  // A reply is complete: the parts gathered for it must not leak into the next.
  #reset(): void {
    this.#items = [];
    this.#lines = [];
    this.#rawLines = [];
    this.#config = null;
    this.#opened = false;
    this.#taken = [];
    this.#keysLeft = null;
    this.#nextKey = this.#linesLength = 0;
  }

  #length(length: number): number {
    if (length < 0) throw new ProtocolError('the length of a value is not a number');
    checkLimit('a value', length, this.#limits.maxValue);
    return length;
  }

  #meta(bytes: Uint8Array, from: number, to: number, request: Command | null): Reply | null {
    const code = metaCode(bytes, from, to);
    if (code === VA) {
      checkCode(request, 'VA');
      const end = wordEnd(bytes, from + 3, to);
      const length = this.#length(digits(bytes, from + 3, end));
      const reply = { type: 'VA' as const, flags: this.#flags(bytes, end, to), value: EMPTY };
      return this.#fill(length, reply, reply);
    }
    const plain = plainMeta.get(code);
    if (plain === undefined) return this.#error(request?.verb ?? QUIET_RUN);
    checkCode(request, plain.type);
    const flags = this.#flags(bytes, from + 2, to);
    return flags.length === 0 ? plain : { type: plain.type, flags };
  }

  #flags(bytes: Uint8Array, from: number, to: number): readonly string[] {
    this.opaque = -1;
    // One reply's flags are mostly the last one's, whose strings then need not be made again.
    const last = this.#lastFlags;
    let flags: string[] | null = null;
    let count = 0;
    let at = from;
    while (at < to) {
      const end = wordEnd(bytes, at, to);
      if (end > at) {
        const opaque = bytes[at] === OPAQUE ? digits(bytes, at + 1, end) : -1;
        if (opaque >= 0) {
          if (this.opaque >= 0) throw new ProtocolError('a reply carries two opaques');
          this.opaque = opaque;
          this.opaqueIndex = count;
        } else {
          if (flags !== null || count === last.length || !spells(bytes, at, end, last[count]!)) {
            (flags ??= last.slice(0, count)).push(latin1(bytes, at, end));
          }
          count++;
        }
      }
      at = end + 1;
    }
    if (count === 0) return NO_FLAGS;
    if (flags !== null) checkFlags(flags);
    if (flags !== null || count < last.length) this.#lastFlags = flags ?? last.slice(0, count);
    return this.#lastFlags;
  }

  #value(request: Command | null, bytes: Uint8Array, from: number, to: number): Reply | null {
    const keyEnd = wordEnd(bytes, from + 6, to);
    const key = this.#askedKey(request, bytes, from + 6, keyEnd);
    const flagsEnd = wordEnd(bytes, keyEnd + 1, to);
    const lengthEnd = wordEnd(bytes, flagsEnd + 1, to);
    const flags = wideDigits(bytes, keyEnd + 1, flagsEnd);
    const length = this.#length(digits(bytes, flagsEnd + 1, lengthEnd));
    // As many values as there were keys; a raw command does not say how many.
    if (request?.verb === 'raw') this.#count(length, this.#limits.maxValue);
    const cas = lengthEnd < to ? bigDigits(bytes, lengthEnd + 1, to) : undefined;
    const wanted = request?.verb === 'gets' || request?.verb === 'gats';
    if (flags < 0 || cas === null || (wanted && cas === undefined)) {
      throw new ProtocolError('a VALUE line without its numbers');
    }
    const item = { key, flags, value: EMPTY, cas };
    this.#items.push(item);
    return this.#fill(length, item, null);
  }

  // Servers answer in the order of the request and leave out missing keys, so the key is
  // mostly one of those not passed yet. Proxies that share a request among servers answer in any
  // order: then it is looked up, among all keys, each as often as it was asked for. Any other key is
  // the value of another command.
  #askedKey(request: Command | null, bytes: Uint8Array, from: number, to: number): Key {
    if (request === null || !('keys' in request)) return toKey(latin1(bytes, from, to));
    const { keys } = request;
    if (this.#keysLeft === null) {
      for (let i = this.#nextKey; i < keys.length; i++) {
        if (!matches(bytes, from, to, keys[i]!)) continue;
        this.#nextKey = i + 1;
        return keys[i]!;
      }
      this.#keysLeft = keysLeft(keys, [...this.#taken, ...this.#items.map((item) => item.key)]);
    }
    const text = latin1(bytes, from, to);
    const left = this.#keysLeft.get(text)?.pop();
    if (left === undefined) throw new ProtocolError('a VALUE for a key that was not asked for');
    return left;
  }

  #values(): Reply {
    const items = this.#items;
    if (this.#taken.length > 0) this.#taken = [];
    this.#keysLeft = null;
    this.#nextKey = this.#linesLength = 0;
    if (items.length === 0) return MISSES;
    this.#items = [];
    return { type: 'values', items };
  }

  // Holds a reply of any number of parts to a limit on all of them.
  #count(length: number, limit: number): void {
    this.#linesLength += length + OVERHEAD;
    checkLimit('a reply in parts', this.#linesLength, limit);
  }
}

// The keys of a request that no item has answered yet, by their text on the wire.
function keysLeft(keys: readonly Key[], answered: readonly Key[]): Map<string, Key[]> {
  const left = new Map<string, Key[]>();
  for (const key of keys) {
    const text = keyText(key);
    const same = left.get(text);
    if (same === undefined) left.set(text, [key]);
    else same.push(key);
  }
  for (const key of answered) {
    // That very key: text and the bytes of the same text are two keys for the caller.
    const same = left.get(keyText(key));
    same?.splice(same.indexOf(key), 1);
  }
  return left;
}

// A reply that the command cannot have belongs to another command. A read that asks for the value gets it
// or a miss, and HD only where it compares the cas; one that does not gets no value.
function checkCode(request: Command | null, code: MetaReply['type'] | 'VA'): void {
  if (request === null || !('flags' in request) || typeof request.flags === 'number') return;
  const { verb, flags } = request;
  const value = flags.includes('v');
  const possible = verbs[verb].codes.includes(code) && (code !== 'VA' || value) &&
    (code !== 'HD' || verb !== 'mg' || !value || flags.some((flag) => flag[0] === 'C'));
  if (!possible) throw new ProtocolError(`${code} answers ${[verb, ...flags].join(' ')}`);
}

// Of two contradicting flags neither can be trusted, and client flags give the type of a value.
function checkFlags(flags: readonly string[]): void {
  let seen = 0;
  for (const flag of flags) {
    const letter = flag.charCodeAt(0);
    // What a request asks for has a small letter; capitals are marks that contradict nothing.
    const bit = letter < 0x61 ? 0 : 1 << (letter - 0x61);
    if ((seen & bit) !== 0) throw new ProtocolError(`a reply carries the flag ${flag[0]} twice`);
    seen |= bit;
    if (letter === 0x66 && Number.isNaN(flagNumber(flag))) {
      throw new ProtocolError('a reply carries client flags that are no number');
    }
  }
}

// How many bytes of a line have come depends on how they were cut, so the message does not say.
function checkLimit(what: string, length: number, limit: number): void {
  if (length > limit) throw new ProtocolError(`${what} is longer than ${limit} bytes`);
}
