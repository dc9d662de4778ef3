// Client cases: keys.
import { UsageError } from '../../core/wire/errors.ts';
import { bytes, equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { type MemcacheContext, withClient } from './context.ts';

const badKeys: readonly [name: string, key: unknown, rule: RegExp, everywhere: boolean][] = [
  ['an empty key', '', /not be empty/, true],
  ['a key of 251 bytes', 'k'.repeat(251), /250 bytes/, true],
  ['a key with a space', 'a b', /space/, true],
  ['a key with a command in it', 'a\r\nversion', /CR/, true],
  ['a key that is not ASCII', 'é', /unicode/, false],
  ['a key that is a number', 5, /string/, false],
];

/** Requirements on keys, valid and invalid. */
export const keyCases: readonly Case<MemcacheContext>[] = [
  ...badKeys.filter(([, , , everywhere]) => everywhere).map(([name, bad]) =>
    withClient(`refuses ${name}, and the next call works`, [], async (client, key) => {
      await client.set(key, 'x');
      const [wrong, before] = [bad as string, client.get(key)];
      await Promise.all([
        rejects(client.get(wrong), Error, 'get'),
        rejects(client.set(wrong, 'y'), Error, 'set'),
        rejects(client.delete(wrong), Error, 'delete'),
      ]);
      equal([await before, await client.get(key)], ['x', 'x'], 'the neighbours');
    })
  ),
  ...badKeys.map(([name, bad, rule]) =>
    withClient(`tells why every method refuses ${name}, and harms nothing beside it`, [
      'gets',
      'getMany',
      'cas',
      'incr',
      'touch',
      'errors',
    ], async (client, key) => {
      // A caller in JavaScript may pass these despite the types.
      const wrong = bad as string;
      const before = client.set(key, 'x');
      const errors = [
        rejects(client.get(wrong), UsageError, 'get'),
        rejects(client.gets(wrong), UsageError, 'gets'),
        rejects(client.getMany([key, wrong]), UsageError, 'getMany'),
        rejects(client.set(wrong, 'y'), UsageError, 'set'),
        rejects(client.cas(wrong, 'y', 1n), UsageError, 'cas'),
        rejects(client.delete(wrong), UsageError, 'delete'),
        rejects(client.incr(wrong), UsageError, 'incr'),
        rejects(client.touch(wrong, 1), UsageError, 'touch'),
      ];
      const after = client.get(key);
      for (const error of await Promise.all(errors)) {
        equal([error.argument, error.outcome], ['key', 'not-sent']);
        ok(rule.test(error.message), error.message);
      }
      equal([await before, await after], [true, 'x'], 'the neighbours');
    })
  ),
  withClient(
    'a prefix stands before every key, and is not seen',
    ['getMany', 'errors'],
    async (client, key) => {
      await client.set(key, 'x');
      equal(await client.getMany([key]), new Map([[key, 'x']]));
      const error = await rejects(client.get('k'.repeat(247)), UsageError);
      ok(/it has 251/.test(error.message), error.message);
    },
    { keyPrefix: 'app:' },
  ),
  withClient('a key that just fits with its prefix', ['long-keys'], async (client) => {
    equal(await client.get('k'.repeat(246)), undefined);
  }, { keyPrefix: 'app:' }),
  withClient('unicode keys', ['getMany', 'errors'], async (client, key) => {
    const names = [`${key}é`, `${key}日本語`, `${key}🍺`];
    for (const name of names) await client.set(name, name);
    equal(await client.getMany(names), new Map(names.map((name) => [name, name])));
    const long = await rejects(client.get(`${key}${'é'.repeat(125)}`), UsageError);
    ok(/it has 258/.test(long.message), long.message);
  }, { unicodeKeys: true }),
  withClient('keys may be bytes', ['byte-keys', 'getMany'], async (client, key) => {
    const name = bytes(key);
    await client.set(name, 'x');
    equal(await client.get(key), 'x');
    equal((await client.getMany([name])).get(name), 'x');
  }),
  withClient(
    'a key that changes after the call does no harm',
    ['byte-keys'],
    async (client, key) => {
      const name = bytes(key);
      const done = client.set(name, 'x');
      name.fill(0x0a);
      equal(await done, true);
      equal(await client.get(key), 'x');
    },
  ),
];
