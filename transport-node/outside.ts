// Dials and timers outside of the caller's `AsyncLocalStorage` context.
import { AsyncResource } from 'node:async_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { type Clock, systemClock } from '../core/io/clock.ts';
import type { Dialer } from '../core/io/transport.ts';

// The context in which this module is loaded, which is usually empty.
const home = new AsyncResource('memwire');

/**
 * Calls a function outside of the caller's `AsyncLocalStorage` context. A connection outlives the call
 * for which it was made: it would keep the stores of that context alive, and later events would appear
 * in it.
 */
function runOutside<Result>(call: () => Result): Result {
  return home.runInAsyncScope(call);
}

/** A dialer whose connections are outside of the context of the call that needs one. */
export function outside(dial: Dialer): Dialer {
  return (to, events, signal) => runOutside(() => dial(to, events, signal));
}

function idleTimer(milliseconds: number, call: () => void): () => void {
  const timer = setTimeout(call, milliseconds).unref();
  return () => clearTimeout(timer);
}

/** The clock of the runtime; its timers are outside of the context in which they are set. */
export const clock: Clock = {
  ...systemClock,
  after: (milliseconds, call, isIdle = false) =>
    runOutside(() =>
      isIdle ? idleTimer(milliseconds, call) : systemClock.after(milliseconds, call)
    ),
  yield: (call) => runOutside(() => systemClock.yield(call)),
};
