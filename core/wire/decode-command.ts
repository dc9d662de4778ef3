// The decoder of requests: bytes to commands, for servers and proxies.
import { EMPTY, fromUtf8, latin1, startsWith, wordEnd } from './bytes.ts';
import type {
  CasCommand,
  Command,
  MetaCommand,
  MetaSetCommand,
  StoreCommand,
  StoreVerb,
} from './command.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { Input } from './input.ts';
import { MAX_KEY } from './key.ts';
import { MAX_LINE } from './line.ts';
import { MAX_META_WORDS } from './meta-flags.ts';
import { type Optional, withDefaults } from './options.ts';
import type { PlainRequest } from './plain-request.ts';
import { clientError, ERROR, type ErrorReply, serverError } from './reply.ts';
import { type Verb, verbs } from './verbs.ts';
import { decodeKey, MAX_TOKENS, readMetaFlags, Tokens } from './tokens.ts';

/** A command whose value has not been read yet. */
export type StorageHeader = StoreCommand | CasCommand | MetaSetCommand;

/** The limits of requests. */
export interface RequestOptions {
  /**
   * The longest line of `get` and `gets`, in bytes. Other lines have memcached's limit of 2048.
   * memcached has none for these two, but a decoder needs one.
   */
  readonly maxGetLine: number;
  /**
   * Called when the line of a storage command is read and its value is not, with the length
   * announced. If it returns a reply, that is the answer, and the value is discarded as it arrives.
   */
  readonly admit: (header: StorageHeader, length: number) => ErrorReply | null;
}

/** The options of a `CommandDecoder` by default. */
export const requestOptions: RequestOptions = {
  maxGetLine: 1024 * 1024,
  admit: (_header, length) =>
    length > 1024 * 1024 ? serverError('object too large for cache') : null,
};

const CR = 0x0d;

type Fillable =
  | { -readonly [Name in keyof StoreCommand]: StoreCommand[Name] }
  | {
    -readonly [Name in keyof CasCommand]: CasCommand[Name];
  }
  | { -readonly [Name in keyof MetaSetCommand]: MetaSetCommand[Name] };

/** A request that is not a command, with the reply to it; null if it asked for no reply. */
export class BadRequest {
  /** The answer that it deserves, or null where the connection has to be closed. */
  readonly reply: ErrorReply | null;
  /** It was well formed, and `admit` refused it: the next request begins after its value. */
  readonly refused: boolean;

  /** The answer that it deserves, or null where the connection has to be closed. */
  constructor(reply: ErrorReply | null, refused = false) {
    this.reply = reply;
    this.refused = refused;
  }
}

const badFormat = new BadRequest(clientError('bad command line format'));
const plainError = new BadRequest(ERROR);
const badChunk = clientError('bad data chunk');
const SILENCED = new BadRequest(null);

/** The error for a bad line, unless it has `noreply`. */
function bad(message: string, noreply: boolean): BadRequest {
  return noreply ? SILENCED : new BadRequest(clientError(message));
}

// Verbs by the length of their word, so that finding one costs a few comparisons of first letters.
const byLength: readonly (readonly Verb[])[] = (() => {
  const lists: Verb[][] = [];
  for (const verb of Object.keys(verbs) as Verb[]) {
    if (verb === 'auth' || verb === 'raw' || verb.includes(' ')) continue;
    (lists[verb.length] ??= []).push(verb);
  }
  return lists;
})();

/**
 * The size of memcached's read buffer: the end of a longer line, unless it is a get, never fits.
 */
const READ_BUFFER = 16 * 1024;

/**
 * Bytes to commands, with memcached 1.6.39's reading of every line: which are commands, which
 * error answers those that are not, and where the next one starts.
 *
 * The data block of a refused storage line is discarded if the line states its length, as
 * memcached does since 1.6.40; before, it was read as commands. Where the length cannot be read it
 * still is: a proxy that must not allow this closes the connection on a `BadRequest` (`strict`).
 */
export class CommandDecoder {
  /** Read the next request as the authentication that `-Y` demands before anything else. */
  authenticating = false;
  /** The reason why there are no more commands and the peer is to be disconnected, or null. */
  dead: string | null = null;

  readonly #input: Input = new Input();
  readonly #tokens: Tokens;
  readonly #plain: PlainRequest;
  readonly #options: RequestOptions;
  // A data block of this length is due: the value of this command, or the token of an auth.
  #length = -1;
  #header: Fillable | null = null;
  #swallow = 0;
  #started = false;

  /**
   * Makes a decoder of requests.
   *
   * @param memory Needed only while a request is read: decoders may share it.
   */
  constructor(
    options: Optional<RequestOptions> = {},
    { tokens, plain }: ConnectionMemory = new ConnectionMemory(),
  ) {
    this.#tokens = tokens;
    this.#plain = plain;
    this.#options = withDefaults(requestOptions, options);
  }

  /** Whether the value of a storage command is arriving, to be read or to be discarded. */
  get receiving(): boolean {
    return this.#header !== null || this.#swallow > 0;
  }

  /** Takes bytes that arrived, which must not be written to any more; lent ones until `keep`. */
  push(chunk: Uint8Array, isLent = false): void {
    if (this.dead !== null) return;
    if (!this.#started && chunk.length > 0) {
      this.#started = true;
      if (chunk[0] === 0x80) this.dead = 'the binary protocol is not spoken here';
    }
    // Commands have views of their bytes, so only what belongs to one value is read where it is lent.
    const rest = this.#length < 0 ? this.#swallow : this.#input.missing;
    if (!isLent) this.#input.push(chunk);
    else if (chunk.length > rest) this.#input.push(chunk.slice());
    else this.#input.push(chunk, true);
  }

  /** Copies what has not been read of a lent chunk; returns memory for the next one, or null. */
  keep(): Uint8Array | null {
    return this.#input.keep();
  }

  /**
   * What arrived and is not read, for readers of whole requests, which move the position on; null
   * where no request begins there that may be read by other rules than those of `next`.
   *
   * @internal
   */
  get unread(): Input | null {
    if (this.#swallow > 0 || this.#length >= 0 || this.authenticating) return null;
    return this.dead !== null || this.#input.isCut ? null : this.#input;
  }

  /** The next request, or null when more bytes are needed or the connection is `dead`. */
  next(): Command | BadRequest | null {
    if (this.dead !== null) return null;
    if (this.#swallow > 0) {
      this.#swallow -= this.#input.skip(this.#swallow);
      if (this.#swallow > 0) return null;
    }
    if (this.#length >= 0) return this.#block();
    const input = this.#input;
    if (!input.pending) {
      input.release();
      return null;
    }
    const isWhole = this.#plain.read(input.chunk, input.position, input.chunk.length);
    if (isWhole && this.unread !== null) return this.#takePlain(input, this.#plain);
    if (!input.line()) {
      if (input.to - input.from > MAX_LINE) this.#checkLong();
      return null;
    }
    if (input.to - input.from + (input.bytes[input.to] === CR ? 2 : 1) > READ_BUFFER) {
      this.#checkLong();
      if (this.dead !== null) return null;
    }
    this.#tokens.cut(input.bytes, input.from, input.to);
    return this.authenticating ? this.#readAuth(this.#tokens) : this.#read(this.#tokens);
  }

  #takePlain(input: Input, plain: PlainRequest): Command | BadRequest {
    const { verb, bytes, noreply } = plain;
    input.position = plain.end;
    const key = bytes.subarray(plain.keyFrom, plain.keyTo);
    if (verb === 'get') return { verb, keys: [key] };
    if (verb === 'mg') return { verb, key, base64: false, flags: plain.words() };
    const length = plain.valueTo - plain.valueFrom;
    const header: Fillable = verb === 'set'
      ? { verb, key, flags: plain.flags, expire: plain.expire, value: EMPTY, noreply }
      : { verb, key, base64: false, value: EMPTY, flags: plain.words() };
    const refusal = this.#options.admit(header, length);
    if (refusal !== null) return new BadRequest(noreply ? null : refusal, true);
    header.value = bytes.subarray(plain.valueFrom, plain.valueTo);
    return header;
  }

  // memcached's rule (protocol.md 1.2): 2048 bytes without a line end, or more than it reads at once,
  // unless they start a get.
  #checkLong(): void {
    const { bytes, from, to } = this.#input;
    let start = from;
    while (start < to && bytes[start] === 0x20) start++;
    const isGet = startsWith(bytes, start, to, 'get ') || startsWith(bytes, start, to, 'gets ');
    if (isGet && !this.authenticating && start - from <= 100) {
      if (to - from <= this.#options.maxGetLine) return;
    }
    this.dead = 'a line has no end';
  }

  #await(header: Fillable | null, length: number): Command | BadRequest | null {
    this.#header = header;
    this.#length = length;
    return this.#block();
  }

  #block(): Command | BadRequest | null {
    const data = this.#input.data(this.#length);
    if (data === null) return null;
    const header = this.#header;
    this.#length = -1;
    this.#header = null;
    if (header === null) return readToken(data, this.#input.terminated);
    if (!this.#input.terminated) {
      return new BadRequest('noreply' in header && header.noreply ? null : badChunk);
    }
    header.value = data;
    return header;
  }

  #read(tokens: Tokens): Command | BadRequest | null {
    if (tokens.count === 0 || tokens.length(0) < 2) return plainError;
    const verb = this.#verb(tokens);
    switch (verb) {
      case 'mg':
      case 'md':
      case 'ma':
        return readMeta(verb, tokens);
      case 'ms':
        return this.#readMetaSet(tokens);
      case 'get':
      case 'gets':
      case 'gat':
      case 'gats':
        return readGet(verb, tokens);
      case 'set':
      case 'add':
      case 'replace':
      case 'append':
      case 'prepend':
      case 'cas':
        return this.#readStore(verb, tokens);
      case 'delete':
        return readDelete(tokens);
      case 'incr':
      case 'decr': {
        if (tokens.count !== 3 && tokens.count !== 4) return plainError;
        const noreply = tokens.noreply;
        if (tokens.length(1) > MAX_KEY) return bad('bad command line format', noreply);
        const delta = tokens.uint64(2);
        if (delta === null) return bad('invalid numeric delta argument', noreply);
        return { verb, key: tokens.view(1), delta, noreply };
      }
      case 'touch': {
        if (tokens.count !== 3 && tokens.count !== 4) return plainError;
        const noreply = tokens.noreply;
        if (tokens.length(1) > MAX_KEY) return bad('bad command line format', noreply);
        const expire = tokens.int32(2);
        if (expire === null) return bad('invalid exptime argument', noreply);
        return { verb, key: tokens.view(1), expire, noreply };
      }
      case 'me':
        return readDebug(tokens);
      case 'mn':
      case 'version':
      case 'quit':
      case 'refresh_certs':
        return { verb };
      case 'verbosity': {
        if (tokens.count !== 2 && tokens.count !== 3) return plainError;
        const noreply = tokens.noreply;
        const level = tokens.uint32(1);
        return level === null ? bad('bad command line format', noreply) : { verb, level, noreply };
      }
      case 'flush_all': {
        if (tokens.count > 3) return plainError;
        const noreply = tokens.noreply;
        const delay = tokens.count === (noreply ? 2 : 1) ? 0 : tokens.int32(1);
        return delay === null ? bad('invalid exptime argument', noreply) : { verb, delay, noreply };
      }
      case 'cache_memlimit': {
        if (tokens.count !== 2 && tokens.count !== 3) return plainError;
        const noreply = tokens.noreply;
        const megabytes = tokens.uint32(1);
        if (megabytes === null) return noreply ? SILENCED : plainError;
        return { verb, megabytes, noreply };
      }
      case 'shutdown':
        if (tokens.count === 1) return { verb, graceful: false };
        if (tokens.count === 2 && tokens.is(1, 'graceful')) return { verb, graceful: true };
        return this.#raw();
      case 'lru_crawler':
        if (tokens.count === 3 && tokens.is(1, 'metadump')) {
          return { verb: 'lru_crawler metadump', words: tokens.texts(2) };
        }
        if (tokens.count === 3 && tokens.is(1, 'mgdump')) {
          return { verb: 'lru_crawler mgdump', words: tokens.texts(2) };
        }
        return { verb, words: tokens.texts(1) };
      case 'config get':
        return { verb, words: tokens.texts(2) };
      case 'stats':
      case 'slabs':
      case 'lru':
      case 'extstore':
      case 'watch':
        return { verb, words: tokens.texts(1) };
      default:
        if (isHttp(tokens)) {
          this.dead = 'HTTP is not spoken here';
          return null;
        }
        return this.#raw();
    }
  }

  #verb(tokens: Tokens): Exclude<Verb, 'auth' | 'raw'> | null {
    const { bytes } = tokens;
    const from = tokens.starts[0]!;
    const length = tokens.ends[0]! - from;
    for (const verb of byLength[length] ?? []) {
      let i = 0;
      while (i < length && bytes[from + i] === verb.charCodeAt(i)) i++;
      if (i === length) return verb as Exclude<Verb, 'auth' | 'raw'>;
    }
    return tokens.count === 3 && tokens.is(0, 'config') && tokens.is(1, 'get')
      ? 'config get'
      : null;
  }

  #raw(): Command {
    const { bytes, from, to } = this.#input;
    return { verb: 'raw', line: latin1(bytes, from, to), value: null, reply: 'line' };
  }

  #readStore(verb: StoreVerb | 'cas', tokens: Tokens): Command | BadRequest | null {
    const extra = verb === 'cas' ? 1 : 0;
    const length = tokens.count > 4 ? readLength(tokens, 4) : null;
    if (tokens.count !== 5 + extra && tokens.count !== 6 + extra) {
      return this.#refuse(length, plainError);
    }
    const noreply = tokens.noreply;
    const flags = tokens.uint32(2);
    const expire = tokens.int32(3);
    const cas = extra === 1 ? tokens.uint64(5) : 0n;
    if (
      tokens.length(1) > MAX_KEY || flags === null || expire === null || length === null ||
      cas === null
    ) {
      return this.#refuse(length, noreply ? SILENCED : badFormat);
    }
    const key = tokens.view(1);
    const header: Fillable = verb === 'cas'
      ? { verb, key, flags, expire, value: EMPTY, cas, noreply }
      : { verb, key, flags, expire, value: EMPTY, noreply };
    const refusal = this.#options.admit(header, length);
    return refusal === null
      ? this.#await(header, length)
      : this.#refuse(length, new BadRequest(noreply ? null : refusal, true));
  }

  #readMetaSet(tokens: Tokens): Command | BadRequest | null {
    if (tokens.count < 2) return plainError;
    const length = tokens.count > 2 ? readLength(tokens, 2) : null;
    if (length === null || tokens.length(1) > MAX_KEY) return this.#refuse(length, badFormat);
    const refuse = (reply: ErrorReply, refused = false): BadRequest =>
      this.#refuse(length, new BadRequest(reply, refused));
    if (tokens.count > MAX_META_WORDS) return refuse(clientError('options flags too long'));
    const { key, base64, flags, hasLongOpaque, fault } = readMetaFlags(tokens, 3);
    if (fault !== null) return refuse(clientError(fault));
    const mode = flags.find((flag) => flag[0] === 'M');
    if (mode !== undefined && !'EAPRS'.includes(mode.charAt(1))) {
      return refuse(clientError('invalid mode for ms M token'));
    }
    if (hasLongOpaque) return refuse(clientError('opaque token too long'));
    const header: Fillable = { verb: 'ms', key, base64, value: EMPTY, flags };
    const refusal = this.#options.admit(header, length);
    return refusal === null ? this.#await(header, length) : refuse(refusal, true);
  }

  // Refuses a storage line, and discards its value if its length can be read.
  #refuse(length: number | null, request: BadRequest): BadRequest {
    if (length !== null) this.#swallow = length + 2;
    return request;
  }

  // `set <any> <any> <any> <bytes>` and the token `user password` (protocol.md 4.9).
  #readAuth(tokens: Tokens): Command | BadRequest | null {
    const length = tokens.count >= 5 && tokens.is(0, 'set') ? tokens.uint32(4) : null;
    if (length === null) return new BadRequest(clientError('unauthenticated'));
    if (length > MAX_LINE) {
      this.dead = 'an authentication token is too long';
      return null;
    }
    return this.#await(null, length);
  }
}

/** The length of a value, or null if it is not a valid one. */
function readLength(tokens: Tokens, index: number): number | null {
  const length = tokens.int32(index);
  return length === null || length < 0 || length > 0x7fff_fffd ? null : length;
}

function readToken(data: Uint8Array, terminated: boolean): Command | BadRequest {
  if (!terminated) return new BadRequest(clientError('bad command line termination'));
  const tokens = new Tokens();
  tokens.cut(data, 0, data.length);
  if (tokens.count < 2) return new BadRequest(clientError('bad authentication token format'));
  return { verb: 'auth', username: fromUtf8(tokens.view(0)), password: fromUtf8(tokens.view(1)) };
}

function readMeta(verb: MetaCommand['verb'], tokens: Tokens): Command | BadRequest {
  if (tokens.count < 2) return plainError;
  if (tokens.length(1) > MAX_KEY) return badFormat;
  if (tokens.count > MAX_META_WORDS) {
    const are = verb === 'mg' ? 'are ' : '';
    return new BadRequest(clientError(`options flags ${are}too long`));
  }
  const { key, base64, flags, hasLongOpaque, fault } = readMetaFlags(tokens, 2);
  if (fault !== null) {
    // md and ma have one message for all of these.
    return new BadRequest(clientError(verb === 'mg' ? fault : 'invalid or duplicate flag'));
  }
  if (verb === 'ma') {
    const mode = flags.find((flag) => flag[0] === 'M');
    if (mode !== undefined && !'I+D-'.includes(mode.charAt(1))) {
      return new BadRequest(clientError('invalid mode for ma M token'));
    }
  }
  if (hasLongOpaque) return new BadRequest(clientError('opaque token too long'));
  return { verb, key, base64, flags };
}

function readDebug(tokens: Tokens): Command | BadRequest {
  if (tokens.count < 2 || tokens.length(1) > MAX_KEY) return badFormat;
  if (!tokens.is(2, 'b')) return { verb: 'me', key: tokens.view(1), base64: false };
  const key = decodeKey(tokens);
  return key === null ? badFormat : { verb: 'me', key, base64: true };
}

function readGet(verb: 'get' | 'gets' | 'gat' | 'gats', tokens: Tokens): Command | BadRequest {
  if (tokens.count < 2) return plainError;
  const touches = verb === 'gat' || verb === 'gats';
  const expire = touches ? tokens.int32(1) : 0;
  if (expire === null) return new BadRequest(clientError('invalid exptime argument'));
  const first = touches ? 2 : 1;
  // Not empty first: an empty list that is pushed to reserves room for 16.
  const keys = first < tokens.count ? [tokens.view(first)] : [];
  for (let i = first + 1; i < tokens.count; i++) keys.push(tokens.view(i));
  if (tokens.count === MAX_TOKENS) {
    const { bytes } = tokens;
    const nul = bytes.subarray(0, tokens.to).indexOf(0, tokens.rest);
    const to = nul < 0 ? tokens.to : nul;
    for (let at = tokens.rest; at < to;) {
      const end = wordEnd(bytes, at, to);
      if (end > at) keys.push(bytes.subarray(at, end));
      at = end + 1;
    }
  }
  for (const key of keys) if (key.length > MAX_KEY) return badFormat;
  return touches ? { verb, expire, keys } : { verb, keys };
}

function readDelete(tokens: Tokens): Command | BadRequest {
  const { count } = tokens;
  if (count < 2 || count > 4) return plainError;
  const noreply = count > 2 && tokens.noreply;
  if (count > 2) {
    // The old argument of seconds for which the key was locked; only 0 is still allowed.
    const zero = tokens.is(2, '0');
    const valid = count === 3 ? zero || noreply : zero && noreply;
    if (!valid) {
      return bad('bad command line format.  Usage: delete <key> [noreply]', noreply);
    }
  }
  if (tokens.length(1) > MAX_KEY) return bad('bad command line format', noreply);
  return { verb: 'delete', key: tokens.view(1), noreply };
}

// memcached's guard against browsers that are tricked into posting to its port. It finds commands by
// their first letter, so a line with one of these letters is an ERROR before the guard is reached.
function isHttp(tokens: Tokens): boolean {
  if ('gsacidt'.includes(String.fromCharCode(tokens.bytes[tokens.starts[0]!]!))) return false;
  const from = tokens.starts[tokens.count - 1]!;
  return startsWith(tokens.bytes, from, tokens.to, 'HTTP/');
}
