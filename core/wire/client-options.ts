import type { ReplyLimits } from './decode-reply.ts';

export interface ClientConnectionOptions extends ReplyLimits {
  /** What messages call the server; `the server` by default. */
  readonly serverName: string;
  /** How many commands may be pending; 262144 by default, so that no burst of calls is refused. */
  readonly maxPending: number;
  /**
   * How many bytes of memory the pending commands may hold, reckoned at 1 KiB each and their
   * values; 256 MiB by default. A command that is larger than this is taken when it is alone.
   */
  readonly maxPendingBytes: number;
  /**
   * After how many milliseconds without progress, while replies are owed, the server is lost; 2000 by
   * default. Bytes of a reply that was given up are no progress before it ends.
   */
  readonly stallAfter: number;
  /**
   * `auto`, the default, finds out what the server speaks before any data leaves; `meta` insists on
   * meta commands, and refuses a server without them; `text` insists on the classic ones.
   */
  readonly dialect: 'auto' | 'meta' | 'text';
  /**
   * With `auto`: the server closed the last connection at the probe for meta commands, as twemproxy
   * does, so only the classic one is sent. Off by default.
   */
  readonly closesAtProbe: boolean;
  /**
   * The command that closes a run of quiet ones. By default `mn` where the connection speaks meta,
   * else `get`, of a key that nobody stores: every server and proxy knows it.
   */
  readonly fence: 'mn' | 'version' | 'get' | undefined;
  /** After how many quiet commands in a row a fence is sent unasked; 256 by default. */
  readonly fenceEvery: number;
}

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
