import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { createTestClient } from '../../testing/mod.ts';
import type { Command } from '../../wire/command.ts';
import { ProtocolError } from '../../wire/errors.ts';
import { UsageError } from '../../wire/errors.ts';
import { plainFlagsOf } from '../../wire/plain.ts';
import type { Reply } from '../../wire/reply.ts';
import { Memcache } from '../memcache.ts';
import type { MetaCommands } from './meta-commands.ts';

const meta = suite('meta commands: replies that no sound server gives');

type Call = (meta: MetaCommands) => Promise<unknown>;

const calls: Readonly<Record<string, Call>> = {
  get: (client) => client.get('k'),
  'get of no value': (client) => client.get('k', { value: false }),
  set: (client) => client.set('k', 'v'),
  delete: (client) => client.delete('k'),
  arithmetic: (client) => client.arithmetic('k'),
  debug: (client) => client.debug('k'),
  noop: (client) => client.noop(),
};

const value = new Uint8Array();
const miss: Reply = { type: 'EN', flags: [] };
const found: Reply = { type: 'VA', value, flags: [] };
const done: Reply = { type: 'HD', flags: [] };
const others: readonly Reply[] = [
  { type: 'MN' },
  { type: 'OK' },
  { type: 'VERSION', version: '1.6.39' },
];

/** Replies to each that mean something else, beside those that mean nothing to any. */
const wrong: Readonly<Record<keyof typeof calls, readonly Reply[]>> = {
  get: [{ type: 'NS', flags: [] }, { type: 'EX', flags: [] }, { type: 'NF', flags: [] }],
  'get of no value': [{ type: 'NS', flags: [] }],
  set: [miss],
  delete: [miss],
  arithmetic: [miss],
  debug: [found, done],
  noop: [miss, done],
};

for (const [name, call] of Object.entries(calls)) {
  const replies = [
    ...wrong[name] ?? [],
    ...others.filter(({ type }) => name !== 'noop' || type !== 'MN'),
  ];
  for (const reply of replies) {
    meta(`${name}: ${reply.type} is a ProtocolError`, async () => {
      const { client } = createTestClient();
      const one = new Memcache({
        ...client.dependencies,
        executor: { execute: () => Promise.resolve(reply), close: () => Promise.resolve() },
      });
      const error = await call(one.meta).then(() => 'resolved', (reason: unknown) => reason);
      assert.instance(error, ProtocolError);
      assert.match(String(error), `the server answered ${reply.type}`);
    });
  }
}

/** A client, and whether the last command that it sent is a plain one. */
function watched(): {
  readonly one: Memcache;
  readonly sent: readonly Command[];
  readonly isPlain: () => boolean;
} {
  const sent: Command[] = [];
  const { client } = createTestClient();
  const { executor } = client.dependencies;
  const one = new Memcache({
    ...client.dependencies,
    executor: {
      execute(command, options) {
        sent.push(command);
        return executor.execute(command, options);
      },
      close: () => executor.close(),
    },
  });
  return { one, sent, isPlain: () => plainFlagsOf(sent.at(-1)!) !== undefined };
}

meta('operations that come again make plain commands', async () => {
  const { one, isPlain } = watched();
  for (const again of [false, true, true]) {
    await one.set('k', 'v', { expire: 77_777 });
    assert.is(isPlain(), again, 'set');
    await one.set('n', 1);
    for (const operation of ['get', 'gets'] as const) {
      await one[operation]('k');
      assert.ok(isPlain(), operation);
    }
    await one.delete('none');
    assert.ok(isPlain(), 'delete');
    for (const operation of ['gat', 'gats', 'touch'] as const) {
      await one[operation]('k', 1234);
      assert.is(isPlain(), again, operation);
    }
    for (const operation of ['incr', 'decr'] as const) {
      await one[operation]('n', 77_777n);
      assert.is(isPlain(), again, operation);
    }
  }
});

meta('options that are given again make plain commands, and no others do', async () => {
  const { one, isPlain } = watched();
  const lease = { cas: true, ttl: true, vivify: 30, recache: 9 };
  for (const again of [false, true, true]) {
    await one.meta.get('k', lease);
    assert.is(isPlain(), again);
    await one.meta.set('k', 'v', { expire: 60, cas: true });
    assert.is(isPlain(), again);
    await one.meta.delete('k', { invalidate: true, expire: 30 });
    assert.is(isPlain(), again);
    await one.meta.arithmetic('n', { delta: 5n, initial: 1n, vivify: 60, mode: 'incr' });
    assert.is(isPlain(), again);
    await one.meta.get('k', { cas: true, opaque: 'own' });
    assert.not(isPlain());
    await one.meta.set('k', 'v', { ifCas: 1n });
    assert.not(isPlain());
  }
  // More than are remembered, each of them once.
  for (let expire = 1; expire < 200; expire++) {
    await one.meta.set('k', 'v', { expire });
    assert.is(isPlain(), false);
  }
});

meta('a lease is told apart from a value, on both paths', async () => {
  const { client } = createTestClient();
  const lease = { cas: true, ttl: true, vivify: 30, recache: 9 };
  const states: unknown[] = [];
  for (let i = 0; i < 4; i++) {
    const { value, won, alreadyWon } = (await client.meta.get('k', lease))!;
    states.push([value, won, alreadyWon]);
    assert.is(await client.get('k'), undefined);
  }
  const other = [undefined, false, true];
  assert.equal(states, [[undefined, true, false], other, other, other]);
});

meta('options of the wrong type are refused by name, and nothing is sent', async () => {
  const { one, sent } = watched();
  const refused = async (argument: string, call: Promise<unknown>): Promise<void> => {
    const error = await call.catch((failure: unknown) => failure);
    assert.instance(error, UsageError);
    assert.is((error as UsageError).argument, argument);
  };
  const wrong = (options: object): never => options as never;
  for (const value of [1, 'x', null]) {
    await refused('value', one.meta.get('k', wrong({ value })));
    await refused('cas', one.meta.get('k', wrong({ cas: value })));
    await refused('invalidate', one.meta.delete('k', wrong({ invalidate: value })));
    await refused('invalidate', one.meta.set('k', 'v', wrong({ invalidate: value })));
    await refused('ttl', one.meta.arithmetic('k', wrong({ ttl: value })));
  }
  await refused('opaque', one.meta.get('k', wrong({ opaque: 5 })));
  await refused('hints', one.meta.get('k', wrong({ hints: 'Pa' })));
  await refused('hints', one.meta.get('k', wrong({ hints: [5] })));
  for (const given of [new Date(), new Map(), Promise.resolve({})]) {
    await refused('options', one.meta.get('k', wrong(given)));
    await refused('options', one.meta.set('k', 'v', wrong(given)));
    await refused('options', one.meta.delete('k', wrong(given)));
    await refused('options', one.meta.arithmetic('k', wrong(given)));
  }
  assert.equal(sent, []);
});

meta.run();
