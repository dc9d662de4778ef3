// The encoder of commands: values to bytes, for clients.
import { isBytes, utf8Length } from './bytes.ts';
import { checkSeconds, checkU32, checkU64 } from './check.ts';
import { checkCommand } from './check-command.ts';
import type { Command, Key, StoreCommand, Value } from './command.ts';
import { UsageError } from './errors.ts';
import { putBase64Key, putKey } from './key.ts';
import { isLine, lineOf, loginToken, MAX_LINE } from './line.ts';
import { putNumber } from './numbers.ts';
import { drain, Output, putAscii, putEnd, REFERENCE_SIZE } from './output.ts';

const SPACE = 0x20;
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
  return drain(output);
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
      return putStore(output, command, ` ${checkU64('cas', command.cas)}`);
    case 'auth': {
      const token = loginToken(command);
      // Expired as it comes: a server without logins takes it for an item, and must not keep it.
      output.appendLine(`set auth 0 -1 ${token.length}`);
      return putBlock(output, token);
    }
    case 'raw': {
      const { line } = command;
      const value = command.value === null ? null : asBlock(output, command.value);
      output.appendLine(isLine(line) ? line : changed('line'));
      if (value !== null) putBlock(output, value);
      return;
    }
    default:
      return output.appendLine(lineOf(command));
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
  p = putNumber(slab, p + 1, checkU32('flags', command.flags));
  p = putSeconds(slab, p, command.expire);
  slab[p] = SPACE;
  p = putNumber(slab, p + 1, value.length);
  p = putAscii(slab, p, cas);
  if (command.noreply) p = putAscii(slab, p, ' noreply');
  endLine(output, p);
  putBlock(output, value);
}

/** ASCII up to this length is written by hand: to call the encoder costs more. */
const BY_HAND = 32;

// What comes back has its length on the wire as its `length`: bytes, or text that is all ASCII. It must
// be appended next: the bytes of a text may be memory that is written to again.
function asBlock(output: Output, value: Value): Value {
  if (typeof value !== 'string') return isBytes(value) ? value : changed('value');
  if (value.length <= BY_HAND && utf8Length(value) === value.length) return value;
  return value.length * 3 < REFERENCE_SIZE ? output.utf8(value) : output.largeUtf8(value);
}

function putBlock(output: Output, value: Value): void {
  if (typeof value === 'string') output.appendLine(value);
  else output.appendBlock(value);
}

function putSeconds(slab: Uint8Array, at: number, seconds: number): number {
  if (checkSeconds('expire', seconds) < 0) return putAscii(slab, at, ` ${seconds}`);
  slab[at] = SPACE;
  return putNumber(slab, at + 1, seconds);
}

const CHANGED = 'changed between being checked and being sent';

function changed(argument: string): never {
  throw new UsageError(argument, CHANGED);
}
