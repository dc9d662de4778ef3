// The commands of the text protocol as values, one interface for each form on the wire.

/**
 * A key: text of 1 to 250 printable ASCII characters without a space, or bytes.
 *
 * Bytes may hold anything but white space and control characters; in a meta command with
 * `base64: true` they may hold anything.
 */
export type Key = string | Uint8Array;

/** A value: bytes, or text that goes out as UTF-8. Decoders always give bytes. */
export type Value = string | Uint8Array;

/** The verbs that store a value without comparing a cas. */
export type StoreVerb = 'set' | 'add' | 'replace' | 'append' | 'prepend';

/** `get` and `gets`. */
export interface GetCommand {
  readonly verb: 'get' | 'gets';
  readonly keys: readonly Key[];
}

/** `gat` and `gats`: read and touch. */
export interface GatCommand {
  readonly verb: 'gat' | 'gats';
  /** Seconds from now; an absolute Unix time past 30 days; 0 for never; negative for at once. */
  readonly expire: number;
  readonly keys: readonly Key[];
}

/** `set`, `add`, `replace`, `append` and `prepend`. */
export interface StoreCommand {
  readonly verb: StoreVerb;
  readonly key: Key;
  /** Client flags, an unsigned 32-bit number. */
  readonly flags: number;
  readonly expire: number;
  readonly value: Value;
  readonly noreply: boolean;
}

/** `cas`: stores if the version is still the same. */
export interface CasCommand {
  readonly verb: 'cas';
  readonly key: Key;
  readonly flags: number;
  readonly expire: number;
  readonly value: Value;
  readonly cas: bigint;
  readonly noreply: boolean;
}

/** `delete`. */
export interface DeleteCommand {
  readonly verb: 'delete';
  readonly key: Key;
  readonly noreply: boolean;
}

/** `incr` and `decr`. */
export interface ArithmeticCommand {
  readonly verb: 'incr' | 'decr';
  readonly key: Key;
  readonly delta: bigint;
  readonly noreply: boolean;
}

/** `touch`. */
export interface TouchCommand {
  readonly verb: 'touch';
  readonly key: Key;
  readonly expire: number;
  readonly noreply: boolean;
}

/** `mg`, `md` and `ma`. */
export interface MetaCommand {
  readonly verb: 'mg' | 'md' | 'ma';
  readonly key: Key;
  /** The key travels as base64, so it may hold any byte. Stands for the flag `b`. */
  readonly base64: boolean;
  /** Flags but `b`, each a letter and its argument: `v`, `T30`, `Oabc`. See `metaFlags`. */
  readonly flags: readonly string[];
  /**
   * Where the connection speaks text, send the classic command that does the same; the reply is
   * then of that command. Off by default: such a connection refuses meta commands.
   */
  readonly orText?: boolean;
}

/** `ms`. */
export interface MetaSetCommand {
  readonly verb: 'ms';
  readonly key: Key;
  readonly base64: boolean;
  readonly value: Value;
  readonly flags: readonly string[];
  /** As in a `MetaCommand`. */
  readonly orText?: boolean;
}

/** `me`: how the server keeps an item. */
export interface MetaDebugCommand {
  readonly verb: 'me';
  readonly key: Key;
  readonly base64: boolean;
}

/** The commands that are one word. */
export interface BareCommand {
  readonly verb: 'mn' | 'version' | 'quit' | 'refresh_certs';
}

/** `verbosity`. */
export interface VerbosityCommand {
  readonly verb: 'verbosity';
  readonly level: number;
  readonly noreply: boolean;
}

/** `flush_all`. */
export interface FlushCommand {
  readonly verb: 'flush_all';
  /** Seconds until the flush takes effect; 0 for now. */
  readonly delay: number;
  readonly noreply: boolean;
}

/** `cache_memlimit`. */
export interface MemlimitCommand {
  readonly verb: 'cache_memlimit';
  readonly megabytes: number;
  readonly noreply: boolean;
}

/** `shutdown`. */
export interface ShutdownCommand {
  readonly verb: 'shutdown';
  readonly graceful: boolean;
}

/** The commands whose arguments are words that this package passes on as they are. */
export interface WordsCommand {
  readonly verb:
    | 'stats'
    | 'slabs'
    | 'lru'
    | 'extstore'
    | 'lru_crawler'
    | 'lru_crawler metadump'
    | 'lru_crawler mgdump'
    | 'watch'
    | 'config get';
  readonly words: readonly string[];
}

/** ASCII authentication (memcached `-Y`): travels as a `set` that the server understands. */
export interface AuthCommand {
  readonly verb: 'auth';
  readonly username: string;
  readonly password: string;
}

/** A line this package does not know, with the shape of the reply that the sender expects. */
export interface RawCommand {
  readonly verb: 'raw';
  /** The line without its end; one character is one byte. */
  readonly line: string;
  /** A data block to send after the line, or null. */
  readonly value: Value | null;
  readonly reply: 'line' | 'lines' | 'values' | 'stats' | 'none';
}

/** A request: one command of the text protocol, as it stands on the wire. */
export type Command =
  | GetCommand
  | GatCommand
  | StoreCommand
  | CasCommand
  | DeleteCommand
  | ArithmeticCommand
  | TouchCommand
  | MetaCommand
  | MetaSetCommand
  | MetaDebugCommand
  | BareCommand
  | VerbosityCommand
  | FlushCommand
  | MemlimitCommand
  | ShutdownCommand
  | WordsCommand
  | AuthCommand
  | RawCommand;
