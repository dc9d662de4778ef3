import { checkCommand } from './check-command.ts';
import type { Command } from './command.ts';
import type { ClientEvent } from './client-event.ts';
import { type ClientConnectionOptions, clientConnectionOptions } from './client-options.ts';
import { ReplyDecoder, type ReplyLimits } from './decode-reply.ts';
import { putCommand } from './encode-command.ts';
import { ConnectionError, type MemcacheError, ProtocolError, UsageError } from './errors.ts';
import { flagArgument, isMeta } from './meta-flags.ts';
import { withDefaults } from './options.ts';
import { Output } from './output.ts';
import {
  META_PROBE,
  MN_FENCE,
  needsProof,
  PROBE_OPAQUE,
  Proof,
  type Spoken,
  TEXT_PROBE,
  UNAUTHENTICATED,
  wantsLogin,
} from './proof.ts';
import { isEndless, isFatal, isQuiet, replyShape } from './command-facts.ts';
import { QuietRun } from './quiet-run.ts';
import {
  CLOSED,
  errorLine,
  type ErrorReply,
  isError,
  isItem,
  type Reply,
  SILENT,
} from './reply.ts';
import { NOTHING, Ring, sizeOf, type Slot } from './ring.ts';
import { verbs } from './verbs.ts';
import { overloaded } from './without-stack.ts';

/** Commands are encoded until so many bytes wait; what is not encoded can be cancelled. */
const ENCODE_AHEAD = 64 * 1024;

/** Opaques count up to this and start again; only their neighbours need to differ. */
const MAX_OPAQUE_NUMBER = 1_000_000;

/**
 * The client's side of a connection: commands in, bytes out; bytes in, events out. Pure: it does
 * no I/O and reads no clock, `now` is milliseconds on any clock that does not go back.
 *
 * Queue commands with `send`, hand the transport what `transmit` has and tell `sent` how much it
 * took, give what arrives to `receive`, then take events until `next` is null. Call `tick` no later
 * than `deadline` says. Each command that was sent with a tag ends in exactly one event.
 *
 * No data block leaves before the connection is proved to speak a dialect in which it is read as
 * data: a server that refuses the line of a `set` or an `ms` runs the value. The first command that
 * has data, or a spelling in both dialects (`orText`), puts probes in front of itself; what has data
 * waits for their replies, what only reads does not.
 */
export class ClientConnection<Tag> {
  readonly #options: Omit<ClientConnectionOptions, keyof ReplyLimits>;
  readonly #proof: Proof;
  // How many probes are in the ring; they are beside the limits.
  #probes = 0;
  readonly #ring: Ring<Tag> = new Ring();
  readonly #output: Output = new Output();
  readonly #decoder: ReplyDecoder;
  #events: ClientEvent<Tag>[] = [];
  #pendingBytes = 0;
  #earliest = Infinity;
  // When the server last did something towards the reply that is due.
  #progress = 0;
  #now = 0;
  // How many replies came, ever.
  #answers = 0;
  #opaque = 0;
  // All bytes the transport has taken, ever.
  #sent = 0;
  // Whether a command was to end when the transport has it.
  #tellsSent = false;
  readonly #run: QuietRun<Tag>;
  #exclusive = false;
  #state: 'open' | 'ending' | 'closed' = 'open';
  // The peer is gone; what it said before is still to be read.
  #over: { readonly cause: Error } | null = null;

  constructor(options: Partial<ClientConnectionOptions> = {}) {
    this.#decoder = new ReplyDecoder(options);
    this.#options = withDefaults(clientConnectionOptions, options);
    this.#proof = new Proof(this.#options);
    this.#run = new QuietRun(this.#ring, {
      answer: (slot, reply, bytesIn) => {
        this.#push(this.#answer(slot, this.#checkOpaque(slot, reply), bytesIn));
      },
      tell: (reply) => this.#push({ type: 'quiet-error', reply }),
      pop: () => this.#pop(),
    });
  }

  /** What the connection is known to speak. With the dialect `text` nothing has to be proved. */
  get spoken(): Spoken {
    return this.#proof.spoken;
  }

  /** Whether the server answered a probe, and so speaks memcached's protocol. */
  get proved(): boolean {
    return this.#proof.isProved;
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#ring.length - this.#probes - this.#ring.voids;
  }

  /** The bytes of memory that they are reckoned to hold. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Queues a command. Nothing is encoded yet: it, and its bytes, must not change until it has ended.
   *
   * @param tag Comes back with the command's event. A quiet command without a tag is not awaited.
   * @param deadline When to stop waiting for it.
   * @param until With `sent`, for a quiet command: it ends with the event `sent`, when the transport
   * has its bytes, and nobody awaits what the server makes of it.
   * @throws UsageError when the command is not well formed; ConnectionError, with the outcome
   * `not-sent`, when the connection is closed or has too much pending (code `overloaded`).
   */
  send(
    command: Command,
    tag?: Tag,
    deadline: number = Infinity,
    until: 'answered' | 'sent' = 'answered',
  ): void {
    checkCommand(command);
    if (this.#state !== 'open' || this.#over !== null) {
      throw new ConnectionError('the connection is closed', 'not-sent');
    }
    const size = sizeOf(command);
    const { maxPending, maxPendingBytes } = this.#options;
    const bytes = this.#pendingBytes + size;
    const length = this.pending;
    // Quiet commands leave room only at their fence: one is due before there is none.
    if (length * 2 >= maxPending || bytes * 2 >= maxPendingBytes) this.#run.isAwaited = true;
    if (length >= maxPending || (bytes > maxPendingBytes && length > 0)) {
      throw overloaded(length, this.#pendingBytes);
    }
    if (!this.#proof.isBegun && needsProof(command)) this.prove();
    const slot = this.#ring.push(command, tag, deadline, size);
    if (until === 'sent') {
      slot.untilSent = true;
      this.#tellsSent = true;
    }
    this.#pendingBytes = bytes;
    if (deadline < this.#earliest) this.#earliest = deadline;
  }

  /**
   * Queues the probes that prove what the connection speaks, unless they were before. The first
   * command that needs the proof does so by itself.
   */
  prove(): void {
    if (this.#state !== 'open' || this.#over !== null) return;
    for (const probe of this.#proof.begin()) {
      this.#ring.push(probe, undefined, Infinity, 0);
      this.#probes++;
    }
  }

  /**
   * The command as it would be sent now: where the connection speaks text, `orText` is heeded.
   *
   * @throws UsageError when the classic commands cannot carry its key.
   */
  spell(command: Command): Command {
    return this.#proof.spell(command);
  }

  /**
   * Queues a request that nobody waits for, however much is pending: bytes for a server that does
   * not read on until more arrive.
   */
  nudge(): void {
    if (this.#state === 'closed' || this.#over !== null) return;
    this.#ring.push(this.#proof.fence, undefined, Infinity, 0);
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
    if (this.#tellsSent) this.#tellSent();
  }

  /** Takes bytes that arrived. They must not be written to from now on. */
  receive(chunk: Uint8Array, now: number): void {
    this.#now = now;
    if (this.#state === 'closed') return;
    const { head, cursor } = this.#ring;
    // Bytes of a reply that nobody waits for are no progress: it has to end.
    const givenUp = head < cursor && this.#ring.at(head).tag === undefined;
    if (!givenUp || chunk.length === 0) this.#progress = now;
    this.#decoder.push(chunk);
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
    const stall = this.#owes() ? this.#progress + this.#options.stallAfter : Infinity;
    const earliest = Math.min(this.#earliest, stall);
    return earliest === Infinity ? null : earliest;
  }

  /** Ends the waits whose deadline has passed, and the connection if the server has stalled. */
  tick(now: number): void {
    if (this.#state === 'closed') return;
    this.#now = now;
    if (now >= this.#earliest) this.#expire(now);
    if (this.#owes() && now - this.#progress >= this.#options.stallAfter) {
      const waited = `for ${Math.round(now - this.#progress)} ms, while it owed some`;
      const stall = `the server ended no reply ${waited}`;
      this.#close(new ConnectionError(stall, 'unknown', undefined, 'stalled'));
    }
  }

  #encode(now: number): void {
    const ring = this.#ring;
    this.#now = now;
    while (ring.cursor < ring.tail && this.#output.length < ENCODE_AHEAD) {
      const slot = ring.at(ring.cursor);
      if (slot.deadline <= now && slot.state === 'live') this.#timeOut(slot, ring.cursor);
      if (slot.state === 'void') {
        ring.cursor++;
        continue;
      }
      if (this.#exclusive || (this.#proof.spoken !== 'meta' && !this.#respell(slot))) return;
      if (ring.at(ring.cursor).state === 'void') continue;
      slot.quiet = isQuiet(slot.command);
      if (!this.#owes()) this.#progress = now;
      if (!slot.quiet && this.#run.isOpen) this.#fence();
      if (verbs[slot.command.verb].exclusive) {
        if (ring.head < ring.cursor) return;
        this.#exclusive = true;
      }
      // What has begun to arrive would be taken for the answer to this.
      if (ring.head === ring.cursor && this.#decoder.pending) {
        throw new ProtocolError('a line that nobody asked for');
      }
      this.#encodeSlot(slot);
      ring.cursor++;
    }
    if (ring.cursor < ring.tail || !this.#run.isOpen) return;
    if (!this.#run.isAwaited && this.#state !== 'ending') return;
    if (!this.#owes()) this.#progress = now;
    this.#fence();
  }

  // Makes of the command at the cursor what can be sent while the connection does not, or not yet,
  // speak meta; false where it has to wait for the proof.
  #respell(slot: Slot<Tag>): boolean {
    if (slot.state !== 'live') return true;
    try {
      const command = this.#proof.admit(slot.command);
      if (command === null) return false;
      // memcached before 1.6 runs the value of a `noreply` store that it refuses. So what has data gets
      // its reply where text is spoken, which is kept from those who did not ask for it.
      slot.muted = this.#proof.spoken === 'text' && verbs[command.verb].data &&
        'noreply' in command && command.noreply;
      slot.command = slot.muted ? { ...command, noreply: false } as Command : command;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#refuse(slot, error);
    }
    return true;
  }

  #encodeSlot(slot: Slot<Tag>): void {
    const { verb } = slot.command;
    slot.offset = this.#sent + this.#output.length;
    slot.answers = this.#answers;
    if (slot.command === META_PROBE) slot.opaque = PROBE_OPAQUE;
    else if (verbs[verb].reply === 'meta') {
      this.#opaque = this.#opaque % MAX_OPAQUE_NUMBER + 1;
      slot.opaque = this.#opaque;
    }
    try {
      putCommand(this.#output, slot.command, slot.opaque);
    } catch (error) {
      // It, or its value, was changed after it was handed over. Nothing of it was written.
      if (!(error instanceof UsageError)) throw error;
      slot.quiet = true;
      return this.#refuse(slot, error);
    }
    slot.length = this.#sent + this.#output.length - slot.offset;
    if (!slot.quiet) {
      // Classic values carry no opaque: what is behind them shows at once when one came twice.
      if (this.#proof.spoken !== 'meta' || verbs[verb].reply !== 'values') return;
      this.#output.appendLine('mn');
      slot.fenced = true;
      return;
    }
    if (this.#run.add(slot) >= this.#options.fenceEvery) this.#fence();
  }

  // Ends the command at the cursor before a byte of it is sent.
  #refuse(slot: Slot<Tag>, error: MemcacheError): void {
    const { tag } = slot;
    this.#drop(slot, this.#ring.cursor);
    this.#exclusive = false;
    if (tag !== undefined) this.#events.push({ type: 'refused', tag, error });
  }

  #tellSent(): void {
    this.#ring.pass(this.#sent, (slot) => {
      if (!slot.untilSent || slot.state !== 'live' || slot.tag === undefined) return;
      this.#events.push({ type: 'sent', tag: slot.tag });
      slot.tag = undefined;
    });
  }

  // A command whose reply shows that all the quiet ones before it are done with.
  #fence(): void {
    putCommand(this.#output, this.#proof.fence, -1);
    this.#run.close();
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
    if (reply.type === 'VERSION') this.#proof.version = reply.version;
    if (slot.command === META_PROBE || slot.command === TEXT_PROBE) {
      this.#readProbe(slot.command, reply);
      return true;
    }
    this.#answers++;
    if (slot.quiet) {
      const { opaque } = this.#decoder;
      const fatal = this.#run.take({ reply, opaque, bytesIn }, this.#proof.fenceReply);
      if (fatal !== null) this.#closeAfter(fatal);
      return true;
    }
    if (this.#proof.spoken === 'text' && verbs[slot.command.verb].meta && slot.state === 'live') {
      // It went while the dialect was open. Whatever came, came in step.
      const { tag } = slot;
      this.#pop();
      return tag === undefined || { type: 'refused', tag, error: this.#proof.refuse('done') };
    }
    const given = slot.muted && !isError(reply) ? SILENT : this.#checkOpaque(slot, reply);
    const event = this.#answer(slot, given, bytesIn);
    if ((slot.muted || slot.untilSent) && isError(reply) && event === null) {
      this.#push({ type: 'quiet-error', reply });
    }
    if (isError(reply) && isFatal(reply, verbs[slot.command.verb].clientErrorKeepsConnection)) {
      this.#pop();
      this.#closeAfter(reply);
    } else if (slot.fenced) {
      slot.command = MN_FENCE;
      slot.state = 'dropped';
      slot.tag = undefined;
      slot.fenced = false;
    } else this.#pop();
    return event ?? true;
  }

  #readProbe(probe: Command, reply: Reply): void {
    this.#pop();
    this.#probes--;
    if (wantsLogin(reply)) return this.#closeForLogin();
    const error = this.#proof.take(probe, reply, this.#decoder.opaque);
    if (error !== null) this.#close(error);
  }

  // Servers with a login answer nothing before it; what else they read with it, they threw away.
  #closeForLogin(): void {
    for (let i = this.#ring.head; i < this.#ring.tail; i++) {
      const slot = this.#ring.at(i);
      if (slot.state === 'live') this.#push(this.#answer(slot, UNAUTHENTICATED));
      slot.state = 'dropped';
    }
    this.#close(this.#proof.lacksLogin());
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
    const ended = this.#state === 'ending' && this.#output.length === 0 && this.pending === 0;
    if (this.#over === null && !ended) return false;
    this.#close(this.#over?.cause ?? null);
    return true;
  }

  // All that arrived is read and more is needed; if no more will come, the connection is over.
  #readOver(): boolean {
    const slot = this.#ring.at(this.#ring.head);
    // A watch has no end of its own to wait for.
    const endless = this.#state === 'ending' && isEndless(slot.command);
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
    const own = 'flags' in slot.command && flagArgument(slot.command.flags as string[], 'O');
    if (typeof own !== 'string') return reply;
    return { ...reply, flags: reply.flags.toSpliced(this.#decoder.opaqueIndex, 0, `O${own}`) };
  }

  #skipVoid(): void {
    const ring = this.#ring;
    while (ring.length > 0 && ring.at(ring.head).state === 'void') ring.pop();
    if (ring.cursor < ring.head) ring.cursor = ring.head;
  }

  #pop(): void {
    const slot = this.#ring.at(this.#ring.head);
    this.#pendingBytes -= slot.size;
    this.#progress = this.#now;
    this.#run.leave(slot);
    this.#exclusive = false;
    this.#ring.pop();
  }

  // Whether the server owes bytes. A watch owes nothing: it may be silent for ever.
  #owes(): boolean {
    this.#skipVoid();
    const { head, cursor } = this.#ring;
    if (head === cursor) return false;
    const slot = this.#ring.at(head);
    return slot.quiet ? this.#run.isOwed : !isEndless(slot.command);
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
    // What is encoded leaves, sooner or later.
    const outcome = this.#drop(slot, index) === 'unsent' ? 'not-sent' : 'unknown';
    if (tag === undefined) return;
    const left = outcome === 'unknown' && slot.offset < this.#sent;
    const silent = left && slot.answers === this.#answers;
    this.#events.push({ type: 'timeout', tag, outcome, silent });
  }

  #drop(slot: Slot<Tag>, index: number): 'unsent' | 'in-flight' {
    slot.tag = undefined;
    if (index < this.#ring.cursor) {
      slot.state = 'dropped';
      // The only way to stop a watch.
      if (isEndless(slot.command)) this.fail(new ConnectionError('a watch ended', 'unknown'));
      return 'in-flight';
    }
    slot.state = 'void';
    this.#ring.voids++;
    slot.command = NOTHING;
    // It may stand among quiet ones, and ends no run of them.
    slot.quiet = true;
    this.#pendingBytes -= slot.size;
    slot.size = 0;
    return 'unsent';
  }

  #closeAfter(reply: ErrorReply): void {
    const why = `the replies behind ${errorLine(reply)} could not be told apart`;
    this.#close(new ConnectionError(why, 'unknown'));
  }

  #close(cause: Error | null): void {
    const ring = this.#ring;
    const unsent: Tag[] = [];
    const unanswered: Tag[] = [];
    const first = ring.head < ring.cursor ? ring.at(ring.head) : null;
    // The peer closed it, and answered neither the probe for meta commands, or only to refuse it, nor
    // the one behind it.
    const probed = first?.command === META_PROBE ||
      (first?.command === TEXT_PROBE && this.#proof.refusal !== '');
    const atProbe = probed && this.#proof.spoken === 'unproven' && first.offset < this.#sent &&
      cause !== null && cause === this.#over?.cause && !this.#decoder.pending;
    for (let i = ring.head; i < ring.tail; i++) {
      const { state, tag } = ring.at(i);
      if (state !== 'live' || tag === undefined) continue;
      if (i < ring.cursor && ring.at(i).offset < this.#sent) unanswered.push(tag);
      else unsent.push(tag);
    }
    ring.cursor = ring.tail;
    while (ring.length > 0) ring.pop();
    this.#probes = 0;
    this.#state = 'closed';
    const insisted = atProbe ? this.#proof.closed(cause) : null;
    const end = { cause: insisted ?? cause, atProbe: atProbe && insisted === null };
    this.#events.push({ type: 'closed', ...end, unsent, unanswered });
  }
}
