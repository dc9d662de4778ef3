// The pending calls of a connection, and their results and errors.
import {
  AuthError,
  ConnectionError,
  MemcacheError,
  type Outcome,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../../wire/errors.ts';
import type { Command } from '../../wire/command.ts';
import type { PlainSink } from '../../wire/client-event.ts';
import type { PlainReply } from '../../wire/plain.ts';
import type { Reply } from '../../wire/reply.ts';
import type { ItemKey } from '../keys.ts';
import {
  type Call,
  type ExecuteOptions,
  type Executor,
  type Reader,
  wholeReply,
} from './executor.ts';
import type { Traffic } from './observe.ts';

/** A call that waits for its reply. */
export class Pending implements Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly reader: Reader<unknown>;
  readonly key: ItemKey;
  readonly options: ExecuteOptions | undefined;
  readonly deadline: number;
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
    traffic: Traffic | null,
  ) {
    this.resolve = resolve;
    this.reject = reject;
    this.reader = reader;
    this.key = key;
    this.options = options;
    this.deadline = deadline;
    this.traffic = traffic;
  }

  /** Ends the call with an error, unless its reader has an answer to it. */
  fail(error: Error): void {
    const { reader } = this;
    if (reader.ofError === undefined) return this.reject(error);
    try {
      this.resolve(reader.ofError(error));
    } catch (other) {
      this.reject(other as Error);
    }
  }
}

/** A command that was queued before its connection was proved. */
export interface Early {
  readonly command: Command;
  readonly pending: Pending;
  readonly deadline: number;
  readonly until: 'answered' | 'sent';
}

/** Ends a call with its reply, which came on a connection. */
export function settle(call: Pending, reply: Reply, connection: Executor): void {
  try {
    call.resolve(call.reader.ofReply(reply, call, connection));
  } catch (error) {
    call.fail(error as Error);
  }
}

/** Ends a call with its plain reply, which came on a connection. */
export function settlePlain(
  call: Pending,
  reply: PlainReply,
  bytesOut: number,
  connection: Executor,
): void {
  const { reader, traffic } = call;
  call.unlisten?.();
  if (traffic !== null) {
    traffic.bytesOut = bytesOut;
    traffic.bytesIn = reply.size;
  }
  if (reply.type !== 'VA' || reader.ofItem === undefined) {
    return settle(call, reply.toReply(), connection);
  }
  try {
    call.resolve(reader.ofItem(reply, call, connection));
  } catch (error) {
    call.fail(error as Error);
  }
}

/** Takes the items of calls for many keys. */
export const itemSink: Pick<PlainSink<Pending>, 'takesItems' | 'onPlainItem'> = {
  // Observers get the whole reply.
  takesItems: ({ reader, traffic }) => traffic === null && reader.takeItem !== undefined,
  onPlainItem: ({ reader }, item, index) => reader.takeItem?.(item, index),
};

/** The error of a call whose connection was lost. */
export function lostError(cause: Error | null, outcome: Outcome): MemcacheError {
  // The calls share the error if its outcome is theirs. A UsageError belongs to the one call that
  // broke the rule, except for the dialect, which is an option of the client.
  if (cause instanceof UsageError && cause.argument === 'dialect') {
    return new UsageError('dialect', cause.rule, undefined, outcome);
  }
  const isShared = cause instanceof MemcacheError && !(cause instanceof UsageError);
  if (isShared && cause.outcome === outcome) return cause;
  const message = cause?.message ?? 'the connection was closed';
  const code = cause instanceof ConnectionError ? cause.code : undefined;
  return new ConnectionError(message, outcome, cause ?? undefined, code);
}

/** The pending call of a login. `fail` gets the error with which the connection is to close. */
export function loginCall(
  server: string,
  password: string,
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
    // A server may repeat what it was sent.
    const message = password === ''
      ? cause.serverMessage
      : cause.serverMessage.replaceAll(password, '***');
    const reason = new ServerReplyError(cause.kind, message);
    fail(new AuthError(`${server} refused the credentials`, reason));
  };
  return new Pending(() => {}, reject, wholeReply, '', undefined, Infinity, null);
}
