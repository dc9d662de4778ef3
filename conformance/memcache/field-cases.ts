// Field cases: a client with older servers and proxies.
import { MemcacheError, ServerReplyError } from '../../core/wire/errors.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { Case } from '../case.ts';
import { ModelServer } from '../servers/model-server.ts';
import { serverModel, serverModels } from '../servers/models.ts';
import { guardClient } from './context.ts';
import {
  type FieldContext,
  hostile,
  lacksMeta,
  nothingWasRun,
  overheard,
  withModel,
} from './field-case.ts';
import { fieldChangeCases } from './field-change-cases.ts';
import { fieldWriteCases } from './field-write-cases.ts';

const insistingCases = serverModels.filter(lacksMeta).map((model): Case<FieldContext> => ({
  name: `${model.name}: who insists on meta is told before a value leaves`,
  needs: ['dialect', 'errors', 'noreply', 'setMany', 'add', 'cas'],
  async run({ createFor, unique }) {
    const server = new ModelServer(model);
    let heard = '';
    const accept = overheard(server.accept, (piece) => heard += piece);
    const client = guardClient(await createFor(accept, { dialect: 'meta' }));
    try {
      const key = unique();
      const value = `the value of ${key}`;
      for (
        const call of [client.set(key, value), client.add(key, value), client.cas(key, value, 1n)]
      ) {
        const error = await rejects(call, MemcacheError);
        equal(error.outcome, 'not-sent', error.message);
        ok(/dialect/.test(error.message), error.message);
      }
      await client.set(key, value, { noreply: true }).catch(() => false);
      const failed = await client.setMany([[key, value], [`${key}2`, value]]);
      equal([...failed.keys()], [key, `${key}2`]);
      ok(!heard.includes(value), 'no byte of a value is sent');
    } finally {
      await client.close();
    }
  },
}));

const otherCases: readonly Case<FieldContext>[] = [
  ...[undefined, 'text' as const].map((dialect) =>
    withModel(
      serverModel("memcached's proxy 1.6.39"),
      `a quiet delete is done${dialect === undefined ? '' : ', dialect text'}`,
      ['noreply'],
      async ({ client, key }) => {
        equal(await client.set(key, 'x'), true);
        equal(await client.delete(key, { noreply: true }), true);
        equal(await client.get(key), undefined);
        equal(await client.set(key, 'y'), true);
      },
      dialect === undefined ? {} : { dialect },
    )
  ),
  withModel(
    serverModel('mcrouter, its writes going nowhere'),
    'NOT_STORED is told to each who writes',
    ['add', 'append', 'cas', 'setMany', 'incr', 'touch'],
    async ({ client, key }) => {
      equal(await client.set(key, 'x'), false);
      equal(await client.add(key, 'x'), false);
      equal(await client.append(key, 'x'), false);
      equal([...(await client.setMany([[key, 'x'], [`${key}2`, 'y']])).keys()], [key, `${key}2`]);
      ok(await client.cas(key, 'x', 5n).catch(() => 'failed') !== 'stored', 'cas stored nothing');
      equal(await client.delete(key), false);
      equal(await client.touch(key, 5), false);
      equal(await client.incr(key), undefined);
      equal(await client.get(key), undefined);
    },
  ),
  withModel(
    serverModel('mcrouter, its servers unavailable'),
    'an error is the error of its call, and the connection goes on',
    ['errors'],
    async ({ client, key, server }) => {
      const calls = async (): Promise<void> => {
        await rejects(client.get(key), ServerReplyError);
        await rejects(client.set(key, 'flush_all'), ServerReplyError);
      };
      // A client may ask over another whether it still has no meta commands.
      await calls();
      const { connections } = server;
      for (let i = 0; i < 3; i++) await calls();
      equal(server.connections, connections, 'connections');
      nothingWasRun(server);
    },
  ),
  withModel(serverModel('ERROR to every line'), 'every call fails, and nothing is run', [
    'errors',
  ], async ({ client, key, server }) => {
    for (const value of hostile.slice(0, 2)) {
      await rejects(client.set(key, value), MemcacheError);
      await rejects(client.get(key), MemcacheError);
    }
    nothingWasRun(server);
  }),
];

/**
 * Requirements on a client in its default configuration, with each of `serverModels`: no value is
 * ever run as a command, every stored value comes back, and after a server was replaced the client
 * speaks the dialect of the new one.
 */
export const fieldCases: readonly Case<FieldContext>[] = [
  ...fieldWriteCases,
  ...insistingCases,
  ...fieldChangeCases,
  ...otherCases,
];
