// The commands of a connection that have not ended, in the order in which they are sent.
import type { Command } from './command.ts';
import { hasValue } from './command-facts.ts';
import { assertInvariant } from './invariant.ts';
import type { PlainFlags } from './plain.ts';
import { verbs } from './verbs.ts';

/** How much may be pending. The connection holds its commands to it. */
export interface RingLimits {
  /**
   * How many commands may be pending on a connection. The default refuses no burst of calls.
   *
   * @default 262144
   */
  readonly maxPending: number;
  /**
   * How many bytes of memory the pending commands may hold, counted as 1 KiB each and their values.
   * A command that is larger than this is taken when no other is pending.
   *
   * @default 268435456
   */
  readonly maxPendingBytes: number;
}

/** What has become of a pending command. */
export type SlotState =
  /** Its sender waits for an event. */
  | 'live'
  /** A tombstone: its sender no longer waits, and its reply will be read and dropped. */
  | 'dropped'
  /** It was cancelled before it was sent; there will be no reply. */
  | 'void';

/** A pending command, from `send` to its event. Slots are reused. */
export interface Slot<Tag> {
  command: Command;
  tag: Tag | undefined;
  state: SlotState;
  /** When its sender stops waiting, in milliseconds; infinity for never. */
  deadline: number;
  /** The bytes of memory that are accounted for it. */
  size: number;
  /** The opaque that it was sent with, or -1. */
  opaque: number;
  /** Where its first byte stands among all that the connection sends. */
  offset: number;
  /** How many bytes were encoded for it, its fence excluded. */
  length: number;
  quiet: boolean;
  /** A fence was sent right after it, and the reply to that fence has not come. */
  fenced: boolean;
  /** How many replies had come when it was encoded. */
  answers: number;
  /** What is known of its flags if a plain reply may come, else null. */
  plain: PlainFlags | null;
  /** It asked for no reply, and is sent so that it gets one. */
  muted: boolean;
  /** It ends when the transport has its bytes, whatever the server replies. */
  untilSent: boolean;
  /** Its reply goes on for as long as the connection lives. */
  isEndless: boolean;
  /** The connection itself sent it, to learn what the server speaks. */
  isProbe: boolean;
}

/** Stands in a slot whose command is no longer needed, so that the command can be collected. */
export const NOTHING: Command = { verb: 'mn' };

/**
 * A queue with two cursors: `[head, cursor)` are in flight, `[cursor, tail)` are not encoded. The
 * three only grow, and `head <= cursor <= tail` after each public call of the connection.
 *
 * It also accounts for its slots: how many count as pending, their bytes, and the earliest of their
 * deadlines. `assertInvariants` counts all of it again.
 */
export class Ring<Tag> {
  head = 0;
  cursor = 0;
  tail = 0;
  /** The bytes of memory that are accounted for all slots. */
  bytes = 0;
  /** No live command is due before this time. */
  earliest: number = Infinity;
  /** Whether a command was ever to end when the transport has its bytes. */
  hasUntilSent = false;
  #slots: Slot<Tag>[] = [];
  // Slots that are no commands of the sender.
  #voids = 0;
  #probes = 0;
  // Those whose reply nobody waits for.
  #dropped = 0;
  // All bytes of every slot before this one were sent.
  #passed = 0;
  // The command that was found last.
  #found = 0;

  get length(): number {
    return this.tail - this.head;
  }

  /** How many commands are pending; neither void slots nor probes count. */
  get pending(): number {
    return this.tail - this.head - this.#voids - this.#probes;
  }

  /** How many of them somebody waits for, or are to be executed before the connection closes. */
  get live(): number {
    return this.pending - this.#dropped;
  }

  /** Whether it is half full with another command of this size. */
  isHalfFull(size: number, { maxPending, maxPendingBytes }: RingLimits): boolean {
    return this.pending * 2 >= maxPending || (this.bytes + size) * 2 >= maxPendingBytes;
  }

  /** Whether there is no room for another command of this size. An empty ring has room for any. */
  isFull(size: number, { maxPending, maxPendingBytes }: RingLimits): boolean {
    const { pending } = this;
    return pending >= maxPending || (this.bytes + size > maxPendingBytes && pending > 0);
  }

  at(index: number): Slot<Tag> {
    return this.#slots[index & (this.#slots.length - 1)]!;
  }

  /** Adds a command that is not encoded yet. */
  push(
    command: Command,
    tag: Tag | undefined,
    deadline: number,
    size: number,
    untilSent: boolean,
  ): Slot<Tag> {
    if (this.tail - this.head === this.#slots.length) this.#grow();
    const slot = this.at(this.tail++);
    slot.command = command;
    slot.tag = tag;
    slot.state = 'live';
    slot.deadline = deadline;
    slot.size = size;
    slot.opaque = -1;
    slot.fenced = false;
    slot.untilSent = untilSent;
    slot.muted = false;
    slot.isProbe = false;
    slot.plain = null;
    slot.quiet = false;
    slot.isEndless = false;
    this.bytes += size;
    if (deadline < this.earliest) this.earliest = deadline;
    if (untilSent) this.hasUntilSent = true;
    return slot;
  }

  /** Adds a probe. It is not counted as pending: probes are exempt from the limits. */
  pushProbe(command: Command): void {
    this.push(command, undefined, Infinity, 0, false).isProbe = true;
    this.#probes++;
  }

  /** Frees the first slot. */
  pop(): void {
    const slot = this.at(this.head++);
    if (slot.state === 'void') this.#voids--;
    if (slot.state === 'dropped') this.#dropped--;
    if (slot.isProbe) this.#probes--;
    this.bytes -= slot.size;
    slot.command = NOTHING;
    slot.tag = undefined;
  }

  /** Frees the void slots at the head. */
  skipVoid(): void {
    if (this.#voids === 0) return;
    while (this.head < this.tail && this.at(this.head).state === 'void') this.pop();
    if (this.cursor < this.head) this.cursor = this.head;
  }

  /** The index of the live command with a tag, or -1. */
  find(tag: Tag): number {
    // Those that are given up together come in their order: each mostly stands behind the last one.
    const start = Math.min(Math.max(this.#found, this.head), this.tail);
    const index = this.#findIn(start, this.tail, tag);
    return this.#found = index < 0 ? this.#findIn(this.head, start, tag) : index;
  }

  #findIn(from: number, to: number, tag: Tag): number {
    for (let i = from; i < to; i++) {
      const slot = this.at(i);
      if (slot.tag === tag && slot.state === 'live') return i;
    }
    return -1;
  }

  /** Gives up a live command: it becomes a tombstone if it was encoded, otherwise void. */
  drop(index: number): 'unsent' | 'in-flight' {
    const slot = this.at(index);
    if (index < this.cursor) {
      this.giveUp(slot);
      return 'in-flight';
    }
    slot.tag = undefined;
    slot.state = 'void';
    this.#voids++;
    slot.command = NOTHING;
    // It may stand within a run of quiet commands, and must not end the run.
    slot.quiet = true;
    this.bytes -= slot.size;
    slot.size = 0;
    return 'unsent';
  }

  /** The reply to a command that is in flight is read and dropped. */
  giveUp(slot: Slot<Tag>): void {
    slot.tag = undefined;
    if (slot.state !== 'dropped') this.#dropped++;
    slot.state = 'dropped';
  }

  /** Calls back for each live command whose deadline has passed, and finds the next deadline. */
  expire(now: number, timeOut: (index: number) => void): void {
    let earliest = Infinity;
    for (let i = this.head; i < this.tail; i++) {
      const slot = this.at(i);
      if (slot.state !== 'live') continue;
      if (slot.deadline <= now) timeOut(i);
      else if (slot.deadline < earliest) earliest = slot.deadline;
    }
    this.earliest = earliest;
  }

  /**
   * Takes the tags of the commands that end when they are sent, once all their bytes are.
   *
   * @param sent How many bytes the transport has taken, ever.
   */
  takeSent(sent: number): Tag[] {
    const tags: Tag[] = [];
    if (this.#passed < this.head) this.#passed = this.head;
    for (; this.#passed < this.cursor; this.#passed++) {
      const slot = this.at(this.#passed);
      if (slot.state === 'void') continue;
      if (slot.offset + slot.length > sent) break;
      if (!slot.untilSent || slot.state !== 'live' || slot.tag === undefined) continue;
      tags.push(slot.tag);
      slot.tag = undefined;
    }
    return tags;
  }

  /**
   * Frees all slots.
   *
   * @param sent How many bytes the transport has taken, ever.
   * @returns The tags of the live commands, by whether the transport had their first byte.
   */
  clear(sent: number): { readonly unsent: Tag[]; readonly unanswered: Tag[] } {
    const unsent: Tag[] = [];
    const unanswered: Tag[] = [];
    for (; this.head < this.tail; this.pop()) {
      const { state, tag, offset } = this.at(this.head);
      if (state !== 'live' || tag === undefined) continue;
      if (this.head < this.cursor && offset < sent) unanswered.push(tag);
      else unsent.push(tag);
    }
    this.cursor = this.tail;
    assertInvariant(this.bytes === 0 && this.pending === 0, 'an empty ring holds nothing');
    return { unsent, unanswered };
  }

  /** Counts the slots again and compares the result to the fields. */
  assertInvariants(): void {
    assertInvariant(this.head <= this.cursor && this.cursor <= this.tail, 'head <= cursor <= tail');
    assertInvariant(this.length <= this.#slots.length, 'each slot has a place of its own');
    let voids = 0;
    let dropped = 0;
    let probes = 0;
    let bytes = 0;
    let end = 0;
    for (let i = this.head; i < this.tail; i++) {
      const slot = this.at(i);
      if (slot.state === 'void') voids++;
      if (slot.state === 'dropped') dropped++;
      if (slot.isProbe) probes++;
      bytes += slot.size;
      if (slot.state === 'live') {
        assertInvariant(this.earliest <= slot.deadline, 'no deadline is before the earliest');
      }
      if (i >= this.cursor || slot.state === 'void') continue;
      assertInvariant(end <= slot.offset, 'what is in flight was encoded in order');
      end = slot.offset + slot.length;
    }
    assertInvariant(voids === this.#voids && probes === this.#probes, 'void slots and probes');
    assertInvariant(dropped === this.#dropped, 'commands that were given up');
    assertInvariant(bytes === this.bytes, 'accounted bytes');
  }

  #grow(): void {
    const size = Math.max(16, this.#slots.length * 2);
    const slots: Slot<Tag>[] = [];
    for (let i = 0; i < size; i++) slots.push(emptySlot());
    // Each old slot moves to the place that its index has in the larger array.
    for (let i = this.head; i < this.tail; i++) slots[i & (size - 1)] = this.at(i);
    this.#slots = slots;
  }
}

/** The bytes of memory that are accounted for a pending command without keys or a value. */
export const COMMAND_SIZE = 1024;

/**
 * The bytes of memory that are accounted for a pending command: 1 KiB for itself, its slot and its
 * sender's promise, and its keys or its value.
 */
export function sizeOf(command: Command): number {
  const size = COMMAND_SIZE;
  const { keys, data, login } = verbs[command.verb];
  if (keys === 'many' && 'keys' in command) return size + command.keys.length * 64;
  // Of the verbs without a data block only `raw` may carry a value.
  if (!data && (keys === 'one' || !hasValue(command))) return size;
  return !login && 'value' in command && command.value !== null
    ? size + command.value.length
    : size;
}

function emptySlot<Tag>(): Slot<Tag> {
  return {
    command: NOTHING,
    tag: undefined,
    state: 'live',
    deadline: Infinity,
    size: 0,
    opaque: -1,
    offset: 0,
    length: 0,
    quiet: false,
    fenced: false,
    answers: 0,
    plain: null,
    muted: false,
    untilSent: false,
    isEndless: false,
    isProbe: false,
  };
}
