// The events that a bridge logs.
import type { Verb } from '../wire/verbs.ts';

/** The client at the other end of a socket, for policies and logs. */
export interface BridgeClient {
  /** The number of the socket, counted from 1 for each bridge. */
  readonly id: number;
  /** Its network address, as far as it is known: `192.0.2.7`. */
  readonly address: string;
  /** The origin of its page; null where it is none. */
  readonly origin: string | null;
  /** The name of its token; null if the bridge has no tokens. */
  readonly tenant: string | null;
}

/** An event for the log of a bridge. It never holds a key, a value or a token. */
export type BridgeEvent =
  /** An upgrade was refused, with this HTTP status. */
  | { readonly type: 'refused'; readonly address: string; readonly status: number; why: string }
  | { readonly type: 'opened'; readonly client: BridgeClient }
  /** A command was refused, and the socket is closed for it. */
  | { readonly type: 'denied'; readonly client: BridgeClient; readonly verb: Verb; why: string }
  /** The bridge's `policy` threw this error, and the command was refused. */
  | { readonly type: 'failed'; readonly client: BridgeClient; readonly error: unknown }
  /** The upstream failed or replied with an error; the page got a more general one. */
  | { readonly type: 'upstream'; readonly client: BridgeClient; readonly error: Error }
  | { readonly type: 'closed'; readonly client: BridgeClient; readonly why: string };
