import type { ReplyLimits } from './decode-reply.ts';

export interface ClientConnectionOptions extends ReplyLimits {
  /** How many commands may be pending. */
  readonly maxPending: number;
  /**
   * How many bytes of memory the pending commands may hold, reckoned at 1 KiB each and their
   * values. A command that is larger than this is taken when it is alone.
   */
  readonly maxPendingBytes: number;
  /** After how many milliseconds without a byte, while replies are owed, the server is lost. */
  readonly stallAfter: number;
  /** The command that closes a run of quiet ones: `version` for servers without meta commands. */
  readonly fence: 'mn' | 'version';
  /** After how many quiet commands in a row a fence is sent unasked. */
  readonly fenceEvery: number;
}

export const clientConnectionOptions: Omit<ClientConnectionOptions, keyof ReplyLimits> = {
  maxPending: 16 * 1024,
  maxPendingBytes: 32 * 1024 * 1024,
  stallAfter: 2000,
  fence: 'mn',
  fenceEvery: 256,
};
