// Client cases: options, errors, tracing and the end of a client.
import type { CommandEnd } from '../../core/client/connection/observe.ts';
import { ServerReplyError, UsageError } from '../../core/wire/errors.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { type MemcacheContext, withClient } from './context.ts';

/** Requirements on a client other than those on items. */
export const clientCases: readonly Case<MemcacheContext>[] = [
  withClient('checkKey says what is wrong with a key', ['checkKey', 'errors'], (client) => {
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
  {
    name: 'await using closes the client',
    needs: ['asyncDispose'],
    async run(context) {
      const client = context.create();
      await client.get(context.unique());
      await client[Symbol.asyncDispose]();
      const error = await rejects(client.get(context.unique()), Error);
      ok(/closed/.test(error.message), error.message);
    },
  },
  {
    name: 'onCommand hears of each command, its bytes, its hits and its outcome',
    needs: ['onCommand', 'incr', 'errors'],
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
      // A query of the server's version is a command too.
      const own = ends.filter(([verb]) => verb !== 'version').map(([, end]) => end);
      equal(own.map(({ hits, misses }) => [hits, misses]), [[0, 0], [1, 0], [0, 1], [0, 0]]);
      equal(own.map(({ outcome }) => outcome), ['done', 'done', 'done', 'done']);
      equal(own.map(({ error }) => error?.name ?? null), [null, null, null, 'ServerReplyError']);
      ok(own.every(({ bytesOut, bytesIn }) => bytesOut > 8 && bytesIn > 3), 'bytes');
      ok(own.every(({ duration }) => duration >= 0 && duration < 60_000), 'duration');
    },
  },
  {
    name: 'counters have the commands, hits, misses, errors and bytes',
    needs: ['counters', 'incr', 'getMany', 'errors'],
    async run(context) {
      const key = context.unique();
      const client = context.create();
      equal(client.counters().calls, 0);
      await client.set(key, 'abc');
      await client.get(key);
      await client.getMany([key]);
      const before = client.counters();
      equal([before.hits, before.misses], [2, 0]);
      await client.get(`${key}?`);
      await rejects(client.incr(key), ServerReplyError);
      const { calls, hits, misses, errors, pending, bytesIn, bytesOut, servers } = client
        .counters();
      ok(misses >= 1 && hits === 2, `${hits} hits, ${misses} misses`);
      ok(calls >= 5, `${calls} calls`);
      equal([...errors], [['non-numeric', 1]]);
      equal(pending, 0);
      ok(bytesOut > 40 && bytesIn > 20, `${bytesOut} bytes out, ${bytesIn} in`);
      equal([...servers.values()].reduce((sum, server) => sum + server.calls, 0), calls);
      await client.close();
    },
  },
  {
    name: 'onServer and state follow a server from the first call to the end',
    needs: ['onServer', 'state', 'counters'],
    async run(context) {
      const events: string[][] = [];
      const client = context.create({
        onServer: ({ type, server, cause }) => {
          events.push([type, client.state]);
          ok(client.counters().servers.has(server), `${server} is a server of the client`);
          equal(cause, null);
        },
      });
      equal([client.state, client.counters().reconnects], ['idle', 0]);
      await client.get(context.unique());
      equal([events[0], events.at(-1)], [['connecting', 'connecting'], ['up', 'up']]);
      equal(client.state, 'up');
      await client.close();
      equal(client.state, 'closed');
    },
  },
  {
    name: 'ignoreErrors makes misses of reads that fail, counts them and tells of them',
    needs: [
      'ignoreErrors',
      'onIgnored',
      'maxValue',
      'gets',
      'gat',
      'getMany',
      'flags',
      'errors',
      'ignored',
    ],
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
  {
    name: 'maxKeys is the most that one get asks for',
    needs: ['maxKeys', 'onCommand', 'getMany', 'setMany', 'types'],
    async run(context) {
      const names = Array.from({ length: 7 }, () => context.unique());
      const asked: number[] = [];
      const client = context.create({
        maxKeys: 3,
        onCommand: (command) => void (command.verb === 'get' && asked.push(command.keys.length)),
      });
      const entries = names.map((name, i) => [name, i] as const);
      equal(await client.setMany(entries), new Map());
      equal(await client.getMany(names), new Map(entries));
      await client.close();
      equal(asked.reduce((sum, count) => sum + count, 0), 7, 'keys asked for');
      ok(asked.every((count) => count <= 3), `asked for ${asked.join(', ')} at once`);
    },
  },
  ...(['mn', 'version'] as const).map((fence) =>
    withClient(
      `a long run of quiet writes, fenced by ${fence}, is done before what follows`,
      ['noreply', 'getMany'],
      async (client, key) => {
        const names = Array.from({ length: 50 }, (_, i) => `${key}${i}`);
        for (const name of names) await client.set(name, name, { noreply: true });
        equal(await client.getMany(names), new Map(names.map((name) => [name, name])));
      },
      { fence, fenceEvery: 4 },
    )
  ),
];
