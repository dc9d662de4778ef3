import { type Clock, systemClock } from '../../io/clock.ts';
import {
  checkBoolean,
  checkKnown,
  checkMilliseconds,
  checkObject,
  optionNames,
} from '../../wire/check.ts';
import { verbs } from '../../wire/verbs.ts';
import type { Command } from '../../wire/command.ts';
import {
  ConnectionError,
  type MemcacheError,
  ProtocolError,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../../wire/errors.ts';

/** A class of this package's errors. */
export type ErrorClass = abstract new (...args: never[]) => MemcacheError;

/** Which errors are meant: a list of classes, or what says so of each. */
export type ErrorFilter = readonly ErrorClass[] | ((error: MemcacheError) => boolean);

export interface RetryOptions {
  /** How often a command is tried, the first time included; 2 by default, as pymemcache has it. */
  readonly attempts?: number;
  /**
   * Milliseconds to wait before the second attempt, doubled before each more; half of it is random.
   * 0 by default. Sockets and timers have a turn between two attempts even so, and an attempt that
   * was refused at once, since the server is down or too much is pending, is repeated after 25 ms at
   * the soonest.
   */
  readonly delay?: number;
  /** The longest such wait; 1000 by default. */
  readonly maxDelay?: number;
  /**
   * Milliseconds for all attempts and waits together, where a call has no `timeout` of its own. By
   * default only each attempt is bounded.
   */
  readonly timeout?: number;
  /**
   * Milliseconds for each attempt. By default the client's own `timeout`, or where there is one for
   * all attempts, whatever is left of it.
   */
  readonly attemptTimeout?: number;
  /** The errors after which to try again: of the connection, the protocol and time by default. */
  readonly retryFor?: ErrorFilter;
  /** Those after which not to; none by default. */
  readonly doNotRetryFor?: ErrorFilter;
  /**
   * Repeat reads too that the server answered with `SERVER_ERROR`, as one does that is short of
   * memory, and a proxy whose server is gone. Writes are not: what became of them is not known. Off
   * by default, since many a server would answer the same again.
   */
  readonly retryServerErrors?: boolean;
  /**
   * Repeat commands too that may have been done and would do something else the second time: an
   * `incr` may then count twice. Off by default.
   */
  readonly retryUnsafe?: boolean;
  /** A number from 0 to 1, for jitter; the client's `random` by default. */
  readonly random?: () => number;
  /** Where time comes from; the client's clock by default. */
  readonly clock?: Clock;
}

/** The options as they are worked with. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delay: number;
  readonly maxDelay: number;
  readonly timeout: number;
  readonly attemptTimeout: number;
  readonly retryUnsafe: boolean;
  readonly random: () => number;
  readonly clock: Clock;
  /** Whether another attempt may do better. */
  readonly isWorth: (error: MemcacheError, command: Command) => boolean;
}

const names = /* @__PURE__ */ optionNames<RetryOptions>({
  attempts: true,
  delay: true,
  maxDelay: true,
  timeout: true,
  attemptTimeout: true,
  retryFor: true,
  doNotRetryFor: true,
  retryUnsafe: true,
  retryServerErrors: true,
  random: true,
  clock: true,
});

const defaults: readonly ErrorClass[] = [ConnectionError, ProtocolError, TimeoutError];

/** @throws UsageError naming the option that breaks a rule. */
export function toRetryPolicy(options: RetryOptions): RetryPolicy {
  checkObject('options', options);
  checkKnown('options', options, names);
  const { attempts = 2, delay = 0, maxDelay = 1000, retryUnsafe = false } = options;
  const { retryServerErrors = false } = options;
  const { timeout = Infinity, attemptTimeout = Infinity } = options;
  const { random = Math.random, clock = systemClock } = options;
  const { retryFor = defaults, doNotRetryFor = [] } = options;
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new UsageError('attempts', 'must be a whole number, 1 or more');
  }
  for (const [name, value] of Object.entries({ delay, maxDelay })) {
    if (!(typeof value === 'number' && value >= 0 && value <= 0x7fff_ffff)) {
      throw new UsageError(name, 'must be a number of milliseconds, 0 or more');
    }
  }
  for (const [name, value] of Object.entries({ timeout, attemptTimeout })) {
    checkMilliseconds(name, value, Infinity);
  }
  checkBoolean('retryUnsafe', retryUnsafe);
  checkBoolean('retryServerErrors', retryServerErrors);
  if (typeof random !== 'function') throw new UsageError('random', 'must be a function');
  if (typeof clock !== 'object' || clock === null) throw new UsageError('clock', 'must be a clock');
  const isWanted = toPredicate('retryFor', retryFor);
  const isUnwanted = toPredicate('doNotRetryFor', doNotRetryFor);
  // The defaults may be named: that is how one of them is left out.
  if (Array.isArray(options.retryFor) && Array.isArray(doNotRetryFor)) {
    const both = options.retryFor.find((one: ErrorClass) => doNotRetryFor.includes(one));
    if (both !== undefined) {
      throw new UsageError('doNotRetryFor', `must not name ${both.name}, which retryFor names`);
    }
  }
  return {
    attempts,
    delay,
    maxDelay,
    timeout,
    attemptTimeout,
    retryUnsafe,
    random,
    clock,
    isWorth(error, command) {
      const isWorth = isWanted(error) || (retryServerErrors && isRefusedRead(error, command));
      return isWorth && !isUnwanted(error);
    },
  };
}

// `gat`, and an `mg` that touches, write a time and are reads all the same.
function isRefusedRead(error: MemcacheError, command: Command): boolean {
  if (!(error instanceof ServerReplyError) || error.kind !== 'SERVER_ERROR') return false;
  const { class: kind, reply } = verbs[command.verb];
  return kind === 'read' || reply === 'values';
}

function toPredicate(argument: string, filter: ErrorFilter): (error: MemcacheError) => boolean {
  if (Array.isArray(filter) && filter.every((one) => typeof one === 'function')) {
    return (error) => filter.some((one) => error instanceof one);
  }
  // A class called without `new` would throw at the first error.
  if (typeof filter === 'function' && !(filter.prototype instanceof Error)) {
    return filter;
  }
  throw new UsageError(argument, 'must be a list of error classes, or a function of an error');
}
