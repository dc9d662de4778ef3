import type { CommandEnd } from '../../core/client/observe.ts';
import type { OneServer } from '../../core/client/one-server.ts';
import { ServerReplyError, UsageError } from '../../core/wire/errors.ts';
import type { ItemFacts } from '../../core/wire/reply.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { type MemcacheContext, withAdmin, withClient } from './context.ts';

/** A dump, asked for again while the server is busy with another crawl, as memcached may be. */
async function* dump(client: OneServer): AsyncGenerator<ItemFacts, void> {
  for (;;) {
    try {
      return yield* client.metadump('hash');
    } catch (error) {
      if (!(error instanceof ServerReplyError && error.message.includes('BUSY'))) throw error;
    }
  }
}

/** What a client of one server must do with the server itself. */
export const oneServerCases: readonly Case<MemcacheContext>[] = [
  withClient(
    'gat and gats give the value and set when it expires',
    async (client, key, context) => {
      equal(await client.gat(key, 5), undefined);
      equal(await client.gats(key, 5), undefined);
      await client.set(key, 'x', { expire: 100 });
      equal(await client.gat(key, 0), 'x');
      const found = await client.gats(key, 3);
      equal(found?.value, 'x');
      equal(await client.cas(key, 'y', found?.cas ?? 0n, { expire: 3 }), 'stored');
      await context.pass(4);
      equal(await client.get(key), undefined);
    },
  ),
  withAdmin('stats are typed', async (client) => {
    const stats = await client.stats();
    equal(typeof stats.get('curr_items'), 'number');
    equal(typeof stats.get('version'), 'string');
    equal(typeof stats.get('rusage_user'), 'number');
    const settings = await client.stats(['settings']);
    equal([settings.get('cas_enabled'), settings.get('evictions')], [true, true]);
    equal(settings.get('maxbytes'), 64 * 1024 * 1024);
    equal(await client.stats(['reset']), new Map());
  }),
  withAdmin('verbosity and cacheMemlimit', async (client) => {
    await client.verbosity(0);
    await client.cacheMemlimit(64);
    const error = await rejects(client.cacheMemlimit(1), ServerReplyError);
    ok(/MEMLIMIT_TOO_SMALL/.test(error.message), error.message);
    await rejects(client.verbosity(-1), UsageError);
    await rejects(client.cacheMemlimit(1.5), UsageError);
  }),
  withAdmin('flushAll deletes everything, now or later', async (client, key, context) => {
    await client.set(key, 'x');
    await client.flushAll();
    equal(await client.get(key), undefined);
    await client.set(key, 'y');
    // One second less than it says: that is how memcached counts.
    await client.flushAll(3);
    equal(await client.get(key), 'y', 'before its time');
    await context.pass(3);
    equal(await client.get(key), undefined);
    await client.set(key, 'z');
    await client.flushAll(0, { noreply: true });
    equal(await client.get(key), undefined);
    await rejects(client.flushAll(-1), UsageError);
  }),
  withAdmin('shutdown of a server that does not allow it', async (client) => {
    await rejects(client.shutdown(), ServerReplyError);
    await client.version();
  }),
  withClient('quit closes the connection, and the next call makes another', async (client, key) => {
    await client.set(key, 'x');
    await client.quit();
    equal(await client.get(key), 'x');
  }),
  withAdmin('raw sends a line as it is', async (client, key) => {
    equal(await client.raw('version'), {
      type: 'line',
      line: `VERSION ${await client.version()}`,
    });
    equal(await client.raw(`set ${key} 0 0 2`, { value: 'hi' }), { type: 'line', line: 'STORED' });
    const found = await client.raw(`get ${key}`, { reply: 'values' });
    equal(found.type, 'values');
    await rejects(client.raw('get a\r\nflush_all'), UsageError);
  }),
  withClient('checkKey says what is wrong with a key', (client) => {
    client.checkKey('k'.repeat(246));
    for (const key of ['a b', 'k'.repeat(247), 'é', 5]) {
      let refused: unknown;
      try {
        client.checkKey(key as string);
      } catch (error) {
        refused = error;
      }
      ok(refused instanceof UsageError, `${String(key)} must be refused`);
    }
    return Promise.resolve();
  }, { keyPrefix: 'app:' }),
  withAdmin('metadump tells of every item, and others need not wait', async (client, key) => {
    const names = Array.from({ length: 600 }, (_, i) => `${key}${i}`);
    await client.setMany(names.map((name) => [name, 'x'] as const));
    const seen = new Set<unknown>();
    for await (const facts of dump(client)) {
      seen.add(facts.key);
      if (seen.size === 5) equal(await client.get(names[0]!), 'x', 'a get meanwhile');
    }
    ok(names.every((name) => seen.has(name)), `${seen.size} of ${names.length} seen`);
  }),
  withAdmin('a dump that is left early leaves nothing behind', async (client, key) => {
    await client.setMany(Array.from({ length: 600 }, (_, i) => [`${key}${i}`, 'x'] as const));
    let count = 0;
    for await (const _facts of dump(client)) if (++count === 3) break;
    equal(count, 3);
    equal(await client.get(`${key}0`), 'x');
  }),
  withAdmin('watch gives lines until it is left', async (client, key) => {
    const lines = client.watch(['mutations']);
    const first = lines.next();
    // The watch is open when its connection is; sets go on until one is seen.
    let over = false;
    const seen = first.finally(() => {
      over = true;
    });
    while (!over) {
      await client.set(key, 'x');
      await client.version();
    }
    const { value } = await seen;
    ok(typeof value === 'string' && value.includes('item_store'), String(value));
    await lines.return();
    equal(await client.get(key), 'x');
  }),
  {
    name: 'await using closes the client',
    async run(context) {
      const client = context.create();
      await client.version();
      await client[Symbol.asyncDispose]();
      const error = await rejects(client.version(), Error);
      ok(/closed/.test(error.message), error.message);
    },
  },
  {
    name: 'onCommand hears of each command, its bytes, its hits and its outcome',
    async run(context) {
      const key = context.unique();
      const ends: [string, CommandEnd][] = [];
      const client = context.create({
        onCommand: ({ verb }) => (end) => ends.push([verb, end]),
      });
      await client.set(key, 'abc');
      await client.get(key);
      await client.get(`${key}?`);
      await rejects(client.incr(key), ServerReplyError);
      await client.close();
      // What asks the server for its version is a command too.
      const own = ends.filter(([verb]) => verb !== 'version').map(([, end]) => end);
      equal(own.map(({ hits, misses }) => [hits, misses]), [[0, 0], [1, 0], [0, 1], [0, 0]]);
      equal(own.map(({ outcome }) => outcome), ['done', 'done', 'done', 'done']);
      equal(own.map(({ error }) => error?.name ?? null), [null, null, null, 'ServerReplyError']);
      ok(own.every(({ bytesOut, bytesIn }) => bytesOut > 8 && bytesIn > 3), 'bytes');
      ok(own.every(({ duration }) => duration >= 0 && duration < 60_000), 'duration');
    },
  },
  {
    name: 'ignoreErrors makes misses of reads that fail, counts them and tells of them',
    async run(context) {
      const key = context.unique();
      const errors: Error[] = [];
      const client = context.create({
        ignoreErrors: true,
        onIgnored: (error) => errors.push(error),
        maxValue: 10,
      });
      const other = context.create();
      await other.set(key, 'x'.repeat(100));
      equal(await client.get(key), undefined);
      equal(await client.gets(key), undefined);
      equal(await client.gat(key, 10), undefined);
      equal(await client.getMany([key]), new Map());
      equal(client.ignored, 4);
      equal(errors.length, 4);
      await rejects(client.get('a b'), UsageError);
      await other.set(key, 'x', { flags: 99 });
      equal(await client.get(key), undefined, 'a value that cannot be read');
      await client.set(key, '5');
      equal(await client.get(key), '5');
      await Promise.all([client.close(), other.close()]);
    },
  },
];
