import { checkCommand } from './check-command.ts';
import type { Command } from './command.ts';
import type { ClientEvent } from './client-event.ts';
import { type ClientConnectionOptions, clientConnectionOptions } from './client-options.ts';
import { ReplyDecoder, type ReplyLimits } from './decode-reply.ts';
import { putCommand } from './encode-command.ts';
import { ConnectionError, ProtocolError } from './errors.ts';
import { isMeta } from './meta-flags.ts';
import { withDefaults } from './options.ts';
import { Output } from './output.ts';
import { isFatal, isQuiet, replyShape } from './quiet.ts';
import { CLOSED, type ErrorReply, isError, isItem, type Reply } from './reply.ts';
import { NOTHING, Ring, sizeOf, type Slot } from './ring.ts';
import { verbs } from './verbs.ts';

/** Commands are encoded until this many bytes wait, so that what is not sent can be cancelled. */
const ENCODE_AHEAD = 64 * 1024;

/** Opaques count up to this and start again; only their neighbours need to differ. */
const MAX_OPAQUE_NUMBER = 1_000_000;
const UNASKED = 'the server began a line that nobody asked for';

/**
 * The client's side of a connection: commands in, bytes out; bytes in, events out. Pure: it does
 * no I/O and reads no clock, `now` is milliseconds on any clock that does not go back.
 *
 * Queue commands with `send`, hand the transport what `transmit` has and tell `sent` how much it
 * took, give what arrives to `receive`, then take events until `next` is null. Call `tick` no later
 * than `deadline` says. Each command that was sent with a tag ends in exactly one event.
 */
export class ClientConnection<Tag> {
  readonly #options: Omit<ClientConnectionOptions, keyof ReplyLimits>;
  readonly #ring: Ring<Tag> = new Ring();
  readonly #output: Output = new Output();
  readonly #decoder: ReplyDecoder;
  #events: ClientEvent<Tag>[] = [];
  #pendingBytes = 0;
  #earliest = Infinity;
  #heard = 0;
  #opaque = 0;
  // All bytes the transport has taken, ever.
  #sent = 0;
  // The last quiet command sent, while no fence follows it.
  #unfenced: Slot<Tag> | null = null;
  #run = 0;
  #runAwaited = false;
  #fences = 0;
  #alone = false;
  // Errors of the run of quiet commands at the head that nobody can be told apart for.
  #errors: ErrorReply[] = [];
  #state: 'open' | 'ending' | 'closed' = 'open';
  // The peer is gone; what it said before is still to be read.
  #over: { readonly cause: Error } | null = null;

  constructor(options: Partial<ClientConnectionOptions> = {}) {
    this.#decoder = new ReplyDecoder(options);
    this.#options = withDefaults(clientConnectionOptions, options);
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#ring.length;
  }

  /**
   * Queues a command. Nothing is encoded yet: it, and its bytes, must not change until it has ended.
   *
   * @param tag Comes back with the command's event. A quiet command without a tag is not awaited.
   * @param deadline When to stop waiting for it.
   * @throws UsageError when the command is not well formed; ConnectionError, with the outcome
   * `not-sent`, when the connection is closed or has too much pending (code `overloaded`).
   */
  send(command: Command, tag?: Tag, deadline: number = Infinity): void {
    checkCommand(command);
    if (this.#state !== 'open' || this.#over !== null) {
      throw new ConnectionError('the connection is closed', 'not-sent');
    }
    const size = sizeOf(command);
    const { maxPending, maxPendingBytes } = this.#options;
    const bytes = this.#pendingBytes + size;
    const { length } = this.#ring;
    // Quiet commands leave room only at their fence: one is due before there is none.
    if (length * 2 >= maxPending || bytes * 2 >= maxPendingBytes) this.#runAwaited = true;
    if (length >= maxPending || (bytes > maxPendingBytes && length > 0)) {
      const full = `${length} commands of ${this.#pendingBytes} bytes are pending already`;
      throw new ConnectionError(full, 'not-sent', undefined, 'overloaded');
    }
    this.#ring.push(command, tag, deadline, size);
    this.#pendingBytes = bytes;
    if (deadline < this.#earliest) this.#earliest = deadline;
  }

  /**
   * Queues a request that nobody waits for, however much is pending: bytes for a server that does
   * not read on until more arrive.
   */
  nudge(): void {
    if (this.#state === 'closed' || this.#over !== null) return;
    this.#ring.push({ verb: this.#options.fence }, undefined, Infinity, 0);
  }

  /**
   * Stops waiting for a command: there will be no event for it. `unsent`: it is gone. `in-flight`:
   * its bytes have left, its reply will be dropped. `settled`: it has ended before.
   */
  cancel(tag: Tag): 'unsent' | 'in-flight' | 'settled' {
    const ring = this.#ring;
    for (let i = ring.head; i < ring.tail; i++) {
      const slot = ring.at(i);
      if (slot.tag === tag && slot.state === 'live') return this.#drop(slot, i);
    }
    return 'settled';
  }

  /** The next bytes for the transport, or null. Encodes what fits. */
  transmit(now: number): Uint8Array | null {
    if (this.#state === 'closed' || this.#over !== null) return null;
    try {
      this.#encode(now);
      return this.#output.peek();
    } catch (error) {
      // A command, or a value, was changed after it was handed over. Nothing of the change was
      // sent, and nothing can follow what was.
      this.#close(error as Error);
      return null;
    }
  }

  /** The transport took `count` of the bytes that `transmit` gave. */
  sent(count: number): void {
    this.#output.consume(count);
    this.#sent += count;
  }

  /** Takes bytes that arrived. They must not be written to from now on. */
  receive(chunk: Uint8Array, now: number): void {
    this.#heard = now;
    if (this.#state !== 'closed') this.#decoder.push(chunk);
  }

  /** The server will send no more. */
  receiveEnd(): void {
    this.fail(new ConnectionError('the server closed the connection', 'unknown'));
  }

  /** The connection failed, or could not be made. What arrived before is still read. */
  fail(cause: Error): void {
    this.#over ??= { cause };
  }

  /** Takes no more commands, and closes once those that are pending have ended. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ending';
  }

  /** The next event, or null. */
  next(): ClientEvent<Tag> | null {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (this.#state === 'closed') return null;
      try {
        const read = this.#read();
        if (read === false) return null;
        if (read !== true) return read;
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#close(error);
      }
    }
  }

  /** When `tick` must be called next, or null while there is nothing to wait for. */
  deadline(): number | null {
    if (this.#state === 'closed') return null;
    const stall = this.#owes() ? this.#heard + this.#options.stallAfter : Infinity;
    const earliest = Math.min(this.#earliest, stall);
    return earliest === Infinity ? null : earliest;
  }

  /** Ends the waits whose deadline has passed, and the connection if the server has stalled. */
  tick(now: number): void {
    if (this.#state === 'closed') return;
    if (now >= this.#earliest) this.#expire(now);
    if (this.#owes() && now - this.#heard >= this.#options.stallAfter) {
      const silence = `the server was silent for ${now - this.#heard} ms while it owed replies`;
      this.#close(new ConnectionError(silence, 'unknown', undefined, 'stalled'));
    }
  }

  #encode(now: number): void {
    const ring = this.#ring;
    while (ring.cursor < ring.tail && this.#output.length < ENCODE_AHEAD) {
      const slot = ring.at(ring.cursor);
      if (slot.deadline <= now && slot.state === 'live') this.#timeOut(slot, ring.cursor);
      if (slot.state === 'void') {
        ring.cursor++;
        continue;
      }
      if (this.#alone) return;
      slot.quiet = isQuiet(slot.command);
      if (!this.#owes()) this.#heard = now;
      if (!slot.quiet && this.#unfenced !== null) this.#fence();
      if (verbs[slot.command.verb].alone) {
        if (ring.head < ring.cursor) return;
        this.#alone = true;
      }
      // What has begun to arrive would be taken for the answer to this.
      if (ring.head === ring.cursor && this.#decoder.pending) throw new ProtocolError(UNASKED);
      this.#encodeSlot(slot);
      ring.cursor++;
    }
    if (ring.cursor < ring.tail || this.#unfenced === null) return;
    if (!this.#runAwaited && this.#state !== 'ending') return;
    if (!this.#owes()) this.#heard = now;
    this.#fence();
  }

  #encodeSlot(slot: Slot<Tag>): void {
    const { verb } = slot.command;
    slot.offset = this.#sent + this.#output.length;
    if (verb === 'mg' || verb === 'ms' || verb === 'md' || verb === 'ma') {
      this.#opaque = (this.#opaque + 1) % MAX_OPAQUE_NUMBER;
      slot.opaque = this.#opaque;
    }
    putCommand(this.#output, slot.command, slot.opaque);
    slot.length = this.#sent + this.#output.length - slot.offset;
    if (!slot.quiet) return;
    this.#unfenced = slot;
    if (slot.tag !== undefined) this.#runAwaited = true;
    if (++this.#run >= this.#options.fenceEvery) this.#fence();
  }

  // A command whose reply shows that all the quiet ones before it are done with.
  #fence(): void {
    if (this.#unfenced === null) return;
    this.#output.appendLine(this.#options.fence);
    this.#unfenced.fenced = true;
    this.#unfenced = null;
    this.#run = 0;
    this.#runAwaited = false;
    this.#fences++;
  }

  // Reads one reply, or what else has arrived, and gives the event that comes of it; true when it is
  // among those that wait, false when there is none until more arrives.
  #read(): ClientEvent<Tag> | boolean {
    const ring = this.#ring;
    this.#skipVoid();
    if (ring.head === ring.cursor) return this.#readIdle();
    const slot = ring.at(ring.head);
    const reply = this.#decoder.next(slot.quiet ? null : slot.command);
    if (reply === null) return this.#readOver();
    if (isItem(reply)) {
      return slot.tag === undefined ? true : { type: 'item', tag: slot.tag, item: reply };
    }
    const bytesIn = this.#decoder.account();
    if (slot.quiet) {
      this.#readQuiet(reply, bytesIn);
      return true;
    }
    const event = this.#answer(slot, this.#checkOpaque(slot, reply), bytesIn);
    const fatal = isError(reply) && isFatal(reply, verbs[slot.command.verb].judgesValue);
    this.#pop();
    if (fatal) this.#closeAfter(reply);
    return event ?? true;
  }

  // Nothing is in flight, so nothing may arrive.
  #readIdle(): boolean {
    if (this.#decoder.pending) {
      const error = this.#decoder.unasked();
      if (error !== null) {
        const words = errorLine(error);
        this.fail(new ConnectionError(`the server closed the connection: ${words}`, 'unknown'));
      }
    }
    const ended = this.#state === 'ending' && this.#ring.length === 0 && this.#output.length === 0;
    if (this.#over === null && !ended) return false;
    this.#close(this.#over?.cause ?? null);
    return true;
  }

  // All that arrived is read and more is needed; if no more will come, the connection is over.
  #readOver(): boolean {
    const slot = this.#ring.at(this.#ring.head);
    // A watch has no end of its own to wait for.
    const endless = this.#state === 'ending' && slot.command.verb === 'watch';
    if (this.#over === null && !endless) return false;
    let cause = this.#over?.cause ?? null;
    const asked = slot.offset < this.#sent && replyShape(slot.command) === 'closed';
    if (asked && !this.#decoder.pending) {
      this.#push(this.#answer(slot, CLOSED));
      this.#pop();
      cause = null;
    }
    this.#close(cause);
    return true;
  }

  // A reply to one of the run of quiet commands at the head.
  #readQuiet(reply: Reply, bytesIn: number): void {
    const { head } = this.#ring;
    const end = this.#runEnd();
    if (isError(reply)) {
      this.#quietError(reply, bytesIn, end);
    } else if (reply.type === 'MN' || reply.type === 'VERSION') {
      const fence = reply.type === 'MN' ? 'mn' : 'version';
      if (fence !== this.#options.fence || !this.#ring.at(end - 1).fenced) {
        throw new ProtocolError(`${reply.type} came where no fence was`);
      }
      this.#fences--;
      this.#release(end);
    } else {
      const { opaque } = this.#decoder;
      let i = head;
      while (i < end && this.#ring.at(i).opaque !== opaque) i++;
      if (i === end || opaque < 0) {
        throw new ProtocolError('a reply carries an opaque that was not sent');
      }
      this.#release(i);
      const slot = this.#ring.at(i);
      this.#push(this.#answer(slot, this.#checkOpaque(slot, reply), bytesIn));
      this.#settleQuiet(slot);
    }
  }

  // Where the run at the head ends: after the first command that a fence follows.
  #runEnd(): number {
    const ring = this.#ring;
    let i = ring.head;
    while (i < ring.cursor && ring.at(i).quiet) if (ring.at(i++).fenced) break;
    return i;
  }

  #quietError(reply: ErrorReply, bytesIn: number, end: number): void {
    const ring = this.#ring;
    let candidates = 0;
    let only = ring.at(ring.head);
    let data = false;
    let judgesValue = false;
    for (let i = ring.head; i < end; i++) {
      const slot = ring.at(i);
      if (slot.state === 'void') continue;
      const row = verbs[slot.command.verb];
      candidates++;
      only = slot;
      data ||= row.data;
      judgesValue ||= row.judgesValue;
    }
    const isOnly = candidates === 1;
    const event = isOnly ? this.#answer(only, reply, bytesIn) : null;
    this.#push(event ?? { type: 'quiet-error', reply });
    if (isOnly) this.#settleQuiet(only);
    else this.#errors.push(reply);
    // Whose it is cannot be known: a command with a data block may have earned it.
    if (isFatal(reply, judgesValue && !data)) this.#closeAfter(reply);
  }

  // A quiet command at the head has its reply. If a fence follows it, the fence's is still to come.
  #settleQuiet(slot: Slot<Tag>): void {
    if (slot.fenced) {
      slot.state = 'dropped';
      slot.tag = undefined;
      slot.opaque = -1;
    } else this.#pop();
  }

  // The quiet commands before `end` were passed over in silence.
  #release(end: number): void {
    const errors = this.#errors;
    this.#errors = [];
    while (this.#ring.head < end) {
      const slot = this.#ring.at(this.#ring.head);
      if (slot.state !== 'void') this.#push(this.#answer(slot, { type: 'silent', errors }));
      this.#pop();
    }
  }

  #answer(
    { tag, length: bytesOut }: Slot<Tag>,
    reply: Reply,
    bytesIn = 0,
  ): ClientEvent<Tag> | null {
    return tag === undefined ? null : { type: 'reply', tag, reply, bytesOut, bytesIn };
  }

  #push(event: ClientEvent<Tag> | null): void {
    if (event !== null) this.#events.push(event);
  }

  // A meta reply must carry the opaque its command was stamped with; then the sender's own goes
  // back in its place.
  #checkOpaque(slot: Slot<Tag>, reply: Reply): Reply {
    if (slot.opaque < 0 || !isMeta(reply)) return reply;
    if (this.#decoder.opaque !== slot.opaque) {
      throw new ProtocolError('a reply carries the opaque of another command');
    }
    if (!('flags' in slot.command)) return reply;
    const own = (slot.command.flags as readonly string[]).find((flag) => flag[0] === 'O');
    if (own === undefined) return reply;
    return { ...reply, flags: reply.flags.toSpliced(this.#decoder.opaqueIndex, 0, own) };
  }

  #skipVoid(): void {
    const ring = this.#ring;
    while (ring.length > 0 && ring.at(ring.head).state === 'void') ring.pop();
    if (ring.cursor < ring.head) ring.cursor = ring.head;
  }

  #pop(): void {
    const slot = this.#ring.at(this.#ring.head);
    this.#pendingBytes -= slot.size;
    if (slot === this.#unfenced) {
      // The server has answered the last quiet command: no fence is needed to know the rest.
      this.#unfenced = null;
      this.#run = 0;
      this.#runAwaited = false;
    }
    this.#alone = false;
    this.#ring.pop();
  }

  // Whether the server owes bytes. A watch owes nothing: it may be silent for ever.
  #owes(): boolean {
    this.#skipVoid();
    const { head, cursor } = this.#ring;
    if (head === cursor) return false;
    const slot = this.#ring.at(head);
    return slot.quiet ? this.#fences > 0 : slot.command.verb !== 'watch';
  }

  #expire(now: number): void {
    const ring = this.#ring;
    let earliest = Infinity;
    for (let i = ring.head; i < ring.tail; i++) {
      const slot = ring.at(i);
      if (slot.state !== 'live') continue;
      if (slot.deadline <= now) this.#timeOut(slot, i);
      else if (slot.deadline < earliest) earliest = slot.deadline;
    }
    this.#earliest = earliest;
  }

  #timeOut(slot: Slot<Tag>, index: number): void {
    const { tag } = slot;
    const outcome = this.#drop(slot, index) === 'unsent' ? 'not-sent' : 'unknown';
    if (tag !== undefined) this.#events.push({ type: 'timeout', tag, outcome });
  }

  #drop(slot: Slot<Tag>, index: number): 'unsent' | 'in-flight' {
    slot.tag = undefined;
    if (index < this.#ring.cursor) {
      slot.state = 'dropped';
      // The only way to stop a watch.
      if (slot.command.verb === 'watch') this.fail(new ConnectionError('a watch ended', 'unknown'));
      return 'in-flight';
    }
    slot.state = 'void';
    slot.command = NOTHING;
    // It may stand among quiet ones, and ends no run of them.
    slot.quiet = true;
    this.#pendingBytes -= slot.size;
    slot.size = 0;
    return 'unsent';
  }

  #closeAfter(reply: ErrorReply): void {
    const words = errorLine(reply);
    const given = `the connection was given up after ${words}: what follows it may be out of step`;
    this.#close(new ConnectionError(given, 'unknown'));
  }

  #close(cause: Error | null): void {
    const ring = this.#ring;
    const unsent: Tag[] = [];
    const unanswered: Tag[] = [];
    for (let i = ring.head; i < ring.tail; i++) {
      const { state, tag } = ring.at(i);
      if (state !== 'live' || tag === undefined) continue;
      if (i < ring.cursor && ring.at(i).offset < this.#sent) unanswered.push(tag);
      else unsent.push(tag);
    }
    ring.cursor = ring.tail;
    while (ring.length > 0) ring.pop();
    this.#state = 'closed';
    this.#events.push({ type: 'closed', cause, unsent, unanswered });
  }
}

function errorLine({ type, message }: ErrorReply): string {
  return `${type} ${message}`.trimEnd();
}
