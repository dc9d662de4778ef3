// The request lines of commands that are seldom sent and have no data block.
import { toBase64 } from './base64.ts';
import { utf8 } from './bytes.ts';
import {
  assertArgument,
  checkBoolean,
  checkSeconds,
  checkText,
  checkU32,
  checkU64,
  checkWellFormed,
} from './check.ts';
import type { AuthCommand, Command, Key, StoreVerb } from './command.ts';
import { UsageError } from './errors.ts';
import { checkKey, checkMetaKey, keyBytes, keyText } from './key.ts';
import { verbs } from './verbs.ts';

/** memcached closes a connection that sends this much without a line end, unless it is a `get`. */
export const MAX_LINE = 2048;

type Read = 'get' | 'gets' | 'gat' | 'gats';
type Meta = 'mg' | 'ms' | 'md' | 'ma';

/**
 * The line of a command that is seldom sent and has no data block, without its end. It is checked
 * while it is written, so exactly the checked text is sent.
 *
 * @throws UsageError naming the argument and the rule it breaks.
 */
export function lineOf(
  command: Exclude<Command, { verb: Read | Meta | StoreVerb | 'cas' | 'auth' | 'raw' }>,
): string {
  const { verb } = command;
  switch (verb) {
    case 'delete': {
      const key = plainKey(command.key);
      // Servers since 1.6.40 take a bare `delete noreply` as a quiet delete of nothing and never
      // answer it; the 0 is an old argument that every version allows.
      return `delete ${key}${key === 'noreply' ? ' 0' : ''}${noreply(command)}`;
    }
    case 'incr':
    case 'decr':
      return `${verb} ${plainKey(command.key)} ${checkU64('delta', command.delta)}${
        noreply(command)
      }`;
    case 'touch':
      return `touch ${plainKey(command.key)} ${checkSeconds('expire', command.expire)}${
        noreply(command)
      }`;
    case 'me': {
      const { key, base64 } = command;
      checkMetaKey(key, base64);
      // 1.6.45 finds a base64 key only when the flag stands twice; older servers do not mind.
      return base64 ? `me ${toBase64(keyBytes(key))} b b` : `me ${keyText(key)}`;
    }
    case 'mn':
    case 'version':
    case 'quit':
    case 'refresh_certs':
      return verb;
    case 'verbosity':
      return `${verb} ${checkU32('level', command.level)}${noreply(command)}`;
    case 'flush_all':
      return `${verb} ${checkSeconds('delay', command.delay)}${noreply(command)}`;
    case 'cache_memlimit':
      return `${verb} ${checkU32('megabytes', command.megabytes)}${noreply(command)}`;
    case 'shutdown':
      return checkBoolean('graceful', command.graceful) ? 'shutdown graceful' : verb;
    case 'stats':
    case 'slabs':
    case 'lru':
    case 'extstore':
    case 'lru_crawler':
    case 'lru_crawler metadump':
    case 'lru_crawler mgdump':
    case 'watch':
    case 'config get':
      return wordsLine(verb, command.words);
    default:
      return unknownVerb(verb);
  }
}

function unknownVerb(verb: never): never {
  const name = typeof verb === 'string' ? quote(verb) : `a ${typeof verb}`;
  throw new UsageError('verb', `must be one of ${Object.keys(verbs).join(', ')}, not ${name}`);
}

function plainKey(key: Key): string {
  checkKey(key);
  return keyText(key);
}

function noreply(command: { readonly noreply: boolean }): string {
  return checkBoolean('noreply', command.noreply) ? ' noreply' : '';
}

function wordsLine(verb: string, words: readonly string[]): string {
  assertArgument(Array.isArray(words), 'words', 'must be an array of strings');
  let line = verb;
  for (const word of words as readonly unknown[]) {
    const isWord = typeof word === 'string' && word !== '' && printable(word);
    assertArgument(isWord, 'words', 'must be printable ASCII without a space, and not empty');
    // Some administrative commands obey it and some do not, so replies could not be matched with commands.
    assertArgument(word !== 'noreply', 'words', 'must not be noreply');
    line += ` ${word}`;
  }
  assertArgument(line.length + 2 <= MAX_LINE, 'words', `must fit a line of ${MAX_LINE} bytes`);
  const [first = ''] = words;
  if (words.length === 0 && verb !== 'stats' && verb !== 'watch') {
    throw new UsageError('words', `of ${verb} must not be empty`);
  }
  if (words.length > 1 && verb.includes(' ')) {
    throw new UsageError('words', `of ${verb} must be one`);
  }
  if (verb === 'lru_crawler' && /^(metadump|mgdump)$/.test(first)) {
    throw new UsageError('words', `must not hold ${first}: lru_crawler ${first} is a verb`);
  }
  return line;
}

/** Whether this can be a line of a raw command: one byte for each character, except CR, LF and NUL. */
export function isLine(line: unknown): line is string {
  return typeof line === 'string' && /^[\x01-\x09\x0b\x0c\x0e-\xff]+$/.test(line);
}

/** The value of the `set` by which a login is sent. */
export function loginToken({ username, password }: AuthCommand): Uint8Array {
  checkCredential('username', username);
  checkCredential('password', password);
  return utf8(`${username} ${password}`);
}

/** Checks a user name or a password. Its text appears in no message. */
export function checkCredential(argument: string, text: string): void {
  checkText(argument, text);
  const rule = 'must not contain white space or control characters';
  assertArgument(!/[\0-\x20\x7f]/.test(text), argument, rule);
  assertArgument(text.length <= 255, argument, 'must be at most 255 characters');
  checkWellFormed(argument, text);
}

/** A text for a message, shortened. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** Whether a text is ASCII without a space or a control character. */
export function printable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return false;
  }
  return true;
}
