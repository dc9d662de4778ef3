import type { MemcacheError, Outcome } from './errors.ts';
import type { ErrorReply, Reply, ReplyItem } from './reply.ts';

/** What became of commands, in the order in which it happened. */
export type ClientEvent<Tag> =
  /** The command was answered. The bytes are those that were sent for it, and came for it. */
  | {
    readonly type: 'reply';
    readonly tag: Tag;
    readonly reply: Reply;
    readonly bytesOut: number;
    readonly bytesIn: number;
  }
  /** A line of a dump or a watch arrived; more will follow. */
  | { readonly type: 'item'; readonly tag: Tag; readonly item: ReplyItem }
  /** The transport has all of a quiet command that was to be awaited that long. */
  | { readonly type: 'sent'; readonly tag: Tag }
  /** The command cannot be sent, or was refused as its dialect is not spoken; neighbours go on. */
  | { readonly type: 'refused'; readonly tag: Tag; readonly error: MemcacheError }
  /**
   * The command's deadline passed. Its reply, should it come, is dropped. `silent`: the server ended
   * no reply at all since it was sent.
   */
  | {
    readonly type: 'timeout';
    readonly tag: Tag;
    readonly outcome: Outcome;
    readonly silent: boolean;
  }
  /** The server reported an error among quiet commands, and does not say for which. */
  | { readonly type: 'quiet-error'; readonly reply: ErrorReply }
  /**
   * The connection is over: last event, once. `unsent` never reached the transport; of
   * `unanswered` nobody knows what became. `cause` is null after `end`, and after `quit`. `atProbe`:
   * it ended with the probe for meta commands as the next to be answered.
   */
  | {
    readonly type: 'closed';
    readonly cause: Error | null;
    readonly unsent: readonly Tag[];
    readonly unanswered: readonly Tag[];
    readonly atProbe: boolean;
  };
