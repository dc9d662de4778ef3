// Expiry as callers give it, and as the protocol's exptime.
import { UsageError } from '../wire/errors.ts';

/**
 * When an item expires: seconds from now, a Date, or 0 for never. Negative seconds and past dates mean
 * at once.
 */
export type Expire = number | Date;

/** Up to this many seconds memcached takes as a time to live; beyond it, as a Unix time. */
export const MONTH: number = 60 * 60 * 24 * 30;

/** The exptime of what has expired already. Some proxies take no negative one. */
export const LONG_PAST: number = MONTH + 1;

/**
 * The exptime to send.
 *
 * @param expire An `Expire`; callers in JavaScript may pass anything.
 * @param now Milliseconds since 1970.
 * @param argument The caller's name for it, for errors.
 * @throws UsageError when it is not such a time, and when it is a number of seconds that memcached
 * would read as a Unix time long past, so that the item would vanish at once.
 */
export function toExptime(expire: unknown, now: number, argument: string = 'expire'): number {
  const isDate = expire instanceof Date;
  // Rounded up, so that it does not expire before its time.
  const seconds = isDate ? Math.ceil(expire.getTime() / 1000) : expire;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds)) {
    throw new UsageError(argument, 'must be a whole number of seconds, or a valid Date');
  }
  if (isDate && expire.getTime() <= now) return -1;
  if (seconds > 0x7fff_ffff) {
    const rule = isDate ? 'must be before 19 January 2038' : 'must fit 32 bits: pass seconds';
    throw new UsageError(argument, rule);
  }
  if (!isDate && seconds > MONTH && seconds * 1000 <= now) {
    throw new UsageError(
      argument,
      `of ${seconds} seconds is past memcached's limit of 30 days (${MONTH}), where it would be` +
        ' read as a Unix time in the past: pass a Date',
    );
  }
  return Math.max(seconds, -1);
}

/**
 * The seconds from now to send where memcached reads them like an expiry: the delay of `flush_all`,
 * the flag `R` of `mg`. It would take more than 30 days for a Unix time long past, and reply OK.
 *
 * @param delay Seconds from now, or a Date; one that is past is 0. Callers in JavaScript may pass
 * anything.
 * @param now Milliseconds since 1970.
 * @param argument What the caller calls it, for errors.
 * @throws UsageError as `toExptime` does, and when it is negative.
 */
export function toDelay(delay: unknown, now: number, argument: string = 'delay'): number {
  if (typeof delay === 'number' && delay < 0) {
    throw new UsageError(argument, 'must be a number of seconds, 0 or more, or a Date');
  }
  return Math.max(0, toExptime(delay, now, argument));
}

/**
 * An exptime that is shortened at random.
 *
 * @param exptime As `toExptime` returns it for a number of seconds.
 * @param jitter The largest part that is taken away, from 0 to 1.
 * @param random Returns a number from 0 to 1.
 */
export function jittered(exptime: number, jitter: number, random: () => number): number {
  // 0 is never, less is at once, and more than 30 days is a Unix time.
  if (exptime <= 0 || exptime > MONTH) return exptime;
  return Math.max(1, exptime - Math.floor(exptime * jitter * random()));
}

/**
 * The exptime for a number of seconds from now, which may be more than 30 days; Infinity for never.
 *
 * @param now Milliseconds since 1970.
 */
export function secondsToExptime(seconds: number, now: number): number {
  if (seconds === Infinity) return 0;
  if (seconds <= MONTH) return seconds;
  // memcached has no other way to say it.
  return Math.min(Math.floor(now / 1000) + seconds, 0x7fff_ffff);
}
