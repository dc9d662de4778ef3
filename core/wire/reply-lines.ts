import { fromBase64 } from './base64.ts';
import { latin1, matches, spells, wordEnd } from './bytes.ts';
import type { Command } from './command.ts';
import { ProtocolError } from './errors.ts';
import { fromUriKey, opensWith, readWords, toFacts, toKey } from './item-facts.ts';
import { keyBytes } from './key.ts';
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
  statusReplies,
} from './reply.ts';
import { verbs } from './verbs.ts';

// One reader for each kind of reply line. Each gives null for a line that is not of its kind.

/** `VA`, as `metaCode` gives it. */
export const VA = 0x5641;
/** The meta replies that have no value, by their `metaCode`. */
export const plainMeta: ReadonlyMap<number, MetaReply> = new Map(
  // Servers of the first meta dialect, as ElastiCache 1.6.6, say OK for HD (protocol.md 2.3).
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

export function readVersion(bytes: Uint8Array, from: number, to: number): Reply | null {
  if (!opensWith(bytes, from, to, 'VERSION')) return null;
  return { type: 'VERSION', version: latin1(bytes, from + 8, to) };
}

export function readDebug(
  request: Command | null,
  bytes: Uint8Array,
  from: number,
  to: number,
): Reply | null {
  if (!opensWith(bytes, from, to, 'ME') || request === null || !('key' in request)) return null;
  const end = wordEnd(bytes, from + 3, to);
  // An item that was stored by its base64 key is printed by it, however it is asked for.
  const asked = keyBytes(request.key);
  const base64 = !matches(bytes, from + 3, end, asked);
  if (base64) {
    const decoded = fromBase64(bytes, from + 3, end);
    if (decoded === null || !matches(decoded, 0, decoded.length, asked)) {
      throw new ProtocolError('an ME line for a key that was not asked for');
    }
  }
  const words = readWords(bytes, end, to);
  const facts = words === null ? null : toFacts(words, request.key);
  return facts === null ? null : { type: 'ME', base64, ...facts };
}

export function readMetadump(bytes: Uint8Array, from: number, to: number): ReplyItem | null {
  const words = readWords(bytes, from, to);
  const key = fromUriKey(words?.get('key') ?? '%');
  if (words === null || key === null) return null;
  const facts = toFacts(words, key);
  return facts === null ? null : { type: 'metadump', ...facts };
}

export function readMgdump(bytes: Uint8Array, from: number, to: number): ReplyItem | null {
  if (!opensWith(bytes, from, to, 'mg')) return null;
  const end = wordEnd(bytes, from + 3, to);
  if (end === to) return { type: 'mgdump', key: toKey(latin1(bytes, from + 3, end)) };
  if (!spells(bytes, end + 1, to, 'b')) return null;
  const key = fromBase64(bytes, from + 3, end);
  return key === null ? null : { type: 'mgdump', key };
}

// The words by which administrative commands say no (protocol.md 2.2).
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

export function readRefusal(bytes: Uint8Array, from: number, to: number): Reply | null {
  const end = wordEnd(bytes, from, to);
  if (end - from > 32 || !refusals.has(latin1(bytes, from, end))) return null;
  return { type: 'refused', message: latin1(bytes, from, to) };
}

const errorKinds = ['SERVER_ERROR', 'CLIENT_ERROR', 'ERROR'] as const;

export function readError(bytes: Uint8Array, from: number, to: number): ErrorReply | null {
  for (const type of errorKinds) {
    const end = from + type.length;
    if (!spells(bytes, from, Math.min(end, to), type)) continue;
    if (end === to) return { type, message: '' };
    if (bytes[end] === 0x20) return { type, message: latin1(bytes, end + 1, to) };
    // `ERROR: shutdown not enabled` and its kin.
    if (bytes[end] === 0x3a) return { type, message: latin1(bytes, end, to) };
  }
  return null;
}
