// The pending calls of a connection, and their results and errors.
import {
  AuthError,
  ConnectionError,
  MemcacheError,
  type Outcome,
  ProtocolError,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../../wire/errors.ts';
import type { Command } from '../../wire/command.ts';
import type { PlainSink } from '../../wire/client-event.ts';
import type { PlainReply } from '../../wire/plain.ts';
import type { ErrorReply, Reply } from '../../wire/reply.ts';
import type { ItemKey } from '../keys.ts';
import {
  type Call,
  type ExecuteOptions,
  type Executor,
  type Reader,
  reasonOf,
  refused,
} from './executor.ts';
import type { Traffic } from './observe.ts';
import type { ServerStatus } from './server-status.ts';

/** A call that waits for its reply. */
export class Pending implements Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly reader: Reader<unknown>;
  readonly key: ItemKey;
  readonly options: ExecuteOptions | undefined;
  readonly deadline: number;
  /** How many keys it asks for; 0 for other commands. */
  readonly keys: number;
  /** Filled in for an observer; null without one. */
  readonly traffic: Traffic | null;
  /** Stops listening to the caller's signal. */
  unlisten: (() => void) | null = null;

  constructor(
    resolve: (result: unknown) => void,
    reject: (error: Error) => void,
    reader: Reader<unknown>,
    key: ItemKey,
    options: ExecuteOptions | undefined,
    deadline: number,
    keys: number,
    traffic: Traffic | null,
  ) {
    this.resolve = resolve;
    this.reject = reject;
    this.reader = reader;
    this.key = key;
    this.options = options;
    this.deadline = deadline;
    this.keys = keys;
    this.traffic = traffic;
  }
}

/** A command that was queued before its connection was proved. */
export interface Early {
  readonly command: Command;
  readonly pending: Pending;
  readonly deadline: number;
  readonly until: 'answered' | 'sent';
}

/** The calls of a client's own, for a login or to see whether a server answers: not counted. */
export const ownReply: Reader<Reply> = { ofReply: (reply) => reply };

/** Ends the calls of a connection, and counts for its server what they have found or how they failed. */
export class Settler implements PlainSink<Pending> {
  /** Whether the server has replied to a command on the connection. */
  hasAnswered = false;
  readonly #connection: Executor;
  readonly #status: ServerStatus;
  // The last `get` whose items came before its reply, and how many did.
  #getting: Pending | null = null;
  #taken = 0;

  constructor(connection: Executor, status: ServerStatus) {
    this.#connection = connection;
    this.#status = status;
  }

  /** Ends a call with its reply. */
  settle(call: Pending, reply: Reply): void {
    call.unlisten?.();
    if (call.keys > 0 && call.reader !== ownReply) {
      this.#status.readReply(reply, call.keys, this.#getting === call ? this.#taken : 0);
      this.#getting = null;
    }
    this.#end(call, reply);
  }

  /** Ends a call with its plain reply. */
  onPlain(call: Pending, reply: PlainReply, bytesOut: number): void {
    this.hasAnswered = true;
    const { reader, traffic } = call;
    call.unlisten?.();
    if (traffic !== null) {
      traffic.bytesOut = bytesOut;
      traffic.bytesIn = reply.size;
    }
    if (call.keys > 0) this.#status.readPlain(reply);
    if (reply.type !== 'VA' || reader.ofItem === undefined) {
      return this.#end(call, reply.toReply());
    }
    try {
      call.resolve(reader.ofItem(reply, call, this.#connection));
    } catch (error) {
      this.fail(call, error as Error);
    }
  }

  takesItems({ reader, traffic }: Pending): boolean {
    // Observers get the whole reply.
    return traffic === null && reader.takeItem !== undefined;
  }

  onPlainItem(call: Pending, item: PlainReply, index: number): void {
    if (this.#getting !== call) this.#taken = 0;
    this.#getting = call;
    this.#taken++;
    call.reader.takeItem?.(item, index);
  }

  /** Ends a call with an error, unless its reader has an answer to it. */
  fail(call: Pending, error: Error): void {
    call.unlisten?.();
    const { reader } = call;
    if (reader !== ownReply) this.#status.failed(error);
    if (this.#getting === call) this.#getting = null;
    if (reader.ofError === undefined) return call.reject(error);
    try {
      call.resolve(reader.ofError(error));
    } catch (other) {
      call.reject(other as Error);
    }
  }

  /** The result of a call that was not sent. */
  refuse<Result>(reader: Reader<Result>, error: unknown): Promise<Result> {
    this.#status.failed(error);
    return refused(reader, error);
  }

  /** The result of a reply that an observer got first. */
  read<Result>(reader: Reader<Result>, reply: Reply, call: Call): Result | Promise<Result> {
    try {
      return reader.ofReply(reply, call, this.#connection);
    } catch (error) {
      this.#status.failed(error);
      throw error;
    }
  }

  #end(call: Pending, reply: Reply): void {
    try {
      call.resolve(call.reader.ofReply(reply, call, this.#connection));
    } catch (error) {
      this.fail(call, error as Error);
    }
  }
}

/** The error of a call that the server answered with an error line. */
export function replyError(name: string, { type, message }: ErrorReply): ServerReplyError {
  return new ServerReplyError(type, message, name);
}

/** The error of a call whose connection to this server was lost. */
export function lostError(name: string, cause: Error | null, outcome: Outcome): MemcacheError {
  // The calls share the error if its outcome is theirs. A UsageError belongs to the one call that
  // broke the rule, except for the dialect, which is an option of the client.
  if (cause instanceof UsageError && cause.argument === 'dialect') {
    return new UsageError('dialect', cause.rule, undefined, outcome);
  }
  const isShared = cause instanceof MemcacheError && !(cause instanceof UsageError);
  if (isShared && cause.outcome === outcome) return cause;
  const message = cause instanceof MemcacheError
    ? cause.message
    : cause === null
    ? `the connection to ${name} was closed`
    : `the connection to ${name} was lost: ${reasonOf(cause)}`;
  const code = cause instanceof ConnectionError ? cause.code : undefined;
  return new ConnectionError(message, outcome, cause ?? undefined, code);
}

/** The error of a peer that has never sent a valid reply: it is probably another kind of server. */
export function strangerError(name: string, cause: Error | null): Error | null {
  if (!(cause instanceof ProtocolError)) return cause;
  const named = `${name} does not answer as memcached does: ${cause.message}`;
  return new ProtocolError(named, cause.outcome);
}

/** The pending call of a login. `fail` gets the error with which the connection is to close. */
export function loginCall(
  server: string,
  timeout: number,
  fail: (error: Error) => void,
): Pending {
  const reject = (cause: Error): void => {
    if (cause instanceof TimeoutError) {
      const waited = `no answer to the login at ${server} within ${timeout} ms`;
      return fail(new TimeoutError(waited, 'not-sent'));
    }
    // A server that is out of memory has not checked the credentials.
    if (!(cause instanceof ServerReplyError) || cause.kind === 'SERVER_ERROR') return fail(cause);
    // The connection has left a password out of it that the server repeated.
    fail(new AuthError(`${server} refused the credentials`, cause));
  };
  return new Pending(() => {}, reject, ownReply, '', undefined, Infinity, 0, null);
}
