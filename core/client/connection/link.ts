// One connection with its protocol state, on the promise side.
import { BUSY, LARGE, PAUSED, Pump } from '../../io/pump.ts';
import {
  type Aborter,
  type Dialer,
  type Endpoint,
  isTransport,
  newAborter,
  type Transport,
  type TransportEvents,
} from '../../io/transport.ts';
import { EMPTY } from '../../wire/bytes.ts';
import { ClientConnection } from '../../wire/client-connection.ts';
import {
  type ClientConnectionOptions,
  clientConnectionOptions,
} from '../../wire/client-connection-options.ts';
import type { ClientEvent } from '../../wire/client-event.ts';
import { checkCommand } from '../../wire/check-command.ts';
import type { Command } from '../../wire/command.ts';
import {
  AbortError,
  AuthError,
  ConnectionError,
  TimeoutError,
  UsageError,
} from '../../wire/errors.ts';
import { isAboutItems, isEitherWay, TEXT_PROBE } from '../../wire/proof.ts';
import { isQuiet } from '../../wire/command-facts.ts';
import { sizeOf } from '../../wire/ring.ts';
import { isError, type Reply, type ReplyItem, SILENT } from '../../wire/reply.ts';
import { verbs } from '../../wire/verbs.ts';
import { AbortListeners } from './abort-listeners.ts';
import { Silence } from './silence.ts';
import { Alarm, Pace } from './timing.ts';
import { endpointName } from './endpoint.ts';
import {
  checkExecuteOptions,
  type ExecuteOptions,
  type Executor,
  lateError,
  type Reader,
  reasonOf,
  refused,
  wholeReply,
} from './executor.ts';
import type { ItemKey } from '../keys.ts';
import { type Early, loginCall, lostError, replyError, strangerError } from './pending.ts';
import { ownReply, Pending, Settler } from './pending.ts';
import type { ClientOptions } from '../options.ts';
import { Nudge } from './nudge.ts';
import { announce, observed, type Traffic } from './observe.ts';
import { keysRead, ServerStatus } from './server-status.ts';
import type { Clock } from '../../io/clock.ts';
import type { Optional } from '../../wire/options.ts';

/** The options of a `Link`. */
export interface LinkOptions
  extends
    Optional<ClientConnectionOptions>,
    Pick<ClientOptions, 'auth' | 'onCommand' | 'onQuietError'> {
  /** How to connect. */
  readonly dial: Dialer;
  /** Where to. */
  readonly endpoint: Endpoint;
  /** The time of its deadlines. */
  readonly clock: Clock;
  /** @internal The budget of a turn of the event loop, shared by the links of a client. */
  readonly pace?: Pace | undefined;
  /** @internal The state of the server, and its counters. */
  readonly status?: ServerStatus | undefined;
  /** Milliseconds until a command times out. */
  readonly timeout: number;
  /** Milliseconds until a dial times out, including the TLS handshake. */
  readonly connectTimeout: number;
  /** Called once, when a command has timed out and no bytes have come for the client's timeout. */
  readonly onLate?: ((link: Link, error: TimeoutError) => void) | undefined;
  /**
   * Called once, when the link has closed; returns the link that takes over its commands, or null.
   * `cause` is null if it was closed in order or by its owner; `atProbe`: it closed at the probe.
   */
  readonly onClosed: (
    link: Link,
    end: { readonly cause: Error | null; readonly atProbe: boolean },
  ) => Link | null;
}

/** Accounted bytes of queued commands after which they are sent before the turn ends. */
const BURST = 512 * 1024;

/** A read, which shows whether a server replies: some proxies close a connection at `version`. */
export const HEALTH_CHECK: Command = { ...TEXT_PROBE };

/**
 * One connection with its protocol state: the only place where the sans-I/O core meets promises.
 * It queues commands until it is connected. After it has closed, its owner makes another.
 */
export class Link implements Executor, TransportEvents {
  /** Whether a connection was made. */
  wasConnected = false;
  readonly #options: LinkOptions;
  readonly #name: string;
  readonly #status: ServerStatus;
  readonly #connection: ClientConnection<Pending>;
  readonly #aborter: Aborter = newAborter();
  // Made by the first `close`: a promise keeps the async context in which it was made.
  #closed: Promise<void> | null = null;
  #resolveClosed: () => void = () => {};
  readonly #pump: Pump;
  readonly #pace: Pace;
  // When the turn of the event loop began in which the last command came, by the alarm's time.
  #usedAt = 0;
  // The consumer of the items of a dump or a watch is busy.
  #isBusy = false;
  // How many quiet writes it was given.
  #quiet = 0;
  // Accounted bytes of the commands that were queued since the last flush.
  #unflushed = 0;
  // Commands that another connection takes over if this one is closed at the probe, or given up.
  #early: Early[] = [];
  // Quiet writes that were sent and whose promises are not resolved yet, for backpressure.
  #heldBack: Pending[] = [];
  readonly #signals: AbortListeners = new AbortListeners();
  readonly #settler: Settler;
  #isAborted = false;
  readonly #silence: Silence;
  readonly #alarm: Alarm;
  readonly #nudge: Nudge | null;
  #cancelDial: () => void = () => {};
  #authError: AuthError | null = null;
  #over = false;
  #resolve: Pending['resolve'] = () => {};
  #reject: Pending['reject'] = () => {};
  // Keeps the two functions of a new promise. Shared, since a closure for each takes 150 bytes.
  readonly #capture = (resolve: Pending['resolve'], reject: Pending['reject']): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  /** Dials at once. It throws a UsageError when an option breaks a rule. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#pace = options.pace ?? new Pace(options.clock);
    this.#name = endpointName(options.endpoint);
    this.#status = options.status ?? new ServerStatus(this.#name);
    this.#settler = new Settler(this, this.#status);
    this.#silence = new Silence(options.timeout);
    this.#connection = new ClientConnection({ ...options, serverName: this.#name });
    this.#pump = new Pump(this.#connection, {
      onTurn: () => this.#flush(),
      onRested: () => this.#advance(),
      onSent: (count) => this.#status.sent(count),
    }, this.#pace);
    this.#alarm = new Alarm(options.clock, () => {
      // While reading is paused, a silent server has not stalled.
      if (this.#isBusy) this.#connection.receive(EMPTY, this.#alarm.time.elapsed());
      this.#connection.tick(this.#alarm.time.elapsed());
      this.#advance();
    });
    this.#nudge = options.endpoint.tls === undefined
      ? null
      : new Nudge(options.clock, this.#connection, () => this.#flush());
    if (options.auth !== undefined) this.#login(options.auth, options.connectTimeout);
    void this.#dial();
  }

  /** Whether the server has replied to a command on it. */
  get hasAnswered(): boolean {
    return this.#settler.hasAnswered;
  }

  /** Whether the server has proved on it that it speaks memcached's protocol. */
  get isSound(): boolean {
    return this.hasAnswered || this.#connection.proved;
  }

  /** @internal */
  get dialect(): NonNullable<Executor['dialect']> {
    return this.#connection.spoken;
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#connection.pending;
  }

  /** The bytes of memory that are accounted for them. */
  get pendingBytes(): number {
    return this.#connection.pendingBytes;
  }

  /** When its last command came, by the clock's `elapsed`, less its pauses; exact to a turn. */
  get usedAt(): number {
    return this.#usedAt + this.#alarm.pausedFor;
  }

  /** Sends a command: see `Executor.execute`. */
  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    return this.executeWith(command, options, wholeReply, '');
  }

  /** @internal */
  executeWith<Result>(
    command: Command,
    options: ExecuteOptions | undefined,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    let spelled = command;
    // Observers get the command as it is sent, once the dialect is known.
    if (this.#connection.spoken === 'text' && isEitherWay(command)) {
      try {
        spelled = this.#connection.spell(command);
      } catch (error) {
        return this.#settler.refuse(reader, error);
      }
    }
    const { onCommand, clock } = this.#options;
    const onEnd = announce(onCommand, spelled, this.#name);
    if (onEnd === undefined) return this.#execute(spelled, command, options, null, reader, key);
    const traffic = { bytesOut: 0, bytesIn: 0 };
    const deadline = clock.elapsed() + (options?.timeout ?? this.#options.timeout);
    const reply = this.#execute(spelled, command, options, traffic, wholeReply, key);
    const ended = observed(onEnd, clock, spelled, traffic, reply);
    return ended.then((it) => this.#settler.read(reader, it, { key, options, deadline }))
      .catch((error) => refused(reader, error));
  }

  /** Checks whether the server replies; observers are not called. */
  check(): Promise<Reply> {
    return this.#execute(HEALTH_CHECK, HEALTH_CHECK, undefined, null, ownReply, '');
  }

  /** @internal Takes over another link's commands, whose time is `now`; each keeps its time left. */
  adopt(commands: readonly Early[], now: number): void {
    const shift = this.#alarm.time.elapsed() - now;
    for (const { command, pending, deadline, until } of commands) {
      pending.unlisten?.();
      try {
        this.#send(command, pending, deadline + shift, until);
      } catch (error) {
        this.#settler.fail(pending, error as Error);
      }
    }
    this.#pump.schedule();
  }

  // `asked` is the command as it was given; only that one tells whether it is quiet.
  #execute<Result>(
    command: Command,
    asked: Command,
    options: ExecuteOptions | undefined,
    traffic: Traffic | null,
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    const result = new Promise(this.#capture) as Promise<Result>;
    const resolve = this.#resolve;
    const reject = this.#reject;
    try {
      if (options !== undefined) checkExecuteOptions(options);
      const signal = options?.signal;
      if (signal?.aborted === true) throw new AbortError('not-sent', signal.reason);
      // The commands of one turn share one reading of the clock, which costs as much as to encode
      // one. The flush is scheduled even if this command is refused: it may make room for the next.
      if (this.#pump.schedule()) this.#usedAt = this.#alarm.time.elapsed();
      const deadline = this.#usedAt + (options?.timeout ?? this.#options.timeout);
      // A whole number takes less memory.
      const end = Math.ceil(deadline + this.#alarm.pausedFor);
      const keys = keysRead(asked);
      const pending = new Pending(resolve, reject, reader, key, options, end, keys, traffic);
      if (options?.unconfirmed === true) this.#sendQuiet(command, asked, pending, deadline);
      else this.#sendAwaited(command, pending, deadline);
      // A long burst is sent, and the clock read again, before its turn ends.
      if (this.#unflushed > BURST) {
        this.#flush(false);
        this.#usedAt = this.#alarm.time.elapsed();
      }
    } catch (error) {
      return this.#settler.refuse(reader, error);
    }
    return result;
  }

  #sendAwaited(command: Command, pending: Pending, deadline: number): void {
    // A command that can be aborted is not encoded before its turn ends.
    if (pending.options?.signal === undefined) {
      const size = this.#connection.sendPlain(command, pending, deadline);
      if (size > 0) {
        this.#unflushed += size;
        this.#nudge?.sent(command);
        this.#alarm.set(deadline);
        return;
      }
    }
    this.#send(command, pending, deadline, 'answered');
    this.#unflushed += sizeOf(command);
  }

  #sendQuiet(command: Command, asked: Command, pending: Pending, deadline: number): void {
    // A loop that awaits them one by one would starve the event loop.
    if ((++this.#quiet & 15) === 0) {
      this.#pump.isSentEnough();
      this.#pace.begin();
    }
    if (pending.options?.signal === undefined && this.#pump.isFree && this.#hasRoom) {
      const size = this.#connection.sendPlain(command, undefined, Infinity);
      if (size > 0) {
        // It is sent before this turn ends, so its promise can be resolved at once.
        this.#unflushed += size;
        this.#nudge?.sent(command);
        // Coalesces writes that follow one another, 64 at most.
        if (this.#quiet % 64 !== 0) this.#pump.linger();
        return this.#settler.settle(pending, SILENT);
      }
    }
    checkCommand(asked);
    this.#send(command, pending, deadline, isQuiet(asked) ? 'sent' : 'answered');
    this.#unflushed += sizeOf(command);
  }

  #send(command: Command, pending: Pending, deadline: number, until: Early['until']): void {
    const { spoken } = this.#connection;
    // Before the command is checked, since a probe has no effect.
    const needsProof = spoken !== 'meta' && isAboutItems(command);
    if (needsProof) this.#connection.prove();
    this.#connection.send(command, pending, deadline, until);
    if (spoken === 'unproven' && needsProof) {
      this.#early.push({ command, pending, deadline, until });
    }
    this.#nudge?.sent(command);
    const signal = pending.options?.signal;
    if (signal !== undefined) {
      const onAbort = (): void => this.#abortCommand(pending, signal.reason);
      pending.unlisten = this.#signals.add(signal, onAbort);
    }
    this.#alarm.set(deadline);
  }

  /**
   * Stops reading, and the clock of the deadlines with it: while reading is paused no command times
   * out. Commands are still accepted and sent, chunks already received are processed, a dial goes on.
   */
  pause(): void {
    if (this.#over) return;
    this.#alarm.pause();
    this.#nudge?.pause();
    this.#pump.hold(PAUSED, true);
  }

  /** Resumes reading. Each command has the time that it had left at `pause`. */
  resume(): void {
    this.#alarm.resume();
    this.#nudge?.resume();
    this.#pump.hold(PAUSED, false);
  }

  /** Accepts no more commands, and closes when the pending ones have ended. */
  close(): Promise<void> {
    this.#connection.end();
    this.#advance();
    this.#closed ??= new Promise((resolve) => {
      if (this.#over) resolve();
      else this.#resolveClosed = resolve;
    });
    return this.#closed;
  }

  /** Closes the connection at once; pending calls reject. */
  abort(
    cause: ConnectionError = new ConnectionError('the connection was given up', 'not-sent'),
  ): void {
    this.#isBusy = false;
    this.#isAborted = true;
    this.#connection.fail(cause);
    this.#advance();
  }

  /** Takes bytes that arrived; the transport calls it. */
  onData(chunk: Uint8Array): void {
    this.#receive(chunk, false);
  }

  /** @internal */
  onLent(chunk: Uint8Array): Uint8Array | null {
    this.#receive(chunk, true);
    return this.#connection.keep();
  }

  #receive(chunk: Uint8Array, isLent: boolean): void {
    this.#nudge?.heard();
    this.#silence.end();
    const isLarge = chunk.length >= LARGE;
    if (isLarge) this.#pace.begin();
    this.#connection.receive(chunk, this.#alarm.time.elapsed(), isLent);
    this.#advance();
    this.#status.received(chunk.length, this.isSound);
    if (isLarge) this.#pump.limitReading();
  }

  /** Goes on sending; the transport calls it. */
  onDrain(): void {
    this.#pump.drained();
    this.#advance();
  }

  /** Ends what is left; the transport calls it. */
  onClosed(cause: Error | null): void {
    this.#pump.detach();
    if (cause === null) this.#connection.receiveEnd();
    else this.#connection.fail(cause);
    this.#advance();
  }

  async #dial(): Promise<void> {
    const { dial, endpoint, clock, connectTimeout } = this.#options;
    const name = this.#name;
    // Does not rely on the dialer to observe its abort signal.
    this.#cancelDial = clock.after(connectTimeout, () => {
      const waited = `no connection to ${name} within ${connectTimeout} ms`;
      this.#connection.fail(new TimeoutError(waited, 'not-sent'));
      this.#advance();
    });
    try {
      // An exception of the dialer becomes a rejection: a link never ends in its constructor.
      const dialed = new Promise<Transport>((resolve) => {
        resolve(dial(endpoint, this, this.#aborter.signal));
      });
      const transport = await dialed;
      if (!isTransport(transport)) throw new UsageError('dial', 'must give a transport');
      if (this.#over) transport.abort();
      else this.#pump.attach(transport);
      this.wasConnected = true;
    } catch (cause) {
      const message = `cannot connect to ${name}: ${reasonOf(cause)}`;
      this.#connection.fail(new ConnectionError(message, 'not-sent', cause));
    }
    this.#cancelDial();
    this.#advance();
  }

  #login(auth: { username: string; password: string }, timeout: number): void {
    const pending = loginCall(this.#name, timeout, (error) => {
      if (error instanceof AuthError) this.#authError = error;
      this.#connection.fail(error);
    });
    this.#connection.send(
      { verb: 'auth', ...auth },
      pending,
      this.#options.clock.elapsed() + timeout,
    );
  }

  // Processes the events, then sends what they have made room for.
  #advance(): void {
    this.#settleAll();
    this.#flush();
  }

  #flush(isPaced = true): void {
    this.#unflushed = 0;
    this.#pump.flush(this.#alarm.time.elapsed(), isPaced);
    // Encoding may have found passed deadlines, or that the connection can close.
    this.#settleAll();
    const due = this.#connection.deadline();
    if (due !== null) this.#alarm.set(due);
    else if (this.#options.endpoint.unref === true) this.#alarm.clear();
  }

  #settleAll(): void {
    while (!this.#isBusy && !this.#connection.isIdle) {
      const event = this.#connection.next(this.#settler);
      if (event === null) break;
      this.#settle(event);
    }
    if (this.#early.length > 0 && this.#connection.spoken !== 'unproven') this.#early = [];
    if (this.#heldBack.length === 0 || this.#pump.sendsLater) return;
    if (!this.#hasRoom) return;
    for (const pending of this.#heldBack.splice(0)) this.#settler.settle(pending, SILENT);
  }

  #settle(event: ClientEvent<Pending>): void {
    switch (event.type) {
      case 'reply': {
        const { tag, reply, bytesOut, bytesIn } = event;
        if (tag.traffic !== null) Object.assign(tag.traffic, { bytesOut, bytesIn });
        if (isError(reply)) return this.#settler.fail(tag, replyError(this.#name, reply));
        this.#settler.hasAnswered = true;
        return this.#settler.settle(tag, reply);
      }
      case 'item':
        this.#settler.hasAnswered = true;
        return this.#passOn(event.tag, event.item);
      case 'sent':
        event.tag.unlisten?.();
        // Backpressure for quiet writes: it bounds memory and yields to the event loop.
        if (this.#pump.sendsLater || !this.#hasRoom) {
          this.#heldBack.push(event.tag);
        } else this.#settler.settle(event.tag, SILENT);
        return;
      case 'refused':
        return this.#settler.fail(event.tag, event.error);
      case 'timeout':
        return this.#timeOut(event);
      case 'quiet-error': {
        const error = replyError(this.#name, event.reply);
        // In its own microtask: its exception must not reach the calls that are settled here.
        void Promise.resolve().then(() => this.#options.onQuietError?.(error));
        return;
      }
      case 'closed':
        return this.#finish(event);
    }
  }

  #timeOut({ tag, outcome, silent }: ClientEvent<Pending> & { type: 'timeout' }): void {
    const { timeout = this.#options.timeout } = tag.options ?? {};
    const error = lateError(this.#name, timeout, outcome);
    const isDead = silent && this.#silence.isTooLong(timeout, this.#alarm.time.elapsed());
    if (isDead && !this.#over) this.#options.onLate?.(this, error);
    this.#settler.fail(tag, error);
  }

  // Whether quiet writes resolve at once. A fence is sent before so many are pending.
  get #hasRoom(): boolean {
    const { fenceEvery = clientConnectionOptions.fenceEvery } = this.#options;
    return this.#connection.pending <= 4 * fenceEvery;
  }

  #passOn(tag: Pending, item: ReplyItem): void {
    // The call has been rejected; its consumer gets no more items.
    if (this.#isAborted) return;
    const refuse = (error: unknown): void => {
      this.#connection.cancel(tag);
      this.#settler.fail(tag, error as Error);
    };
    try {
      const busy = tag.options?.onItem?.(item);
      if (!(busy instanceof Promise)) return;
      this.#isBusy = true;
      this.#pump.hold(BUSY, true);
      void busy.catch(refuse).then(() => {
        this.#isBusy = false;
        this.#pump.hold(BUSY, false);
        this.#advance();
      });
    } catch (error) {
      refuse(error);
    }
  }

  #finish(end: ClientEvent<Pending> & { type: 'closed' }): void {
    const { unsent, unanswered } = end;
    // One that its owner has given up says nothing about the server.
    const atProbe = end.atProbe && !this.#isAborted;
    const cause = this.isSound ? end.cause : strangerError(this.#name, end.cause);
    this.#over = true;
    this.#cancelDial();
    this.#alarm.stop();
    this.#nudge?.stop();
    this.#aborter.abort(cause ?? new ConnectionError('the client was closed', 'not-sent'));
    // After an orderly end the transport finishes sending; otherwise it is aborted.
    if (cause === null) this.#pump.close();
    else this.#pump.abort();
    const heir = this.#options.onClosed(this, { cause: this.#isAborted ? null : cause, atProbe });
    const adopted = new Set<Pending>();
    if (heir !== null) {
      const open = new Set(unsent);
      const read = new Set(atProbe || this.#isAborted ? unanswered : []);
      const commands = this.#early.filter(({ command, pending }) =>
        open.has(pending) || (read.has(pending) && verbs[command.verb].class === 'read')
      );
      for (const { pending } of commands) adopted.add(pending);
      heir.adopt(commands, this.#alarm.time.elapsed());
    }
    for (const [calls, outcome] of [[unsent, 'not-sent'], [unanswered, 'unknown']] as const) {
      for (const call of calls) {
        if (adopted.has(call)) continue;
        this.#settler.fail(call, lostError(this.#name, this.#authError ?? cause, outcome));
      }
    }
    // Their bytes were sent, which is all that their promises stand for.
    for (const pending of this.#heldBack.splice(0)) this.#settler.settle(pending, SILENT);
    this.#resolveClosed();
  }

  #abortCommand(pending: Pending, reason: unknown): void {
    const state = this.#connection.cancel(pending);
    if (state === 'settled') return;
    // Later, as the same signal may abort other commands that must not be sent.
    this.#pump.schedule();
    this.#settler.fail(
      pending,
      new AbortError(state === 'unsent' ? 'not-sent' : 'unknown', reason),
    );
  }
}
