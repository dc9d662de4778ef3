// Counting: numbers that are created where there are none, and the rate limits made of them.
import { checkWhole, optionNames } from '../../wire/check.ts';
import type { MetaCommand } from '../../wire/command.ts';
import { isMeta } from '../../wire/meta-flags.ts';
import { arithmeticCommand, storeCommand } from '../dialect.ts';
import { MONTH } from '../expire.ts';
import type { ItemKey, WireKey } from '../keys.ts';
import { executeOptions, type OperationContext, toU64 } from '../operation-context.ts';
import { type CallOptions, checkCountOptions, checkNames, type CountOptions } from '../options.ts';
import { numberReader, toDone, toNumber, toTtl } from '../results.ts';

/** Adds to a number or subtracts from it; undefined if there is none and `initial` is not given. */
export function count(
  context: OperationContext,
  key: ItemKey,
  direction: 'incr' | 'decr',
  delta: bigint | number,
  options: CountOptions | undefined,
): Promise<bigint | undefined> {
  try {
    if (options !== undefined) checkCountOptions(options);
    const wire = context.dependencies.keys.toWire(key);
    const amount = toU64('delta', delta);
    const quiet = context.isQuiet(options, false);
    if (options?.initial !== undefined) {
      return countFrom(context, wire, direction, amount, options, quiet);
    }
    const command = arithmeticCommand(wire, direction, amount, quiet);
    return context.executeWith(wire, command, executeOptions(quiet, options), numberReader, key);
  } catch (error) {
    return Promise.reject(error);
  }
}

// The same, with a number that is created where there is none.
async function countFrom(
  context: OperationContext,
  wire: WireKey,
  direction: 'incr' | 'decr',
  amount: bigint,
  options: CountOptions,
  quiet: boolean,
): Promise<bigint | undefined> {
  const initial = toU64('initial', options.initial);
  const expire = context.exptime(options.expire);
  const left = context.deadline(options);
  const flags = ['v', `D${amount}`, `N${expire}`, `J${initial}`];
  if (direction === 'decr') flags.push('MD');
  // On a connection that speaks text it is a plain `incr`, after whose reply it may have to go on.
  const number = toNumber(await context.execute(wire, creating(wire, flags), options));
  if (number !== undefined) return quiet ? undefined : number;
  const change = arithmeticCommand(wire, direction, amount, false);
  const within = (): CallOptions => left.within(options);
  const second = await createInText(context, wire, change, { initial, expire }, within);
  return quiet ? undefined : second;
}

function creating({ key, base64 }: WireKey, flags: readonly string[]): MetaCommand {
  return { verb: 'ma', key, base64, flags, orText: true };
}

/** The number that an operation creates where there is none. */
interface Creation {
  readonly initial: bigint;
  /** As the protocol's exptime. */
  readonly expire: number;
}

// There was none. A caller that loses the `add` to another may find the number gone again after that.
async function createInText(
  context: OperationContext,
  wire: WireKey,
  change: MetaCommand,
  { initial, expire }: Creation,
  within: () => CallOptions,
): Promise<bigint> {
  const fields = { expire, flags: 0, quiet: false };
  const create = storeCommand('add', wire, String(initial), fields);
  for (;;) {
    if (toDone(await context.execute(wire, create, within()))) return initial;
    const number = toNumber(await context.execute(wire, change, within()));
    if (number !== undefined) return number;
  }
}

/** The options of `rateLimit`. */
export interface RateLimitOptions extends CallOptions {
  /** How many calls are allowed in each window. */
  readonly limit: number;
  /** The length of a window in seconds, at most 30 days. */
  readonly window: number;
}

/** The result of `rateLimit`. */
export interface RateLimit {
  /** Whether this call is within the limit. */
  readonly allowed: boolean;
  /** How many calls are still allowed in this window. */
  readonly remaining: number;
  /** How many calls there were in this window, this one and those that were not allowed included. */
  readonly count: number;
  /**
   * Seconds until the next window begins. On a connection that speaks text this is the longest that it
   * can take, the whole window, since classic commands do not tell.
   */
  readonly resetAfter: number;
}

const rateLimitNames = /* @__PURE__ */ optionNames<RateLimitOptions>({
  limit: true,
  window: true,
  timeout: true,
  signal: true,
});

/** Counts a call in the window of a key, which the first call opens. */
export async function rateLimit(
  context: OperationContext,
  key: ItemKey,
  options: RateLimitOptions,
): Promise<RateLimit> {
  checkNames(options, rateLimitNames);
  const limit = checkWhole('limit', options.limit, 1, Number.MAX_SAFE_INTEGER);
  const window = checkWhole('window', options.window, 1, MONTH);
  const wire = context.dependencies.keys.toWire(key);
  const left = context.deadline(options);
  // `t` after `N`: servers answer in order, and it is to be what `N` has set.
  const flags = [`N${window}`, 'J1', 'v', 't'];
  const reply = await context.execute(wire, creating(wire, flags), options);
  const change = arithmeticCommand(wire, 'incr', 1n, false);
  const within = (): CallOptions => left.within(options);
  const calls = toNumber(reply) ??
    await createInText(context, wire, change, { initial: 1n, expire: window }, within);
  const ttl = isMeta(reply) ? reply.flags.find((flag) => flag.startsWith('t')) : undefined;
  return {
    allowed: calls <= limit,
    remaining: Math.max(0, limit - Number(calls)),
    count: Number(calls),
    resetAfter: ttl === undefined ? window : toTtl(ttl),
  };
}
