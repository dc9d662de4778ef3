// The replies of the text protocol as values, and the constants for frequent ones.
import type { ErrorKind } from './errors.ts';
import type { Key } from './command.ts';
import { commonMessages } from './server-messages.ts';
import type { StatusWord } from './verbs.ts';

/** A line of one fixed word. */
export interface StatusReply {
  /** What kind of reply it is. */
  readonly type: StatusWord;
}

/** An error line of any of the three kinds. */
export interface ErrorReply {
  /** What kind of reply it is. */
  readonly type: ErrorKind;
  /** What follows the kind, without the space between them. */
  readonly message: string;
}

/** A status line of an administrative command that was not executed: `BUSY …`. */
export interface RefusedReply {
  /** What kind of reply it is. */
  readonly type: 'refused';
  /** The line. */
  readonly message: string;
}

/** The reply to `incr` and `decr`. */
export interface NumberReply {
  /** What kind of reply it is. */
  readonly type: 'number';
  /** The number after the change, unsigned 64 bits. */
  readonly value: bigint;
}

/** One item of a classic read. */
export interface ValueItem {
  /** The key, as the server wrote it. */
  readonly key: Key;
  /** Client flags; rounded past 2^53, where the server was built to keep 64 bits of them. */
  readonly flags: number;
  /**
   * A view of the chunk it arrived in, where it arrived in one piece. Chunks are never reused, so
   * it stays true, but it keeps the chunk alive: copy what you keep for long.
   */
  readonly value: Uint8Array;
  /** The cas unique of `gets` and `gats`, undefined for `get` and `gat`. */
  readonly cas: bigint | undefined;
}

/** The items that `get` and its kin found, in the order of the request; missing keys are left out. */
export interface ValuesReply {
  /** What kind of reply it is. */
  readonly type: 'values';
  /** What was found. */
  readonly items: readonly ValueItem[];
}

/** A meta reply without a value. */
export interface MetaReply {
  /** What kind of reply it is. */
  readonly type: 'HD' | 'EN' | 'NF' | 'NS' | 'EX';
  /** Each a letter and its argument, in the order of the request, then `W`, `X`, `Z`. */
  readonly flags: readonly string[];
  /** A server's connection sends it although the command asked for quiet; never read. */
  readonly unasked?: true | undefined;
}

/** `VA`: a value with its flags. */
export interface MetaValueReply {
  /** What kind of reply it is. */
  readonly type: 'VA';
  /** Each a letter and its argument: see `MetaReply.flags`. */
  readonly flags: readonly string[];
  /** As of `MetaReply`. */
  readonly unasked?: true | undefined;
  /** As `ValueItem.value`. */
  readonly value: Uint8Array;
}

/** The description of an item in the reply to `me`, and in each line of a metadump. */
export interface ItemFacts {
  /** Text where it is printable ASCII, else bytes. */
  readonly key: Key;
  /**
   * `me`: the seconds until it expires, counted the way the server does (memcached before 1.6.24
   * prints them negative). Metadump: the Unix time it expires at. Both: -1 for never.
   */
  readonly exp: number;
  /** `me`: seconds since the last access. Metadump: its Unix time. */
  readonly la: number;
  /** The version of the item. */
  readonly cas: bigint;
  /** Whether it was read since it was stored. */
  readonly fetch: boolean;
  /** The slab class. */
  readonly cls: number;
  /** The bytes it takes in the server, its header included. */
  readonly size: number;
  /** Client flags; only in metadumps of 1.6.24 and newer. */
  readonly flags: number | undefined;
}

/** The reply to `me`. */
export interface DebugReply extends ItemFacts {
  /** What kind of reply it is. */
  readonly type: 'ME';
  /** The key is written as base64: the server stored it from a request with the flag `b`. */
  readonly base64: boolean;
}

/** The reply to `version`. */
export interface VersionReply {
  /** What kind of reply it is. */
  readonly type: 'VERSION';
  /** As the server calls itself: `1.6.39`. */
  readonly version: string;
}

/** One line of a `stats` reply. */
export interface StatLine {
  /** What kind of reply it is. */
  readonly type: 'STAT' | 'PREFIX' | 'ITEM';
  /** The name of the figure. */
  readonly name: string;
  /** Its value, as the server writes it. */
  readonly value: string;
}

/** The reply to `stats`. */
export interface StatsReply {
  /** What kind of reply it is. */
  readonly type: 'stats';
  /** The figures in their order. */
  readonly lines: readonly StatLine[];
}

/** The reply to `config get`. */
export interface ConfigReply {
  /** What kind of reply it is. */
  readonly type: 'CONFIG';
  /** The name of the figure. */
  readonly name: string;
  /** Client flags, which mean nothing here. */
  readonly flags: number;
  /** The bytes: see `readClusterConfig`. */
  readonly value: Uint8Array;
}

/** The last line of a metadump; the last of an mgdump is a `MetaReply` of type `EN`. */
export interface EndReply {
  /** What kind of reply it is. */
  readonly type: 'END';
}

/** To `raw` with `reply: 'line'`. */
export interface LineReply {
  /** What kind of reply it is. */
  readonly type: 'line';
  /** The line without its end. */
  readonly line: string;
}

/** To `raw` with `reply: 'lines'`: the lines before `END`. */
export interface LinesReply {
  /** What kind of reply it is. */
  readonly type: 'lines';
  /** The lines without their ends. */
  readonly lines: readonly string[];
}

/** To `quit` and `shutdown`: the server closed the connection, as asked. */
export interface ClosedReply {
  /** What kind of reply it is. */
  readonly type: 'closed';
}

/** The silence that follows a quiet command: for `mg` a miss, for the others the nominal result. */
export interface SilentReply {
  /** What kind of reply it is. */
  readonly type: 'silent';
  /**
   * Errors the server reported among the commands around this one. An error line does not say
   * which command it belongs to; while this is empty, it was not this one.
   */
  readonly errors: readonly ErrorReply[];
}

/** A whole reply. */
export type Reply =
  | StatusReply
  | ErrorReply
  | RefusedReply
  | NumberReply
  | ValuesReply
  | MetaReply
  | MetaValueReply
  | DebugReply
  | VersionReply
  | StatsReply
  | ConfigReply
  | EndReply
  | LineReply
  | LinesReply
  | ClosedReply
  | SilentReply;

/** One line of a reply that may not end: it comes out as it arrives, before the `Reply`. */
export type ReplyItem =
  | (ItemFacts & { readonly type: 'metadump' })
  | { readonly type: 'mgdump'; readonly key: Key }
  | { readonly type: 'watch'; readonly line: string }
  /** The `OK` that opens a watch: no later line is missed. */
  | { readonly type: 'opened' };

/** Whether this is a part of a reply, with more to come. */
export function isItem(reply: Reply | ReplyItem): reply is ReplyItem {
  // By comparisons, since this is called for every reply of a server.
  const { type } = reply;
  return type === 'metadump' || type === 'mgdump' || type === 'watch' || type === 'opened';
}

const NO_FLAGS: readonly string[] = /* @__PURE__ */ Object.freeze([]);
const NO_ERRORS: readonly ErrorReply[] = /* @__PURE__ */ Object.freeze([]);

// Frequent replies are shared constants.
/** `STORED`. */
export const STORED: StatusReply = { type: 'STORED' };
/** `NOT_STORED`: the condition of the command did not hold. */
export const NOT_STORED: StatusReply = { type: 'NOT_STORED' };
/** `EXISTS`: the item has another version. */
export const EXISTS: StatusReply = { type: 'EXISTS' };
/** `NOT_FOUND`: there is no such item. */
export const NOT_FOUND: StatusReply = { type: 'NOT_FOUND' };
/** `DELETED`: the item is gone. */
export const DELETED: StatusReply = { type: 'DELETED' };
/** `TOUCHED`. */
export const TOUCHED: StatusReply = { type: 'TOUCHED' };
/** `OK`. */
export const OK: StatusReply = { type: 'OK' };
/** `RESET`: the reply to `stats reset`. */
export const RESET: StatusReply = { type: 'RESET' };
/** `MN`: the reply to `mn`. */
export const MN: StatusReply = { type: 'MN' };
/** `HD`: done, without flags. */
export const HD: MetaReply = { type: 'HD', flags: NO_FLAGS };
/** `EN`: the miss of `mg` and the end of a dump. */
export const EN: MetaReply = { type: 'EN', flags: NO_FLAGS };
/** `NF`: there is no such item. */
export const NF: MetaReply = { type: 'NF', flags: NO_FLAGS };
/** `NS`: the condition of the command did not hold. */
export const NS: MetaReply = { type: 'NS', flags: NO_FLAGS };
/** `EX`: the item has another version. */
export const EX: MetaReply = { type: 'EX', flags: NO_FLAGS };
/** The reply to a classic read that found nothing. */
export const MISSES: ValuesReply = { type: 'values', items: [] };
/** `END`: the end of a reply in parts. */
export const END: EndReply = { type: 'END' };
/** The reply to `quit` and `shutdown`: the server closes the connection. */
export const CLOSED: ClosedReply = { type: 'closed' };
/** The reply of a quiet command that the server did not answer. */
export const SILENT: SilentReply = { type: 'silent', errors: NO_ERRORS };
/** `OK` as the first line of a watch. */
export const OPENED: ReplyItem = { type: 'opened' };
/** `ERROR`: the server does not know the command. */
export const ERROR: ErrorReply = { type: 'ERROR', message: '' };

/** The reply of a fixed word. */
export const statusReplies: Readonly<Record<StatusWord, StatusReply>> = {
  STORED,
  NOT_STORED,
  EXISTS,
  NOT_FOUND,
  DELETED,
  TOUCHED,
  OK,
  RESET,
  MN,
};

/** A `CLIENT_ERROR` line. */
export function clientError(message: string): ErrorReply {
  return { type: 'CLIENT_ERROR', message };
}

/** A `SERVER_ERROR` line. */
export function serverError(message: string): ErrorReply {
  return { type: 'SERVER_ERROR', message };
}

/** Whether a reply is an error line. */
export function isError(reply: Reply): reply is ErrorReply {
  return reply.type === 'ERROR' || reply.type === 'CLIENT_ERROR' || reply.type === 'SERVER_ERROR';
}

/**
 * An error for the message of another one: as the server wrote it where that is memcached's own text,
 * as any other may repeat what a client has sent.
 */
export function knownLine({ type, message }: ErrorReply): string {
  return commonMessages.has(message) ? `${type} ${message}`.trimEnd() : type;
}
