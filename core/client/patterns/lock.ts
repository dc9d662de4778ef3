// Advisory locks, whose versions are fencing tokens.
import type { Clock } from '../../io/clock.ts';
import type { AbortSignalLike } from '../../io/transport.ts';
import { latin1 } from '../../wire/bytes.ts';
import { assertArgument, checkWhole, optionNames } from '../../wire/check.ts';
import type { MetaSetCommand } from '../../wire/command.ts';
import { AbortError, MemcacheError } from '../../wire/errors.ts';
import { flagArgument, isMeta } from '../../wire/meta-flags.ts';
import type { Reply } from '../../wire/reply.ts';
import type { Reader } from '../connection/executor.ts';
import { backoff, Deadline } from '../connection/timing.ts';
import { casCommand, getCommand, storeCommand } from '../dialect.ts';
import { LONG_PAST, MONTH } from '../expire.ts';
import type { ItemKey, WireKey } from '../keys.ts';
import type { OperationContext, Version } from '../operation-context.ts';
import { type CallOptions, checkCallOptions, checkNames } from '../options.ts';
import { toCas, toDone, toItem, toStatus, toUnsigned } from '../results.ts';

/** The options of `lock`. */
export interface LockOptions extends CallOptions {
  /** Seconds after which the lock ends unless it was released: 1 to 2,592,000, which are 30 days. */
  readonly ttl: number;
  /**
   * Milliseconds to wait for a lock that another holder has; 0 by default. The call then takes at most
   * this long and the `timeout` of one command more.
   */
  readonly wait?: number | undefined;
}

/** A lock that was taken with `lock`. */
export interface ItemLock {
  /** The key as it was given. */
  readonly key: ItemKey;
  /**
   * The fencing token: larger than that of every earlier holder. A store that keeps the largest token
   * it has seen can refuse the writes of a holder whose lock has ended unnoticed. It is the item's cas,
   * so it starts anew when the server restarts, and when the key moves to another server.
   */
  readonly token: bigint;
  /**
   * Gives the lock up. Resolves with false if it was no longer held: it had ended, and another may
   * have it, which keeps it.
   *
   * @example
   * ```ts
   * const lock = await client.lock('report', { ttl: 30 });
   * const wasHeld = await lock?.release();
   * ```
   */
  release(options?: CallOptions): Promise<boolean>;
  /**
   * Lets the lock last for so many seconds from now. Resolves with false if it was no longer held.
   * The token becomes a larger one. If the call rejects, the token may be outdated.
   *
   * @param ttl As in `LockOptions`.
   *
   * @example
   * ```ts
   * const lock = await client.lock('report', { ttl: 30 });
   * const isHeld = await lock?.extend(30);
   * ```
   */
  extend(ttl: number, options?: CallOptions): Promise<boolean>;
  /**
   * `release`, for `await using`. It does not reject if the server cannot be reached: the lock then
   * ends by its time.
   *
   * @example
   * ```ts
   * const lock = await client.lock('report', { ttl: 30 });
   * await lock?.[Symbol.asyncDispose](); // what `await using` calls
   * ```
   */
  [Symbol.asyncDispose](): Promise<void>;
}

const lockNames = /* @__PURE__ */ optionNames<LockOptions>({
  ttl: true,
  wait: true,
  timeout: true,
  signal: true,
});

/** The first and the longest pause between two attempts, in milliseconds. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 250;

/** Takes a lock; undefined if another has it until the end of the wait. */
export async function takeLock(
  context: OperationContext,
  key: ItemKey,
  options: LockOptions,
): Promise<ItemLock | undefined> {
  checkNames(options, lockNames);
  const { wait = 0, timeout, signal } = options;
  const ttl = checkTtl(options.ttl);
  assertArgument(
    typeof wait === 'number' && wait >= 0,
    'wait',
    'must be a number of milliseconds, 0 or more',
  );
  const { clock, keys, random = Math.random } = context.dependencies;
  const end = new Deadline(clock, wait);
  const wire = keys.toWire(key);
  const owner = `lock-${context.token()}`;
  for (let attempt = 1;; attempt++) {
    const token = await take(context, wire, ttl, owner, { timeout, signal });
    if (token !== undefined) return new HeldLock(context, key, wire, token, owner);
    const { left } = end;
    if (left === 0) return undefined;
    const pause = backoff(attempt, FIRST_PAUSE, LONGEST_PAUSE, random);
    await rest(clock, Math.min(pause, left), signal);
  }
}

function checkTtl(ttl: number): number {
  return checkWhole('ttl', ttl, 1, MONTH);
}

/** One attempt; undefined if another has the lock. */
async function take(
  context: OperationContext,
  wire: WireKey,
  ttl: number,
  owner: string,
  options: CallOptions,
): Promise<bigint | undefined> {
  const left = context.deadline(options);
  const add = storeCommand('add', wire, owner, { expire: ttl, flags: 0, quiet: false });
  const reply = await context.execute(wire, withNewCas(add), options);
  if (!toDone(reply)) return undefined;
  return newCasOf(reply) ?? (await find(context, wire, owner, left.within(options)))?.cas;
}

/** The same store, whose meta reply tells the version of the item that it has made. */
function withNewCas(command: MetaSetCommand): MetaSetCommand {
  return { ...command, flags: [...command.flags, 'c'] };
}

function newCasOf(reply: Reply): bigint | undefined {
  const flag = isMeta(reply) ? flagArgument(reply.flags, 'c') : undefined;
  return flag === undefined ? undefined : toUnsigned(`c${flag}`);
}

/** The lock, if it is still the owner's: its value names the owner. */
function find(
  context: OperationContext,
  wire: WireKey,
  owner: string,
  options: CallOptions,
): Promise<Version | undefined> {
  const reader: Reader<Version | undefined> = {
    ofReply: (reply, _call, connection) => {
      const found = toItem(reply);
      const isOwn = found !== undefined && latin1(found.value) === owner;
      return isOwn ? { cas: toCas(found.cas), connection } : undefined;
    },
  };
  return context.executeWith(wire, getCommand(wire, true), options, reader, wire.key);
}

function rest(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignalLike | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      if (signal?.aborted === true) reject(new AbortError('not-sent', signal.reason));
      else resolve();
    };
    const cancel = clock.after(milliseconds, end);
    signal?.addEventListener('abort', end);
    if (signal?.aborted === true) end();
  });
}

class HeldLock implements ItemLock {
  readonly key: ItemKey;
  readonly #context: OperationContext;
  readonly #wire: WireKey;
  readonly #owner: string;
  #token: bigint;

  constructor(
    context: OperationContext,
    key: ItemKey,
    wire: WireKey,
    token: bigint,
    owner: string,
  ) {
    this.key = key;
    this.#context = context;
    this.#wire = wire;
    this.#token = token;
    this.#owner = owner;
  }

  get token(): bigint {
    return this.#token;
  }

  async release(options: CallOptions = {}): Promise<boolean> {
    checkCallOptions(options);
    // A value that has expired when it is stored: text has no delete that compares the cas.
    const reply = await this.#replace('', LONG_PAST, this.#context.deadline(options), options);
    return reply !== undefined && toStatus(reply) === 'done';
  }

  async extend(ttl: number, options: CallOptions = {}): Promise<boolean> {
    checkCallOptions(options);
    const left = this.#context.deadline(options);
    // `mg` and `touch` would extend the lock of another, too.
    const reply = await this.#replace(this.#owner, checkTtl(ttl), left, options);
    if (reply === undefined || toStatus(reply) !== 'done') return false;
    const token = newCasOf(reply) ?? (await this.#find(left.within(options)))?.cas;
    if (token === undefined) return false;
    this.#token = token;
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      if (!(error instanceof MemcacheError)) throw error;
    }
  }

  #find(options: CallOptions): Promise<Version | undefined> {
    return find(this.#context, this.#wire, this.#owner, options);
  }

  // Replaces the lock, if it is still the own one; undefined if it is not. Its token alone does not
  // tell: a server that was restarted counts versions from 1 again.
  async #replace(
    value: string,
    expire: number,
    left: Deadline,
    options: CallOptions,
  ): Promise<Reply | undefined> {
    const version = await this.#find(left.within(options));
    if (version === undefined) return undefined;
    const fields = { expire, flags: 0, quiet: false };
    const command = withNewCas(casCommand(this.#wire, value, version.cas, fields));
    return await this.#context.executeOn(version, this.#wire, command, left.within(options));
  }
}
