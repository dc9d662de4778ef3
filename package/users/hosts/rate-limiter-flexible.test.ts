// rate-limiter-flexible on memcached. Its own tests are not on npm; docs/stores.md says how they are
// run. These are the same questions, and those of several processes.
import * as assert from 'uvu/assert';
import { rateLimiter } from '../../../stores/rate-limiter-flexible.ts';
import { hostSuite } from './host-suite.ts';

await hostSuite('stores: rate-limiter-flexible', async ({ add, client, down }) => {
  const { BurstyRateLimiter, RateLimiterMemcache, RateLimiterMemory, RateLimiterRes } =
    await import('rate-limiter-flexible');
  const make = (keyPrefix: string, points: number, duration: number, more: object = {}) =>
    rateLimiter(RateLimiterMemcache, {
      storeClient: client(),
      keyPrefix,
      points,
      duration,
      ...more,
    });
  type Result = InstanceType<typeof RateLimiterRes>;
  const refused = async (call: Promise<unknown>): Promise<Result> => {
    const result = await call.then(() => 'it was not refused', (reason: unknown) => reason);
    assert.instance(result, RateLimiterRes);
    return result as Result;
  };

  add('of many calls at once in many processes, exactly the points are let through', async () => {
    const limiters = Array.from({ length: 4 }, () => make('burst', 25, 60));
    const calls = Array.from({ length: 100 }, (_, i) => limiters[i % 4]!.consume('a user'));
    const ends = await Promise.allSettled(calls);
    assert.is(ends.filter(({ status }) => status === 'fulfilled').length, 25);
    const { consumedPoints, remainingPoints } = (await limiters[0]!.get('a user'))!;
    assert.equal([consumedPoints, remainingPoints], [100, 0]);
  });

  add('a result says what is left, and until when', async () => {
    const limiter = make('result', 3, 5);
    const first = await limiter.consume('a');
    assert.equal([first.remainingPoints, first.consumedPoints, first.isFirstInDuration], [
      2,
      1,
      true,
    ]);
    assert.ok(first.msBeforeNext > 3000 && first.msBeforeNext <= 5000);
    const second = await limiter.consume('a', 2);
    assert.equal([second.remainingPoints, second.isFirstInDuration], [0, false]);
    const third = await refused(limiter.consume('a'));
    assert.ok(third.msBeforeNext > 2000 && third.msBeforeNext <= 5000);
  });

  add('penalty, reward and set', async () => {
    const limiter = make('points', 10, 60);
    assert.is((await limiter.penalty('a', 4)).consumedPoints, 4);
    assert.is((await limiter.reward('a', 3)).consumedPoints, 1);
    assert.is((await limiter.reward('a', 3)).consumedPoints, 0);
    // A reward before the first point is none, and what follows counts.
    assert.is((await limiter.reward('b', 3)).consumedPoints, 0);
    assert.is((await limiter.consume('b')).consumedPoints, 1);
    await limiter.set('a', 7, 60);
    assert.is((await limiter.get('a'))?.consumedPoints, 7);
    assert.is((await limiter.consume('a')).remainingPoints, 2);
  });

  add('get and delete of what is there, and of what is not', async () => {
    const limiter = make('delete', 1, 60);
    assert.is(await limiter.get('a'), null);
    assert.is(await limiter.delete('a'), false);
    await limiter.consume('a');
    assert.is(await limiter.delete('a'), true);
    assert.is(await limiter.get('a'), null);
  });

  add('a key is blocked, after too many calls or by hand', async () => {
    const limiter = make('block', 1, 5, { blockDuration: 100 });
    await limiter.consume('a');
    assert.is((await refused(limiter.consume('a'))).msBeforeNext, 100_000);
    const other = make('block', 1, 5);
    assert.ok((await refused(other.consume('a'))).msBeforeNext > 90_000);
    await other.block('b', 30);
    assert.ok((await refused(limiter.consume('b'))).msBeforeNext > 20_000);
  });

  add('points are forgotten at the end of the duration, and never with 0', async () => {
    const limiter = make('end', 1, 1);
    await limiter.consume('a');
    await refused(limiter.consume('a'));
    const forever = make('forever', 1, 0);
    assert.is((await forever.consume('a')).msBeforeNext, -1);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    await limiter.consume('a');
    await refused(forever.consume('a'));
  });

  add('more than 30 days are as many', async () => {
    const limiter = make('long', 1, 90 * 24 * 3600);
    const { msBeforeNext } = await limiter.consume('a');
    assert.ok(msBeforeNext > 89 * 24 * 3_600_000);
    await refused(limiter.consume('a'));
  });

  add('limiters that are made of limiters take it', async () => {
    const bursty = new BurstyRateLimiter(make('bursty', 1, 60), make('bursts', 1, 60));
    await bursty.consume('a');
    await bursty.consume('a');
    await refused(bursty.consume('a'));
  });

  add('a server that is down rejects, or asks the insurance', async () => {
    const options = { storeClient: down(), points: 1, duration: 60 };
    const limiter = rateLimiter(RateLimiterMemcache, options);
    const error = await limiter.consume('a').catch((one: unknown) => one);
    assert.match(String(error), /ConnectionError/);
    const insuranceLimiter = new RateLimiterMemory({ points: 1, duration: 60 });
    const insured = rateLimiter(RateLimiterMemcache, { ...options, insuranceLimiter });
    await insured.consume('a');
    await refused(insured.consume('a'));
  });
});
