import type { AbortSignal } from '../transport.ts';
import type { Command } from '../wire/command.ts';
import { AbortError, MemcacheError, UsageError } from '../wire/errors.ts';
import { isIdempotent } from '../wire/idempotent.ts';
import type { Reply } from '../wire/reply.ts';
import { backoff } from './backoff.ts';
import { Deadline } from './deadline.ts';
import { checkExecuteOptions, type ExecuteOptions, type Executor } from './executor.ts';
import { type RetryOptions, type RetryPolicy, toRetryPolicy } from './retry-options.ts';

/**
 * Tries a command again when it failed and another attempt may do better and can do no harm: no
 * byte of it was sent, or doing it twice is doing it once. What was done nobody repeats, unless
 * `retryUnsafe` says so.
 */
export class Retrying implements Executor {
  readonly #executor: Executor;
  readonly #policy: RetryPolicy;
  // What ends each wait that is going on.
  readonly #waits: Set<() => void> = new Set();
  #closed = false;

  /** @throws UsageError when an option breaks a rule. */
  constructor(executor: Executor, options: RetryOptions = {}) {
    this.#executor = executor;
    this.#policy = toRetryPolicy(options);
  }

  async execute(command: Command, options: ExecuteOptions = {}): Promise<Reply> {
    checkExecuteOptions(options);
    const { attempts, timeout, clock } = this.#policy;
    // How long a dump takes is up to its reader.
    const attemptTimeout = options.onItem === undefined ? this.#policy.attemptTimeout : Infinity;
    const deadline = new Deadline(clock, options.timeout ?? timeout);
    let doubt: MemcacheError | null = null;
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#executor.execute(command, deadline.within(options, attemptTimeout));
      } catch (error) {
        if (!(error instanceof MemcacheError)) throw error;
        if (error.outcome !== 'not-sent') doubt ??= error;
        const last = ofAll(error, doubt);
        if (attempt >= attempts || !this.#mayRepeat(command, options, error)) throw last;
        const wait = this.#delay(attempt);
        if (wait >= deadline.left) throw last;
        if (wait > 0) await this.#wait(wait, options.signal);
        if (this.#closed) throw last;
        if (options.signal?.aborted) throw new AbortError(last.outcome, options.signal.reason);
      }
    }
  }

  /** Ends the waits between attempts: their calls reject with what they would have tried again for. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#waits) end();
    await this.#executor.close();
  }

  #mayRepeat(command: Command, options: ExecuteOptions, error: MemcacheError): boolean {
    const { isWorth, retryUnsafe } = this.#policy;
    if (this.#closed || error instanceof UsageError || error instanceof AbortError) return false;
    if (error.code === 'closed' || !isWorth(error)) return false;
    if (error.outcome === 'not-sent') return true;
    // Its reader has seen some of the reply.
    if (options.onItem !== undefined) return false;
    return retryUnsafe || isIdempotent(command);
  }

  #delay(failures: number): number {
    const { delay, maxDelay, random } = this.#policy;
    return backoff(failures, delay, maxDelay, random);
  }

  #wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#waits.delete(end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#policy.clock.after(milliseconds, end);
      this.#waits.add(end);
      signal?.addEventListener('abort', end);
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
