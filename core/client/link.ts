import type { Clock } from '../clock.ts';
import type { AbortSignal, Dialer, Endpoint, Transport, TransportEvents } from '../transport.ts';
import { ClientConnection } from '../wire/client-connection.ts';
import type { ClientEvent } from '../wire/client-event.ts';
import type { ClientConnectionOptions } from '../wire/client-options.ts';
import type { Command } from '../wire/command.ts';
import {
  AbortError,
  AuthError,
  ConnectionError,
  type Outcome,
  ServerReplyError,
  TimeoutError,
} from '../wire/errors.ts';
import { isQuiet } from '../wire/quiet.ts';
import { isError, type Reply, SILENT } from '../wire/reply.ts';
import { endpointName } from './endpoint.ts';
import type { ExecuteOptions, Executor } from './executor.ts';

export interface LinkOptions extends Partial<ClientConnectionOptions> {
  readonly dial: Dialer;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** Milliseconds until a command's wait is given up. */
  readonly timeout: number;
  /** Milliseconds until a dial is given up, TLS included. */
  readonly connectTimeout: number;
  /** Whom to log in as, with memcached's ASCII authentication. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Hears of errors that the server reported to commands nobody waits for. */
  readonly onQuietError?: (error: ServerReplyError) => void;
  /**
   * Called once, when the link has come to its end; `proven` says whether the server ever answered
   * a command on it.
   */
  readonly onClosed: (link: Link, cause: Error | null, proven: boolean) => void;
}

/** Somebody who waits for a reply. */
interface Pending {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly timeout: number;
  readonly options: ExecuteOptions | undefined;
  /** Stops listening to the caller's signal. */
  unlisten: (() => void) | null;
}

declare const AbortController: new () => {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
};

/**
 * One connection with its protocol state: the only place where the pure core meets promises.
 *
 * Commands are taken from the start and wait in the machine until the connection is there. A link
 * that has closed is done with; its owner makes another.
 */
export class Link implements Executor, TransportEvents {
  readonly #options: LinkOptions;
  readonly #connection: ClientConnection<Pending>;
  readonly #aborter = new AbortController();
  readonly #closed: Promise<void>;
  #resolveClosed: () => void = () => {};
  #transport: Transport | null = null;
  #blocked = false;
  #flushDue = false;
  #timerAt = Infinity;
  #cancelTimer: () => void = () => {};
  #cancelDial: () => void = () => {};
  #proven = false;
  #authError: AuthError | null = null;
  #over = false;

  /** @param delay Milliseconds to wait before dialing. */
  constructor(options: LinkOptions, delay: number) {
    this.#options = options;
    this.#connection = new ClientConnection(options);
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    const { auth, connectTimeout, clock } = options;
    if (auth !== undefined) this.#login(auth, connectTimeout + delay);
    if (delay === 0) void this.#dial();
    else this.#cancelDial = clock.after(delay, () => void this.#dial());
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#connection.pending;
  }

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    const now = this.#options.clock.now();
    if (options?.unconfirmed === true && isQuiet(command)) {
      try {
        this.#connection.send(command);
      } catch (error) {
        return Promise.reject(error as Error);
      }
      this.#scheduleFlush();
      return Promise.resolve(SILENT);
    }
    return new Promise((resolve, reject) => {
      const signal = options?.signal;
      if (signal?.aborted === true) throw new AbortError('not-sent', signal.reason);
      const timeout = options?.timeout ?? this.#options.timeout;
      const pending: Pending = { resolve, reject, timeout, options, unlisten: null };
      this.#connection.send(command, pending, now + timeout);
      if (signal !== undefined) this.#listen(pending, signal);
      this.#scheduleFlush();
      this.#arm(now + timeout);
    });
  }

  close(): Promise<void> {
    this.#connection.end();
    if (this.#transport === null && this.#connection.pending === 0) {
      this.#connection.fail(new ConnectionError('the client was closed', 'not-sent'));
    }
    this.#advance();
    return this.#closed;
  }

  onData(chunk: Uint8Array): void {
    this.#connection.receive(chunk, this.#options.clock.now());
    this.#advance();
  }

  onDrain(): void {
    this.#blocked = false;
    this.#flush();
  }

  onClosed(cause: Error | null): void {
    this.#transport = null;
    if (cause === null) this.#connection.receiveEnd();
    else this.#connection.fail(cause);
    this.#advance();
  }

  async #dial(): Promise<void> {
    const { dial, endpoint, clock, connectTimeout } = this.#options;
    const name = endpointName(endpoint);
    const cancel = clock.after(connectTimeout, () => {
      const waited = `no connection to ${name} within ${connectTimeout} ms`;
      this.#aborter.abort(new TimeoutError(waited, 'not-sent'));
    });
    try {
      const transport = await dial(endpoint, this, this.#aborter.signal);
      if (this.#over) {
        transport.abort();
        return;
      }
      this.#transport = transport;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#connection.fail(
        cause instanceof TimeoutError
          ? cause
          : new ConnectionError(`cannot connect to ${name}: ${reason}`, 'not-sent', cause),
      );
    } finally {
      cancel();
    }
    this.#advance();
  }

  #login(auth: { username: string; password: string }, timeout: number): void {
    const { endpoint, clock } = this.#options;
    const pending: Pending = {
      resolve: () => {},
      reject: (cause) => {
        if (cause instanceof ServerReplyError) {
          const name = endpointName(endpoint);
          this.#authError = new AuthError(`${name} refused the credentials`, cause);
        }
        this.#connection.fail(this.#authError ?? cause);
      },
      timeout,
      options: undefined,
      unlisten: null,
    };
    this.#connection.send({ verb: 'auth', ...auth }, pending, clock.now() + timeout);
  }

  // Writes of one turn leave together.
  #scheduleFlush(): void {
    if (this.#flushDue || this.#transport === null) return;
    this.#flushDue = true;
    void Promise.resolve().then(() => {
      this.#flushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const transport = this.#transport;
    if (transport === null) return;
    const now = this.#options.clock.now();
    while (!this.#blocked) {
      const bytes = this.#connection.transmit(now);
      if (bytes === null) break;
      const taken = transport.send(bytes);
      this.#connection.sent(taken);
      if (taken < bytes.length) this.#blocked = true;
    }
    this.#arm(this.#connection.deadline() ?? Infinity);
  }

  // Takes the events that are there, then sends what they may have made room for.
  #advance(): void {
    for (let event = this.#connection.next(); event !== null; event = this.#connection.next()) {
      this.#settle(event);
    }
    if (!this.#over) this.#flush();
  }

  #settle(event: ClientEvent<Pending>): void {
    switch (event.type) {
      case 'reply': {
        const { tag, reply } = event;
        tag.unlisten?.();
        if (isError(reply)) {
          tag.reject(new ServerReplyError(reply.type, reply.message));
        } else {
          this.#proven = true;
          tag.resolve(reply);
        }
        return;
      }
      case 'item':
        return event.tag.options?.onItem?.(event.item);
      case 'timeout':
        event.tag.unlisten?.();
        return event.tag.reject(
          new TimeoutError(`no reply within ${event.tag.timeout} ms`, event.outcome),
        );
      case 'quiet-error':
        return this.#options.onQuietError?.(
          new ServerReplyError(event.reply.type, event.reply.message),
        );
      case 'closed':
        return this.#finish(event);
    }
  }

  #finish({ cause, unsent, unanswered }: ClientEvent<Pending> & { type: 'closed' }): void {
    this.#over = true;
    this.#cancelDial();
    this.#cancelTimer();
    this.#aborter.abort(cause ?? new ConnectionError('the client was closed', 'not-sent'));
    // After an orderly end the transport may finish sending; after anything else it is cut.
    if (cause === null) this.#transport?.close();
    else this.#transport?.abort();
    this.#transport = null;
    for (const tag of unsent) this.#rejectLost(tag, cause, 'not-sent');
    for (const tag of unanswered) this.#rejectLost(tag, cause, 'unknown');
    this.#options.onClosed(this, cause, this.#proven);
    this.#resolveClosed();
  }

  #rejectLost(tag: Pending, cause: Error | null, outcome: Outcome): void {
    tag.unlisten?.();
    const error = this.#authError ?? cause;
    if (error instanceof AuthError || (error instanceof TimeoutError && outcome === 'not-sent')) {
      return tag.reject(error);
    }
    const message = error?.message ?? 'the connection was closed';
    tag.reject(new ConnectionError(message, outcome, error ?? undefined));
  }

  // Makes sure that the timer goes off at this time or before.
  #arm(at: number): void {
    if (at >= this.#timerAt || this.#over) return;
    this.#cancelTimer();
    this.#timerAt = at;
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.max(0, at - clock.now()), () => {
      this.#timerAt = Infinity;
      this.#connection.tick(clock.now());
      this.#advance();
      this.#arm(this.#connection.deadline() ?? Infinity);
    });
  }

  #listen(pending: Pending, signal: AbortSignal): void {
    const onAbort = (): void => {
      pending.unlisten?.();
      const state = this.#connection.cancel(pending);
      if (state === 'settled') return;
      pending.reject(new AbortError(state === 'unsent' ? 'not-sent' : 'unknown', signal.reason));
    };
    signal.addEventListener('abort', onAbort);
    pending.unlisten = () => signal.removeEventListener('abort', onAbort);
  }
}
