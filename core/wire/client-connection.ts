import { checkCommand } from './check-command.ts';
import type { Command } from './command.ts';
import type { ClientEvent } from './client-event.ts';
import { type ClientConnectionOptions, clientConnectionOptions } from './client-options.ts';
import { ReplyDecoder, type ReplyLimits } from './decode-reply.ts';
import { putCommand } from './encode-command.ts';
import {
  ConnectionError,
  type MemcacheError,
  type Outcome,
  ProtocolError,
  UsageError,
} from './errors.ts';
import { isMeta } from './meta-flags.ts';
import { withDefaults } from './options.ts';
import { Output } from './output.ts';
import {
  awaitsProof,
  isEitherWay,
  judgeMetaProbe,
  META_PROBE,
  needsProof,
  PROBE_OPAQUE,
  provesText,
  readsAsText,
  type Spoken,
  TEXT_PROBE,
  wantsLogin,
} from './proof.ts';
import { isFatal, isQuiet, replyShape } from './quiet.ts';
import { CLOSED, type ErrorReply, isError, isItem, type Reply, SILENT } from './reply.ts';
import { NOTHING, Ring, sizeOf, type Slot } from './ring.ts';
import { toText } from './to-text.ts';
import { verbs } from './verbs.ts';
import { overloaded } from './without-stack.ts';

/** Commands are encoded until this many bytes wait, so that what is not sent can be cancelled. */
const ENCODE_AHEAD = 64 * 1024;

/** Opaques count up to this and start again; only their neighbours need to differ. */
const MAX_OPAQUE_NUMBER = 1_000_000;
const MN_COMMAND: Command = { verb: 'mn' };
const VERSION_COMMAND: Command = { verb: 'version' };
// Not the probe itself: what it is answered with proves nothing.
const GET_COMMAND: Command = { ...TEXT_PROBE };
const UNASKED = 'the server began a line that nobody asked for';

/**
 * The client's side of a connection: commands in, bytes out; bytes in, events out. Pure: it does
 * no I/O and reads no clock, `now` is milliseconds on any clock that does not go back.
 *
 * Queue commands with `send`, hand the transport what `transmit` has and tell `sent` how much it
 * took, give what arrives to `receive`, then take events until `next` is null. Call `tick` no later
 * than `deadline` says. Each command that was sent with a tag ends in exactly one event.
 *
 * No data block leaves before the connection is proved to speak a dialect in which it is read as
 * data: a server that refuses the line of a `set` or an `ms` reads the value as commands. The first
 * command that has data, or that has a spelling in both dialects (`orText`), puts probes in front
 * of itself; what has data waits for their replies, what only reads does not.
 */
export class ClientConnection<Tag> {
  readonly #options: Omit<ClientConnectionOptions, keyof ReplyLimits>;
  #spoken: Spoken;
  // Whether the probes are in the ring, or have been.
  #probed = false;
  #proved = false;
  // How many probes are in the ring: beside the limits, as nobody sent them.
  #probes = 0;
  // Why the connection does not speak meta, where it does not.
  #refusal = '';
  // The version the server told when it was asked, for messages.
  #version = '';
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
  // Before this index in the ring, the transport has all the bytes; kept while somebody waits for it.
  #handed = 0;
  #untilSent = 0;
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
    this.#spoken = this.#options.dialect === 'text' ? 'text' : 'unproven';
    if (this.#spoken === 'text') this.#refusal = 'is not asked for them';
  }

  /** What the connection is known to speak. With the dialect `text` nothing has to be proved. */
  get spoken(): Spoken {
    return this.#spoken;
  }

  /** Whether the server answered a probe, and so speaks memcached's protocol. */
  get proved(): boolean {
    return this.#proved;
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
    if (length * 2 >= maxPending || bytes * 2 >= maxPendingBytes) this.#runAwaited = true;
    if (length >= maxPending || (bytes > maxPendingBytes && length > 0)) {
      throw overloaded(length, this.#pendingBytes);
    }
    if (!this.#probed && needsProof(command)) this.prove();
    const slot = this.#ring.push(command, tag, deadline, size);
    if (until === 'sent') {
      slot.untilSent = true;
      this.#untilSent++;
    }
    this.#pendingBytes = bytes;
    if (deadline < this.#earliest) this.#earliest = deadline;
  }

  /**
   * Queues the probes that prove what the connection speaks, unless they were before. The first
   * command that needs the proof does so by itself.
   */
  prove(): void {
    if (this.#probed || this.#state !== 'open' || this.#over !== null) return;
    this.#probed = true;
    if (this.#spoken === 'meta') return;
    const { dialect, closesAtProbe } = this.#options;
    if (dialect === 'meta' || (dialect === 'auto' && !closesAtProbe)) this.#pushProbe(META_PROBE);
    if (dialect !== 'meta') this.#pushProbe(TEXT_PROBE);
  }

  /**
   * The command as it would be sent now: where the connection speaks text, `orText` is heeded.
   *
   * @throws UsageError when the classic commands cannot carry its key.
   */
  spell(command: Command): Command {
    return this.#spoken === 'text' && isEitherWay(command) ? toText(command) : command;
  }

  /**
   * Queues a request that nobody waits for, however much is pending: bytes for a server that does
   * not read on until more arrive.
   */
  nudge(): void {
    if (this.#state === 'closed' || this.#over !== null) return;
    this.#ring.push(this.#fenceCommand, undefined, Infinity, 0);
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
    if (this.#untilSent > 0) this.#tellSent();
  }

  /** Takes bytes that arrived. They must not be written to from now on. */
  receive(chunk: Uint8Array, now: number): void {
    this.#now = now;
    if (this.#state === 'closed') return;
    const { head, cursor } = this.#ring;
    // Bytes of a reply that was given up are no progress: it has to end.
    const givenUp = head < cursor && this.#ring.at(head).state === 'dropped';
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
      const waited = Math.round(now - this.#progress);
      const silence = `the server ended no reply for ${waited} ms while it owed some`;
      this.#close(new ConnectionError(silence, 'unknown', undefined, 'stalled'));
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
      if (this.#alone || (this.#spoken !== 'meta' && !this.#respell(slot))) return;
      if (ring.at(ring.cursor).state === 'void') continue;
      slot.quiet = isQuiet(slot.command);
      if (!this.#owes()) this.#progress = now;
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
    if (!this.#owes()) this.#progress = now;
    this.#fence();
  }

  // Makes of the command at the cursor what can be sent while the connection does not, or not yet,
  // speak meta; false where it has to wait for the proof.
  #respell(slot: Slot<Tag>): boolean {
    const { command, state } = slot;
    if (state !== 'live' || command === META_PROBE || command === TEXT_PROBE) return true;
    try {
      if (this.#spoken === 'text') {
        if (isMetaVerb(command) && !isEitherWay(command)) {
          this.#refuse(slot, this.#dialectError('not-sent'));
        } else this.#spellText(slot);
      } else if (this.#probed && awaitsProof(command)) return false;
      else if (this.#probed && this.#options.dialect === 'auto' && readsAsText(command)) {
        slot.command = toText(command);
      }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#refuse(slot, error);
    }
    return true;
  }

  // memcached before 1.6 reads on after a `noreply` store that it refuses, for want of memory or as it
  // is too large, and so runs the value: what has data gets its reply there, which is kept from those
  // who did not ask for it.
  #spellText(slot: Slot<Tag>): void {
    const command = this.spell(slot.command);
    const muted = verbs[command.verb].data && 'noreply' in command && command.noreply;
    slot.muted = muted;
    slot.command = muted ? { ...command, noreply: false } : command;
  }

  #encodeSlot(slot: Slot<Tag>): void {
    const { verb } = slot.command;
    slot.offset = this.#sent + this.#output.length;
    slot.answers = this.#answers;
    if (slot.command === META_PROBE) slot.opaque = PROBE_OPAQUE;
    else if (verb === 'mg' || verb === 'ms' || verb === 'md' || verb === 'ma') {
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
      if (this.#spoken !== 'meta' || verbs[verb].reply !== 'values') return;
      this.#output.appendLine('mn');
      slot.fenced = true;
      return;
    }
    this.#unfenced = slot;
    if (slot.tag !== undefined && !slot.untilSent) this.#runAwaited = true;
    if (++this.#run >= this.#options.fenceEvery) this.#fence();
  }

  // Ends the command at the cursor before a byte of it is sent.
  #refuse(slot: Slot<Tag>, error: MemcacheError): void {
    const { tag } = slot;
    this.#drop(slot, this.#ring.cursor);
    this.#alone = false;
    if (tag !== undefined) this.#events.push({ type: 'refused', tag, error });
  }

  #tellSent(): void {
    const ring = this.#ring;
    if (this.#handed < ring.head) this.#handed = ring.head;
    for (; this.#handed < ring.cursor; this.#handed++) {
      const slot = ring.at(this.#handed);
      if (slot.state === 'void') continue;
      if (slot.offset + slot.length > this.#sent) return;
      if (!slot.untilSent || slot.state !== 'live' || slot.tag === undefined) continue;
      this.#events.push({ type: 'sent', tag: slot.tag });
      slot.tag = undefined;
    }
  }

  get #fenceCommand(): Command {
    const { fence } = this.#options;
    if (fence === 'mn' || (fence === undefined && this.#spoken === 'meta')) return MN_COMMAND;
    return fence === 'version' ? VERSION_COMMAND : GET_COMMAND;
  }

  // A command whose reply shows that all the quiet ones before it are done with.
  #fence(): void {
    if (this.#unfenced === null) return;
    putCommand(this.#output, this.#fenceCommand, -1);
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
    if (reply.type === 'VERSION') this.#version = reply.version;
    if (slot.command === META_PROBE || slot.command === TEXT_PROBE) {
      this.#readProbe(slot.command, reply);
      return true;
    }
    this.#answers++;
    if (slot.quiet) {
      this.#readQuiet(reply, bytesIn);
      return true;
    }
    if (this.#spoken === 'text' && isMetaVerb(slot.command) && slot.state === 'live') {
      // It went while the dialect was open. Whatever came, came in step.
      const { tag } = slot;
      this.#pop();
      return tag === undefined || { type: 'refused', tag, error: this.#dialectError('done') };
    }
    const given = slot.muted && !isError(reply) ? SILENT : this.#checkOpaque(slot, reply);
    const event = this.#answer(slot, given, bytesIn);
    if ((slot.muted || slot.untilSent) && isError(reply) && event === null) {
      this.#push({ type: 'quiet-error', reply });
    }
    if (isError(reply) && isFatal(reply, verbs[slot.command.verb].judgesValue)) {
      this.#pop();
      this.#closeAfter(reply);
    } else if (slot.fenced) {
      slot.command = MN_COMMAND;
      slot.state = 'dropped';
      slot.tag = undefined;
      slot.fenced = false;
    } else this.#pop();
    return event ?? true;
  }

  #pushProbe(probe: Command): void {
    this.#ring.push(probe, undefined, Infinity, 0);
    this.#probes++;
  }

  #readProbe(probe: Command, reply: Reply): void {
    this.#pop();
    this.#probes--;
    if (wantsLogin(reply)) return this.#closeForLogin(reply as ErrorReply);
    if (probe === META_PROBE) {
      const refusal = judgeMetaProbe(reply, this.#decoder.opaque);
      this.#proved = refusal === null;
      if (refusal === null) this.#spoken = 'meta';
      else this.#refusal = refusal;
      if (refusal !== null && this.#options.dialect === 'meta') {
        this.#close(this.#dialectError('not-sent'));
      }
      return;
    }
    if (this.#spoken === 'meta') return;
    if (!provesText(reply)) {
      throw new ProtocolError(`${this.#server} answers neither meta commands nor a classic get`);
    }
    this.#proved = true;
    this.#spoken = 'text';
    this.#refusal ||= 'closes the connection at meta commands';
  }

  get #server(): string {
    const { serverName } = this.#options;
    return this.#version === '' ? serverName : `${serverName}, version ${this.#version},`;
  }

  // Of meta commands, where they cannot be had.
  #dialectError(outcome: Outcome): UsageError {
    const { dialect } = this.#options;
    const rule = dialect === 'meta'
      ? `is meta, but ${this.#server} ${this.#refusal}: use auto, or text`
      : dialect === 'text'
      ? 'is text, and the command is a meta command: use auto, or meta'
      : `is text here, since ${this.#server} ${this.#refusal}: meta commands cannot be used`;
    return new UsageError('dialect', rule, undefined, outcome);
  }

  // Servers with a login answer nothing before it; what else they read with it, they threw away.
  #closeForLogin(reply: ErrorReply): void {
    const ring = this.#ring;
    for (let i = ring.head; i < ring.tail; i++) {
      const slot = ring.at(i);
      if (slot.state === 'live') this.#push(this.#answer(slot, reply));
      slot.state = 'dropped';
    }
    const wanted = `${this.#options.serverName} wants a login: give the option auth`;
    this.#close(new ConnectionError(wanted, 'not-sent'));
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
    const ended = this.#state === 'ending' && this.#output.length === 0 && !this.#hasCommands();
    if (this.#over === null && !ended) return false;
    this.#close(this.#over?.cause ?? null);
    return true;
  }

  // Whether a command is pending; probes are for commands.
  #hasCommands(): boolean {
    const ring = this.#ring;
    for (let i = ring.head; i < ring.tail; i++) {
      const { state, command } = ring.at(i);
      if (state !== 'void' && command !== META_PROBE && command !== TEXT_PROBE) return true;
    }
    return false;
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
    } else if (reply.type === 'MN' || reply.type === 'VERSION' || reply.type === 'values') {
      const { verb } = this.#fenceCommand;
      const expected = verb === 'mn' ? 'MN' : verb === 'version' ? 'VERSION' : 'values';
      if (reply.type !== expected || !this.#ring.at(end - 1).fenced) {
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
    this.#progress = this.#now;
    if (slot.untilSent) this.#untilSent--;
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
    const sent = this.#drop(slot, index) === 'in-flight' && slot.offset < this.#sent;
    if (tag === undefined) return;
    const outcome = sent ? 'unknown' : 'not-sent';
    const silent = sent && slot.answers === this.#answers;
    this.#events.push({ type: 'timeout', tag, outcome, silent });
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
    this.#ring.voids++;
    slot.command = NOTHING;
    if (slot.untilSent) {
      slot.untilSent = false;
      this.#untilSent--;
    }
    // It may stand among quiet ones, and ends no run of them.
    slot.quiet = true;
    this.#pendingBytes -= slot.size;
    slot.size = 0;
    return 'unsent';
  }

  #closeAfter(reply: ErrorReply): void {
    const given = `the connection was closed after the server answered ${errorLine(reply)} to ` +
      'another command: the replies behind it could no longer be told apart';
    this.#close(new ConnectionError(given, 'unknown'));
  }

  #close(cause: Error | null): void {
    const ring = this.#ring;
    const unsent: Tag[] = [];
    const unanswered: Tag[] = [];
    const first = ring.head < ring.cursor ? ring.at(ring.head) : null;
    // The peer closed it, and answered neither the probe for meta commands, or only to refuse it, nor
    // the one behind it.
    const probed = first?.command === META_PROBE ||
      (first?.command === TEXT_PROBE && this.#refusal !== '');
    const atProbe = probed && this.#spoken === 'unproven' && first.offset < this.#sent &&
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
    const { dialect, serverName } = this.#options;
    const insists = atProbe && dialect === 'meta';
    const why = `${serverName} closed the connection at the first meta command, and the option ` +
      'dialect insists on them: use auto, or text';
    this.#events.push({
      type: 'closed',
      cause: insists ? new ConnectionError(why, 'unknown', cause) : cause,
      unsent,
      unanswered,
      atProbe: atProbe && !insists,
    });
  }
}

function isMetaVerb({ verb }: Command): boolean {
  return verb[0] === 'm' && verb.length === 2;
}

function errorLine({ type, message }: ErrorReply): string {
  return `${type} ${message}`.trimEnd();
}
