import { isBytes, utf8, utf8Length } from './bytes.ts';
import { checkCommand, checkCredential, isLine, isWord, MAX_LINE } from './check-command.ts';
import type { Command, Key, StoreCommand, Value } from './command.ts';
import { UsageError } from './errors.ts';
import { putBase64Key, putKey } from './key.ts';
import { MAX_U32, MAX_U64, putNumber } from './numbers.ts';
import { Output, putAscii, putEnd, REFERENCE_SIZE } from './output.ts';

const SPACE = 0x20;
const MINUS = 0x2d;
const OPAQUE = 0x4f;

/**
 * The bytes of a command.
 *
 * @throws UsageError for anything that is not a well-formed command.
 */
export function encodeCommand(command: Command): Uint8Array {
  checkCommand(command);
  const output = new Output();
  putCommand(output, command, -1);
  return output.drain();
}

/**
 * Writes a checked command to `output`.
 *
 * Keys and words are looked at once more while they are written, so that an object which was
 * changed after the check throws a UsageError here, with nothing written, instead of breaking the
 * line.
 *
 * @param opaque A number to send in the place of a meta command's own opaque, or -1 for none.
 * @throws UsageError, and nothing else.
 */
export function putCommand(output: Output, command: Command, opaque: number): void {
  try {
    put(output, command, opaque);
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError('command', CHANGED, error);
  }
}

function put(output: Output, command: Command, opaque: number): void {
  switch (command.verb) {
    case 'mg':
    case 'md':
    case 'ma':
      output.reserve(MAX_LINE);
      return endLine(output, putMeta(output.slab, output.end, command, null, opaque));
    case 'ms': {
      const value = asBlock(output, command.value);
      output.reserve(MAX_LINE);
      endLine(output, putMeta(output.slab, output.end, command, value.length, opaque));
      return putBlock(output, value);
    }
    case 'get':
    case 'gets':
      return putGet(output, command.verb, 0, command.keys);
    case 'gat':
    case 'gats':
      return putGet(output, command.verb, command.expire, command.keys);
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend':
      return putStore(output, command, '');
    case 'cas':
      return putStore(output, command, ` ${asDecimal(command.cas)}`);
    case 'delete':
      return putLine(output, command.verb, command.key, command.noreply, (slab, p) =>
        // Servers since 1.6.40 take a bare `delete noreply` as a quiet delete of nothing and
        // never answer it; the 0 is an old argument that every version allows.
        isNoreply(command.key) ? putAscii(slab, p, ' 0') : p);
    case 'incr':
    case 'decr':
      return putLine(
        output,
        command.verb,
        command.key,
        command.noreply,
        (slab, p) => putAscii(slab, p, ` ${asDecimal(command.delta)}`),
      );
    case 'touch':
      return putLine(
        output,
        command.verb,
        command.key,
        command.noreply,
        (slab, p) => putSeconds(slab, p, command.expire),
      );
    case 'me':
      output.reserve(MAX_LINE);
      return endLine(output, putDebug(output.slab, output.end, command));
    case 'mn':
    case 'version':
    case 'quit':
    case 'refresh_certs':
      return output.appendAscii(`${command.verb}\r\n`);
    case 'verbosity':
      return putWords(output, ['verbosity', asDecimal(command.level)], command.noreply);
    case 'flush_all':
      return putWords(output, ['flush_all', asDecimal(command.delay, -MAX_U32)], command.noreply);
    case 'cache_memlimit':
      return putWords(output, ['cache_memlimit', asDecimal(command.megabytes)], command.noreply);
    case 'shutdown':
      return putWords(output, command.graceful ? ['shutdown', 'graceful'] : ['shutdown'], false);
    case 'stats':
    case 'slabs':
    case 'lru':
    case 'extstore':
    case 'lru_crawler':
    case 'lru_crawler metadump':
    case 'lru_crawler mgdump':
    case 'watch':
    case 'config get':
      return putWords(output, [command.verb, ...checkedWords(command.words)], false);
    case 'auth': {
      const { username, password } = command;
      checkCredential('username', username);
      checkCredential('password', password);
      const token = utf8(`${username} ${password}`);
      putWords(output, ['set', 'auth', '0', '0', String(token.length)], false);
      return putBlock(output, token);
    }
    case 'raw': {
      const value = command.value === null ? null : asBlock(output, command.value);
      output.appendAscii(`${asLine(command.line)}\r\n`);
      if (value !== null) putBlock(output, value);
      return;
    }
    default:
      return changed('verb');
  }
}

function putGet(
  output: Output,
  verb: 'get' | 'gets' | 'gat' | 'gats',
  expire: number,
  keys: readonly Key[],
): void {
  if (!(keys.length > 0)) changed('keys');
  let length = 'gats -2147483648\r\n'.length;
  for (let i = 0; i < keys.length; i++) length += keys[i]!.length + 1;
  output.reserve(length);
  const slab = output.slab;
  let p = putAscii(slab, output.end, verb);
  if (verb === 'gat' || verb === 'gats') p = putSeconds(slab, p, expire);
  for (let i = 0; i < keys.length; i++) {
    slab[p] = SPACE;
    p = putKey(slab, p + 1, keys[i]!);
  }
  endLine(output, p, length);
}

// What is written past the end of an array is dropped without a word, so a line that has become
// longer than the room that was made for it must not go out.
function endLine(output: Output, at: number, length: number = MAX_LINE): void {
  if (!(at + 2 - output.end <= length)) changed('command');
  output.end = putEnd(output.slab, at);
}

function putMeta(
  slab: Uint8Array,
  at: number,
  command: Extract<Command, { verb: 'mg' | 'ms' | 'md' | 'ma' }>,
  length: number | null,
  opaque: number,
): number {
  let p = putAscii(slab, at, command.verb);
  slab[p++] = SPACE;
  p = command.base64 ? putBase64Key(slab, p, command.key) : putKey(slab, p, command.key);
  if (length !== null) {
    slab[p] = SPACE;
    p = putNumber(slab, p + 1, length);
  }
  if (command.base64) p = putAscii(slab, p, ' b');
  const { flags } = command;
  let stamped = opaque < 0;
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i]!;
    slab[p++] = SPACE;
    if (!stamped && flag.charCodeAt(0) === OPAQUE) {
      slab[p] = OPAQUE;
      p = putNumber(slab, p + 1, opaque);
      stamped = true;
      continue;
    }
    for (let j = 0; j < flag.length; j++) {
      const code = flag.charCodeAt(j);
      if (code <= 0x20 || code >= 0x7f) changed('flags');
      slab[p++] = code;
    }
  }
  if (!stamped) {
    slab[p] = SPACE;
    slab[p + 1] = OPAQUE;
    p = putNumber(slab, p + 2, opaque);
  }
  return p;
}

function putDebug(
  slab: Uint8Array,
  at: number,
  command: Extract<Command, { verb: 'me' }>,
): number {
  const p = putAscii(slab, at, 'me ');
  if (!command.base64) return putKey(slab, p, command.key);
  // 1.6.45 finds a base64 key only when the flag stands twice; older servers do not mind.
  return putAscii(slab, putBase64Key(slab, p, command.key), ' b b');
}

function putStore(
  output: Output,
  command: Omit<StoreCommand, 'verb'> & { verb: string },
  cas: string,
): void {
  const value = asBlock(output, command.value);
  output.reserve(MAX_LINE);
  const slab = output.slab;
  let p = putAscii(slab, output.end, command.verb);
  slab[p] = SPACE;
  p = putKey(slab, p + 1, command.key);
  slab[p] = SPACE;
  p = putNumber(slab, p + 1, whole(command.flags));
  p = putSeconds(slab, p, command.expire);
  slab[p] = SPACE;
  p = putNumber(slab, p + 1, value.length);
  p = putAscii(slab, p, cas);
  if (command.noreply) p = putAscii(slab, p, ' noreply');
  endLine(output, p);
  putBlock(output, value);
}

function putLine(
  output: Output,
  verb: string,
  key: Key,
  noreply: boolean,
  putArgument: (slab: Uint8Array, at: number) => number,
): void {
  output.reserve(MAX_LINE);
  const slab = output.slab;
  let p = putAscii(slab, output.end, verb);
  slab[p] = SPACE;
  p = putArgument(slab, putKey(slab, p + 1, key));
  if (noreply) p = putAscii(slab, p, ' noreply');
  endLine(output, p);
}

function putWords(output: Output, words: readonly string[], noreply: boolean): void {
  output.appendAscii(`${words.join(' ')}${noreply ? ' noreply' : ''}\r\n`);
}

/** ASCII up to this length is written by hand: to call the encoder costs more. */
const BY_HAND = 32;

// What comes back has its length on the wire as its `length`: bytes, or text that is all ASCII. The
// bytes of a text may be scratch memory, so only such as will be copied.
function asBlock(output: Output, value: Value): Value {
  if (typeof value !== 'string') return isBytes(value) ? value : changed('value');
  if (value.length <= BY_HAND && utf8Length(value) === value.length) return value;
  return value.length * 3 < REFERENCE_SIZE ? output.utf8(value) : utf8(value);
}

function putBlock(output: Output, value: Value): void {
  if (typeof value === 'string') {
    output.reserve(value.length + 2);
    output.end = putEnd(output.slab, putAscii(output.slab, output.end, value));
    return;
  }
  output.appendBlock(value);
}

function putSeconds(slab: Uint8Array, at: number, seconds: number): number {
  // Before it is compared: an array would be made a string, and a long one takes minutes on Bun.
  if (typeof seconds !== 'number') changed('a number');
  slab[at] = SPACE;
  if (seconds >= 0) return putNumber(slab, at + 1, whole(seconds));
  slab[at + 1] = MINUS;
  return putNumber(slab, at + 2, whole(-seconds));
}

function isNoreply(key: Key): boolean {
  if (key.length !== 7) return false;
  const text = typeof key === 'string' ? key : String.fromCharCode(...key);
  return text === 'noreply';
}

function whole(value: number): number {
  return Number.isSafeInteger(value) && value >= 0 ? value : changed('a number');
}

function asDecimal(value: number | bigint, least = 0): string {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value);
  return whole && value >= least && value <= MAX_U64 ? String(value) : changed('a number');
}

function checkedWords(words: readonly string[]): string[] {
  const checked: string[] = [];
  for (const word of words) checked.push(isWord(word) ? word : changed('words'));
  return checked;
}

function asLine(line: string): string {
  return isLine(line) ? line : changed('line');
}

const CHANGED = 'changed between being checked and being sent';

function changed(argument: string): never {
  throw new UsageError(argument, CHANGED);
}
