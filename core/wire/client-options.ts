import type { ReplyLimits } from './decode-reply.ts';

/** The options of a `ClientConnection`. */
export interface ClientConnectionOptions extends ReplyLimits {
  /**
   * What messages call the server.
   *
   * @default 'the server'
   */
  readonly serverName: string;
  /**
   * How many commands may be pending on a connection. The default refuses no burst of calls.
   *
   * @default 262144
   */
  readonly maxPending: number;
  /**
   * How many bytes of memory the pending commands may hold, reckoned at 1 KiB each and their values.
   * A command that is larger than this is taken when it is alone.
   *
   * @default 268435456
   */
  readonly maxPendingBytes: number;
  /**
   * Milliseconds without progress, while replies are owed, after which the connection is given up.
   * Bytes of a reply that was given up are no progress before it ends.
   *
   * @default 2000
   */
  readonly stallAfter: number;
  /**
   * `auto` finds out what the server speaks before any data leaves; `meta` insists on
   * meta commands, and refuses a server without them; `text` insists on the classic ones.
   *
   * @default 'auto'
   */
  readonly dialect: 'auto' | 'meta' | 'text';
  /**
   * With `auto`: the server closed the last connection at the probe for meta commands, as twemproxy
   * does, so only the classic one is sent.
   *
   * @default false
   */
  readonly closesAtProbe: boolean;
  /**
   * The command that closes a run of quiet ones. By default `mn` where the connection speaks meta,
   * else `get`, of a key that nobody stores: every server and proxy knows it.
   */
  readonly fence: 'mn' | 'version' | 'get' | undefined;
  /**
   * After how many quiet commands in a row a fence is sent unasked.
   *
   * @default 256
   */
  readonly fenceEvery: number;
}

/** The defaults of a `ClientConnection`. */
export const clientConnectionOptions: Omit<ClientConnectionOptions, keyof ReplyLimits> = {
  serverName: 'the server',
  maxPending: 256 * 1024,
  maxPendingBytes: 256 * 1024 * 1024,
  stallAfter: 2000,
  dialect: 'auto',
  closesAtProbe: false,
  fence: undefined,
  fenceEvery: 256,
};
