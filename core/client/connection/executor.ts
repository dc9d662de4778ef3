// The waist of the client: a command goes in, its reply comes out.
import type { AbortSignalLike } from '../../io/transport.ts';
import {
  checkBoolean,
  checkKnown,
  checkMilliseconds,
  checkObject,
  optionNames,
} from '../../wire/check.ts';
import { checkCommand } from '../../wire/check-command.ts';
import type { Command, Key } from '../../wire/command.ts';
import { ConnectionError, type Outcome, TimeoutError, UsageError } from '../../wire/errors.ts';
import type { PlainReply } from '../../wire/plain.ts';
import type { Reply, ReplyItem } from '../../wire/reply.ts';
import { withoutStack } from '../../wire/without-stack.ts';
import type { ItemKey } from '../keys.ts';

/** The options of one command. */
export interface ExecuteOptions {
  /**
   * Milliseconds until the call times out; the client's `timeout` by default, Infinity for never. A
   * watch ends then, and its connection closes.
   */
  readonly timeout?: number | undefined;
  /** Rejects the call when it is aborted. */
  readonly signal?: AbortSignalLike | undefined;
  /** The key that selects one of many servers; the key of the command by default. */
  readonly route?: Key | undefined;
  /** Do not wait for the reply to a quiet command: the promise resolves when it was sent. */
  readonly unconfirmed?: boolean | undefined;
  /**
   * Called with each line of a dump or a watch as it arrives. Reading is paused while a promise
   * that it returns is pending. The call rejects with an exception of this function.
   *
   * A dump or a watch with this option gets a connection of its own, so that other commands need
   * not wait for its end.
   */
  readonly onItem?: ((item: ReplyItem) => unknown) | undefined;
}

const names = /* @__PURE__ */ optionNames<ExecuteOptions>({
  timeout: true,
  signal: true,
  route: true,
  unconfirmed: true,
  onItem: true,
});

/** @throws UsageError naming an unknown option. */
export function checkExecuteNames(options: ExecuteOptions | undefined): void {
  if (options === undefined) return;
  checkObject('options', options);
  checkKnown('options', options, names);
}

/** @throws UsageError naming the option that breaks a rule. */
export function checkExecuteOptions(options: ExecuteOptions | undefined): void {
  if (options === undefined) return;
  checkObject('options', options);
  const { timeout, signal, unconfirmed, onItem } = options;
  if (timeout !== undefined) checkMilliseconds('timeout', timeout, Infinity);
  if (signal !== undefined && !isSignal(signal)) {
    throw new UsageError('signal', 'must be an AbortSignalLike');
  }
  if (unconfirmed !== undefined) checkBoolean('unconfirmed', unconfirmed);
  if (onItem !== undefined && typeof onItem !== 'function') {
    throw new UsageError('onItem', 'must be a function');
  }
}

function isSignal(signal: AbortSignalLike | null): boolean {
  return typeof signal === 'object' && typeof signal?.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function';
}

/** The part of a call that the reader of its reply gets. */
export interface Call {
  /** The key as the caller gave it. */
  readonly key: ItemKey;
  readonly options: ExecuteOptions | undefined;
  /** When it times out, by the clock's `elapsed`; Infinity for never. */
  readonly deadline: number;
}

/**
 * Turns the reply to a command into the result of the call. One object serves all calls of a kind.
 */
export interface Reader<Result> {
  /**
   * An exception of it rejects the call.
   *
   * @param connection The connection that replied, for commands that must go the same way.
   */
  ofReply(reply: Reply, call: Call, connection?: Executor): Result | Promise<Result>;
  /** The same for a plain `VA`, whose value must be copied if it is kept. */
  ofItem?(item: PlainReply, call: Call, connection?: Executor): Result | Promise<Result>;
  /**
   * Called with each item of a `get` of many keys as it arrives; `ofReply` gets the others. The
   * value must be copied if it is kept.
   *
   * @param index The index of its key.
   */
  takeItem?(item: PlainReply, index: number): void;
  /** Called when the command has failed: its result is that of the call, its exception the error. */
  ofError?(error: Error): Result | Promise<Result>;
}

/** The reader that returns the reply itself. */
export const wholeReply: Reader<Reply> = { ofReply: (reply) => reply };

/**
 * The narrow waist of the client: a command goes in, its reply comes out. Links, upstreams, pools,
 * rings, retries and fallbacks are all executors.
 */
export interface Executor {
  /**
   * Executes a command.
   *
   * @returns Its reply; an error line of the server rejects.
   * @throws UsageError, ServerReplyError, ProtocolError, ConnectionError, TimeoutError, AuthError,
   * AbortError; each with a true `outcome`.
   */
  execute(command: Command, options?: ExecuteOptions): Promise<Reply>;
  /**
   * As `execute`, but the reply becomes the result where it is read. An executor may leave it out:
   * `executeThenRead` does the same with a second promise for each call.
   *
   * @internal
   */
  executeWith?<Result>(
    command: Command,
    options: ExecuteOptions | undefined,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result>;
  /** What a single connection is proved to speak. @internal */
  readonly dialect?: 'unproven' | 'meta' | 'text' | undefined;
  /** Waits for all pending commands, then closes all connections. */
  close(): Promise<void>;
}

/** `executeWith` for an executor that has none. */
export function executeThenRead<Result>(
  executor: Executor,
  command: Command,
  call: Call,
  reader: Reader<Result>,
): Promise<Result> {
  const { options } = call;
  return executor.execute(command, options).then(
    (reply) => reader.ofReply(reply, call),
    (error) => {
      return refused(reader, error);
    },
  );
}

/** Fails with this error, or with a UsageError where the call itself breaks a rule. */
export async function refuse<Result>(
  command: Command,
  options: ExecuteOptions | undefined,
  error: unknown,
  reader: Reader<Result>,
): Promise<Result> {
  checkExecuteOptions(options);
  checkCommand(command);
  return await refused(reader, error);
}

/** The result of a call that has failed before it was pending. */
export async function refused<Result>(reader: Reader<Result>, error: unknown): Promise<Result> {
  if (reader.ofError === undefined) throw error;
  return await reader.ofError(error as Error);
}

/** The error of a call that was not answered in time. */
export function lateError(server: string, timeout: number, outcome: Outcome): TimeoutError {
  // Rounded, since it may be the rest of a longer time.
  const within = timeout < 10 ? Number(timeout.toPrecision(2)) : Math.round(timeout);
  // The stack of a timer is useless, and thousands of commands may time out at once.
  return withoutStack(() =>
    new TimeoutError(`no reply from ${server} within ${within} ms`, outcome)
  );
}

/** The error of a call after `close`. */
export function closedError(): ConnectionError {
  return new ConnectionError('the client is closed', 'not-sent', undefined, 'closed');
}

/** The message of an error with the system's code, which not every runtime puts into messages. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
