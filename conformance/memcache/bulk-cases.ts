// Client cases: bulk calls.
import { ServerReplyError, UsageError } from '../../core/wire/errors.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { type MemcacheContext, withClient } from './context.ts';

const TOO_LARGE = 'x'.repeat(1024 * 1024 + 1);

/** Requirements on bulk calls. */
export const bulkCases: readonly Case<MemcacheContext>[] = [
  withClient('getsMany gives values with the versions that cas takes', [
    'setMany',
    'getsMany',
    'cas',
  ], async (client, key) => {
    await client.setMany({ [`${key}a`]: 'x', [`${key}b`]: 'y' });
    const found = await client.getsMany([`${key}a`, `${key}no`, `${key}b`]);
    equal([...found.keys()], [`${key}a`, `${key}b`]);
    const { value, cas } = found.get(`${key}b`)!;
    equal(value, 'y');
    equal(await client.cas(`${key}b`, 'z', cas), 'stored');
    equal(await client.cas(`${key}b`, 'z', cas), 'exists');
  }),
  ...[false, true].flatMap(manyCases),
  ...[false, true].flatMap(failureCases),
  ...[5_000, 14_000, 40_000].map((length) =>
    withClient(
      `what is asked behind a value of ${length / 1000} kB is answered`,
      [],
      async (client, key) => {
        const value = 'x'.repeat(length);
        for (const turn of ['1', '2', '3']) {
          const calls = [client.set(`${key}a`, turn + value), client.get(`${key}b`)];
          equal((await Promise.all(calls))[1], undefined);
          equal(await client.get(`${key}a`), turn + value);
        }
      },
    )
  ),
  withClient(
    'nothing at once is nothing to do',
    ['setMany', 'deleteMany', 'getMany', 'getsMany'],
    async (client) => {
      equal(await client.setMany([]), new Map());
      equal(await client.deleteMany([]), new Map());
      equal(await client.getMany([]), new Map());
      equal(await client.getsMany(new Set<string>()), new Map());
    },
  ),
  withClient('entries that are none are refused', ['setMany', 'errors'], async (client) => {
    for (const entries of [null, 'ab', 5, [['a']], ['ab']]) {
      await rejects(client.setMany(entries as never), UsageError);
    }
  }),
];

/** Calls that succeed, with replies to each item or to failures alone. */
function manyCases(quiet: boolean): Case<MemcacheContext>[] {
  const how = quiet ? ', quietly' : '';
  const quietly = quiet ? ['quiet'] : [];
  return [
    withClient(`setMany takes pairs, a Map or an object${how}`, [
      'setMany',
      'deleteMany',
      'getMany',
      'types',
      'expire',
      ...quietly,
    ], async (client, key) => {
      const expected = new Map<string, unknown>([[`${key}a`, 1], [`${key}b`, 'two']]);
      for (const entries of [expected, [...expected], Object.fromEntries(expected)]) {
        equal(await client.setMany(entries, { quiet, expire: 100 }), new Map());
        equal(await client.getMany(expected.keys()), expected);
        equal(await client.deleteMany(expected.keys(), { quiet }), new Map());
        equal(await client.getMany(expected.keys()), new Map());
      }
    }),
    withClient(`more than a thousand at once${how}`, [
      'setMany',
      'deleteMany',
      'getMany',
      'types',
      'timeout',
      ...quietly,
    ], async (client, key) => {
      const entries = Array.from({ length: 1200 }, (_, i) => [`${key}${i}`, i] as const);
      equal((await client.setMany(entries, { quiet, timeout: 10_000 })).size, 0);
      equal(await client.getMany(entries.map(([name]) => name)), new Map(entries));
      const names = entries.map(([name]) => name);
      equal((await client.deleteMany(names, { quiet, timeout: 10_000 })).size, 0);
      equal((await client.getMany(names)).size, 0);
    }),
  ];
}

/** Items of a bulk call that fail, in the server or before they are sent. */
function failureCases(quiet: boolean): Case<MemcacheContext>[] {
  const how = quiet ? ', quietly' : '';
  const quietly = quiet ? ['quiet'] : [];
  return [
    withClient(`setMany tells which failed, and why${how}`, [
      'setMany',
      'getMany',
      'types',
      'errors',
      ...quietly,
    ], async (client, key) => {
      const entries = Array.from({ length: 9 }, (_, i) =>
        [
          `${key}${i}`,
          i % 4 === 2 ? TOO_LARGE : i,
        ] as const);
      const failed = await client.setMany(entries, { quiet });
      equal(failed.size, 2);
      ok(failed.has(`${key}2`) && failed.has(`${key}6`), 'the two that are too large');
      for (const error of failed.values()) {
        ok(error instanceof ServerReplyError, 'the error of the server');
        equal([error.code, error.outcome], ['too-large', 'done']);
      }
      equal((await client.getMany(entries.map(([name]) => name))).size, 7);
    }),
    withClient(`a bad key among many is told before any is sent${how}`, [
      'setMany',
      'deleteMany',
      'types',
      'errors',
      ...quietly,
    ], async (client, key) => {
      await rejects(client.setMany([[key, 1], ['a b', 2]], { quiet }), UsageError);
      equal(await client.get(key), undefined);
      await client.set(key, 1);
      await rejects(client.deleteMany([key, ''], { quiet }), UsageError);
      equal(await client.get(key), 1);
    }),
  ];
}
