// Advisory locks, whose versions are fencing tokens.
import type { Clock } from '../../io/clock.ts';
import type { AbortSignalLike } from '../../io/transport.ts';
import { latin1 } from '../../wire/bytes.ts';
import { assertArgument, checkWhole, optionNames } from '../../wire/check.ts';
import { AbortError, MemcacheError, ServerReplyError } from '../../wire/errors.ts';
import type { Reply } from '../../wire/reply.ts';
import { backoff, Deadline } from '../connection/timing.ts';
import { casCommand, getCommand, storeCommand } from '../dialect.ts';
import { LONG_PAST, MONTH } from '../expire.ts';
import type { ItemKey, WireKey } from '../keys.ts';
import type { OperationContext } from '../operation-context.ts';
import { type CallOptions, checkCallOptions, checkNames } from '../options.ts';
import { toDone, toStatus, toUnsigned, unexpected } from '../results.ts';

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
   * The token becomes a larger one. If the call rejects, the token may be outdated, and the lock then
   * ends by its time.
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
  const { key, base64 } = wire;
  // An empty placeholder is created on a miss, and only its creator is told that it won.
  const command = { verb: 'mg', key, base64, flags: ['c', `N${ttl}`], orText: true } as const;
  const reply: Reply = await context.execute(wire, command, options);
  if (reply.type === 'HD') {
    if (!reply.flags.includes('W')) return undefined;
    const cas = reply.flags.find((flag) => flag.startsWith('c'));
    return cas === undefined ? unexpected(reply) : toUnsigned(cas);
  }
  if (reply.type === 'EN') {
    throw new ServerReplyError('SERVER_ERROR', 'the server could not create the item of the lock');
  }
  // It was sent as `gets`, which creates nothing.
  if (reply.type !== 'values') return unexpected(reply);
  if (reply.items.length > 0) return undefined;
  const add = storeCommand('add', wire, owner, { expire: ttl, flags: 0, quiet: false });
  if (!toDone(await context.execute(wire, add, left.within(options)))) return undefined;
  return tokenOf(context, wire, owner, left.within(options));
}

/** The version of a lock whose value names its owner; undefined if it has ended since. */
async function tokenOf(
  context: OperationContext,
  wire: WireKey,
  owner: string,
  options: CallOptions,
): Promise<bigint | undefined> {
  const found = await context.find(wire, getCommand(wire, true), options);
  return found !== undefined && latin1(found.value) === owner ? found.cas : undefined;
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
    const reply = await this.#store('', LONG_PAST, options);
    return toStatus(reply) === 'done';
  }

  async extend(ttl: number, options: CallOptions = {}): Promise<boolean> {
    checkCallOptions(options);
    const left = this.#context.deadline(options);
    // `mg` and `touch` would extend the lock of another, too.
    const reply = await this.#store(this.#owner, checkTtl(ttl), options);
    if (toStatus(reply) !== 'done') return false;
    const token = await tokenOf(this.#context, this.#wire, this.#owner, left.within(options));
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

  #store(value: string, expire: number, options: CallOptions): Promise<Reply> {
    const command = casCommand(this.#wire, value, this.#token, { expire, flags: 0, quiet: false });
    return this.#context.execute(this.#wire, command, options);
  }
}
