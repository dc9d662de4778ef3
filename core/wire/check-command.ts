// The check of a whole command, before it is queued or encoded.
import { base64Length } from './base64.ts';
import { isBytes, utf8Length } from './bytes.ts';
import { checkBoolean, checkChoice, checkSeconds, checkText, checkU32, checkU64 } from './check.ts';
import type { Command, Key, RawCommand, Value } from './command.ts';
import { UsageError } from './errors.ts';
import { checkKey, checkMetaKey } from './key.ts';
import { isLine, lineOf, loginToken, MAX_LINE, printable, quote } from './line.ts';
import { MAX_META_WORDS, MAX_OPAQUE, metaFlags } from './meta-flags.ts';
import { bigDecimal, flagNumber, MAX_U32, MAX_U64 } from './numbers.ts';

/** The largest value that memcached can be configured to accept (`-I 1024m`). */
export const MAX_VALUE: number = 1024 * 1024 * 1024;

/**
 * Checks every rule of the text protocol for a command: one that passes can be encoded, and the server
 * reads it as exactly this command.
 *
 * Takes anything, as callers in JavaScript may pass anything.
 *
 * @throws UsageError naming the argument and the rule it breaks.
 */
export function checkCommand(command: Command): void {
  try {
    check(command);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // A getter or the trap of a Proxy threw.
    throw new UsageError('command', 'must be plain data: it cannot be read', error);
  }
}

function check(command: Command): void {
  if (typeof command !== 'object' || command === null) {
    throw new UsageError('command', 'must be an object with a verb');
  }
  switch (command.verb) {
    case 'mg':
    case 'md':
    case 'ma':
      checkMetaKey(command.key, command.base64);
      return checkFlags(command, 2);
    case 'ms':
      checkMetaKey(command.key, command.base64);
      checkValue(command.value);
      return checkFlags(command, 3);
    case 'get':
    case 'gets':
      checkKeys(command.keys);
      return;
    case 'gat':
    case 'gats':
      checkSeconds('expire', command.expire);
      // Unlike get, gat is not exempt from the limit on unfinished lines (protocol.md 1.2).
      if (checkKeys(command.keys) + 'gats -2147483648\r\n'.length > MAX_LINE) {
        throw new UsageError('keys', `of one ${command.verb} must fit a line of ${MAX_LINE} bytes`);
      }
      return;
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend':
      return checkStore(command);
    case 'cas':
      checkStore(command);
      checkU64('cas', command.cas);
      return;
    case 'auth':
      loginToken(command);
      return;
    case 'raw':
      return checkRaw(command);
    default:
      lineOf(command);
  }
}

function checkStore(
  command: { key: Key; flags: number; expire: number; value: Value; noreply: boolean },
): void {
  checkKey(command.key);
  checkU32('flags', command.flags);
  checkSeconds('expire', command.expire);
  checkValue(command.value);
  checkBoolean('noreply', command.noreply);
}

function checkKeys(keys: readonly Key[]): number {
  if (!Array.isArray(keys)) throw new UsageError('keys', 'must be an array');
  if (keys.length === 0) throw new UsageError('keys', 'must hold at least one key');
  let length = keys.length;
  for (const key of keys) {
    checkKey(key);
    length += key.length;
  }
  return length;
}

function checkValue(value: Value): void {
  if (typeof value === 'string') {
    // Three bytes a unit is the most UTF-8 takes; count only where that could be too much.
    if (value.length * 3 > MAX_VALUE && utf8Length(value) > MAX_VALUE) tooLong();
  } else if (isBytes(value)) {
    if (value.length > MAX_VALUE) tooLong();
  } else {
    throw new UsageError('value', 'must be a string or a Uint8Array, with its buffer');
  }
}

function tooLong(): never {
  throw new UsageError('value', `must be at most ${MAX_VALUE} bytes, the most memcached can take`);
}

function checkFlags(
  command: { verb: string; key: Key; base64: boolean; flags: readonly string[] },
  words: number,
): void {
  const { flags } = command;
  if (!Array.isArray(flags)) throw new UsageError('flags', 'must be an array of strings');
  if (flags.length === 0) return;
  // The server's count includes `b`; the opaque that a connection adds is one more word.
  let count = words + flags.length + (command.base64 ? 1 : 0) + 1;
  let length = META_FRAME;
  for (let i = 0; i < flags.length; i++) {
    const flag: unknown = flags[i];
    if (typeof flag !== 'string') throw new UsageError('flags', 'must be an array of strings');
    // Most flags have no argument.
    if (metaFlags.get(flag) !== 'none' || flag === 'b') checkFlag(flag, modes.get(command.verb));
    length += flag.length + 1;
    const letter = flag.charCodeAt(0);
    if (letter === 0x4f) count--;
    for (let j = 0; j < i; j++) {
      if (flags[j]!.charCodeAt(0) === letter) {
        throw new UsageError('flags', `must not repeat a flag: ${flag[0]}`);
      }
    }
  }
  if (count > MAX_META_WORDS) {
    throw new UsageError('flags', `of ${command.verb} must be fewer: servers take 19 words a line`);
  }
  const isNear = length + LONGEST_KEY > MAX_LINE;
  if (isNear && length + base64Length(command.key.length) > MAX_LINE) {
    throw new UsageError('flags', `must fit a line of ${MAX_LINE} bytes`);
  }
}

// The longest meta line without its key and flags; the opaque is added by the connection.
const META_FRAME = 'ms  1073741824 b O1000000\r\n'.length;
// The longest key in base64. The length of the key is only computed where it matters.
const LONGEST_KEY = 336;

/** The modes that a verb knows; the others ignore the flag. */
const modes: ReadonlyMap<string, string> = new Map([['ms', 'EAPRS'], ['ma', 'I+D-']]);

function checkFlag(flag: string, mode: string | undefined): void {
  const letter = flag.charAt(0);
  const known = metaFlags.get(letter);
  if (known === undefined) {
    throw new UsageError('flags', `must be known meta flags, not ${quote(flag)}`);
  }
  if (letter === 'b') throw new UsageError('flags', 'must not hold b: set base64 instead');
  const argument = flag.slice(1);
  switch (known) {
    case 'none':
      // What has none was not given to this check.
      return refuse(flag, 'takes no argument');
    case 'seconds':
      if (!/^-?\d{1,10}$/.test(argument) || Number(argument) !== (Number(argument) | 0)) {
        refuse(flag, 'takes a whole number of seconds within 32 bits');
      }
      return;
    case 'u32':
      if (!(flagNumber(flag) <= MAX_U32)) {
        refuse(flag, `takes a number from 0 to ${MAX_U32}`);
      }
      return;
    case 'u64':
      if (bigDecimal(argument) === null) {
        refuse(flag, `takes a number from 0 to ${MAX_U64}`);
      }
      return;
    case 'mode':
      if (argument.length !== 1 || !printable(argument)) refuse(flag, 'takes one letter');
      if (mode?.includes(argument) === false) refuse(flag, `takes one letter of ${mode}`);
      return;
    case 'opaque':
      if (argument.length < 1 || argument.length > MAX_OPAQUE || !printable(argument)) {
        refuse(flag, `takes 1 to ${MAX_OPAQUE} printable ASCII characters without a space`);
      }
      return;
    case 'free':
      if (!printable(argument)) refuse(flag, 'takes printable ASCII characters without a space');
      return;
  }
}

function refuse(flag: string, rule: string): never {
  throw new UsageError('flags', `${flag.charAt(0)} ${rule}, not ${quote(flag.slice(1))}`);
}

function checkRaw({ line, value, reply }: RawCommand): void {
  checkText('line', line);
  if (line.length + 2 > MAX_LINE) {
    throw new UsageError('line', `must be at most ${MAX_LINE - 2} bytes`);
  }
  if (!isLine(line)) {
    throw new UsageError('line', 'must hold a byte in each character, and no CR, LF or NUL');
  }
  if (value !== null) checkValue(value);
  checkChoice('reply', reply, ['line', 'lines', 'values', 'stats', 'none']);
}
