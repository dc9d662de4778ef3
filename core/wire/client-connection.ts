// The client's side of a connection: a state machine that turns commands into bytes, and bytes into
// events. It does no I/O and reads no clock; `now` is milliseconds on any clock that never goes back.
//
// Order of calls. `send` queues a command. `transmit` encodes what fits: hand its bytes to the
// transport, report to `sent` how many it took, repeat until null. Pass what arrives to `receive`,
// then call `next` until null: it reads the replies and returns events. After any input both may
// have more. Call `tick` no later than `deadline` says.
//
// Outputs. A command that was sent with a tag and not cancelled ends in exactly one event: `reply`,
// `sent`, `refused`, `timeout`, or as one of the tags of `closed`. `closed` is the last event.
//
// States. `open` takes commands. `ending`, after `end`, closes once all of them have ended. `lost`:
// the transport is gone; replies that arrived before are still read. A test drives the machine
// through each cell, from `get a` in flight and `get b` unsent:
//
// | input      | open    | ending  | lost    | closed  |
// | ---------- | ------- | ------- | ------- | ------- |
// | send       | queues  | throws  | throws  | throws  |
// | sendPlain  | ignores | ignores | ignores | ignores |
// | prove      | queues  | ignores | ignores | ignores |
// | spell      | answers | answers | answers | answers |
// | nudge      | queues  | queues  | ignores | ignores |
// | cancel     | drops   | drops   | drops   | ignores |
// | transmit   | sends   | sends   | ignores | ignores |
// | sent       | counts  | counts  | ignores | ignores |
// | receive    | reads   | reads   | reads   | ignores |
// | keep       | ignores | ignores | ignores | ignores |
// | receiveEnd | loses   | loses   | ignores | ignores |
// | next       | ignores | ignores | closes  | ignores |
// | deadline   | answers | answers | answers | ignores |
// | tick       | expires | expires | expires | ignores |
// | end        | ends    | ignores | ignores | ignores |
// | fail       | loses   | loses   | ignores | ignores |
//
// `sendPlain`, and `next` with a sink, are the fast path. For plain commands and replies (`plain.ts`)
// they do in one pass what `send`, `transmit` and `next` do; all others are left to those.
//
// `proof.ts` has the second dimension: what may be sent while the server is not known to speak meta.
// No data block leaves before that, since a server that refuses its line runs the value.
//
// The ring holds what is pending, in order: first what is in flight, then what is not encoded. The
// reply that is due is read by the shape that the command at the head expects; any other line is a
// ProtocolError, and closes. A quiet command may have no reply: see `quiet-run.ts`.
import { checkCommand } from './check-command.ts';
import {
  type ClientConnectionOptions,
  clientConnectionOptions,
} from './client-connection-options.ts';
import type { ClientEvent, PlainSink } from './client-event.ts';
import type { Command } from './command.ts';
import { isFatal, isQuiet, replyShape } from './command-facts.ts';
import { ReplyDecoder } from './decode-reply.ts';
import { putCommand } from './encode-command.ts';
import { ConnectionError, type MemcacheError, ProtocolError, UsageError } from './errors.ts';
import { assertInvariant } from './invariant.ts';
import { Liveness } from './liveness.ts';
import { checkOpaque, LAST_OPAQUE, PROBE_OPAQUE } from './opaque.ts';
import { type Optional, withDefaults } from './options.ts';
import { ENCODE_AHEAD, Output, REFERENCE_SIZE } from './output.ts';
import { plainFlagsOf, putPlain } from './plain.ts';
import {
  closedWith,
  META_PROBE,
  MN_FENCE,
  needsProof,
  Proof,
  type Spoken,
  UNAUTHENTICATED,
  wantsLogin,
} from './proof.ts';
import { Queue } from './queue.ts';
import { QuietRun } from './quiet-run.ts';
import { CLOSED, isError, isItem, SILENT } from './reply.ts';
import type { ErrorReply, Reply } from './reply.ts';
import { COMMAND_SIZE, Ring, sizeOf, type Slot } from './ring.ts';
import { withoutSecret } from './server-messages.ts';
import { type ReplyShape, verbs } from './verbs.ts';
import { overloaded } from './without-stack.ts';

/** The client's side of a connection. The top of this file says how it works. */
export class ClientConnection<Tag> {
  readonly #options: typeof clientConnectionOptions;
  readonly #proof: Proof;
  readonly #ring: Ring<Tag> = new Ring();
  readonly #run: QuietRun<Tag>;
  readonly #output: Output;
  readonly #decoder: ReplyDecoder;
  readonly #liveness: Liveness<Tag>;
  readonly #events: Queue<ClientEvent<Tag>> = new Queue();
  // The opaque of the last meta command.
  #opaque = 0;
  // A command is in flight that must not share the connection.
  #exclusive = false;
  #state: 'open' | 'ending' | 'lost' | 'closed' = 'open';
  #cause: Error | null = null;

  /** Takes the options that differ from `clientConnectionOptions`. */
  constructor(options: Optional<ClientConnectionOptions> = {}) {
    this.#options = withDefaults(clientConnectionOptions, options);
    this.#decoder = new ReplyDecoder(options, this.#options.textCodec.allocate);
    this.#output = new Output(this.#options.textCodec);
    this.#proof = new Proof(this.#options);
    this.#run = new QuietRun(this.#ring, {
      answer: (slot, reply, bytesIn) => {
        const checked = checkOpaque(slot.opaque, slot.command, reply, this.#decoder);
        this.#push(this.#answer(slot, checked, bytesIn));
      },
      tell: (reply) => this.#push({ type: 'quiet-error', reply }),
      pop: () => this.#pop(),
    });
    this.#liveness = new Liveness(this.#options.stallAfter, this.#ring, this.#run, this.#output);
  }

  /** The dialect that the connection is known to speak. `text` as an option needs no proof. */
  get spoken(): Spoken {
    return this.#proof.spoken;
  }

  /** Whether the server answered a probe, and so speaks memcached's protocol. */
  get proved(): boolean {
    return this.#proof.isProved;
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#ring.pending;
  }

  /** The bytes of memory that are accounted for them. */
  get pendingBytes(): number {
    return this.#ring.bytes;
  }

  /**
   * Queues a command. Nothing is encoded yet: it, and its bytes, must not change until it has ended.
   *
   * @param tag Comes back with the command's event. A quiet command without a tag is not awaited.
   * @param deadline When to stop waiting for it.
   * @param until With `sent`, for a quiet command: it ends with the event `sent`, when the transport
   * has its bytes, and the server's reply is dropped.
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
    if (this.#state !== 'open') throw new ConnectionError('the connection is closed', 'not-sent');
    const ring = this.#ring;
    const size = sizeOf(command);
    // Quiet commands leave room only at their fence: one is due before there is none.
    if (ring.isHalfFull(size, this.#options)) this.#run.isAwaited = true;
    if (ring.isFull(size, this.#options)) throw overloaded(ring.pending, ring.bytes);
    if (!this.#proof.isBegun && needsProof(command)) this.prove();
    ring.push(command, tag, deadline, size, until === 'sent');
  }

  /**
   * Encodes a command at once if it is plain and need not wait. It cannot be taken back any more.
   * @returns The bytes of memory that are accounted for it; 0 where it is left to `send`.
   */
  sendPlain(command: Command, tag: Tag | undefined, deadline: number): number {
    const ring = this.#ring;
    const output = this.#output;
    const plain = plainFlagsOf(command);
    if (plain === undefined || !this.#isClear(plain.isQuiet)) return 0;
    const offset = output.position;
    const opaque = this.#opaque % LAST_OPAQUE + 1;
    const value = putPlain(output, command, plain, opaque);
    if (value < 0) return 0;
    this.#opaque = opaque;
    // Where the server owes nothing, the wait begins when the bytes leave.
    const isOwed = plain.isQuiet ? this.#liveness.owes() : ring.head < ring.cursor;
    if (!isOwed) this.#liveness.progressAt = Infinity;
    const size = COMMAND_SIZE + value;
    const slot = ring.push(command, tag, deadline, size, false);
    slot.plain = plain.isQuiet ? null : plain;
    slot.quiet = plain.isQuiet;
    slot.opaque = opaque;
    slot.offset = offset;
    slot.length = output.position - offset;
    slot.answers = this.#liveness.replies;
    ring.cursor = ring.tail;
    if (plain.isQuiet && this.#run.add(slot) >= this.#options.fenceEvery) this.#fence();
    return size;
  }

  // Whether a command that is encoded now would not overtake another, or go past a limit.
  #isClear(isQuiet: boolean): boolean {
    const ring = this.#ring;
    const output = this.#output;
    // A run of quiet commands is fenced before anything else is sent.
    return this.#state === 'open' && this.#proof.spoken === 'meta' && !this.#exclusive &&
      ring.cursor === ring.tail && (isQuiet || !this.#run.isOpen) &&
      !output.isBlocked && output.length < ENCODE_AHEAD &&
      (ring.head < ring.cursor || !this.#decoder.pending) &&
      !ring.isHalfFull(REFERENCE_SIZE, this.#options);
  }

  /**
   * Queues the probes that prove which dialect the server speaks, unless they were queued before.
   * The first command that needs the proof does so by itself.
   */
  prove(): void {
    if (this.#state !== 'open') return;
    for (const probe of this.#proof.begin()) this.#ring.pushProbe(probe);
  }

  /**
   * The command as it would be sent now: where the connection speaks text, `orText` is heeded.
   *
   * @throws UsageError when the classic commands cannot carry its key.
   */
  spell(command: Command): Command {
    return this.#proof.spell(command);
  }

  /** Queues a request without a tag, even past the limits; `nudge.ts` says what for. */
  nudge(): void {
    if (this.#state === 'lost' || this.#state === 'closed') return;
    this.#ring.push(this.#proof.fence, undefined, Infinity, 0, false);
  }

  /**
   * Stops waiting for a command: there will be no event for it. `unsent`: it is gone. `in-flight`:
   * its bytes have left, its reply will be dropped. `settled`: it has ended before.
   */
  cancel(tag: Tag): 'unsent' | 'in-flight' | 'settled' {
    const index = this.#ring.find(tag);
    return index < 0 ? 'settled' : this.#drop(index);
  }

  /** The next bytes for the transport, or null. Encodes what fits. */
  transmit(now: number): Uint8Array | null {
    if (this.#state === 'lost' || this.#state === 'closed') return null;
    this.#liveness.now = now;
    try {
      if (this.#ring.cursor < this.#ring.tail || this.#run.isOpen) this.#encode();
      // What `sendPlain` has encoded is waited for from here on.
      if (this.#liveness.progressAt === Infinity) this.#liveness.progressAt = now;
      return this.#output.peek();
    } catch (error) {
      // A value was changed after its length was sent, or a line arrived that no command asked for:
      // nothing can be sent after either.
      this.#close(error as Error);
      return null;
    }
  }

  /** The transport took `count` of the bytes that `transmit` gave. */
  sent(count: number): void {
    this.#output.consume(count);
    this.#liveness.left();
    if (!this.#ring.hasUntilSent) return;
    const tags = this.#ring.takeSent(this.#output.taken);
    for (const tag of tags) this.#events.push({ type: 'sent', tag });
  }

  /** The memory of what was sent, some of which may be used again. */
  get memory(): { readonly isAwaited: boolean; reclaim(): void } {
    return this.#output;
  }

  /** Takes bytes that arrived, which must not be written to any more; lent ones until `keep`. */
  receive(chunk: Uint8Array, now: number, isLent = false): void {
    this.#liveness.now = now;
    if (this.#state === 'closed') return;
    const { head, cursor } = this.#ring;
    // Bytes of a reply whose command was given up are no progress before the reply ends.
    const givenUp = head < cursor && this.#ring.at(head).tag === undefined;
    if (!givenUp || chunk.length === 0) this.#liveness.progressAt = now;
    this.#decoder.push(chunk, isLent);
  }

  /** Copies what has not been read of a lent chunk; returns memory for the next one, or null. */
  keep(): Uint8Array | null {
    return this.#decoder.keep();
  }

  /** The server will send no more. */
  receiveEnd(): void {
    const { serverName } = this.#options;
    this.fail(new ConnectionError(`${serverName} closed the connection`, 'unknown'));
  }

  /** The connection failed, or could not be made. What arrived before is still read. */
  fail(cause: Error): void {
    if (this.#state === 'lost' || this.#state === 'closed') return;
    this.#state = 'lost';
    this.#cause = cause;
  }

  /** Takes no more commands, and closes once those that are pending have ended. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ending';
  }

  /** Whether there is nothing to read, so that `next` would return null. */
  get isIdle(): boolean {
    return this.#events.length === 0 && this.#state === 'open' && !this.#decoder.pending;
  }

  /** The next event, or null. `sink` takes plain replies, which then need no event. */
  next(sink?: PlainSink<Tag>): ClientEvent<Tag> | null {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (this.#state === 'closed') return null;
      try {
        if (sink !== undefined) this.#readPlain(sink);
        const read = this.#read();
        if (read === false) return null;
        if (read !== true) return read;
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#close(error);
      }
    }
  }

  #readPlain(sink: PlainSink<Tag>): void {
    const ring = this.#ring;
    while (ring.head < ring.cursor) {
      const { plain, tag, length, opaque, command } = ring.at(ring.head);
      if (plain === null && command.verb === 'get' && tag !== undefined && sink.takesItems(tag)) {
        this.#decoder.readPlainItems(command, (item, i) => sink.onPlainItem(tag, item, i));
      }
      if (plain === null || !this.#decoder.readPlain(opaque, plain.asks)) return;
      this.#liveness.replies++;
      this.#liveness.progressAt = this.#liveness.now;
      ring.pop();
      this.#decoder.account();
      if (tag !== undefined) sink.onPlain(tag, this.#decoder.plain, length);
      this.#decoder.plain.release();
    }
  }

  /** When `tick` must be called next, or null while there is nothing to wait for. */
  deadline(): number | null {
    const due = this.#ring.length === 0 ? Infinity : this.#ring.earliest;
    const earliest = Math.min(due, this.#liveness.stallsAt);
    return earliest === Infinity ? null : earliest;
  }

  /** Ends the waits whose deadline has passed, and the connection if the server has stalled. */
  tick(now: number): void {
    if (this.#state === 'closed') return;
    this.#liveness.now = now;
    if (now >= this.#ring.earliest) this.#ring.expire(now, (index) => this.#timeOut(index));
    const stall = this.#liveness.stall();
    if (stall !== null) this.#close(stall);
  }

  /** Checks what must hold between calls. For tests, simulators and fuzzers: it takes its time. */
  assertInvariants(): void {
    this.#ring.assertInvariants();
    this.#output.assertInvariants();
    if (this.#state === 'closed') assertInvariant(this.#ring.length === 0, 'closed is empty');
    else this.#run.assertInvariants();
  }

  #encode(): void {
    const ring = this.#ring;
    const { now } = this.#liveness;
    while (ring.cursor < ring.tail && this.#output.length < ENCODE_AHEAD) {
      const slot = ring.at(ring.cursor);
      if (slot.deadline <= now && slot.state === 'live') this.#timeOut(ring.cursor);
      if (slot.state === 'void') {
        ring.cursor++;
        continue;
      }
      if (this.#exclusive || (this.#proof.spoken !== 'meta' && !this.#respell(slot))) return;
      if (ring.at(ring.cursor).state === 'void') continue;
      slot.quiet = isQuiet(slot.command);
      if (!this.#liveness.owes()) this.#liveness.progressAt = now;
      if (!slot.quiet && this.#run.isOpen) this.#fence();
      const { exclusive, reply } = verbs[slot.command.verb];
      if (exclusive) {
        if (ring.head < ring.cursor) return;
        this.#exclusive = true;
      }
      // Bytes that have arrived already would be taken for the reply to this command.
      if (ring.head === ring.cursor && this.#decoder.pending) {
        throw new ProtocolError('a line that nobody asked for');
      }
      this.#encodeSlot(slot, reply);
      ring.cursor++;
    }
    const isDue = this.#run.isAwaited || this.#state === 'ending';
    if (ring.cursor < ring.tail || !this.#run.isOpen || !isDue) return;
    if (!this.#liveness.owes()) this.#liveness.progressAt = now;
    this.#fence();
  }

  // False where the command at the cursor has to wait for the proof.
  #respell(slot: Slot<Tag>): boolean {
    try {
      return slot.state !== 'live' || this.#proof.respell(slot);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#refuse(slot, error);
      return true;
    }
  }

  #encodeSlot(slot: Slot<Tag>, shape: ReplyShape): void {
    slot.offset = this.#output.position;
    slot.isEndless = shape === 'watch';
    slot.answers = this.#liveness.replies;
    if (slot.command.verb === 'auth') this.#decoder.secret = slot.command.password;
    if (slot.command === META_PROBE) slot.opaque = PROBE_OPAQUE;
    else if (shape === 'meta') slot.opaque = this.#opaque = this.#opaque % LAST_OPAQUE + 1;
    try {
      putCommand(this.#output, slot.command, slot.opaque);
    } catch (error) {
      // It, or its value, was changed after it was handed over. Nothing of it was written.
      if (!(error instanceof UsageError)) throw error;
      return this.#refuse(slot, error);
    }
    slot.length = this.#output.position - slot.offset;
    if (!slot.quiet) {
      if (this.#proof.spoken === 'meta') slot.plain = plainFlagsOf(slot.command) ?? null;
      // Classic values carry no opaque; a fence reveals a reply that came twice.
      if (this.#proof.spoken !== 'meta' || shape !== 'values') return;
      this.#output.appendLine('mn');
      slot.fenced = true;
      return;
    }
    if (this.#run.add(slot) >= this.#options.fenceEvery) this.#fence();
  }

  // Ends the command at the cursor before a byte of it is sent.
  #refuse(slot: Slot<Tag>, error: MemcacheError): void {
    const { tag } = slot;
    this.#drop(this.#ring.cursor);
    this.#exclusive = false;
    if (tag !== undefined) this.#events.push({ type: 'refused', tag, error });
  }

  // Sends a command whose reply shows that the server is done with all quiet ones before it.
  #fence(): void {
    putCommand(this.#output, this.#proof.fence, -1);
    this.#run.close();
  }

  // Reads one reply and returns its event; true when it queued its events or had none, false when
  // more bytes are needed.
  #read(): ClientEvent<Tag> | boolean {
    const ring = this.#ring;
    ring.skipVoid();
    if (ring.head === ring.cursor) return this.#readIdle();
    const slot = ring.at(ring.head);
    const reply = this.#decoder.next(slot.quiet ? null : slot.command);
    if (reply === null) return this.#readOver();
    if (isItem(reply)) {
      return slot.tag === undefined ? true : { type: 'item', tag: slot.tag, item: reply };
    }
    const bytesIn = this.#decoder.account();
    const hungUp = this.#liveness.replies === 0 ? this.#proof.hungUp(reply) : null;
    // The server has read nothing.
    if (hungUp !== null) return this.#close(hungUp, 0);
    if (reply.type === 'VERSION') {
      this.#proof.version = withoutSecret(reply.version, this.#decoder.secret);
    }
    if (slot.isProbe) {
      this.#readProbe(slot.command, reply);
      return true;
    }
    this.#liveness.replies++;
    if (slot.quiet) {
      const { opaque } = this.#decoder;
      const fatal = this.#run.take({ reply, opaque, bytesIn }, this.#proof.fenceReply);
      if (fatal !== null) this.#closeAfter(fatal);
      return true;
    }
    if (this.#proof.spoken === 'text' && verbs[slot.command.verb].meta && slot.state === 'live') {
      // It was sent while the dialect was unproven. Its reply is not misaligned, so others go on.
      const { tag } = slot;
      this.#pop();
      return tag === undefined || { type: 'refused', tag, error: this.#proof.refuse('done') };
    }
    // Nobody awaits what the server makes of these, though it may say so before they have left.
    const isQuietError = isError(reply) &&
      (slot.untilSent || (slot.muted && slot.tag === undefined));
    const given = isQuietError || (slot.muted && !isError(reply))
      ? SILENT
      : checkOpaque(slot.opaque, slot.command, reply, this.#decoder);
    if (isQuietError) this.#push({ type: 'quiet-error', reply });
    const event = this.#answer(slot, given, bytesIn);
    if (isError(reply) && isFatal(reply, verbs[slot.command.verb].clientErrorKeepsConnection)) {
      this.#pop();
      this.#closeAfter(reply);
    } else if (slot.fenced) {
      slot.command = MN_FENCE;
      ring.giveUp(slot);
      slot.fenced = false;
    } else this.#pop();
    return event ?? true;
  }

  #readProbe(probe: Command, reply: Reply): void {
    this.#pop();
    if (!wantsLogin(reply)) {
      const error = this.#proof.take(probe, reply, this.#decoder.opaque);
      if (error !== null) this.#close(error);
      return;
    }
    // Servers that demand a login have discarded all that they read before it.
    for (let i = this.#ring.head; i < this.#ring.tail; i++) {
      const slot = this.#ring.at(i);
      if (slot.state === 'live') this.#push(this.#answer(slot, UNAUTHENTICATED));
      slot.tag = undefined;
    }
    this.#close(this.#proof.lacksLogin());
  }

  // Nothing is in flight, so only an error that precedes a close may arrive.
  #readIdle(): boolean {
    const error = this.#decoder.pending ? this.#decoder.unasked() : null;
    if (error !== null) this.fail(closedWith(this.#options.serverName, error));
    const ended = this.#state === 'ending' && this.#output.length === 0 && this.pending === 0;
    return (this.#state === 'lost' || ended) && this.#close(this.#cause);
  }

  // More bytes are needed: the connection closes if none can come.
  #readOver(): boolean {
    const slot = this.#ring.at(this.#ring.head);
    // Nobody waits for the replies to commands that were given up, and a watch has no end of its own.
    const isOver = slot.isEndless || (this.#ring.live === 0 && this.#output.length === 0);
    if (this.#state !== 'lost' && !(this.#state === 'ending' && isOver)) return false;
    let cause = this.#cause;
    const asked = slot.offset < this.#output.taken && replyShape(slot.command) === 'closed';
    if (asked && !this.#decoder.pending) {
      this.#push(this.#answer(slot, CLOSED));
      this.#pop();
      cause = null;
    }
    return this.#close(cause);
  }

  #answer({ tag, length }: Slot<Tag>, reply: Reply, bytesIn = 0): ClientEvent<Tag> | null {
    return tag === undefined ? null : { type: 'reply', tag, reply, bytesOut: length, bytesIn };
  }

  #push(event: ClientEvent<Tag> | null): void {
    if (event !== null) this.#events.push(event);
  }

  #pop(): void {
    this.#liveness.progressAt = this.#liveness.now;
    this.#run.leave(this.#ring.at(this.#ring.head));
    this.#exclusive = false;
    this.#ring.pop();
  }

  #timeOut(index: number): void {
    const slot = this.#ring.at(index);
    const { tag } = slot;
    // Encoded bytes will be sent, sooner or later.
    const outcome = this.#drop(index) === 'unsent' ? 'not-sent' : 'unknown';
    if (tag === undefined) return;
    // What was not sent may have waited for the answer to the probe.
    const silent = outcome === 'unknown'
      ? this.#liveness.isSilentSince(slot.offset, slot.answers)
      : !this.proved && this.#liveness.isSilentSince(0, 0);
    this.#events.push({ type: 'timeout', tag, outcome, silent });
  }

  #drop(index: number): 'unsent' | 'in-flight' {
    const state = this.#ring.drop(index);
    // To close the connection is the only way to stop a watch.
    if (state === 'in-flight' && this.#ring.at(index).isEndless) {
      this.fail(new ConnectionError('a watch ended', 'unknown'));
    }
    return state;
  }

  #closeAfter(reply: ErrorReply): void {
    // Not its message, which may repeat a login.
    this.#close(new ConnectionError(`the replies behind ${reply.type} are unclear`, 'unknown'));
  }

  // Returns that there is an event.
  #close(cause: Error | null, taken = this.#output.taken): true {
    const ring = this.#ring;
    const first = ring.head < ring.cursor ? ring.at(ring.head) : null;
    // The peer closed the connection in the place of a reply to a probe, or answered with a failure.
    const isDue = first !== null && first.offset < taken && this.#proof.isDueAt(first.command);
    const atProbe = cause !== null && (cause === this.#proof.outage ||
      (isDue && cause === this.#cause && !this.#decoder.pending));
    const insisted = atProbe ? this.#proof.closed(cause) : null;
    const end = { cause: insisted ?? cause, atProbe: atProbe && insisted === null };
    this.#state = 'closed';
    this.#events.push({ type: 'closed', ...end, ...ring.clear(taken) });
    return true;
  }
}
