import { type Aborter, newAborter } from '../aborter.ts';
import type { AbortSignal, Transport, TransportEvents } from '../transport.ts';
import { EMPTY } from '../wire/bytes.ts';
import { ClientConnection } from '../wire/client-connection.ts';
import type { ClientEvent } from '../wire/client-event.ts';
import { checkCommand } from '../wire/check-command.ts';
import type { Command } from '../wire/command.ts';
import {
  AbortError,
  AuthError,
  ConnectionError,
  MemcacheError,
  type Outcome,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../wire/errors.ts';
import { isQuiet } from '../wire/quiet.ts';
import { isError, type Reply, type ReplyItem, SILENT } from '../wire/reply.ts';
import { Alarm } from './alarm.ts';
import { endpointName } from './endpoint.ts';
import { checkExecuteOptions, type ExecuteOptions, type Executor } from './executor.ts';
import type { LinkOptions } from './link-options.ts';
import { reasonOf } from './reason.ts';
import { Nudge } from './nudge.ts';
import { announce, observed, type Traffic } from './observe.ts';
import type { Pending } from './pending.ts';

/**
 * One connection with its protocol state: the only place where the pure core meets promises.
 *
 * Commands are taken from the start and wait in the machine until the connection is there. A link
 * that has closed is done with; its owner makes another.
 */
export class Link implements Executor, TransportEvents {
  /** Whether the server ever answered a command on it. */
  proven = false;
  /** When the turn of the last command began, by the clock's `elapsed`. */
  usedAt = 0;
  readonly #options: LinkOptions;
  readonly #name: string;
  readonly #connection: ClientConnection<Pending>;
  readonly #aborter: Aborter = newAborter();
  readonly #closed: Promise<void>;
  #resolveClosed: () => void = () => {};
  #transport: Transport | null = null;
  #blocked = false;
  // Whoever takes the items of a dump or a watch is busy.
  #held = false;
  #flushDue = false;
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

  /** @param delay Milliseconds to wait before dialing. */
  constructor(options: LinkOptions, delay: number) {
    this.#options = options;
    this.#name = endpointName(options.endpoint);
    this.#connection = new ClientConnection(options);
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
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
    if (auth !== undefined) this.#login(auth, connectTimeout + delay);
    if (delay === 0) void this.#dial();
    else this.#cancelDial = clock.after(delay, () => void this.#dial());
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#connection.pending;
  }

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    const onEnd = announce(this.#options.onCommand, command, this.#name);
    if (onEnd === undefined) return this.#execute(command, options, null);
    const traffic = { bytesOut: 0, bytesIn: 0 };
    const reply = this.#execute(command, options, traffic);
    return observed(onEnd, this.#options.clock, command, traffic, reply);
  }

  #execute(
    command: Command,
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
      if (!this.#flushDue) this.usedAt = this.#options.clock.elapsed();
      // Even where it is refused: what was sent before may be what leaves no room.
      this.#scheduleFlush();
      if (options?.unconfirmed === true) {
        checkCommand(command);
        if (isQuiet(command)) {
          this.#connection.send(command);
          this.#nudge?.sent(command);
          resolve(SILENT);
          return reply;
        }
      }
      const timeout = options?.timeout ?? this.#options.timeout;
      const deadline = this.usedAt + timeout;
      const pending: Pending = { resolve, reject, options, traffic, unlisten: null };
      this.#connection.send(command, pending, deadline);
      this.#nudge?.sent(command);
      if (signal !== undefined) this.#listen(pending, signal);
      this.#alarm.set(deadline);
    } catch (error) {
      reject(error as Error);
    }
    return reply;
  }

  close(): Promise<void> {
    this.#connection.end();
    this.#advance();
    return this.#closed;
  }

  /** Gives up what is pending, and the connection with it. */
  abort(): void {
    this.#held = false;
    this.#connection.fail(new ConnectionError('the connection was given up', 'not-sent'));
    this.#advance();
  }

  onData(chunk: Uint8Array): void {
    this.#nudge?.heard();
    this.#connection.receive(chunk, this.#options.clock.elapsed());
    this.#advance();
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
      const transport = await dial(endpoint, this, this.#aborter.signal);
      if (this.#over) transport.abort();
      else this.#transport = transport;
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
            this.#authError = new AuthError(`${name} refused the credentials`, cause);
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

  #flush(): void {
    const now = this.#options.clock.elapsed();
    while (this.#transport !== null && !this.#blocked) {
      const bytes = this.#connection.transmit(now);
      if (bytes === null) break;
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
      if (event === null) return;
      this.#settle(event);
    }
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
          this.proven = true;
          tag.resolve(reply);
        }
        return;
      }
      case 'item':
        return this.#passOn(event.tag, event.item);
      case 'timeout': {
        const { timeout = this.#options.timeout } = event.tag.options ?? {};
        event.tag.unlisten?.();
        const error = new TimeoutError(`no reply within ${timeout} ms`, event.outcome);
        return event.tag.reject(error);
      }
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

  #passOn(tag: Pending, item: ReplyItem): void {
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
        this.#transport?.resume();
        this.#advance();
      });
    } catch (error) {
      refuse(error);
    }
  }

  #finish({ cause, unsent, unanswered }: ClientEvent<Pending> & { type: 'closed' }): void {
    this.#over = true;
    this.#cancelDial();
    this.#alarm.stop();
    this.#nudge?.stop();
    this.#aborter.abort(cause ?? new ConnectionError('the client was closed', 'not-sent'));
    // After an orderly end the transport may finish sending; after anything else it is cut.
    if (cause === null) this.#transport?.close();
    else this.#transport?.abort();
    this.#transport = null;
    for (const tag of unsent) this.#rejectLost(tag, cause, 'not-sent');
    for (const tag of unanswered) this.#rejectLost(tag, cause, 'unknown');
    this.#options.onClosed(this, cause, this.proven);
    this.#resolveClosed();
  }

  #rejectLost(tag: Pending, cause: Error | null, outcome: Outcome): void {
    tag.unlisten?.();
    const error = this.#authError ?? cause;
    // One error for all of whom it is true. A UsageError is true of the one who broke the rule only.
    const shared = error instanceof MemcacheError && !(error instanceof UsageError);
    if (shared && error.outcome === outcome) return tag.reject(error);
    const message = error?.message ?? 'the connection was closed';
    tag.reject(new ConnectionError(message, outcome, error ?? undefined));
  }

  #listen(pending: Pending, signal: AbortSignal): void {
    const onAbort = (): void => {
      pending.unlisten?.();
      const state = this.#connection.cancel(pending);
      if (state === 'settled') return;
      // Not at once: the same signal may take back others, which must not be sent before.
      this.#scheduleFlush();
      pending.reject(new AbortError(state === 'unsent' ? 'not-sent' : 'unknown', signal.reason));
    };
    signal.addEventListener('abort', onAbort);
    pending.unlisten = () => signal.removeEventListener('abort', onAbort);
  }
}
