import { UsageError } from '../wire/errors.ts';

/**
 * When an item expires: seconds from now, a Date, or 0 for never. Negative seconds and dates that
 * are past mean at once.
 */
export type Expire = number | Date;

/** Up to this many seconds memcached takes as a time to live; beyond it, as a Unix time. */
const MONTH = 60 * 60 * 24 * 30;

const MAX_I32 = 0x7fff_ffff;
const RULE = 'must be a whole number of seconds, or a valid Date';

/**
 * The exptime to send.
 *
 * @param expire An `Expire`; callers in JavaScript may pass anything.
 * @param now Milliseconds since 1970.
 * @param argument What the caller calls it, for errors.
 * @throws UsageError when it is no such time, and when it is a number of seconds that memcached
 * would read as a Unix time long past, so that the item would vanish at once.
 */
export function toExptime(expire: unknown, now: number, argument: string = 'expire'): number {
  if (typeof expire === 'number') {
    if (!Number.isInteger(expire)) {
      throw new UsageError(argument, RULE);
    }
    if (expire > MAX_I32) throw new UsageError(argument, 'must fit 32 bits: pass seconds');
    if (expire > MONTH && expire * 1000 <= now) {
      throw new UsageError(
        argument,
        `of ${expire} seconds is past memcached's limit of 30 days (${MONTH}), where it would be` +
          ' read as a Unix time in the past: pass a Date',
      );
    }
    return Math.max(expire, -1);
  }
  if (!(expire instanceof Date) || Number.isNaN(expire.getTime())) {
    throw new UsageError(argument, RULE);
  }
  const at = expire.getTime();
  if (at <= now) return -1;
  // Rounded up, so that it does not expire before its time.
  const seconds = Math.ceil(at / 1000);
  if (seconds > MAX_I32) throw new UsageError(argument, 'must be before 19 January 2038');
  return seconds;
}
