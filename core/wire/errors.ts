// The errors of this package: one small tree, each with a code and an outcome.
import { codes, failures } from './server-messages.ts';

/**
 * Whether a command that failed had an effect on the server.
 *
 * - `not-sent`: no byte of it left; it is safe to send again.
 * - `unknown`: its bytes left, its reply was not seen.
 * - `done`: the server answered it.
 */
export type Outcome = 'not-sent' | 'unknown' | 'done';

/** The root of every error this package throws or rejects with. */
export class MemcacheError extends Error {
  /** The name of the class. */
  override readonly name: string = 'MemcacheError';
  /** A stable identifier for programs; the message is for people. */
  readonly code: string;
  /** Whether the command had an effect on the server. */
  readonly outcome: Outcome;

  /**
   * Makes the error.
   *
   * @param code The identifier for programs.
   * @param cause The error behind this one.
   */
  constructor(message: string, code: string, outcome: Outcome, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.outcome = outcome;
  }
}

/**
 * The caller broke a rule. Nothing was sent, but where only the server's answer showed it: its
 * outcome then says so.
 */
export class UsageError extends MemcacheError {
  /** The name of the class. */
  override readonly name: string = 'UsageError';
  /** The argument at fault, as the caller knows it: `key`, `expire`, `flags`. */
  readonly argument: string;
  /** The rule it breaks. */
  readonly rule: string;

  /**
   * Makes the error.
   *
   * @param argument The name of the argument at fault.
   * @param rule How the message goes on: `must be a string`.
   */
  constructor(argument: string, rule: string, cause?: unknown, outcome: Outcome = 'not-sent') {
    super(`${argument} ${rule}`, 'usage', outcome, cause);
    this.argument = argument;
    this.rule = rule;
  }
}

/** The word an error line starts with. */
export type ErrorKind = 'ERROR' | 'CLIENT_ERROR' | 'SERVER_ERROR';

/**
 * The server answered with an error line. The outcome is `done`, but `unknown` for a `SERVER_ERROR`
 * that is not memcached's own: a proxy, or a bridge, may not know what became of the command.
 */
export class ServerReplyError extends MemcacheError {
  /** The name of the class. */
  override readonly name: string = 'ServerReplyError';
  /** The word that the error line starts with. */
  readonly kind: ErrorKind;
  /** What the server wrote after the kind. Its wording differs between server versions. */
  readonly serverMessage: string;

  /**
   * Makes the error.
   *
   * @param serverMessage What follows the kind.
   * @param server Whose answer it is, for the message.
   */
  constructor(kind: ErrorKind, serverMessage: string, server = 'the server') {
    // `ERROR` alone is memcached's answer to a command that this version of it does not have.
    const unknown = kind === 'ERROR' && serverMessage === ''
      ? ': it does not know the command'
      : '';
    super(
      `${server} answered ${kind} ${serverMessage}`.trimEnd() + unknown,
      codes.get(serverMessage) ?? kind.toLowerCase().replace('_', '-'),
      kind === 'SERVER_ERROR' && !failures.has(serverMessage) ? 'unknown' : 'done',
    );
    this.kind = kind;
    this.serverMessage = serverMessage;
  }
}

/** The peer broke the protocol. The connection it happened on is not used again. */
export class ProtocolError extends MemcacheError {
  /** The name of the class. */
  override readonly name: string = 'ProtocolError';

  /**
   * Makes the error.
   *
   * @param message What the peer did.
   */
  constructor(message: string, outcome: Outcome = 'unknown') {
    super(message, 'protocol', outcome);
  }
}

/** There is no connection, or it was lost, or it is full. */
export class ConnectionError extends MemcacheError {
  /** The name of the class. */
  override readonly name: string = 'ConnectionError';

  /**
   * Makes the error.
   *
   * @param message What failed, and where.
   * @param cause The error of the runtime.
   */
  constructor(message: string, outcome: Outcome, cause?: unknown, code = 'connection') {
    super(message, code, outcome, cause);
  }
}

/**
 * A value that was read cannot be decoded: its client flags are another client's, or its bytes do
 * not match them. The command was done; `cause` is the error that the serde threw.
 */
export class SerdeError extends MemcacheError {
  /** The name of the class. */
  override readonly name: string = 'SerdeError';
  /** The key of the item. */
  readonly key: string | Uint8Array;
  /** Of a read of many keys: all that could be read. */
  readonly values: ReadonlyMap<string | Uint8Array, unknown>;

  /**
   * Makes the error.
   *
   * @param key The key of the item.
   * @param cause What the serde threw.
   * @param values The values of the other keys.
   */
  constructor(
    key: string | Uint8Array,
    cause: unknown,
    values: ReadonlyMap<string | Uint8Array, unknown> = new Map(),
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `the value of ${JSON.stringify(nameOf(key))} cannot be read: ${why}`,
      'serde',
      'done',
      cause,
    );
    this.key = key;
    this.values = values;
  }
}

function nameOf(key: string | Uint8Array): string {
  return typeof key === 'string' ? key : String.fromCharCode(...key);
}

/** The deadline of a command or of a dial passed. */
export class TimeoutError extends MemcacheError {
  /** The name of the class. */
  override readonly name: string = 'TimeoutError';

  /**
   * Makes the error.
   *
   * @param message What took too long.
   */
  constructor(message: string, outcome: Outcome) {
    super(message, 'timeout', outcome);
  }
}

/**
 * The server refused the credentials. One that requires some and was given none answers with an error
 * of its own: a `ServerReplyError` whose `serverMessage` is `unauthenticated`.
 */
export class AuthError extends MemcacheError {
  /** The name of the class. */
  override readonly name: string = 'AuthError';

  /**
   * Makes the error.
   *
   * @param message What the server refused.
   */
  constructor(message: string, cause?: unknown) {
    super(message, 'auth', 'not-sent', cause);
  }
}

/** The caller's signal was aborted; `cause` is its reason. */
export class AbortError extends MemcacheError {
  /** The name of the class. */
  override readonly name: string = 'AbortError';

  /**
   * Makes the error.
   *
   * @param cause The reason of the signal.
   */
  constructor(outcome: Outcome, cause: unknown) {
    super('the wait for the reply was aborted', 'aborted', outcome, cause);
  }
}
