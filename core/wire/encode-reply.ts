// The encoder of replies: values to bytes, for servers and proxies.
import { toBase64 } from './base64.ts';
import type { Key } from './command.ts';
import { UsageError } from './errors.ts';
import { factWords, uriKey } from './item-lines.ts';
import { spelledKey } from './key.ts';
import { isLine } from './line.ts';
import { MAX_U64, putNumber } from './numbers.ts';
import { drain, Output, putAscii, putEnd } from './output.ts';
import type { Reply, ReplyItem, ValueItem } from './reply.ts';

// The most that a line takes besides words and keys: `VALUE `, three numbers, CR LF.
const LINE = 80;

/** Below this size, in bytes, a value is written together with its line. */
const SMALL = 1024;

/** The bytes of a reply, or of a part of one. A `closed` and a `silent` reply have none. */
export function encodeReply(reply: Reply | ReplyItem): Uint8Array {
  const output = new Output();
  putReply(output, reply);
  return drain(output);
}

/** Writes a reply, or a part of one, to `output`. */
export function putReply(output: Output, reply: Reply | ReplyItem): void {
  switch (reply.type) {
    case 'STORED':
    case 'NOT_STORED':
    case 'EXISTS':
    case 'NOT_FOUND':
    case 'DELETED':
    case 'TOUCHED':
    case 'OK':
    case 'RESET':
    case 'MN':
    case 'END':
      return output.appendLine(reply.type);
    case 'HD':
    case 'EN':
    case 'NF':
    case 'NS':
    case 'EX':
      return putMeta(output, reply.type, null, reply.flags);
    case 'VA':
      return putMeta(output, 'VA', reply.value, reply.flags);
    case 'values':
      for (const item of reply.items) putValue(output, item);
      return output.appendLine('END');
    case 'number':
      return putLine(output, `${reply.value}`);
    case 'ERROR':
    case 'CLIENT_ERROR':
    case 'SERVER_ERROR': {
      const { type, message } = reply;
      const gap = message === '' || message.startsWith(':') ? '' : ' ';
      return putLine(output, `${type}${gap}${message}`);
    }
    case 'refused':
      return putLine(output, reply.message);
    case 'VERSION':
      return putLine(output, `VERSION ${reply.version}`);
    case 'ME':
      return putLine(output, `ME ${spelledKey(reply.key, reply.base64)} ${factWords(reply)}`);
    case 'stats':
      for (const { type, name, value } of reply.lines) {
        putLine(output, `${type} ${name} ${value}`);
      }
      return output.appendLine('END');
    case 'CONFIG':
      putLine(output, `CONFIG ${reply.name} ${reply.flags} ${reply.value.length}`);
      output.appendBlock(reply.value);
      return output.appendLine('END');
    case 'line':
      return putLine(output, reply.line);
    case 'lines':
      for (const line of reply.lines) putLine(output, line);
      return output.appendLine('END');
    case 'metadump':
      // memcached ends the lines of a metadump and of a watch with a bare LF, and those that end
      // with the client flags (since 1.6.24) with a space before it.
      return putLine(
        output,
        `key=${uriKey(reply.key)} ${factWords(reply)}${reply.flags === undefined ? '' : ' '}`,
        '\n',
      );
    case 'mgdump':
      return putLine(
        output,
        typeof reply.key === 'string' ? `mg ${reply.key}` : `mg ${toBase64(reply.key)} b`,
      );
    case 'watch':
      return putLine(output, reply.line, '\n');
    case 'opened':
      return output.appendLine('OK');
    case 'closed':
    case 'silent':
      return;
  }
}

// The text of a reply may come from elsewhere; it must not become lines of its own.
function putLine(output: Output, text: string, end = '\r\n'): void {
  if (text !== '' && !isLine(text)) {
    throw new UsageError('reply', 'must hold a byte in each character, and no CR, LF or NUL');
  }
  output.appendLine(text, end);
}

function putMeta(
  output: Output,
  type: string,
  value: Uint8Array | null,
  flags: readonly string[],
): void {
  // A small value is written together with its line.
  const isSmall = value !== null && value.length < SMALL;
  let room = isSmall ? LINE + value.length : LINE;
  for (let i = 0; i < flags.length; i++) room += flags[i]!.length + 1;
  output.reserve(room);
  const slab = output.slab;
  let p = putAscii(slab, output.end, type);
  if (value !== null) {
    slab[p] = 0x20;
    p = putNumber(slab, p + 1, value.length);
  }
  for (let i = 0; i < flags.length; i++) {
    slab[p] = 0x20;
    p = putToken(slab, p + 1, flags[i]!);
  }
  slab[p] = 0x0d;
  slab[p + 1] = 0x0a;
  p += 2;
  if (isSmall) {
    slab.set(value, p);
    p = putEnd(slab, p + value.length);
  }
  output.end = p;
  if (value !== null && !isSmall) output.appendBlock(value);
}

function putValue(output: Output, item: ValueItem): void {
  const { key } = item;
  output.reserve(LINE + key.length);
  const slab = output.slab;
  let p = putAscii(slab, output.end, 'VALUE ');
  p = putToken(slab, p, key);
  slab[p] = 0x20;
  p = putFlags(slab, p + 1, item.flags);
  slab[p] = 0x20;
  p = putNumber(slab, p + 1, item.value.length);
  if (item.cas !== undefined) p = putAscii(slab, p, ` ${item.cas}`);
  output.end = putEnd(slab, p);
  output.appendBlock(item.value);
}

// Flags of more than 53 bits were rounded when they were read.
function putFlags(slab: Uint8Array, at: number, flags: number): number {
  if (Number.isSafeInteger(flags) && flags >= 0) return putNumber(slab, at, flags);
  const wide = Number.isInteger(flags) ? BigInt(flags) : -1n;
  if (wide < 0n || wide > MAX_U64 + 1n) {
    throw new UsageError('reply', `must have flags from 0 to ${MAX_U64}`);
  }
  return putAscii(slab, at, `${wide > MAX_U64 ? MAX_U64 : wide}`);
}

// Writes a word of a line. memcached accepts control characters in keys, and so returns them; bytes
// that would end the word or the line are refused.
function putToken(slab: Uint8Array, at: number, token: Key): number {
  for (let i = 0; i < token.length; i++) {
    const code = typeof token === 'string' ? token.charCodeAt(i) : token[i]!;
    if (code === 0x20 || code === 0x0a || code === 0 || code > 0xff) {
      throw new UsageError('reply', 'must hold bytes other than a space, LF and NUL in a word');
    }
    slab[at + i] = code;
  }
  return at + token.length;
}
