// The options of the client's side of a connection.
import { standardCodec, type TextCodec } from './bytes.ts';
import type { ReplyLimits } from './decode-reply.ts';
import type { LivenessOptions } from './liveness.ts';
import type { ProofOptions } from './proof.ts';
import type { RingLimits } from './ring.ts';

/** The options of a `ClientConnection`. */
export interface ClientConnectionOptions
  extends ReplyLimits, RingLimits, ProofOptions, LivenessOptions {
  /**
   * After how many quiet commands in a row a fence is sent unasked.
   * @default 256
   */
  readonly fenceEvery: number;
  /**
   * How text becomes UTF-8 and back. Node, Deno and Bun have one that is faster than the standard's.
   *
   * @default that of the runtime
   */
  readonly textCodec: TextCodec;
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
  textCodec: standardCodec,
};
