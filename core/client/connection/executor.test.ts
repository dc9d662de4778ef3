import * as assert from 'uvu/assert';
import { CountedSignal } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import { ConnectionError, TimeoutError, UsageError } from '../../wire/errors.ts';
import type { Reply } from '../../wire/reply.ts';
import {
  checkExecuteNames,
  checkExecuteOptions,
  closedError,
  executeThenRead,
  type Executor,
  lateError,
  type Reader,
  reasonOf,
  refuse,
  refused,
  wholeReply,
} from './executor.ts';

const executor = suite('executor');

const version = { verb: 'version' } as const;
const done: Reply = { type: 'VERSION', version: '1' };

function argumentOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    assert.instance(error, UsageError);
    return (error as UsageError).argument;
  }
}

executor('the options of a command, each with what it may be', () => {
  const signal = new CountedSignal();
  const good: readonly object[] = [
    {},
    { timeout: 0.001 },
    { timeout: Infinity },
    { signal },
    { unconfirmed: true },
    { unconfirmed: false },
    { onItem: () => {} },
    { timeout: undefined, signal: undefined, unconfirmed: undefined, onItem: undefined },
  ];
  for (const options of good) assert.is(argumentOf(() => checkExecuteOptions(options)), null);
  assert.is(argumentOf(() => checkExecuteOptions(undefined)), null);
  const aborted = false;
  const [addEventListener, removeEventListener] = [(): void => {}, (): void => {}];
  const wrong: readonly (readonly [options: unknown, argument: string])[] = [
    [null, 'options'],
    ['timeout', 'options'],
    [{ timeout: 0 }, 'timeout'],
    [{ timeout: -1 }, 'timeout'],
    [{ timeout: NaN }, 'timeout'],
    [{ timeout: '5' }, 'timeout'],
    [{ signal: null }, 'signal'],
    [{ signal: 5 }, 'signal'],
    [{ signal: { addEventListener, removeEventListener } }, 'signal'],
    [{ signal: { aborted: 0, addEventListener, removeEventListener } }, 'signal'],
    [{ signal: { aborted, removeEventListener } }, 'signal'],
    [{ signal: { aborted, addEventListener } }, 'signal'],
    [{ unconfirmed: 1 }, 'unconfirmed'],
    [{ onItem: 'print' }, 'onItem'],
    [{ onItem: null }, 'onItem'],
  ];
  for (const [options, argument] of wrong) {
    assert.is(argumentOf(() => checkExecuteOptions(options as object)), argument);
  }
});

executor('an option that there is none of is refused by its name', () => {
  for (const name of ['timeout', 'signal', 'route', 'unconfirmed', 'onItem']) {
    assert.is(argumentOf(() => checkExecuteNames({ [name]: undefined })), null);
  }
  assert.is(argumentOf(() => checkExecuteNames(undefined)), null);
  assert.is(argumentOf(() => checkExecuteNames({ timout: 5 } as object)), 'timout');
  assert.is(argumentOf(() => checkExecuteNames(null as never)), 'options');
  assert.is(argumentOf(() => checkExecuteNames('abc' as never)), 'options');
});

const failing = (error: Error): Executor => ({
  execute: () => Promise.reject(error),
  close: () => Promise.resolve(),
});

executor('a reader gets the reply, or the error where it has an answer to it', async () => {
  const lost = new ConnectionError('lost', 'unknown');
  const call = { key: 'own', options: undefined, deadline: Infinity };
  const answering: Executor = {
    execute: () => Promise.resolve(done),
    close: () => Promise.resolve(),
  };
  const reader: Reader<string> = {
    ofReply: ({ type }, { key }) => `${type} of ${String(key)}`,
    ofError: ({ message }) => `error ${message}`,
  };
  assert.is(await executeThenRead(answering, version, call, reader), 'VERSION of own');
  assert.is(await executeThenRead(failing(lost), version, call, reader), 'error lost');
  assert.is(await executeThenRead(answering, version, call, wholeReply), done);
  const rejected = executeThenRead(failing(lost), version, call, wholeReply);
  assert.is(await rejected.catch((error: unknown) => error), lost);
  assert.is(await refused(reader, lost), 'error lost');
});

executor('what is refused breaks its own rules first', async () => {
  const lost = new ConnectionError('lost', 'not-sent');
  const errorOf = async (...given: Parameters<typeof refuse>): Promise<unknown> =>
    await refuse(...given).catch((error: unknown) => error);
  assert.is(await errorOf(version, {}, lost, wholeReply), lost);
  const wrong = await errorOf(version, { timeout: 0 }, lost, wholeReply);
  assert.is((wrong as UsageError).argument, 'timeout');
  const key = await errorOf({ verb: 'get', keys: ['a b'] }, {}, lost, wholeReply);
  assert.is((key as UsageError).argument, 'key');
});

executor('the error of a late call says how long it has waited, rounded', () => {
  const times = [[1000, '1000'], [99.6, '100'], [10, '10'], [9.96, '10'], [1.234, '1.2'], [
    0.001,
    '0.001',
  ]] as const;
  for (const [time, text] of times) {
    const error = lateError('a:1', time, 'unknown');
    assert.instance(error, TimeoutError);
    assert.equal([error.message, error.outcome], [
      `no reply from a:1 within ${text} ms`,
      'unknown',
    ]);
  }
});

executor('the error after close', () => {
  const { code, outcome, message } = closedError();
  assert.equal([code, outcome, message], ['closed', 'not-sent', 'the client is closed']);
});

executor('the reason of an error has the code of the system', () => {
  const withCode = (message: string, code: unknown): Error =>
    Object.assign(new Error(message), { code });
  assert.is(reasonOf(new Error('plain')), 'plain');
  assert.is(reasonOf(withCode('refused', 'ECONNREFUSED')), 'refused (ECONNREFUSED)');
  assert.is(reasonOf(withCode('connect ECONNREFUSED', 'ECONNREFUSED')), 'connect ECONNREFUSED');
  assert.is(reasonOf(withCode('refused', 5)), 'refused');
  assert.is(reasonOf('text'), 'text');
  assert.is(reasonOf(undefined), 'undefined');
});

executor.run();
