// Retries: an executor around an executor, and a client around a client.
import type { Clock } from '../../io/clock.ts';
import type { AbortSignalLike } from '../../io/transport.ts';
import { checkObject } from '../../wire/check.ts';
import type { Command } from '../../wire/command.ts';
import {
  AbortError,
  ConnectionError,
  MemcacheError,
  ProtocolError,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../../wire/errors.ts';
import { isIdempotent } from '../../wire/command-facts.ts';
import type { Reply } from '../../wire/reply.ts';
import { verbs } from '../../wire/verbs.ts';
import { AbortListeners } from '../connection/abort-listeners.ts';
import {
  type Call,
  checkExecuteOptions,
  type ExecuteOptions,
  executeThenRead,
  type Executor,
  type Reader,
  refused,
} from '../connection/executor.ts';
import { backoff, Deadline } from '../connection/timing.ts';
import type { ItemKey } from '../keys.ts';
import { Memcache } from '../memcache.ts';
import type { Servers } from '../operation-context.ts';
import {
  type CallOptions,
  checkClock,
  clientTable,
  type OptionTable,
  readOptions,
  type Rule,
} from '../options.ts';
import { type FaceOf, keepFace } from './face.ts';
import { FallbackClient } from './fallback-client.ts';
import type { Optional } from '../../wire/options.ts';

/**
 * Any client, with its keys, values and dialect, whose failed commands are repeated if that can do no
 * harm: see `RetryOptions`. Closing it closes the client.
 *
 * It has the methods of the client: those of `ServerClient` over a client of one server, those of
 * `ClusterClient` over a `HashClient`, whose `server(name)` is retried likewise. As a type,
 * `RetryingClient` has the operations on items, `RetryingClient<Client>` and
 * `RetryingClient<HashClient>` also the others.
 */
export type RetryingClient<Over extends Memcache = Memcache> = FaceOf<Over>;

/** The constructor. */
export interface RetryingClientConstructor {
  /**
   * Wraps a client.
   *
   * @param client Any client but a `FallbackClient`, whose caches may each be retried.
   * @throws UsageError when an option breaks a rule.
   */
  new <Over extends Memcache>(client: Over, options?: RetryOptions): RetryingClient<Over>;
}

// The members that `keepFace` adds depend on the type of the client.
/** Makes a `RetryingClient`. */
export const RetryingClient = class extends Memcache {
  constructor(client: Memcache, options: RetryOptions = {}) {
    if (!(client instanceof Memcache)) throw new UsageError('client', 'must be a client');
    // Its reads are more than commands that could be repeated.
    if (client instanceof FallbackClient) {
      throw new UsageError('client', 'must not be a FallbackClient: wrap each of its caches');
    }
    checkObject('options', options);
    const { clock, random = Math.random, executor, servers } = client.dependencies;
    const retrying = new Retrying(executor, {
      ...options,
      clock: options.clock ?? clock,
      random: options.random ?? random,
    });
    super({
      ...client.dependencies,
      executor: retrying,
      servers: servers && retrying.aroundServers(servers),
    });
    keepFace(this, client);
  }
} as RetryingClientConstructor;

/**
 * The minimum wait in milliseconds after an attempt that was refused by the client, because the server
 * is down or too much is pending: an earlier one would be refused too. It equals the client's first
 * wait between two dials.
 */
const REST = 25;

/** Stands for a lookup of servers: a read, which may be repeated. */
const READS: Command = { verb: 'version' };

/** The codes of errors with which a call was refused before anything was sent. */
const REFUSED_HERE: ReadonlySet<string> = new Set(['down', 'overloaded']);

/** A reply as a reader gets it. */
interface Landed {
  readonly reply: Reply;
  readonly call: Call;
  readonly connection: Executor | undefined;
}

const landing: Reader<Landed> = {
  ofReply: (reply, call, connection) => ({ reply, call, connection }),
};

/**
 * Tries a failed command again if another attempt may succeed and can do no harm: no byte of it was
 * sent, or it is idempotent. `retryServerErrors` and `retryUnsafe` allow more.
 *
 * Between two attempts the event loop turns at least once, even without a `delay`: sockets are read,
 * timers fire, and a signal can end the call.
 */
export class Retrying implements Executor {
  readonly #executor: Executor;
  readonly #policy: RetryPolicy;
  // The functions that end the waits in progress.
  readonly #waits: Set<() => void> = new Set();
  readonly #aborts = new AbortListeners();
  #closed = false;

  /**
   * Wraps an executor.
   *
   * @throws UsageError when an option breaks a rule.
   */
  constructor(executor: Executor, options: RetryOptions = {}) {
    this.#executor = executor;
    this.#policy = toRetryPolicy(options);
  }

  /** Sends a command: see `Executor.execute`. */
  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    return this.#execute(this.#executor, command, options);
  }

  /** @internal */
  async executeWith<Result>(
    command: Command,
    options: ExecuteOptions | undefined = {},
    reader: Reader<Result>,
    key: ItemKey,
  ): Promise<Result> {
    const executor = this.#executor;
    let landed: Landed;
    try {
      checkExecuteOptions(options);
      landed = await this.#repeat(command, options, this.#deadline(options), async (left) => {
        const own = { key, options: left, deadline: Infinity };
        return await (executor.executeWith?.(command, left, landing, key) ??
          executeThenRead(executor, command, own, landing));
      });
    } catch (error) {
      return await refused(reader, error);
    }
    // Outside of the attempts: what it throws is no failure of the command.
    return await reader.ofReply(landed.reply, landed.call, landed.connection);
  }

  /** Ends the waits between attempts: their calls reject with the error of the last attempt. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#waits) end();
    await this.#executor.close();
  }

  /**
   * Many servers, each with the same retries, which end when this is closed. The wait until they
   * are found is repeated likewise.
   */
  aroundServers(servers: Servers): Servers {
    const { executorOf, ready } = servers;
    return {
      ...servers,
      executorOf: (name) => {
        const executor = executorOf(name);
        return {
          execute: (command, options) => this.#execute(executor, command, options),
          close: () => executor.close(),
        };
      },
      ready: ready && (async (options) => {
        checkExecuteOptions(options);
        const deadline = this.#deadline(options);
        await this.#repeat(READS, options, deadline, ready);
        return deadline.within(options);
      }),
    };
  }

  async #execute(
    executor: Executor,
    command: Command,
    options: ExecuteOptions = {},
  ): Promise<Reply> {
    checkExecuteOptions(options);
    const attempt = (left: ExecuteOptions): Promise<Reply> => executor.execute(command, left);
    return await this.#repeat(command, options, this.#deadline(options), attempt);
  }

  #deadline({ timeout = this.#policy.timeout }: CallOptions): Deadline {
    return new Deadline(this.#policy.clock, timeout);
  }

  async #repeat<Result>(
    command: Command,
    options: ExecuteOptions,
    deadline: Deadline,
    run: (options: ExecuteOptions) => Promise<Result>,
  ): Promise<Result> {
    const { attempts } = this.#policy;
    // How long a dump takes depends on its reader.
    const attemptTimeout = options.onItem === undefined ? this.#policy.attemptTimeout : Infinity;
    let doubt: MemcacheError | null = null;
    for (let attempt = 1;; attempt++) {
      try {
        return await run(deadline.within(options, attemptTimeout));
      } catch (error) {
        if (!(error instanceof MemcacheError)) throw error;
        if (error.outcome !== 'not-sent') doubt ??= error;
        const last = ofAll(error, doubt);
        if (attempt >= attempts || !this.#mayRepeat(command, options, error)) throw last;
        const wait = this.#delay(attempt, error);
        if (wait >= deadline.left) throw last;
        await this.#wait(wait, options.signal);
        if (this.#closed) throw last;
        if (options.signal?.aborted) throw new AbortError(last.outcome, options.signal.reason);
      }
    }
  }

  #mayRepeat(command: Command, options: ExecuteOptions, error: MemcacheError): boolean {
    const { isWorth, retryUnsafe } = this.#policy;
    if (this.#closed || error instanceof UsageError || error instanceof AbortError) return false;
    if (error.code === 'closed' || !isWorth(error, command)) return false;
    if (error.outcome === 'not-sent') return true;
    // Its reader may have seen a part of the reply.
    if (options.onItem !== undefined) return false;
    return retryUnsafe || isIdempotent(command);
  }

  #delay(failures: number, { code }: MemcacheError): number {
    const { delay, maxDelay, random } = this.#policy;
    const wait = backoff(failures, delay, maxDelay, random);
    return REFUSED_HERE.has(code) ? Math.max(wait, REST) : wait;
  }

  #wait(milliseconds: number, signal: AbortSignalLike | undefined): Promise<void> {
    const { clock } = this.#policy;
    if (milliseconds === 0) return new Promise((resolve) => clock.yield(resolve));
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#waits.delete(end);
        unlisten?.();
        resolve();
      };
      const cancel = clock.after(milliseconds, end);
      this.#waits.add(end);
      const unlisten = signal && this.#aborts.add(signal, end);
    });
  }
}

/**
 * The error of the call as a whole.
 *
 * @param doubt The first failure after which the command may have been done. The call then may have
 * had an effect, even if its last attempt was not sent.
 */
function ofAll(last: MemcacheError, doubt: MemcacheError | null): MemcacheError {
  if (last.outcome !== 'not-sent' || doubt === null) return last;
  return last instanceof AbortError ? new AbortError(doubt.outcome, last.cause) : doubt;
}

/** A class of this package's errors. */
export type ErrorClass = abstract new (...args: never[]) => MemcacheError;

/** A selection of errors: a list of classes, or a function that decides for each error. */
export type ErrorFilter = readonly ErrorClass[] | ((error: MemcacheError) => boolean);

/** The options of a `RetryingClient`, each of which may be left out. */
export interface RetryOptions extends Optional<RetrySettings> {}

/** The options of retries with their defaults. */
export interface RetrySettings {
  /**
   * The maximum number of attempts, the first included. The default is pymemcache's.
   *
   * @default 2
   */
  readonly attempts: number;
  /**
   * Milliseconds to wait before the second attempt, doubled before each further one; half of it is
   * random. Even without a delay sockets and timers have a turn between two attempts, and an
   * attempt that was refused at once, because the server is down or too much is pending, is
   * repeated after 25 ms at the earliest.
   *
   * @default 0
   */
  readonly delay: number;
  /**
   * The longest such wait, in milliseconds.
   *
   * @default 1000
   */
  readonly maxDelay: number;
  /**
   * Milliseconds for all attempts and waits together, if the call has no `timeout`.
   *
   * @default Infinity
   */
  readonly timeout: number;
  /**
   * Milliseconds for each attempt. Without it an attempt is limited by the client's `timeout`, or by the
   * time that is left for all attempts.
   *
   * @default Infinity
   */
  readonly attemptTimeout: number;
  /**
   * The errors after which a command is repeated.
   *
   * @default [ConnectionError, ProtocolError, TimeoutError]
   */
  readonly retryFor: ErrorFilter;
  /**
   * The errors after which a command is not repeated.
   *
   * @default []
   */
  readonly doNotRetryFor: ErrorFilter;
  /**
   * Also repeat commands that are not idempotent and that the server may have executed: an `incr` may
   * then count twice.
   *
   * @default false
   */
  readonly retryUnsafe: boolean;
  /**
   * Also repeat reads that were answered with `SERVER_ERROR`, for example by a server that is short of
   * memory, or a proxy that has lost its server. Writes are not repeated, since they may have been
   * executed. Off by default, since many servers would give the same answer again.
   *
   * @default false
   */
  readonly retryServerErrors: boolean;
  /**
   * The source of jitter: returns a number from 0 to 1. A `RetryingClient` uses the client's.
   *
   * @default Math.random
   */
  readonly random: () => number;
  /**
   * The source of time. A `RetryingClient` uses the client's.
   *
   * @default the system's clock
   */
  readonly clock: Clock;
}

const isAttempts: Rule = [
  (value) => typeof value === 'number' && Number.isInteger(value) && value >= 1,
  'must be a whole number, 1 or more',
];
const isWait: Rule = [
  (value) => typeof value === 'number' && value >= 0 && value <= 0x7fff_ffff,
  'must be a number of milliseconds, 0 or more',
];
const isTimeout: Rule = [
  (value) => typeof value === 'number' && value > 0,
  'must be a number of milliseconds, more than 0',
];
const isSwitch: Rule = [(value) => typeof value === 'boolean', 'must be true or false'];
const isFilter: Rule = [
  (value) =>
    Array.isArray(value)
      ? value.every((one) => typeof one === 'function')
      // A class called without `new` would throw at the first error.
      : typeof value === 'function' && !(value.prototype instanceof Error),
  'must be a list of error classes, or a function of an error',
];

export const retryTable: OptionTable<RetrySettings> = {
  attempts: [isAttempts, 2],
  delay: [isWait, 0],
  maxDelay: [isWait, 1000],
  timeout: [isTimeout, Infinity],
  attemptTimeout: [isTimeout, Infinity],
  retryFor: [isFilter, [ConnectionError, ProtocolError, TimeoutError]],
  doNotRetryFor: [isFilter, []],
  retryUnsafe: [isSwitch, false],
  retryServerErrors: [isSwitch, false],
  random: clientTable.random,
  clock: clientTable.clock,
};

/** The checked options. */
interface RetryPolicy extends RetrySettings {
  /** Whether another attempt may succeed. */
  readonly isWorth: (error: MemcacheError, command: Command) => boolean;
}

/** @throws UsageError naming the option that breaks a rule. */
function toRetryPolicy(options: RetryOptions): RetryPolicy {
  const settings = readOptions(retryTable, options);
  const { retryFor, doNotRetryFor, retryServerErrors } = settings;
  checkClock(settings.clock);
  // The defaults may be named: that is how one of them is left out.
  if (Array.isArray(options.retryFor) && Array.isArray(doNotRetryFor)) {
    const both = options.retryFor.find((one: ErrorClass) => doNotRetryFor.includes(one));
    if (both !== undefined) {
      throw new UsageError('doNotRetryFor', `must not name ${both.name}, which retryFor names`);
    }
  }
  return {
    ...settings,
    isWorth(error, command) {
      const isWorth = matches(retryFor, error) ||
        (retryServerErrors && isRefusedRead(error, command));
      return isWorth && !matches(doNotRetryFor, error);
    },
  };
}

// `gat`, and an `mg` that touches, write an expiry but count as reads.
function isRefusedRead(error: MemcacheError, command: Command): boolean {
  if (!(error instanceof ServerReplyError) || error.kind !== 'SERVER_ERROR') return false;
  const { class: kind, reply } = verbs[command.verb];
  return kind === 'read' || reply === 'values';
}

function matches(filter: ErrorFilter, error: MemcacheError): boolean {
  return typeof filter === 'function' ? filter(error) : filter.some((one) => error instanceof one);
}
