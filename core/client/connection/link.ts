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
import type { ClientEvent, PlainSink } from '../../wire/client-event.ts';
import { checkCommand } from '../../wire/check-command.ts';
import type { Command } from '../../wire/command.ts';
import {
  AbortError,
  AuthError,
  ConnectionError,
  ProtocolError,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../../wire/errors.ts';
import { isAboutItems, isEitherWay, TEXT_PROBE } from '../../wire/proof.ts';
import { isQuiet } from '../../wire/command-facts.ts';
import { sizeOf } from '../../wire/ring.ts';
import { isError, type Reply, type ReplyItem, SILENT } from '../../wire/reply.ts';
import { verbs } from '../../wire/verbs.ts';
import { withoutStack } from '../../wire/without-stack.ts';
import { AbortListeners } from './abort-listeners.ts';
import { Alarm, Pace } from './timing.ts';
import { endpointName } from './endpoint.ts';
import {
  checkExecuteOptions,
  type ExecuteOptions,
  type Executor,
  type Reader,
  reasonOf,
  wholeReply,
} from './executor.ts';
import type { ItemKey } from '../keys.ts';
import { type Early, loginCall, lostError, type Pending, plainSink, settle } from './pending.ts';
import type { ClientOptions } from '../options.ts';
import { Nudge } from './nudge.ts';
import { announce, observed, type Traffic } from './observe.ts';
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
  /** @internal Shared with the links that work beside it; its own by default. */
  readonly pace?: Pace | undefined;
  /** Milliseconds until a command's wait is given up. */
  readonly timeout: number;
  /** Milliseconds until a dial is given up, TLS included. */
  readonly connectTimeout: number;
  /** Called once, when a command was late and no reply had come since it was sent. */
  readonly onLate?: ((link: Link, error: TimeoutError) => void) | undefined;
  /**
   * Called once, at the link's end; returns the link that does what is left, or null. `cause` is null
   * if it was closed in order or by its owner; `atProbe`: the server closed it at the meta probe.
   */
  readonly onClosed: (
    link: Link,
    end: { readonly cause: Error | null; readonly atProbe: boolean },
  ) => Link | null;
}

/** Bytes of queued commands, with what they are reckoned to hold, after which they are sent. */
const BURST = 512 * 1024;

/**
 * A harmless question, to learn whether a server answers: a read, as some proxies close a connection
 * at `version`.
 */
export const HEALTH_CHECK: Command = { ...TEXT_PROBE };

/**
 * One connection with its protocol state: the only place where the pure core meets promises.
 *
 * Commands are taken from the start and wait in the machine until the connection is there. A link
 * that has closed is done with; its owner makes another.
 */
export class Link implements Executor, TransportEvents {
  /** Whether the server ever answered a command on it. */
  hasAnswered = false;
  /** Whether a connection was made. */
  wasConnected = false;
  readonly #options: LinkOptions;
  readonly #name: string;
  readonly #connection: ClientConnection<Pending>;
  readonly #aborter: Aborter = newAborter();
  // Made when somebody asks: a promise keeps the context in which it was made.
  #closed: Promise<void> | null = null;
  #resolveClosed: () => void = () => {};
  readonly #pump: Pump;
  readonly #pace: Pace;
  // When the turn of the last command began, by the time of the alarm.
  #usedAt = 0;
  // The consumer of the items of a dump or a watch is busy.
  #isBusy = false;
  // How many quiet writes came.
  #quiet = 0;
  // Bytes of memory of what was queued since the last flush.
  #unflushed = 0;
  // What is to be done over another connection if this one closes at the probe.
  #early: Early[] = [];
  // Quiet writes that the transport has, whose callers are held back.
  #heldBack: Pending[] = [];
  readonly #signals: AbortListeners = new AbortListeners();
  readonly #sink: PlainSink<Pending> = {
    ...plainSink,
    onPlain: (call, reply, bytesOut) => {
      this.hasAnswered = true;
      plainSink.onPlain(call, reply, bytesOut);
    },
  };
  #isLate = false;
  #isAborted = false;
  readonly #alarm: Alarm;
  readonly #nudge: Nudge | null;
  #cancelDial: () => void = () => {};
  #authError: AuthError | null = null;
  #over = false;
  #resolve: Pending['resolve'] = () => {};
  #reject: Pending['reject'] = () => {};
  // Takes the ends of a new promise. One for all commands: a closure for each would weigh 150 bytes.
  readonly #capture = (resolve: Pending['resolve'], reject: Pending['reject']): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  /** Dials at once. It throws a UsageError when an option breaks a rule. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#pace = options.pace ?? new Pace(options.clock);
    this.#name = endpointName(options.endpoint);
    this.#connection = new ClientConnection({ ...options, serverName: this.#name });
    const { auth, connectTimeout, clock, endpoint } = options;
    this.#pump = new Pump(this.#connection, {
      onTurn: () => this.#flush(),
      onRested: () => this.#advance(),
    }, this.#pace);
    this.#alarm = new Alarm(clock, () => {
      // While nothing is read, the server's silence is no sign.
      if (this.#isBusy) this.#connection.receive(EMPTY, this.#alarm.time.elapsed());
      this.#connection.tick(this.#alarm.time.elapsed());
      this.#advance();
    });
    this.#nudge = endpoint.tls === undefined
      ? null
      : new Nudge(clock, this.#connection, () => this.#flush());
    if (auth !== undefined) this.#login(auth, connectTimeout);
    void this.#dial();
  }

  /** Whether the server has shown on it that it speaks memcached's protocol. */
  get isSound(): boolean {
    return this.hasAnswered || this.#connection.proved;
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#connection.pending;
  }

  /** The bytes of memory that they are reckoned to hold. */
  get pendingBytes(): number {
    return this.#connection.pendingBytes;
  }

  /** When the turn of the last command began, by the clock's `elapsed`; pauses do not count. */
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
    // An observer is to see what is sent, as far as that is known.
    if (this.#connection.spoken === 'text' && isEitherWay(command)) {
      try {
        spelled = this.#connection.spell(command);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const { onCommand, clock } = this.#options;
    const onEnd = announce(onCommand, spelled, this.#name);
    if (onEnd === undefined) return this.#execute(spelled, command, options, null, reader, key);
    const traffic = { bytesOut: 0, bytesIn: 0 };
    const reply = this.#execute(spelled, command, options, traffic, wholeReply, key);
    return observed(onEnd, clock, spelled, traffic, reply)
      .then((found) => reader.ofReply(found, { key, options }));
  }

  /** Asks whether the server answers; no observer hears of it. */
  check(): Promise<Reply> {
    return this.#execute(HEALTH_CHECK, HEALTH_CHECK, undefined, null, wholeReply, '');
  }

  /**
   * Takes over what another connection, whose time is `now`, could not do. Each call keeps the time
   * that it had left.
   * @internal
   */
  adopt(commands: readonly Early[], now: number): void {
    const shift = this.#alarm.time.elapsed() - now;
    for (const { command, pending, deadline, until } of commands) {
      pending.unlisten?.();
      pending.unlisten = null;
      try {
        this.#send(command, pending, deadline + shift, until);
      } catch (error) {
        pending.reject(error as Error);
      }
    }
    this.#pump.schedule();
  }

  // `asked` is the command before it was spelled, which alone may be quiet.
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
      // The commands of one turn share its time: to read the clock costs as much as to encode one.
      // It flushes even where this one is refused: what was sent before may be what leaves no room.
      if (this.#pump.schedule()) this.#usedAt = this.#alarm.time.elapsed();
      const timeout = options?.timeout ?? this.#options.timeout;
      const deadline = this.#usedAt + timeout;
      const pending: Pending = { resolve, reject, reader, key, options, traffic, unlisten: null };
      if (options?.unconfirmed === true) this.#sendQuiet(command, asked, pending, deadline);
      else this.#sendAwaited(command, pending, deadline);
      // A burst goes out, and its time is told, while it is made: not when its turn ends.
      if (this.#unflushed > BURST) {
        this.#flush(false);
        this.#usedAt = this.#alarm.time.elapsed();
      }
    } catch (error) {
      reject(error as Error);
    }
    return result;
  }

  #sendAwaited(command: Command, pending: Pending, deadline: number): void {
    // What can be taken back waits until its turn ends.
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
    // A loop that awaits them one by one leaves the event loop no turn. One alone is not measured.
    if ((++this.#quiet & 15) === 0) {
      this.#pump.isSentEnough();
      this.#pace.begin();
    }
    if (pending.options?.signal === undefined && this.#pump.isFree && this.#hasRoom) {
      const size = this.#connection.sendPlain(command, undefined, Infinity);
      if (size > 0) {
        // It leaves before anything else can happen, so its caller may go on at once.
        this.#unflushed += size;
        this.#nudge?.sent(command);
        // Some leave together, as long as they come one right after the other.
        if (this.#quiet % 64 !== 0) this.#pump.linger();
        return settle(pending, SILENT);
      }
    }
    checkCommand(asked);
    this.#send(command, pending, deadline, isQuiet(asked) ? 'sent' : 'answered');
    this.#unflushed += sizeOf(command);
  }

  #send(command: Command, pending: Pending, deadline: number, until: Early['until']): void {
    const { spoken } = this.#connection;
    // Before the command is known to be right: a probe does no harm.
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
   * Stops reading, and the deadlines of commands with it: no reply is late while nobody reads.
   * Commands are still taken and sent, chunks that are on their way are read, and a dial goes on.
   */
  pause(): void {
    if (this.#over) return;
    this.#alarm.pause();
    this.#nudge?.pause();
    this.#pump.hold(PAUSED, true);
  }

  /** Reads on. Each deadline has the time that it had left at `pause`. */
  resume(): void {
    this.#alarm.resume();
    this.#nudge?.resume();
    this.#pump.hold(PAUSED, false);
  }

  /** Takes no more commands, and closes once those that are pending have ended. */
  close(): Promise<void> {
    this.#connection.end();
    this.#advance();
    this.#closed ??= new Promise((resolve) => {
      if (this.#over) resolve();
      else this.#resolveClosed = resolve;
    });
    return this.#closed;
  }

  /** Gives up what is pending, and the connection with it. */
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
    this.#nudge?.heard();
    const isLarge = chunk.length >= LARGE;
    if (isLarge) this.#pace.begin();
    this.#connection.receive(chunk, this.#alarm.time.elapsed());
    this.#advance();
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
    // Does not rely on the dialer to heed its signal.
    this.#cancelDial = clock.after(connectTimeout, () => {
      const waited = `no connection to ${name} within ${connectTimeout} ms`;
      this.#connection.fail(new TimeoutError(waited, 'not-sent'));
      this.#advance();
    });
    try {
      // What it throws at once comes as a rejection: no link ends before it was made.
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
    const pending = loginCall(this.#name, auth.password, timeout, (error) => {
      if (error instanceof AuthError) this.#authError = error;
      this.#connection.fail(error);
    });
    this.#connection.send(
      { verb: 'auth', ...auth },
      pending,
      this.#options.clock.elapsed() + timeout,
    );
  }

  // Takes the events that are there, then sends what they may have made room for.
  #advance(): void {
    this.#settleAll();
    this.#flush();
  }

  // Without a pace it is the caller's own time that it takes.
  #flush(isPaced = true): void {
    this.#unflushed = 0;
    this.#pump.flush(this.#alarm.time.elapsed(), isPaced);
    // To encode may find deadlines that have passed, or that nothing is left to wait for.
    this.#settleAll();
    this.#alarm.set(this.#connection.deadline() ?? Infinity);
  }

  #settleAll(): void {
    while (!this.#isBusy && !this.#connection.isIdle) {
      const event = this.#connection.next(this.#sink);
      if (event === null) break;
      this.#settle(event);
    }
    if (this.#early.length > 0 && this.#connection.spoken !== 'unproven') this.#early = [];
    if (this.#heldBack.length === 0 || this.#pump.sendsLater) return;
    if (!this.#hasRoom) return;
    for (const pending of this.#heldBack.splice(0)) settle(pending, SILENT);
  }

  #settle(event: ClientEvent<Pending>): void {
    switch (event.type) {
      case 'reply': {
        const { tag, reply, bytesOut, bytesIn } = event;
        tag.unlisten?.();
        if (tag.traffic !== null) Object.assign(tag.traffic, { bytesOut, bytesIn });
        if (isError(reply)) {
          tag.reject(new ServerReplyError(reply.type, reply.message));
        } else {
          this.hasAnswered = true;
          settle(tag, reply);
        }
        return;
      }
      case 'item':
        this.hasAnswered = true;
        return this.#passOn(event.tag, event.item);
      case 'sent':
        event.tag.unlisten?.();
        // What nobody awaits is held back here, so that the event loop turns and memory is bounded.
        if (this.#pump.sendsLater || !this.#hasRoom) {
          this.#heldBack.push(event.tag);
        } else settle(event.tag, SILENT);
        return;
      case 'refused':
        event.tag.unlisten?.();
        return event.tag.reject(event.error);
      case 'timeout':
        return this.#timeOut(event);
      case 'quiet-error': {
        const error = new ServerReplyError(event.reply.type, event.reply.message);
        // In a turn of its own: what it throws is no business of the calls that wait here.
        void Promise.resolve().then(() => this.#options.onQuietError?.(error));
        return;
      }
      case 'closed':
        return this.#finish(event);
    }
  }

  #timeOut({ tag, outcome, silent }: ClientEvent<Pending> & { type: 'timeout' }): void {
    const { timeout = this.#options.timeout } = tag.options ?? {};
    tag.unlisten?.();
    // Of what is left of a longer time, fractions say nothing.
    const within = timeout < 10 ? Number(timeout.toPrecision(2)) : Math.round(timeout);
    // The stack of a timer tells nobody anything, and thousands may be late at once.
    const error = withoutStack(() =>
      new TimeoutError(`no reply from ${this.#name} within ${within} ms`, outcome)
    );
    // Not one reply since it was sent: a firewall may have forgotten the connection.
    if (silent && !this.#isLate && !this.#over) {
      this.#isLate = true;
      this.#options.onLate?.(this, error);
    }
    tag.reject(error);
  }

  // Whether the callers of quiet writes may go on. A fence is under way before so many are pending.
  get #hasRoom(): boolean {
    const { fenceEvery = clientConnectionOptions.fenceEvery } = this.#options;
    return this.#connection.pending <= 4 * fenceEvery;
  }

  #passOn(tag: Pending, item: ReplyItem): void {
    // Its reader is told that it is over, and gets no more.
    if (this.#isAborted) return;
    const refuse = (error: unknown): void => {
      tag.unlisten?.();
      this.#connection.cancel(tag);
      tag.reject(error as Error);
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
    const { unsent, unanswered, atProbe } = end;
    const cause = this.#named(end.cause);
    this.#over = true;
    this.#cancelDial();
    this.#alarm.stop();
    this.#nudge?.stop();
    this.#aborter.abort(cause ?? new ConnectionError('the client was closed', 'not-sent'));
    // After an orderly end the transport may finish sending; after anything else it is cut.
    if (cause === null) this.#pump.close();
    else this.#pump.abort();
    const heir = this.#options.onClosed(this, { cause: this.#isAborted ? null : cause, atProbe });
    const adopted = new Set<Pending>();
    if (heir !== null) {
      const open = new Set(unsent);
      const read = new Set(atProbe ? unanswered : []);
      const commands = this.#early.filter(({ command, pending }) =>
        open.has(pending) || (read.has(pending) && verbs[command.verb].class === 'read')
      );
      for (const { pending } of commands) adopted.add(pending);
      heir.adopt(commands, this.#alarm.time.elapsed());
    }
    for (const [calls, outcome] of [[unsent, 'not-sent'], [unanswered, 'unknown']] as const) {
      for (const call of calls) {
        if (adopted.has(call)) continue;
        call.unlisten?.();
        call.reject(lostError(this.#authError ?? cause, outcome));
      }
    }
    // Their bytes were with the transport: what became of them nobody promised to tell.
    for (const pending of this.#heldBack.splice(0)) settle(pending, SILENT);
    this.#resolveClosed();
  }

  // A peer that never said a word of the protocol is likely another kind of server.
  #named(cause: Error | null): Error | null {
    if (!(cause instanceof ProtocolError) || this.isSound) return cause;
    const named = `${this.#name} does not answer as memcached does: ${cause.message}`;
    return new ProtocolError(named, cause.outcome);
  }

  #abortCommand(pending: Pending, reason: unknown): void {
    pending.unlisten?.();
    const state = this.#connection.cancel(pending);
    if (state === 'settled') return;
    // Not at once: the same signal may take back others, which must not be sent before.
    this.#pump.schedule();
    pending.reject(new AbortError(state === 'unsent' ? 'not-sent' : 'unknown', reason));
  }
}
