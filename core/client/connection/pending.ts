import type { Reply } from '../../wire/reply.ts';
import type { ExecuteOptions } from './executor.ts';
import type { Traffic } from './observe.ts';

/** Somebody who waits for a reply. */
export interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly options: ExecuteOptions | undefined;
  /** To be filled in for one who watches, or null. */
  readonly traffic: Traffic | null;
  /** Stops listening to the caller's signal. */
  unlisten: (() => void) | null;
}
