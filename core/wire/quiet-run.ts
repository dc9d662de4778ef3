// Runs of quiet commands on a client's connection, and the fences that close them.
import { ProtocolError } from './errors.ts';
import { isFatal } from './command-facts.ts';
import { assertInvariant } from './invariant.ts';
import { type ErrorReply, isError, type Reply, SILENT } from './reply.ts';
import type { Ring, Slot } from './ring.ts';
import { verbs } from './verbs.ts';

/** The effects of a run of quiet commands on its connection. */
export interface QuietRunHost<Tag> {
  /** Ends a command with a reply. */
  answer(slot: Slot<Tag>, reply: Reply, bytesIn: number): void;
  /** Reports an error that any command of the run can have caused. */
  tell(error: ErrorReply): void;
  /** Frees the first slot. */
  pop(): void;
}

/** A reply as it was read. */
export interface QuietReply {
  readonly reply: Reply;
  /** Its opaque, or -1. */
  readonly opaque: number;
  readonly bytesIn: number;
}

/**
 * The quiet commands that follow one another on a connection, and the fences between them.
 *
 * A quiet command may have no reply. So a run of them is closed by a fence, a command that always
 * has one: commands that had no reply before the fence's were silent. A reply with an opaque belongs
 * to its command; an error belongs to a command only if no other can have caused it.
 */
export class QuietRun<Tag> {
  /** Whether the end of the run is awaited: then a fence follows its last command. */
  isAwaited = false;
  /** Whether quiet commands were sent that no fence follows. */
  isOpen = false;
  readonly #ring: Ring<Tag>;
  readonly #host: QuietRunHost<Tag>;
  // The last quiet command sent, while no fence follows it.
  #unfenced: Slot<Tag> | null = null;
  #length = 0;
  #fences = 0;
  // Errors of the run at the head that cannot be attributed to one command.
  #errors: ErrorReply[] = [];

  constructor(ring: Ring<Tag>, host: QuietRunHost<Tag>) {
    this.#ring = ring;
    this.#host = host;
  }

  /** Whether the reply to a fence is pending. */
  get isOwed(): boolean {
    return this.#fences > 0;
  }

  /** A quiet command was encoded; returns the length of the open run. */
  add(slot: Slot<Tag>): number {
    this.#unfenced = slot;
    this.isOpen = true;
    if (slot.tag !== undefined && !slot.untilSent) this.isAwaited = true;
    return ++this.#length;
  }

  /** A fence was encoded. */
  close(): void {
    if (this.#unfenced === null) return;
    this.#unfenced.fenced = true;
    this.#fences++;
    this.#reset();
  }

  /** A slot is freed. If it was the last of an open run, the run needs no fence any more. */
  leave(slot: Slot<Tag>): void {
    if (slot === this.#unfenced) this.#reset();
  }

  /**
   * Takes a reply that came while a run is at the head.
   *
   * @param fence The type of the reply to a fence.
   * @returns An error after which the next line may not be the next reply, or null.
   * @throws ProtocolError
   */
  take({ reply, opaque, bytesIn }: QuietReply, fence: Reply['type']): ErrorReply | null {
    const end = this.#end();
    if (isError(reply)) return this.#takeError(reply, bytesIn, end);
    if (reply.type === 'MN' || reply.type === 'VERSION' || reply.type === 'values') {
      if (reply.type !== fence || !this.#ring.at(end - 1).fenced) {
        throw new ProtocolError(`${reply.type} came where no fence was`);
      }
      this.#fences--;
      this.#release(end);
      return null;
    }
    let i = this.#ring.head;
    while (i < end && this.#ring.at(i).opaque !== opaque) i++;
    if (i === end || opaque < 0) {
      throw new ProtocolError('a reply carries an opaque that was not sent');
    }
    this.#release(i);
    const slot = this.#ring.at(i);
    this.#host.answer(slot, reply, bytesIn);
    this.#settle(slot);
    return null;
  }

  /** Counts the fences again. */
  assertInvariants(): void {
    const ring = this.#ring;
    let fences = 0;
    let unfenced = 0;
    for (let i = ring.head; i < ring.cursor; i++) {
      const slot = ring.at(i);
      if (slot.quiet && slot.fenced) fences++;
      if (slot === this.#unfenced) unfenced++;
    }
    assertInvariant(fences === this.#fences, 'fences in flight');
    assertInvariant(unfenced === (this.isOpen ? 1 : 0), 'an open run is in flight');
    assertInvariant(this.isOpen === this.#length > 0, 'the length of an open run');
  }

  #reset(): void {
    this.#unfenced = null;
    this.isOpen = false;
    this.#length = 0;
    this.isAwaited = false;
  }

  // Where the run at the head ends: after the first command that a fence follows.
  #end(): number {
    const ring = this.#ring;
    let i = ring.head;
    while (i < ring.cursor && ring.at(i).quiet) if (ring.at(i++).fenced) break;
    return i;
  }

  #takeError(reply: ErrorReply, bytesIn: number, end: number): ErrorReply | null {
    const ring = this.#ring;
    let candidates = 0;
    // If it is the only one, it is the first: the connection has passed over what is void there.
    const only = ring.at(ring.head);
    let data = false;
    let clientErrorKeepsConnection = false;
    for (let i = ring.head; i < end; i++) {
      const slot = ring.at(i);
      if (slot.state === 'void') continue;
      const row = verbs[slot.command.verb];
      candidates++;
      data ||= row.data;
      clientErrorKeepsConnection ||= row.clientErrorKeepsConnection;
    }
    if (candidates === 1) {
      // No caller waits for its reply, although it may come before all of the command has left.
      if (only.tag === undefined || only.untilSent) {
        this.#host.tell(reply);
        this.#host.answer(only, SILENT, bytesIn);
      } else this.#host.answer(only, reply, bytesIn);
      this.#settle(only);
    } else {
      this.#host.tell(reply);
      this.#errors.push(reply);
    }
    // It cannot be attributed: a command with a data block may have caused it.
    return isFatal(reply, clientErrorKeepsConnection && !data) ? reply : null;
  }

  // A quiet command at the head has its reply. If a fence follows it, the fence's reply is still due.
  #settle(slot: Slot<Tag>): void {
    if (slot.fenced) {
      this.#ring.giveUp(slot);
      slot.opaque = -1;
    } else this.#host.pop();
  }

  // The quiet commands before `end` had no reply.
  #release(end: number): void {
    const errors = this.#errors;
    this.#errors = [];
    while (this.#ring.head < end) {
      const slot = this.#ring.at(this.#ring.head);
      if (slot.state !== 'void') this.#host.answer(slot, { type: 'silent', errors }, 0);
      this.#host.pop();
    }
  }
}
