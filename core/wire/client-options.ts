import type { ReplyLimits } from './decode-reply.ts';

export interface ClientConnectionOptions extends ReplyLimits {
  /** What messages call the server; `the server` by default. */
  readonly serverName: string;
  /** How many commands may be pending. */
  readonly maxPending: number;
  /**
   * How many bytes of memory the pending commands may hold, reckoned at 1 KiB each and their
   * values. A command that is larger than this is taken when it is alone.
   */
  readonly maxPendingBytes: number;
  /** After how many milliseconds without a byte, while replies are owed, the server is lost. */
  readonly stallAfter: number;
  /**
   * `auto` finds out what the server speaks before any data leaves; `meta` insists on it, and
   * refuses a server without it; `text` insists on the classic commands.
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
  /** After how many quiet commands in a row a fence is sent unasked. */
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
