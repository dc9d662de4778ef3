import { type Aborter, newAborter } from '../../io/aborter.ts';
import type { AbortSignalLike, Transport, TransportEvents } from '../../io/transport.ts';
import { EMPTY } from '../../wire/bytes.ts';
import {
  ClientConnection,
  clientConnectionOptions,
  type ClientEvent,
} from '../../wire/client-connection.ts';
import { checkCommand } from '../../wire/check-command.ts';
import type { Command } from '../../wire/command.ts';
import {
  AbortError,
  AuthError,
  ConnectionError,
  MemcacheError,
  type Outcome,
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
import { Alarm } from './alarm.ts';
import { endpointName } from './endpoint.ts';
import { checkExecuteOptions, type ExecuteOptions, type Executor } from './executor.ts';
import type { LinkOptions } from './link-options.ts';
import { reasonOf } from './reason.ts';
import { Nudge } from './nudge.ts';
import { announce, observed, type Traffic } from './observe.ts';
import { Pace } from './pace.ts';
import type { Pending } from './pending.ts';

/** Bytes of queued commands, with what they are reckoned to hold, after which they are sent. */
const BURST = 512 * 1024;
/** A read, or a write, of so many bytes may be one of many in a turn of the event loop. */
const LARGE = 16 * 1024;

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
  /** When the turn of the last command began, by the clock's `elapsed`. */
  usedAt = 0;
  readonly #options: LinkOptions;
  readonly #name: string;
  readonly #connection: ClientConnection<Pending>;
  readonly #aborter: Aborter = newAborter();
  // Made when somebody asks: a promise keeps the context in which it was made.
  #closed: Promise<void> | null = null;
  #resolveClosed: () => void = () => {};
  #transport: Transport | null = null;
  #blocked = false;
  // Whoever takes the items of a dump or a watch is busy.
  #held = false;
  #flushDue = false;
  readonly #pace: Pace;
  // This turn of the event loop was worked in for long enough: the next sends and reads on.
  #resting = false;
  // How many quiet writes came.
  #quiet = 0;
  // Bytes of memory of what was queued since the last flush.
  #unflushed = 0;
  // What is to be done over another connection if this one closes at the probe.
  #early: Early[] = [];
  // Quiet writes that the transport has, whose callers are held back.
  #heldBack: Pending[] = [];
  readonly #signals: AbortListeners = new AbortListeners();
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

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#pace = options.pace ?? new Pace(options.clock);
    this.#name = endpointName(options.endpoint);
    this.#connection = new ClientConnection({ ...options, serverName: this.#name });
    const { auth, connectTimeout, clock, endpoint } = options;
    this.#alarm = new Alarm(clock, () => {
      // While it is not listened to, the server's silence is no sign.
      if (this.#held) this.#connection.receive(EMPTY, clock.elapsed());
      this.#connection.tick(clock.elapsed());
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

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    let spelled = command;
    // An observer is to see what is sent, as far as that is known.
    if (this.#connection.spoken === 'text' && isEitherWay(command)) {
      try {
        spelled = this.#connection.spell(command);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const onEnd = announce(this.#options.onCommand, spelled, this.#name);
    if (onEnd === undefined) return this.#execute(spelled, command, options, null);
    const traffic = { bytesOut: 0, bytesIn: 0 };
    const reply = this.#execute(spelled, command, options, traffic);
    return observed(onEnd, this.#options.clock, spelled, traffic, reply);
  }

  /** Asks whether the server answers; no observer hears of it. */
  check(): Promise<Reply> {
    return this.#execute(HEALTH_CHECK, HEALTH_CHECK, undefined, null);
  }

  /** Takes over what another connection could not do. Each call keeps its time limit. */
  adopt(commands: readonly Early[]): void {
    for (const { command, pending, deadline, until } of commands) {
      pending.unlisten?.();
      pending.unlisten = null;
      try {
        this.#send(command, pending, deadline, until);
      } catch (error) {
        pending.reject(error as Error);
      }
    }
    this.#scheduleFlush();
  }

  // `asked` is the command before it was spelled, which alone may be quiet.
  #execute(
    command: Command,
    asked: Command,
    options: ExecuteOptions | undefined,
    traffic: Traffic | null,
  ): Promise<Reply> {
    const reply = new Promise(this.#capture);
    const resolve = this.#resolve;
    const reject = this.#reject;
    try {
      checkExecuteOptions(options);
      const signal = options?.signal;
      if (signal?.aborted === true) throw new AbortError('not-sent', signal.reason);
      // The commands of one turn share its time: to read the clock costs as much as to encode one.
      const isFirst = !this.#flushDue;
      if (isFirst) this.usedAt = this.#options.clock.elapsed();
      // Even where it is refused: what was sent before may be what leaves no room.
      this.#scheduleFlush();
      const timeout = options?.timeout ?? this.#options.timeout;
      const pending: Pending = { resolve, reject, options, traffic, unlisten: null };
      if (options?.unconfirmed === true) {
        checkCommand(asked);
        // Somebody who awaits them one by one gives nobody else a turn.
        this.#pace.begin();
        if ((++this.#quiet & 15) === 0) this.#rests();
      }
      const untilSent = options?.unconfirmed === true && isQuiet(asked);
      this.#send(command, pending, this.usedAt + timeout, untilSent ? 'sent' : 'answered');
      // A burst goes out, and its time is told, while it is made: not when its turn ends.
      this.#unflushed += sizeOf(command);
      if (this.#unflushed > BURST) {
        this.#flush(false);
        this.usedAt = this.#options.clock.elapsed();
      }
    } catch (error) {
      reject(error as Error);
    }
    return reply;
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
    if (signal !== undefined) this.#listen(pending, signal);
    this.#alarm.set(deadline);
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
    this.#held = false;
    this.#isAborted = true;
    this.#connection.fail(cause);
    this.#advance();
  }

  onData(chunk: Uint8Array): void {
    this.#nudge?.heard();
    const isLarge = chunk.length >= LARGE;
    if (isLarge) this.#pace.begin();
    this.#connection.receive(chunk, this.#options.clock.elapsed());
    this.#advance();
    if (isLarge) this.#rests();
  }

  // Whether nothing more is to be sent and read in this turn of the event loop, as there was enough.
  #rests(): boolean {
    if (this.#resting || !this.#pace.isOver) return this.#resting;
    this.#resting = true;
    this.#transport?.pause();
    this.#pace.leave(() => {
      this.#resting = false;
      if (!this.#held) this.#transport?.resume();
      this.#advance();
    });
    return true;
  }

  onDrain(): void {
    this.#blocked = false;
    this.#advance();
  }

  onClosed(cause: Error | null): void {
    this.#transport = null;
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
      else this.#transport = transport;
      this.wasConnected = true;
    } catch (cause) {
      const message = `cannot connect to ${name}: ${reasonOf(cause)}`;
      this.#connection.fail(new ConnectionError(message, 'not-sent', cause));
    }
    this.#cancelDial();
    this.#advance();
  }

  #login(auth: { username: string; password: string }, timeout: number): void {
    const { clock } = this.#options;
    const name = this.#name;
    const pending: Pending = {
      resolve: () => {},
      reject: (cause) => {
        if (cause instanceof TimeoutError) {
          const waited = `no answer to the login at ${name} within ${timeout} ms`;
          this.#connection.fail(new TimeoutError(waited, 'not-sent'));
        } else {
          // A server that is out of memory has not judged the credentials.
          if (cause instanceof ServerReplyError && cause.kind !== 'SERVER_ERROR') {
            // A server may say again what it was told.
            const said = auth.password === ''
              ? cause.serverMessage
              : cause.serverMessage.replaceAll(auth.password, '***');
            const reason = new ServerReplyError(cause.kind, said);
            this.#authError = new AuthError(`${name} refused the credentials`, reason);
          }
          this.#connection.fail(this.#authError ?? cause);
        }
      },
      options: undefined,
      traffic: null,
      unlisten: null,
    };
    this.#connection.send({ verb: 'auth', ...auth }, pending, clock.elapsed() + timeout);
  }

  // Writes of one turn leave together.
  #scheduleFlush(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    void Promise.resolve().then(() => {
      this.#flushDue = false;
      this.#flush();
    });
  }

  // Takes the events that are there, then sends what they may have made room for.
  #advance(): void {
    this.#settleAll();
    this.#flush();
  }

  // Unless it is `paced` it is the caller's own time that it takes.
  #flush(paced = true): void {
    this.#unflushed = 0;
    const now = this.#options.clock.elapsed();
    while (this.#transport !== null && !this.#blocked && !(paced && this.#rests())) {
      const bytes = this.#connection.transmit(now);
      if (bytes === null) break;
      if (paced && bytes.length >= LARGE) this.#pace.begin();
      const taken = this.#transport.send(bytes);
      this.#connection.sent(taken);
      if (taken < bytes.length) this.#blocked = true;
    }
    // To encode may find deadlines that have passed, or that nothing is left to wait for.
    this.#settleAll();
    this.#alarm.set(this.#connection.deadline() ?? Infinity);
  }

  #settleAll(): void {
    while (!this.#held) {
      const event = this.#connection.next();
      if (event === null) break;
      this.#settle(event);
    }
    if (this.#early.length > 0 && this.#connection.spoken !== 'unproven') this.#early = [];
    if (this.#heldBack.length === 0 || this.#resting) return;
    if (this.#connection.pending > this.#quietMark) return;
    for (const pending of this.#heldBack.splice(0)) pending.resolve(SILENT);
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
          tag.resolve(reply);
        }
        return;
      }
      case 'item':
        this.hasAnswered = true;
        return this.#passOn(event.tag, event.item);
      case 'sent':
        event.tag.unlisten?.();
        // What nobody awaits is held back here, so that the event loop turns and memory is bounded.
        if (this.#resting || this.#connection.pending > this.#quietMark) {
          this.#heldBack.push(event.tag);
        } else event.tag.resolve(SILENT);
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

  // A fence is under way before so many are pending.
  get #quietMark(): number {
    return 4 * (this.#options.fenceEvery ?? clientConnectionOptions.fenceEvery);
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
      this.#held = true;
      this.#transport?.pause();
      void busy.catch(refuse).then(() => {
        this.#held = false;
        if (!this.#resting) this.#transport?.resume();
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
    if (cause === null) this.#transport?.close();
    else this.#transport?.abort();
    this.#transport = null;
    const heir = this.#options.onClosed(this, { cause: this.#isAborted ? null : cause, atProbe });
    const adopted = new Set<Pending>();
    if (heir !== null) {
      const open = new Set(unsent);
      const read = new Set(atProbe ? unanswered : []);
      const commands = this.#early.filter(({ command, pending }) =>
        open.has(pending) || (read.has(pending) && verbs[command.verb].class === 'read')
      );
      for (const { pending } of commands) adopted.add(pending);
      heir.adopt(commands);
    }
    for (const tag of unsent) if (!adopted.has(tag)) this.#rejectLost(tag, cause, 'not-sent');
    for (const tag of unanswered) if (!adopted.has(tag)) this.#rejectLost(tag, cause, 'unknown');
    // Their bytes were with the transport: what became of them nobody promised to tell.
    for (const pending of this.#heldBack.splice(0)) pending.resolve(SILENT);
    this.#resolveClosed();
  }

  // A peer that never said a word of the protocol is likely another kind of server.
  #named(cause: Error | null): Error | null {
    if (!(cause instanceof ProtocolError) || this.isSound) return cause;
    const named = `${this.#name} does not answer as memcached does: ${cause.message}`;
    return new ProtocolError(named, cause.outcome);
  }

  #rejectLost(tag: Pending, cause: Error | null, outcome: Outcome): void {
    tag.unlisten?.();
    const error = this.#authError ?? cause;
    // One error for all that it is true of. A UsageError is true of the call that broke the rule, but
    // for the dialect: that one is true of the client.
    const isUsage = error instanceof UsageError;
    if (isUsage && error.argument === 'dialect') {
      return tag.reject(new UsageError('dialect', error.rule, undefined, outcome));
    }
    const shared = error instanceof MemcacheError && !isUsage;
    if (shared && error.outcome === outcome) return tag.reject(error);
    const message = error?.message ?? 'the connection was closed';
    const code = error instanceof ConnectionError ? error.code : undefined;
    tag.reject(new ConnectionError(message, outcome, error ?? undefined, code));
  }

  #listen(pending: Pending, signal: AbortSignalLike): void {
    pending.unlisten = this.#signals.add(signal, () => this.#abortCommand(pending, signal.reason));
  }

  #abortCommand(pending: Pending, reason: unknown): void {
    pending.unlisten?.();
    const state = this.#connection.cancel(pending);
    if (state === 'settled') return;
    // Not at once: the same signal may take back others, which must not be sent before.
    this.#scheduleFlush();
    pending.reject(new AbortError(state === 'unsent' ? 'not-sent' : 'unknown', reason));
  }
}

function isTransport(transport: unknown): boolean {
  return typeof transport === 'object' && transport !== null &&
    ['send', 'pause', 'resume', 'close', 'abort'].every((name) =>
      typeof (transport as Readonly<Record<string, unknown>>)[name] === 'function'
    );
}

/** A command that was queued before its connection was proved. */
export interface Early {
  readonly command: Command;
  readonly pending: Pending;
  readonly deadline: number;
  readonly until: 'answered' | 'sent';
}
