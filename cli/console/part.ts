// The output of commands, as text, raw bytes or JSON.
import type { StatValue } from '../../core/client/results.ts';
import { base64Length, putBase64 } from '../../core/wire/base64.ts';
import { latin1, utf8 } from '../../core/wire/bytes.ts';
import type { Key } from '../../core/wire/command.ts';
import type { ItemInfo } from '../../core/client/results.ts';
import type { ItemFacts, Reply } from '../../core/wire/reply.ts';
import { printable, printableJson, quoteBytes, toText } from './quote.ts';
import type { Stored } from './stored.ts';

/** A piece of a command's output, in the three forms in which it can be written. */
export interface Part {
  /** False for a miss, and for an operation that was not done. */
  readonly ok: boolean;
  /** For people, without the final newline. */
  shown(): string;
  /** For pipes: empty for mere success. */
  raw(): string | Uint8Array;
  /** For programs; see `toJson`. */
  json(): Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;
}

/** How many bytes of a value are shown to people. */
const SHOWN = 4096;

/** An item that was found, with its cas if it was requested. */
export function itemPart(key: Key, { value, flags }: Stored, cas?: bigint): Part {
  const known = cas === undefined ? {} : { cas };
  return {
    ok: true,
    shown() {
      const facts = [`${value.length} byte${value.length === 1 ? '' : 's'}`, `flags ${flags}`];
      if (cas !== undefined) facts.push(`cas ${cas}`);
      if (value.length > SHOWN) facts.push(`the first ${SHOWN} shown`);
      return `${quoteBytes(value, SHOWN)} (${facts.join(', ')})`;
    },
    raw() {
      if (cas === undefined) return value;
      const head = utf8(`${cas}\n`);
      const bytes = new Uint8Array(head.length + value.length);
      bytes.set(head);
      bytes.set(value, head.length);
      return bytes;
    },
    json: () => ({ key, status: 'found', value, flags, ...known }),
  };
}

/** The result for a key: `stored`, `not-found`. */
export function statusPart(key: Key, ok: boolean, status: string, text: string = status): Part {
  return { ok, shown: () => text, raw: () => '', json: () => ({ key, status }) };
}

/** A key that was not found. */
export function missPart(key: Key): Part {
  return statusPart(key, false, 'not-found', `${showKey(key)} is not there`);
}

/** Text with a name. */
export function textPart(name: string, text: string): Part {
  return linePart(printable(text), { [name]: text });
}

/** A part that is one line in every form. */
export function linePart(line: string, json: Readonly<Record<string, unknown>>): Part {
  return { ok: true, shown: () => line, raw: () => `${line}\n`, json: () => json };
}

/** Names and their values. */
export function tablePart(table: ReadonlyMap<string, StatValue>): Part {
  return {
    ok: true,
    shown() {
      const width = Math.max(0, ...[...table.keys()].map((name) => name.length));
      return [...table].map(([name, value]) =>
        `${printable(name).padEnd(width)}  ${printable(String(value))}`
      ).join('\n');
    },
    raw: () =>
      [...table].map(([name, value]) => `${printable(name)} ${printable(String(value))}\n`).join(
        '',
      ),
    json: () => table,
  };
}

const failed: ReadonlySet<Reply['type']> = new Set([
  ...(['EN', 'NF', 'NS', 'EX', 'NOT_FOUND', 'NOT_STORED', 'EXISTS', 'refused'] as const),
]);

/** A reply of the protocol, unchanged. */
export function replyPart(reply: Reply): Part {
  const ok = !failed.has(reply.type);
  const shown = (): string => showReply(reply);
  return { ok, shown, raw: () => ok ? `${shown()}\n` : '', json: () => ({ ...reply }) };
}

function showReply(reply: Reply): string {
  switch (reply.type) {
    case 'VA': {
      const line = [reply.type, reply.value.length, ...reply.flags].join(' ');
      return `${printable(line)} ${quoteBytes(reply.value, SHOWN)}`;
    }
    case 'HD':
    case 'EN':
    case 'NF':
    case 'NS':
    case 'EX':
      return printable([reply.type, ...reply.flags].join(' '));
    case 'ME': {
      const { type: _type, base64: _base64, key, ...facts } = reply;
      return `${showKey(key)} ${showFacts(facts)}`;
    }
    case 'number':
      return String(reply.value);
    case 'VERSION':
      return printable(reply.version);
    case 'line':
      return printable(reply.line);
    case 'lines':
      return reply.lines.map(printable).join('\n');
    case 'stats':
      return tablePart(new Map(reply.lines.map(({ name, value }) => [name, value]))).shown();
    case 'values':
      return reply.items.map(({ key, cas, ...stored }) =>
        `${showKey(key)} ${itemPart(key, stored, cas).shown()}`
      ).join('\n') || 'END';
    case 'CONFIG':
      return `${printable(reply.name)} ${quoteBytes(reply.value)}`;
    case 'ERROR':
    case 'CLIENT_ERROR':
    case 'SERVER_ERROR':
    case 'refused':
      return printable(reply.message);
    case 'silent':
      return 'nothing, as asked';
    default:
      return reply.type;
  }
}

/** A key and its entry in a dump. */
export function infoPart({ key, ...info }: ItemInfo): Part {
  return {
    ok: true,
    shown: () => `${showKey(key)} ${showInfo(info)}`,
    raw: () => `${showKey(key)}\n`,
    json: () => ({ key, ...info }),
  };
}

function showInfo(info: Omit<ItemInfo, 'key'>): string {
  return Object.entries(info).map(([name, value]: [string, ItemInfo[keyof ItemInfo] | null]) => {
    const text = value instanceof Date ? value.toISOString() : String(value ?? 'never');
    return `${name}=${text}`;
  }).join(' ');
}

// In the words of the protocol, as the reply to `me` is.
function showFacts(facts: Omit<ItemFacts, 'key'>): string {
  const { exp, la, cas, fetch, cls, size, flags } = facts;
  const words = [`exp=${exp}`, `la=${la}`, `cas=${cas}`, `fetch=${fetch ? 'yes' : 'no'}`];
  if (flags !== undefined) words.push(`flags=${flags}`);
  return [...words, `cls=${cls}`, `size=${size}`].join(' ');
}

/** A key in a form that the console can read again. */
export function showKey(key: Key): string {
  const text = typeof key === 'string' ? key : toText(key);
  // A key that the console would read differently is quoted.
  if (text !== null && text !== '' && !/[\p{C}\p{Z}"']/u.test(text)) return text;
  return quoteBytes(typeof key === 'string' ? utf8(key) : key);
}

/**
 * JSON on one line, which a terminal may show: every control character is escaped. Bigints are
 * strings, since readers round numbers past 2^53. Bytes are text, or base64 if they are not UTF-8,
 * which `keyEncoding` or `valueEncoding` then says.
 */
export function toJson(value: unknown): string {
  return printableJson(JSON.stringify(plain(value)));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.flatMap(([name, field]: [string, unknown]): [string, unknown][] => {
      if (!(field instanceof Uint8Array)) return [[name, plain(field)]];
      const text = toText(field);
      if (text !== null) return [[name, text]];
      const base64 = new Uint8Array(base64Length(field.length));
      putBase64(base64, 0, field);
      return [[name, latin1(base64)], [`${name}Encoding`, 'base64']];
    }),
  );
}
