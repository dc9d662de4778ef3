// Detects a server that no longer makes progress although replies are pending.
import { ConnectionError } from './errors.ts';
import type { Output } from './output.ts';
import type { QuietRun } from './quiet-run.ts';
import type { Ring } from './ring.ts';

/** When a server has stalled. */
export interface LivenessOptions {
  /**
   * Milliseconds without progress, while replies are pending, after which the connection is closed.
   * Bytes of a reply whose caller has given up are no progress before the reply ends. Where no reply
   * is pending, it is closed if bytes wait to leave, and none can for so long.
   *
   * @default 2000
   */
  readonly stallAfter: number;
}

/**
 * Distinguishes a slow server from a lost one. A server is lost when a reply is pending and no byte of
 * it has arrived for `stallAfter` milliseconds, or when it has taken none of the bytes that wait for
 * as long: quiet commands have no deadline, a value may have been refused before all of it was sent,
 * and closing would wait for either.
 *
 * The connection writes the fields itself, as it does so several times for each command.
 */
export class Liveness<Tag> {
  /** The latest time that the connection was given, in milliseconds. */
  now = 0;
  /** When the server last made progress with the reply that is due. */
  progressAt = 0;
  /** The number of replies that have come, ever. */
  replies = 0;
  readonly stallAfter: number;
  readonly #ring: Ring<Tag>;
  readonly #run: QuietRun<Tag>;
  readonly #output: Output;

  constructor(stallAfter: number, ring: Ring<Tag>, run: QuietRun<Tag>, output: Output) {
    this.stallAfter = stallAfter;
    this.#ring = ring;
    this.#run = run;
    this.#output = output;
  }

  /** Bytes have left, and others have to wait: progress, where no reply is pending. */
  left(): void {
    if (this.#output.isBlocked && !this.owes()) this.progressAt = this.now;
  }

  /** Whether a reply is pending. An open watch does not count: it may be silent for ever. */
  owes(): boolean {
    const ring = this.#ring;
    if (ring.head === ring.cursor) return false;
    ring.skipVoid();
    if (ring.head === ring.cursor) return false;
    const slot = ring.at(ring.head);
    return slot.quiet ? this.#run.isOwed : !slot.isEndless;
  }

  /** Whether the byte at `offset` has left, and the server has not ended another reply since. */
  isSilentSince(offset: number, replies: number): boolean {
    return offset < this.#output.taken && this.replies === replies;
  }

  /** When the server is lost unless it does something, in milliseconds; Infinity if it need not. */
  get stallsAt(): number {
    return this.owes() || this.#output.isBlocked ? this.progressAt + this.stallAfter : Infinity;
  }

  /** The error to close the connection with if the server is lost, otherwise null. */
  stall(): ConnectionError | null {
    // The same sum as its deadline: rounded otherwise, a timer that fires then would find that it is
    // too early, for ever where the clock is a virtual one.
    if (this.now < this.stallsAt) return null;
    const waited = `for ${Math.round(this.now - this.progressAt)} ms`;
    const why = this.owes()
      ? `the server ended no reply ${waited}, while it owed some`
      : `the server took no bytes ${waited}`;
    return new ConnectionError(why, 'unknown', undefined, 'stalled');
  }
}
