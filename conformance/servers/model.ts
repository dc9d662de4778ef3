/**
 * The description of an older server or a proxy, as data: `models.ts` is the table, `ModelServer`
 * plays it.
 */
export interface ServerModel {
  /** The program, and the first version that behaves like this. */
  readonly name: string;
  /** Its reply to `version`. A proxy may pass on its backend's. */
  readonly version: string;
  /** The first words of the commands that it executes. */
  readonly verbs: readonly string[];
  /** Its reaction to a line with any other first word. */
  readonly unknown: ModelAnswer;
  /**
   * Its reaction to a storage line whose key, flags, time or length cannot be parsed; memcached's
   * answer by default.
   */
  readonly malformed?: ModelAnswer | undefined;
  /**
   * How it treats the value behind such a line if the length can be parsed: by default, like
   * memcached before 1.6.40, it reads the value as commands.
   */
  readonly malformedData?: 'is run' | 'is skipped' | undefined;
  /**
   * How it treats a value that is too large and was sent with `noreply`; by default it skips it.
   * memcached before 1.6.0 reads it as commands.
   */
  readonly tooLargeQuietData?: 'is run' | 'is skipped' | undefined;
  /** Lines with a fixed answer; the first pattern that matches decides. */
  readonly answers?: readonly (readonly [line: RegExp, answer: ModelAnswer])[] | undefined;
  /** How the replies to its meta commands differ from those of 1.6.18; not at all by default. */
  readonly meta?: MetaModel | undefined;
  /**
   * How many servers are behind a proxy that merges the replies to a multi-key `get` key by key: it
   * takes the next value from the server of each key, so misses change the order of the others. 1
   * by default.
   */
  readonly shards?: number | undefined;
  /** Whether items that are stored can be read again; true by default. */
  readonly keeps?: boolean | undefined;
  /**
   * The needs of `memcacheCases` that no client can meet with this server, since the server lacks
   * the feature.
   */
  readonly lacks: readonly string[];
}

/** The meta commands of older versions. */
export interface MetaModel {
  /** The code of a success without a value; HD by default. */
  readonly done?: 'HD' | 'OK' | undefined;
  /** A miss of `mg` is EN alone, regardless of the requested flags. */
  readonly bareMiss?: boolean | undefined;
  /** Verbs and codes of replies with an extra space behind the code: `md NF`. */
  readonly spaced?: readonly string[] | undefined;
  /** The length of a value is a flag, `ms KEY S5`, and a bare number is refused. */
  readonly lengthFlag?: boolean | undefined;
}

/**
 * A reply, and the next step: by default the next line is read; `close` closes after the replies;
 * `drop` closes at once, and the replies to everything in the same piece of input are lost.
 */
export type ModelAnswer = readonly [reply: string, then?: 'close' | 'drop'];
