import type { AbortSignalLike } from '../../io/transport.ts';
import type { Command } from '../../wire/command.ts';
import { AbortError, MemcacheError, UsageError } from '../../wire/errors.ts';
import { isIdempotent } from '../../wire/command-facts.ts';
import type { Reply } from '../../wire/reply.ts';
import { AbortListeners } from '../connection/abort-listeners.ts';
import { backoff } from '../connection/backoff.ts';
import { Deadline } from '../connection/deadline.ts';
import { checkExecuteOptions, type ExecuteOptions, type Executor } from '../connection/executor.ts';
import type { CallOptions } from '../memcache-options.ts';
import { type RetryOptions, type RetryPolicy, toRetryPolicy } from './retry-options.ts';

/**
 * Milliseconds to wait at least after an attempt that was refused here, since the server is down or
 * too much is pending: one that comes sooner would be refused likewise. As long as the first wait
 * of a client between two dials.
 */
const REST = 25;

/** Something that reads, and may be done twice. */
const READS: Command = { verb: 'version' };

/** The codes of errors for which no server was asked. */
const REFUSED_HERE: ReadonlySet<string> = new Set(['down', 'overloaded']);

/**
 * Tries a command again when it failed and another attempt may do better and can do no harm: no
 * byte of it was sent, or doing it twice is doing it once. What was done nobody repeats, unless
 * `retryServerErrors` or `retryUnsafe` say so.
 *
 * Between two attempts there is a turn of the event loop at least, whatever `delay` says: sockets
 * are read, timers go off, and a signal can end the call.
 */
export class Retrying implements Executor {
  readonly #executor: Executor;
  readonly #policy: RetryPolicy;
  // What ends each wait that is going on.
  readonly #waits: Set<() => void> = new Set();
  readonly #aborts = new AbortListeners();
  #closed = false;

  /** @throws UsageError when an option breaks a rule. */
  constructor(executor: Executor, options: RetryOptions = {}) {
    this.#executor = executor;
    this.#policy = toRetryPolicy(options);
  }

  execute(command: Command, options?: ExecuteOptions): Promise<Reply> {
    return this.#execute(this.#executor, command, options);
  }

  /** Ends the waits between attempts: their calls reject with what they would have tried again for. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#waits) end();
    await this.#executor.close();
  }

  /** Another executor with the same retries, which end when this is closed. To close it does nothing. */
  around(executor: Executor): Executor {
    return {
      execute: (command, options) => this.#execute(executor, command, options),
      close: () => Promise.resolve(),
    };
  }

  /**
   * Waits for what a call needs before there is a command, and tries that again likewise.
   *
   * @returns The options of the call, with what is left of its time.
   */
  async ready<Options extends CallOptions>(
    wait: (options: CallOptions) => Promise<unknown>,
    options: Options,
  ): Promise<Options> {
    checkExecuteOptions(options);
    const deadline = this.#deadline(options);
    await this.#repeat(READS, options, deadline, wait);
    return deadline.within(options);
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
    // How long a dump takes is up to its reader.
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
    // Its reader has seen some of the reply.
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
 * What a call ends with.
 *
 * @param doubt The first failure after which the command may have been done. Of the call as a whole
 * that stays true, though the last attempt was not even sent.
 */
function ofAll(last: MemcacheError, doubt: MemcacheError | null): MemcacheError {
  if (last.outcome !== 'not-sent' || doubt === null) return last;
  return last instanceof AbortError ? new AbortError(doubt.outcome, last.cause) : doubt;
}
