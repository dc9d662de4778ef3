// Readers of single reply lines, one for each kind; each returns null for any other line.
import { fromBase64 } from './base64.ts';
import { spells } from './bytes.ts';
import type { Command } from './command.ts';
import { ProtocolError } from './errors.ts';
import { fromUriKey, readWords, toFacts, toKey } from './item-lines.ts';
import { keyBytes, keyText } from './key.ts';
import {
  EN,
  type ErrorReply,
  EX,
  HD,
  type MetaReply,
  NF,
  NS,
  type Reply,
  type ReplyItem,
  type StatLine,
  statusReplies,
} from './reply.ts';
import { verbs } from './verbs.ts';

/** `VA`, as `metaCode` gives it. */
export const VA = 0x5641;
/** The meta replies that have no value, by their `metaCode`. */
export const plainMeta: ReadonlyMap<number, MetaReply> = new Map(
  // Servers of the first meta dialect, such as ElastiCache 1.6.6, send OK for HD (protocol.md 3.8).
  ([['HD', HD], ['OK', HD], ['EN', EN], ['NF', NF], ['NS', NS], ['EX', EX]] as const).map((
    [code, reply],
  ) => [(code.charCodeAt(0) << 8) | code.charCodeAt(1), reply]),
);

/** The two letters that a meta reply starts with as one number, or 0 for any other line. */
export function metaCode(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 2 || (to - from > 2 && bytes[from + 2] !== 0x20)) return 0;
  const code = (bytes[from]! << 8) | bytes[from + 1]!;
  return code === VA || plainMeta.has(code) ? code : 0;
}

export function readStatus(
  request: Command | null,
  bytes: Uint8Array,
  from: number,
  to: number,
): Reply | null {
  if (request === null) return null;
  for (const word of verbs[request.verb].statuses) {
    if (spells(bytes, from, to, word)) return statusReplies[word];
  }
  return null;
}

export function readVersion(line: string): Reply | null {
  return line.startsWith('VERSION ') ? { type: 'VERSION', version: line.slice(8) } : null;
}

export function readDebug(line: string, request: Command | null): Reply | null {
  const [, written, words = ''] = /^ME ([^ ]*)(.*)/s.exec(line) ?? [];
  if (written === undefined || request === null || !('key' in request)) return null;
  // The key of an item that was stored by a base64 key is always printed in base64.
  const asked = keyText(request.key);
  const base64 = written !== asked;
  if (base64 && keyText(fromBase64(keyBytes(written)) ?? '') !== asked) {
    throw new ProtocolError('an ME line for a key that was not asked for');
  }
  const facts = toFacts(readWords(words), request.key);
  return facts && { type: 'ME', base64, ...facts };
}

export function readMetadump(line: string): ReplyItem | null {
  const words = readWords(line);
  const key = fromUriKey(words?.get('key') ?? '%');
  const facts = key === null ? null : toFacts(words, key);
  return facts && { type: 'metadump', ...facts };
}

export function readMgdump(line: string): ReplyItem | null {
  const [, word, base64] = /^mg ([^ ]*)( b)?$/.exec(line) ?? [];
  const key = base64 === undefined ? word && toKey(word) : fromBase64(keyBytes(word ?? ''));
  return key ? { type: 'mgdump', key } : null;
}

export function readConfig(
  line: string,
): { readonly name: string; readonly flags: number; readonly length: number } | null {
  const [, name, flags, length] = /^CONFIG ([^ ]*) (\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
  return name === undefined ? null : { name, flags: Number(flags), length: Number(length) };
}

export function readStat(line: string): StatLine | null {
  for (const type of ['STAT', 'ITEM', 'PREFIX'] as const) {
    if (!line.startsWith(`${type} `)) continue;
    const start = type.length + 1;
    const space = line.indexOf(' ', start);
    const end = space < 0 ? line.length : space;
    return { type, name: line.slice(start, end), value: line.slice(end + 1) };
  }
  return null;
}

// The first words of a refusal by an administrative command (protocol.md 2).
const refusals: ReadonlySet<string> = new Set([
  'BUSY',
  'BADCLASS',
  'NOSPARE',
  'NOTFULL',
  'UNSAFE',
  'SAME',
  'NOTSTARTED',
  'MEMLIMIT_TOO_SMALL',
  'MEMLIMIT_ADJUST_FAILED',
  'WATCHER_TOO_MANY',
  'WATCHER_FAILED',
  'Error',
]);

export function readRefusal(line: string): Reply | null {
  return refusals.has(firstWord(line)) ? { type: 'refused', message: line } : null;
}

export function firstWord(line: string): string {
  return line.split(' ', 1)[0] ?? '';
}

export function readError(line: string): ErrorReply | null {
  for (const type of ['SERVER_ERROR', 'CLIENT_ERROR', 'ERROR'] as const) {
    if (!line.startsWith(type)) continue;
    const message = line.slice(type.length);
    // `ERROR: shutdown not enabled` and its kin.
    if (message === '' || message.startsWith(':')) return { type, message };
    if (message.startsWith(' ')) return { type, message: message.slice(1) };
  }
  return null;
}
