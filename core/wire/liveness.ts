// Whether the server of a connection owes replies, and still makes progress towards them.
import { ConnectionError } from './errors.ts';
import type { QuietRun } from './quiet-run.ts';
import type { Ring } from './ring.ts';

/** When a server that owes replies has stalled. */
export interface LivenessOptions {
  /**
   * Milliseconds without progress, while replies are owed, after which the connection is given up.
   * Bytes of a reply that was given up are no progress before it ends.
   *
   * @default 2000
   */
  readonly stallAfter: number;
}

/**
 * Tells a slow server from a lost one. A server is lost when it owes a reply and has done nothing
 * towards it for `stallAfter` milliseconds.
 *
 * The connection writes the fields itself, as it does so several times for each command.
 */
export class Liveness<Tag> {
  /** The latest time that the connection was given, in milliseconds. */
  now = 0;
  /** When the server last did something towards the reply that is due. */
  progressAt = 0;
  /** How many replies have come, ever. */
  replies = 0;
  readonly stallAfter: number;
  readonly #ring: Ring<Tag>;
  readonly #run: QuietRun<Tag>;

  constructor(stallAfter: number, ring: Ring<Tag>, run: QuietRun<Tag>) {
    this.stallAfter = stallAfter;
    this.#ring = ring;
    this.#run = run;
  }

  /** Whether the server owes bytes. For a watch it owes none: it may be silent for ever. */
  owes(): boolean {
    const ring = this.#ring;
    if (ring.head === ring.cursor) return false;
    ring.skipVoid();
    if (ring.head === ring.cursor) return false;
    const slot = ring.at(ring.head);
    return slot.quiet ? this.#run.isOwed : !slot.isEndless;
  }

  /** When the server is lost unless it does something, in milliseconds; Infinity if it owes nothing. */
  get stallsAt(): number {
    return this.owes() ? this.progressAt + this.stallAfter : Infinity;
  }

  /** The error to close the connection with if the server is lost, otherwise null. */
  stall(): ConnectionError | null {
    const silence = this.now - this.progressAt;
    if (silence < this.stallAfter || !this.owes()) return null;
    const waited = `for ${Math.round(silence)} ms, while it owed some`;
    const why = `the server ended no reply ${waited}`;
    return new ConnectionError(why, 'unknown', undefined, 'stalled');
  }
}
