import { latin1, matches, spells, wordEnd } from './bytes.ts';
import type { Command, Key } from './command.ts';
import { ProtocolError } from './errors.ts';
import { Input } from './input.ts';
import { opensWith, toKey } from './item-facts.ts';
import { bigDigits, digits, wideDigits } from './numbers.ts';
import { withDefaults } from './options.ts';
import { replyShape } from './quiet.ts';
import {
  metaCode,
  plainMeta,
  readDebug,
  readError,
  readMetadump,
  readMgdump,
  readRefusal,
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
  MISSES,
  OPENED,
  type Reply,
  type ReplyItem,
  type StatLine,
  statusReplies,
  type ValueItem,
} from './reply.ts';
import type { ReplyShape } from './verbs.ts';

export interface ReplyLimits {
  /** The longest line in bytes. The longest that memcached writes, a watch line, is 4096. */
  readonly maxLine: number;
  /** The longest value in bytes; one that a server announces beyond it is never allocated. */
  readonly maxValue: number;
  /**
   * The most bytes of memory that the lines of one `stats` reply may take, reckoned at their length
   * and 64 bytes each.
   */
  readonly maxLines: number;
}

export const replyLimits: ReplyLimits = {
  maxLine: 8 * 1024,
  maxValue: 64 * 1024 * 1024,
  maxLines: 16 * 1024 * 1024,
};

const CR = 0x0d;
const OPAQUE = 0x4f;
/** What a line or an item is reckoned to take beside its bytes. */
const OVERHEAD = 64;
const NO_FLAGS: readonly string[] = HD.flags;

/**
 * Bytes to replies. What is read next depends on what was asked, so the caller names the command
 * whose reply is due; a line that is no reply to it is a ProtocolError, after which the decoder
 * must not be used again.
 */
export class ReplyDecoder {
  /** The opaque of the last meta reply if it was a number, else -1. It is not among its flags. */
  opaque = -1;
  /** Where among the flags that opaque stood. */
  opaqueIndex = 0;

  readonly #input: Input = new Input();
  readonly #limits: ReplyLimits;
  // The data block that is due after the line that was read.
  #due: { length: number; finish: (data: Uint8Array) => Reply | null } | null = null;
  #items: ValueItem[] = [];
  #nextKey = 0;
  #lines: StatLine[] = [];
  #rawLines: string[] = [];
  #linesLength = 0;
  #config: ConfigReply | null = null;
  #opened = false;
  #blankAllowed = false;
  #accounted = 0;
  #lastFlags: readonly string[] = NO_FLAGS;

  constructor(limits: Partial<ReplyLimits> = {}) {
    this.#limits = withDefaults(replyLimits, limits);
  }

  push(chunk: Uint8Array): void {
    this.#input.push(chunk);
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
    for (;;) {
      let reply: Reply | ReplyItem | null;
      if (this.#due === null) {
        if (!this.#line()) return null;
        reply = this.#read(request, shape);
      } else {
        const { length, finish } = this.#due;
        const data = this.#data(length);
        if (data === null) return null;
        this.#due = null;
        reply = finish(data);
      }
      if (reply !== null) return reply;
    }
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
      if (length > this.#limits.maxLine) {
        throw new ProtocolError(`a line is longer than ${this.#limits.maxLine} bytes`);
      }
      if (!found) return false;
      // 1.6.45 ends an error to an over-long get with a line end too many (protocol.md 2.4.3).
      const skip = this.#blankAllowed && input.from === input.to;
      this.#blankAllowed = false;
      if (!skip) return true;
    }
  }

  #data(length: number): Uint8Array | null {
    const data = this.#input.data(length);
    if (data !== null && !this.#input.terminated) {
      throw new ProtocolError('a value does not end where its length says');
    }
    return data;
  }

  #read(request: Command | null, shape: ReplyShape): Reply | ReplyItem | null {
    const { bytes, from, to } = this.#input;
    const asked = request?.verb ?? 'a run of quiet commands';
    switch (shape) {
      case 'meta':
        return this.#meta(bytes, from, to, asked);
      case 'values':
        if (opensWith(bytes, from, to, 'VALUE')) return this.#value(request, bytes, from, to);
        return spells(bytes, from, to, 'END') ? this.#values() : this.#error(asked);
      case 'status':
        return readStatus(request, bytes, from, to) ?? this.#error(asked);
      case 'number': {
        const value = bigDigits(bytes, from, to);
        if (value !== null) return { type: 'number', value };
        return readStatus(request, bytes, from, to) ?? this.#error(asked);
      }
      case 'version':
        return readVersion(bytes, from, to) ?? this.#error(asked);
      case 'debug':
        if (spells(bytes, from, to, 'EN')) return EN;
        return readDebug(request, bytes, from, to) ?? this.#error(asked);
      case 'stats':
        return this.#stats(bytes, from, to) ? null : this.#endStats(request, bytes, from, to);
      case 'admin':
        if (spells(bytes, from, to, 'OK')) return statusReplies.OK;
        return readRefusal(bytes, from, to) ?? this.#error(asked);
      case 'metadump':
      case 'mgdump':
      case 'watch':
        return this.#item(shape, bytes, from, to);
      case 'config':
        if (spells(bytes, from, to, 'END')) return this.#takeConfig() ?? END;
        return this.#readConfig(bytes, from, to) ? null : this.#error(asked);
      case 'lines':
        if (spells(bytes, from, to, 'END')) {
          const lines = this.#rawLines;
          this.#dropLines();
          return { type: 'lines', lines };
        }
        if (readError(bytes, from, to) !== null) return this.#error(asked);
        this.#count(to - from, this.#limits.maxLines);
        this.#rawLines.push(latin1(bytes, from, to));
        return null;
      case 'line':
        if (readError(bytes, from, to) !== null) return this.#error(asked);
        return { type: 'line', line: latin1(bytes, from, to) };
      case 'closed':
        return this.#error(asked);
      case 'none':
        if (spells(bytes, from, to, 'MN')) return statusReplies.MN;
        return readVersion(bytes, from, to) ?? this.#meta(bytes, from, to, asked);
    }
  }

  /** Reads the line as an error, the one thing that any command may be answered with. */
  #error(asked: string): ErrorReply {
    const { bytes, from, to } = this.#input;
    const error = readError(bytes, from, to);
    if (error === null) {
      // A line may hold a user's data; its first word is enough to know it by.
      const word = latin1(bytes, from, Math.min(wordEnd(bytes, from, to), from + 32));
      throw new ProtocolError(`a line that starts with ${JSON.stringify(word)} answers ${asked}`);
    }
    this.#blankAllowed = true;
    this.#items = [];
    this.#nextKey = 0;
    this.#dropLines();
    this.#config = null;
    this.#opened = false;
    return error;
  }

  #length(bytes: Uint8Array, from: number, to: number): number {
    const length = digits(bytes, from, to);
    if (length < 0) throw new ProtocolError('the length of a value is not a number');
    if (length > this.#limits.maxValue) {
      throw new ProtocolError(
        `a value of ${length} bytes is over the limit of ${this.#limits.maxValue}`,
      );
    }
    return length;
  }

  #meta(bytes: Uint8Array, from: number, to: number, asked: string): Reply | null {
    const code = metaCode(bytes, from, to);
    if (code === VA) {
      const end = wordEnd(bytes, from + 3, to);
      const length = this.#length(bytes, from + 3, end);
      const flags = this.#flags(bytes, end, to);
      const value = this.#data(length);
      if (value !== null) return { type: 'VA', flags, value };
      this.#due = { length, finish: (late) => ({ type: 'VA', flags, value: late }) };
      return null;
    }
    const plain = plainMeta.get(code);
    if (plain === undefined) return this.#error(asked);
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
    if (flags !== null || count < last.length) this.#lastFlags = flags ?? last.slice(0, count);
    return this.#lastFlags;
  }

  #value(request: Command | null, bytes: Uint8Array, from: number, to: number): null {
    const keyEnd = wordEnd(bytes, from + 6, to);
    const key = this.#askedKey(request, bytes, from + 6, keyEnd);
    const flagsEnd = wordEnd(bytes, keyEnd + 1, to);
    const lengthEnd = wordEnd(bytes, flagsEnd + 1, to);
    const flags = wideDigits(bytes, keyEnd + 1, flagsEnd);
    const length = this.#length(bytes, flagsEnd + 1, lengthEnd);
    // As many values as there were keys; a raw command does not say how many.
    if (request?.verb === 'raw') this.#count(length, this.#limits.maxValue);
    const cas = lengthEnd < to ? bigDigits(bytes, lengthEnd + 1, to) : undefined;
    const wanted = request?.verb === 'gets' || request?.verb === 'gats';
    if (flags < 0 || cas === null || (wanted && cas === undefined)) {
      throw new ProtocolError('a VALUE line without its numbers');
    }
    const value = this.#data(length);
    if (value !== null) this.#items.push({ key, flags, value, cas });
    else {
      const finish = (late: Uint8Array): null => {
        this.#items.push({ key, flags, value: late, cas });
        return null;
      };
      this.#due = { length, finish };
    }
    return null;
  }

  // Servers answer in the order of the request and leave out what they do not have, so the key
  // must be one of those not passed yet; any other is somebody else's value.
  #askedKey(request: Command | null, bytes: Uint8Array, from: number, to: number): Key {
    if (request === null || !('keys' in request)) return toKey(latin1(bytes, from, to));
    const { keys } = request;
    while (this.#nextKey < keys.length) {
      const key = keys[this.#nextKey++]!;
      if (matches(bytes, from, to, key)) return key;
    }
    throw new ProtocolError('a VALUE for a key that was not asked for');
  }

  #values(): Reply {
    const items = this.#items;
    this.#nextKey = this.#linesLength = 0;
    if (items.length === 0) return MISSES;
    this.#items = [];
    return { type: 'values', items };
  }

  #stats(bytes: Uint8Array, from: number, to: number): boolean {
    for (const type of ['STAT', 'ITEM', 'PREFIX'] as const) {
      if (!opensWith(bytes, from, to, type)) continue;
      const start = from + type.length + 1;
      const end = wordEnd(bytes, start, to);
      const value = latin1(bytes, Math.min(end + 1, to), to);
      this.#count(to - from, this.#limits.maxLines);
      this.#lines.push({ type, name: latin1(bytes, start, end), value });
      return true;
    }
    return false;
  }

  #endStats(request: Command | null, bytes: Uint8Array, from: number, to: number): Reply {
    if (!spells(bytes, from, to, 'END')) {
      return readStatus(request, bytes, from, to) ?? this.#error('stats');
    }
    const lines = this.#lines;
    this.#dropLines();
    return { type: 'stats', lines };
  }

  // Holds a reply of any number of parts to a limit on all of them.
  #count(length: number, limit: number): void {
    this.#linesLength += length + OVERHEAD;
    if (this.#linesLength > limit) {
      throw new ProtocolError(`the parts of a reply are over the limit of ${limit} bytes`);
    }
  }

  #dropLines(): void {
    this.#lines = [];
    this.#rawLines = [];
    this.#linesLength = 0;
  }

  #item(
    shape: 'metadump' | 'mgdump' | 'watch',
    bytes: Uint8Array,
    from: number,
    to: number,
  ): Reply | ReplyItem | null {
    // Servers since 1.6.43 open a dump with OK, older ones do not; a watch always opens with it.
    if (!this.#opened && spells(bytes, from, to, 'OK')) {
      this.#opened = true;
      return shape === 'watch' ? OPENED : null;
    }
    if (shape === 'watch') {
      if (this.#opened) return { type: 'watch', line: latin1(bytes, from, to) };
    } else if (spells(bytes, from, to, shape === 'metadump' ? 'END' : 'EN')) {
      this.#opened = false;
      return shape === 'metadump' ? END : EN;
    } else {
      const item = shape === 'metadump'
        ? readMetadump(bytes, from, to)
        : readMgdump(bytes, from, to);
      if (item !== null) return item;
    }
    return readRefusal(bytes, from, to) ?? this.#error(shape);
  }

  #readConfig(bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#config !== null || !opensWith(bytes, from, to, 'CONFIG')) return false;
    const nameEnd = wordEnd(bytes, from + 7, to);
    const flagsEnd = wordEnd(bytes, nameEnd + 1, to);
    const name = latin1(bytes, from + 7, nameEnd);
    const flags = digits(bytes, nameEnd + 1, flagsEnd);
    const length = this.#length(bytes, flagsEnd + 1, to);
    if (flags < 0) throw new ProtocolError('a CONFIG line without its numbers');
    const finish = (value: Uint8Array): null => {
      this.#config = { type: 'CONFIG', name, flags, value };
      return null;
    };
    this.#due = { length, finish };
    return true;
  }

  #takeConfig(): ConfigReply | null {
    const config = this.#config;
    this.#config = null;
    return config;
  }
}
