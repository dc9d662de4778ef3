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
  /** The word that it begins with. */
  readonly verb: 'get' | 'gets';
  /** The keys to read. */
  readonly keys: readonly Key[];
}

/** `gat` and `gats`: read and touch. */
export interface GatCommand {
  /** The word that it begins with. */
  readonly verb: 'gat' | 'gats';
  /** Seconds from now; an absolute Unix time past 30 days; 0 for never; negative for at once. */
  readonly expire: number;
  /** The keys to read. */
  readonly keys: readonly Key[];
}

/** `set`, `add`, `replace`, `append` and `prepend`. */
export interface StoreCommand {
  /** The word that it begins with. */
  readonly verb: StoreVerb;
  /** The key of the item. */
  readonly key: Key;
  /** Client flags, an unsigned 32-bit number. */
  readonly flags: number;
  /** When it expires: see `GatCommand.expire`. */
  readonly expire: number;
  /** The data block. */
  readonly value: Value;
  /** Ask the server for no reply. */
  readonly noreply: boolean;
}

/** `cas`: stores if the version is still the same. */
export interface CasCommand {
  /** The word that it begins with. */
  readonly verb: 'cas';
  /** The key of the item. */
  readonly key: Key;
  /** Client flags, an unsigned 32-bit number. */
  readonly flags: number;
  /** When it expires: see `GatCommand.expire`. */
  readonly expire: number;
  /** The data block. */
  readonly value: Value;
  /** The version that the item must have. */
  readonly cas: bigint;
  /** Ask the server for no reply. */
  readonly noreply: boolean;
}

/** `delete`. */
export interface DeleteCommand {
  /** The word that it begins with. */
  readonly verb: 'delete';
  /** The key of the item. */
  readonly key: Key;
  /** Ask the server for no reply. */
  readonly noreply: boolean;
}

/** `incr` and `decr`. */
export interface ArithmeticCommand {
  /** The word that it begins with. */
  readonly verb: 'incr' | 'decr';
  /** The key of the item. */
  readonly key: Key;
  /** How much to add or to take away, an unsigned 64-bit number. */
  readonly delta: bigint;
  /** Ask the server for no reply. */
  readonly noreply: boolean;
}

/** `touch`. */
export interface TouchCommand {
  /** The word that it begins with. */
  readonly verb: 'touch';
  /** The key of the item. */
  readonly key: Key;
  /** When it expires: see `GatCommand.expire`. */
  readonly expire: number;
  /** Ask the server for no reply. */
  readonly noreply: boolean;
}

/** `mg`, `md` and `ma`. */
export interface MetaCommand {
  /** The word that it begins with. */
  readonly verb: 'mg' | 'md' | 'ma';
  /** The key of the item. */
  readonly key: Key;
  /** The key travels as base64, so it may hold any byte. Stands for the flag `b`. */
  readonly base64: boolean;
  /** Flags but `b`, each a letter and its argument: `v`, `T30`, `Oabc`. See `metaFlags`. */
  readonly flags: readonly string[];
  /**
   * Where the connection speaks text, send the classic command that does the same; the reply is
   * then of that command. Off by default: such a connection refuses meta commands.
   */
  readonly orText?: boolean | undefined;
}

/** `ms`. */
export interface MetaSetCommand {
  /** The word that it begins with. */
  readonly verb: 'ms';
  /** The key of the item. */
  readonly key: Key;
  /** The key travels as base64: see `MetaCommand.base64`. */
  readonly base64: boolean;
  /** The data block. */
  readonly value: Value;
  /** Flags but `b`: see `MetaCommand.flags`. */
  readonly flags: readonly string[];
  /** As in a `MetaCommand`. */
  readonly orText?: boolean | undefined;
}

/** `me`: how the server keeps an item. */
export interface MetaDebugCommand {
  /** The word that it begins with. */
  readonly verb: 'me';
  /** The key of the item. */
  readonly key: Key;
  /** The key travels as base64: see `MetaCommand.base64`. */
  readonly base64: boolean;
}

/** The commands that are one word. */
export interface BareCommand {
  /** The word that it begins with. */
  readonly verb: 'mn' | 'version' | 'quit' | 'refresh_certs';
}

/** `verbosity`. */
export interface VerbosityCommand {
  /** The word that it begins with. */
  readonly verb: 'verbosity';
  /** How much the server logs, from 0. */
  readonly level: number;
  /** Ask the server for no reply. */
  readonly noreply: boolean;
}

/** `flush_all`. */
export interface FlushCommand {
  /** The word that it begins with. */
  readonly verb: 'flush_all';
  /** Seconds until the flush takes effect; 0 for now. */
  readonly delay: number;
  /** Ask the server for no reply. */
  readonly noreply: boolean;
}

/** `cache_memlimit`. */
export interface MemlimitCommand {
  /** The word that it begins with. */
  readonly verb: 'cache_memlimit';
  /** The memory for items, in MiB. */
  readonly megabytes: number;
  /** Ask the server for no reply. */
  readonly noreply: boolean;
}

/** `shutdown`. */
export interface ShutdownCommand {
  /** The word that it begins with. */
  readonly verb: 'shutdown';
  /** Let the server end its connections and save its state first. */
  readonly graceful: boolean;
}

/** The commands whose arguments are words that this package passes on as they are. */
export interface WordsCommand {
  /** The word that it begins with. */
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
  /** The words after the verb. */
  readonly words: readonly string[];
}

/** ASCII authentication (memcached `-Y`): travels as a `set` that the server understands. */
export interface AuthCommand {
  /** The word that it begins with. */
  readonly verb: 'auth';
  /** Who logs in. */
  readonly username: string;
  /** The password, which no message and no log shows. */
  readonly password: string;
}

/** A line this package does not know, with the shape of the reply that the sender expects. */
export interface RawCommand {
  /** The word that it begins with. */
  readonly verb: 'raw';
  /** The line without its end; one character is one byte. */
  readonly line: string;
  /** A data block to send after the line, or null. */
  readonly value: Value | null;
  /** What the server is expected to answer with. */
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
