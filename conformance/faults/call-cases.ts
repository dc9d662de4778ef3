// Fault cases: single calls, and the errors that they end with.
import type { ClientOptions } from '../../core/client/options.ts';
import { type Aborter, newAborter } from '../../core/io/transport.ts';
import {
  AbortError,
  AuthError,
  ConnectionError,
  MemcacheError,
  ProtocolError,
  TimeoutError,
} from '../../core/wire/errors.ts';
import { equal, ok, rejects, show } from '../assert.ts';
import type { Case } from '../case.ts';
import { guardClient } from '../memcache/context.ts';
import type { JudgedClient } from '../memcache/judged-client.ts';
import { type FaultContext, FaultError } from './fault-case.ts';
import { type Fault, FaultyServer, HOLD, RESET } from './faulty-server.ts';
import { ofAnother } from './replies.ts';

const late: Fault = { name: 'late', strike: (replies) => [HOLD, ...replies] };
const lost: Fault = { name: 'lost', strike: () => [RESET] };
const nonsense: Fault = { name: 'nonsense', strike: () => ['NONSENSE\r\n'] };
const ofAnotherKey: Fault = {
  name: 'of another key',
  strike: ([reply = '']) => [ofAnother(reply)],
};

/** A case with a client that has stored `5` under its key, and its server. */
function withFault(
  name: string,
  needs: readonly string[],
  run: (client: JudgedClient, key: string, server: FaultyServer) => Promise<void>,
  options: Omit<ClientOptions, 'dial'> = {},
): Case<FaultContext> {
  return {
    name,
    needs: [...needs, ...Object.keys(options)],
    async run(context) {
      const { createFor, unique } = context;
      const [server, key] = [new FaultyServer(context), unique()];
      const client = guardClient(await createFor(server.accept, options));
      try {
        equal(await client.set(key, '5'), true);
        await run(client, key, server);
      } finally {
        await client.close();
      }
    },
  };
}

/** Requirements on single calls, and on the errors that they end with. */
export const callCases: readonly Case<FaultContext>[] = [
  withFault('a lost reply fails its call, which is not done twice, and the next call works', [
    'incr',
  ], async (client, key, server) => {
    server.fail(lost);
    await rejects(client.incr(key), Error);
    server.recover();
    equal(await client.get(key), '6');
  }),
  withFault('a lost reply is a connection error, whose outcome is unknown', [
    'incr',
    'errors',
  ], async (client, key, server) => {
    server.fail(lost);
    const error = await rejects(client.incr(key), ConnectionError);
    equal(error.outcome, 'unknown');
    server.recover();
  }),
  withFault('nonsense fails its call, and the next call works', ['incr'], async (
    client,
    key,
    server,
  ) => {
    server.fail(nonsense);
    await rejects(client.incr(key), Error);
    server.recover();
    equal(await client.get(key), '6');
    ok(server.connections > 1, 'a connection that talks nonsense is not used again');
  }),
  withFault('nonsense is a protocol error', ['incr', 'errors'], async (client, key, server) => {
    server.fail(nonsense);
    equal((await rejects(client.incr(key), ProtocolError)).outcome, 'unknown');
    server.recover();
  }),
  withFault('a value of another key is given to nobody', [], async (client, key, server) => {
    server.fail(ofAnotherKey);
    const found = await client.get(key).catch(() => undefined);
    if (found !== undefined) throw new FaultError('wrong value', `get gave ${show(found)}`);
    server.recover();
    const after = await client.get(key).catch((error: unknown) => error);
    if (after !== '5') throw new FaultError('not recovered', `get gave ${show(after)}`);
  }),
  withFault('a value of another key is a protocol error', ['errors'], async (
    client,
    key,
    server,
  ) => {
    server.fail(ofAnotherKey);
    await rejects(client.get(key), ProtocolError);
    server.recover();
  }),
  withFault('a late reply fails its call in time, and is no reply to another', [
    'incr',
    'timeout',
  ], async (client, key, server) => {
    server.fail(late);
    await rejects(client.incr(key, 1, { timeout: 400 }), Error);
    const next = client.get(key);
    server.recover();
    equal(await next, '6');
  }),
  withFault('a late reply is a timeout, whose outcome is unknown', ['incr', 'errors'], async (
    client,
    key,
    server,
  ) => {
    server.fail(late);
    const error = await rejects(client.incr(key), TimeoutError);
    equal([error.code, error.outcome], ['timeout', 'unknown']);
    server.recover();
  }, { timeout: 400 }),
  withFault('a server that is silent while it owes a reply loses the connection', [
    'incr',
    'errors',
  ], async (client, key, server) => {
    server.fail(late);
    const error = await rejects(client.incr(key), ConnectionError);
    equal([error.code, error.outcome], ['stalled', 'unknown']);
    server.recover();
  }, { stallAfter: 400, timeout: 10_000 }),
  withFault('a call that is aborted ends at once', ['incr', 'signal', 'errors'], async (
    client,
    key,
    server,
  ) => {
    const aborter: Aborter = newAborter();
    const reason = new Error('changed my mind');
    server.fail(late);
    const held = server.late();
    const aborted = rejects(client.incr(key, 1, { signal: aborter.signal }), AbortError);
    await held;
    aborter.abort(reason);
    const error = await aborted;
    equal([error.code, error.outcome], ['aborted', 'unknown']);
    equal(error.cause, reason);
    server.recover();
    equal(await client.get(key), '6', 'the next call');
  }),
  withFault('a call whose signal is aborted already is not sent', [
    'incr',
    'signal',
    'errors',
  ], async (client, key) => {
    const aborter: Aborter = newAborter();
    aborter.abort(new Error('no'));
    const error = await rejects(client.incr(key, 1, { signal: aborter.signal }), AbortError);
    equal(error.outcome, 'not-sent');
    equal(await client.get(key), '5');
  }),
  withFault('what is too much to wait for is refused, and the rest is done', [
    'incr',
    'errors',
  ], async (client, key, server) => {
    server.fail(late);
    const calls = Array.from({ length: 40 }, () => client.incr(key));
    const ended = Promise.allSettled(calls);
    // The first call to end was refused, several times by a client that retries.
    await Promise.race(calls.map((call) => call.catch(() => {})));
    server.recover();
    let done = 5;
    for (const result of await ended) {
      if (result.status === 'fulfilled') done++;
      else equal((result.reason as MemcacheError).outcome, 'not-sent');
    }
    ok(done > 5 && done < 45, `${done - 5} of 40 were done`);
    equal(await client.get(key), String(done));
  }, { maxPending: 4 }),
  {
    name: 'a login is made on each connection, and a wrong one is an error',
    needs: ['auth', 'errors'],
    async run({ clock, createFor, unique }) {
      const server = new FaultyServer({ clock }, { credentials: new Map([['user', 'pass']]) });
      const create = async (options: Pick<ClientOptions, 'auth'>): Promise<JudgedClient> =>
        guardClient(await createFor(server.accept, options));
      const user = await create({ auth: { username: 'user', password: 'pass' } });
      const other = await create({ auth: { username: 'user', password: 'no' } });
      const none = await create({});
      const key = unique();
      equal(await user.set(key, 'x'), true);
      equal((await rejects(other.get(key), AuthError)).outcome, 'not-sent');
      await rejects(none.get(key), MemcacheError);
      await Promise.all([user.close(), other.close(), none.close()]);
    },
  },
];
