import type { AbortSignal } from '../transport.ts';
import type { Command } from '../wire/command.ts';
import type { Reply, ReplyItem } from '../wire/reply.ts';

export interface ExecuteOptions {
  /** Milliseconds until the wait is given up; the client's `timeout` by default. */
  readonly timeout?: number;
  /** Gives the wait up when it is aborted. */
  readonly signal?: AbortSignal;
  /** Do not wait for a quiet command: the promise resolves when it is on its way. */
  readonly unconfirmed?: boolean;
  /** Takes each line of a dump or a watch as it arrives. */
  readonly onItem?: (item: ReplyItem) => void;
}

/**
 * The narrow waist of the client: a command goes in, its reply comes out. Links, upstreams, pools,
 * rings, retries and fallbacks are all executors.
 */
export interface Executor {
  /**
   * Does a command.
   *
   * @returns Its reply, which is never an error line: those reject.
   * @throws UsageError, ServerReplyError, ProtocolError, ConnectionError, TimeoutError, AuthError,
   * AbortError; each with a true `outcome`.
   */
  execute(command: Command, options?: ExecuteOptions): Promise<Reply>;
  /** Waits for what is pending, then lets go of all connections. */
  close(): Promise<void>;
}
