// What a client's connection reports of its commands: events, and plain replies.
import type { MemcacheError, Outcome } from './errors.ts';
import type { PlainReply } from './plain.ts';
import type { ErrorReply, Reply, ReplyItem } from './reply.ts';

/** The outcomes of commands, in the order in which they happened. */
export type ClientEvent<Tag> =
  /** The command was answered. The bytes are those sent and received for it. */
  | {
    readonly type: 'reply';
    readonly tag: Tag;
    readonly reply: Reply;
    readonly bytesOut: number;
    readonly bytesIn: number;
  }
  /** A line of a dump or a watch arrived; more will follow. */
  | { readonly type: 'item'; readonly tag: Tag; readonly item: ReplyItem }
  /** The transport has all bytes of a quiet command that was sent with `until: 'sent'`. */
  | { readonly type: 'sent'; readonly tag: Tag }
  /** The command cannot be sent, or its dialect is not spoken; other commands are not affected. */
  | { readonly type: 'refused'; readonly tag: Tag; readonly error: MemcacheError }
  /**
   * The command's deadline passed. Its reply, should it come, is dropped. `silent`: the server ended
   * no reply at all since it was sent, or has not answered the probe that it waited for.
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
   * The last event, once. `unsent` never reached the transport; the fate of `unanswered` is not
   * known. `cause` is null after `end`, and after `quit`. `atProbe`: the server closed the
   * connection when the reply to the probe for meta commands was due.
   */
  | {
    readonly type: 'closed';
    readonly cause: Error | null;
    readonly unsent: readonly Tag[];
    readonly unanswered: readonly Tag[];
    readonly atProbe: boolean;
  };

/** Takes the plain replies of a connection; see `ClientConnection.next`. */
export interface PlainSink<Tag> {
  /**
   * @param reply It, and the chunk that holds its value, are good until this returns.
   * @param bytesOut The bytes that were sent for it.
   *
   * @internal
   */
  onPlain(tag: Tag, reply: PlainReply, bytesOut: number): void;
  /** Whether the items of its `get` are to come one by one, and not all of them in its reply. */
  takesItems(tag: Tag): boolean;
  /**
   * An item of a `get` came. Those that did not come so are in the reply.
   *
   * @param item It, and the chunk that holds its value, are good until this returns.
   * @param index Which of the keys it is of.
   */
  onPlainItem(tag: Tag, item: PlainReply, index: number): void;
}
