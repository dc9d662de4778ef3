/** Says what a server of the field is like, as data: `models.ts` has the table, `ModelServer` plays it. */
export interface ServerModel {
  /** The program, and the first version that is like this. */
  readonly name: string;
  /** What stands behind `VERSION` where it knows that word. A proxy may pass on another's. */
  readonly version: string;
  /** The words that begin a command which it carries out. */
  readonly verbs: readonly string[];
  /** What it does with a line that begins with any other word. */
  readonly unknown: Answer;
  /**
   * What it does with a storage line whose key, flags, time or length cannot be read; memcached's
   * answer by default.
   */
  readonly malformed?: Answer;
  /**
   * What becomes of the value behind such a line, where at least its length can be read: memcached
   * before 1.6.40 takes it for commands, which is the default.
   */
  readonly malformedData?: 'is run' | 'is skipped';
  /**
   * What becomes of a value that is too large and was sent with `noreply`; skipped by default.
   * memcached before 1.6.0 takes it for commands.
   */
  readonly tooLargeQuietData?: 'is run' | 'is skipped';
  /** Lines that always get the same answer; the first whose pattern matches counts. */
  readonly answers?: readonly (readonly [line: RegExp, answer: Answer])[];
  /** How the replies to its meta commands differ from those of 1.6.18; not at all by default. */
  readonly meta?: MetaModel;
  /**
   * How many servers stand behind a proxy that merges the replies to a `get` of many keys key by
   * key: it takes the next value from the server that has the key, so misses put others out of
   * their order. 1 by default.
   */
  readonly shards?: number;
  /** Whether what is written to it can be read again; true by default. */
  readonly keeps?: boolean;
  /**
   * The needs of `memcacheCases` that a client cannot meet with this server, since the server has
   * not got it.
   */
  readonly lacks: readonly string[];
}

/** Meta commands as they once were. */
export interface MetaModel {
  /** The code of a success without a value; HD by default. */
  readonly done?: 'HD' | 'OK';
  /** A miss of `mg` is EN alone, whatever was asked to come back. */
  readonly bareMiss?: boolean;
  /** Verbs and codes of replies that have a space too many behind the code: `md NF`. */
  readonly spaced?: readonly string[];
  /** The length of a value is a flag, `ms KEY S5`, and a bare number is refused. */
  readonly lengthFlag?: boolean;
}

/**
 * What is said, and what happens then: by default the next line is read; `close` closes behind the
 * replies; `drop` closes at once, and the replies to all that came in the same piece are lost.
 */
export type Answer = readonly [reply: string, then?: 'close' | 'drop'];
