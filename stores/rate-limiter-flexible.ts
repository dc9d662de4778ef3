/** Rate limits of rate-limiter-flexible, counted in memcached for all processes. */
import type { Memcache } from '../core/client/memcache.ts';
import { toExpire, toKey } from './namespace.ts';

/** What a limiter needs besides the options of rate-limiter-flexible. */
export interface LimiterOptions {
  /** Any client whose servers know meta commands: memcached 1.6.18 and newer. */
  readonly storeClient: Memcache;
}

/** What has been consumed of a key. */
interface ConsumedPoints {
  /** The points, of this call and those before. */
  readonly consumedPoints: number;
  /** Milliseconds until they are forgotten, in whole seconds; -1 for never. */
  readonly msBeforeNext: number;
}

/** What rate-limiter-flexible asks of a store. */
interface LimiterMethods {
  /** Adds points, which may be negative; with `force` sets them, and when they are forgotten. */
  _upsert(
    key: string,
    points: number,
    milliseconds: number,
    force?: boolean,
  ): Promise<ConsumedPoints>;
  /** What has been consumed, or null. */
  _get(key: string): Promise<ConsumedPoints | null>;
  /** Forgets a key; false if there was none. */
  _delete(key: string): Promise<boolean>;
}

/**
 * Makes a limiter of rate-limiter-flexible. Each call is one command, which is atomic: two calls at
 * once are both counted, and a key has an end from its first point on. Points do not fall below 0.
 *
 * It rejects as the client's methods do, after which rate-limiter-flexible asks the
 * `insuranceLimiter`, if there is one.
 *
 * @param Limiter The class `RateLimiterMemcache`, of which only this part is replaced: what it sends
 * to memcached.
 * @param options Its options, with a client as `storeClient`. Durations are rounded up to seconds.
 *
 * @example
 * ```ts
 * const storeClient = new Client('localhost:11211');
 * const limiter = rateLimiter(RateLimiterMemcache, { storeClient, points: 10, duration: 60 });
 * await limiter.consume('203.0.113.7'); // rejects after ten calls in a minute
 * ```
 */
export function rateLimiter<Limiter extends object, Options extends LimiterOptions>(
  Limiter: new (options: Options) => Limiter,
  options: Options,
): Limiter {
  const { storeClient: client } = options;
  const count = async (key: string, points: number, vivify?: number): Promise<ConsumedPoints> => {
    const change = { mode: points < 0 ? 'decr' : 'incr', delta: Math.abs(points) } as const;
    const first = vivify === undefined
      ? {}
      : { initial: Math.max(points, 0), vivify: toExpire(client, vivify) };
    const options = { ...change, ...first, ttl: true, noreply: false };
    const { value, ttl = Infinity } = await client.meta.arithmetic(await toKey(key), options);
    return {
      consumedPoints: value === undefined ? NaN : Number(value),
      msBeforeNext: ttl === Infinity ? -1 : ttl * 1000,
    };
  };
  const methods: LimiterMethods = {
    async _upsert(key, points, milliseconds, force = false) {
      // 0 is for ever there.
      const life = milliseconds > 0 ? milliseconds : Infinity;
      if (!force) return await count(key, points, life);
      const expire = toExpire(client, life);
      await client.set(await toKey(key), Math.max(points, 0), { expire, noreply: false });
      return { consumedPoints: points, msBeforeNext: milliseconds > 0 ? milliseconds : -1 };
    },
    async _get(key) {
      const found = await count(key, 0);
      return Number.isNaN(found.consumedPoints) ? null : found;
    },
    _delete: async (key) => await client.delete(await toKey(key), { noreply: false }),
  };
  return Object.assign(new Limiter(options), methods);
}
