import type { Command } from './command.ts';
import { valueOf } from './command-facts.ts';
import { verbs } from './verbs.ts';

/** What has become of a pending command. */
export type SlotState =
  /** Its sender waits for an event. */
  | 'live'
  /** Nobody waits any more, its reply will be read and dropped: a tombstone. */
  | 'dropped'
  /** It was taken back before it was sent; there will be no reply. */
  | 'void';

/** A command on its way, from `send` to its event. Slots are used again and again. */
export interface Slot<Tag> {
  command: Command;
  tag: Tag | undefined;
  state: SlotState;
  /** When its sender stops waiting, in milliseconds; infinity for never. */
  deadline: number;
  /** The bytes it is reckoned to hold in memory. */
  size: number;
  /** The opaque it was stamped with, or -1. */
  opaque: number;
  /** Where its first byte stands among all that the connection sends. */
  offset: number;
  /** How many bytes it came to, without its fence. */
  length: number;
  quiet: boolean;
  /** A fence was sent right after it; the fence's reply has not come. */
  fenced: boolean;
  /** How many replies had come when it was encoded. */
  answers: number;
  /** It asked for no reply, and is sent so that it gets one. */
  muted: boolean;
  /** Its sender waits until the transport has it, and not for a reply. */
  untilSent: boolean;
}

/** Stands where a command was that nobody needs any more. */
export const NOTHING: Command = { verb: 'mn' };

/**
 * Pending commands in the order in which they are sent, with two cursors: `[head, cursor)` are in
 * flight, `[cursor, tail)` are not sent. The cursors only grow.
 */
export class Ring<Tag> {
  head = 0;
  cursor = 0;
  tail = 0;
  /** How many of the slots are void. */
  voids = 0;
  #slots: Slot<Tag>[] = [];
  #passed = 0;

  get length(): number {
    return this.tail - this.head;
  }

  at(index: number): Slot<Tag> {
    return this.#slots[index & (this.#slots.length - 1)]!;
  }

  /**
   * Calls back, once, for each slot all of whose bytes are among the first `sent` ones.
   *
   * @param sent How many bytes the transport has taken, ever.
   */
  pass(sent: number, take: (slot: Slot<Tag>) => void): void {
    if (this.#passed < this.head) this.#passed = this.head;
    for (; this.#passed < this.cursor; this.#passed++) {
      const slot = this.at(this.#passed);
      if (slot.state === 'void') continue;
      if (slot.offset + slot.length > sent) return;
      take(slot);
    }
  }

  /** Adds a command that is not sent. */
  push(command: Command, tag: Tag | undefined, deadline: number, size: number): Slot<Tag> {
    if (this.length === this.#slots.length) this.#grow();
    const slot = this.at(this.tail++);
    slot.command = command;
    slot.tag = tag;
    slot.state = 'live';
    slot.deadline = deadline;
    slot.size = size;
    slot.opaque = -1;
    slot.fenced = false;
    slot.untilSent = false;
    slot.muted = false;
    return slot;
  }

  /** Frees the first slot. */
  pop(): void {
    const slot = this.at(this.head++);
    if (slot.state === 'void') this.voids--;
    slot.command = NOTHING;
    slot.tag = undefined;
  }

  #grow(): void {
    const size = Math.max(16, this.#slots.length * 2);
    const slots: Slot<Tag>[] = [];
    for (let i = 0; i < size; i++) slots.push(emptySlot());
    // The old slots take the places that their indexes have in the larger array.
    for (let i = this.head; i < this.tail; i++) slots[i & (size - 1)] = this.at(i);
    this.#slots = slots;
  }
}

/**
 * The bytes that a pending command is reckoned to hold in memory: itself, its slot, its sender's
 * promise, and what it points to.
 */
export function sizeOf(command: Command): number {
  const size = 1024;
  if (verbs[command.verb].keys === 'many' && 'keys' in command) {
    return size + command.keys.length * 64;
  }
  return size + (valueOf(command)?.length ?? 0);
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
    untilSent: false,
    muted: false,
  };
}
