import * as assert from 'uvu/assert';
import { mg, ms, version } from '../../../test/support/link-scene.ts';
import { CountingClock, settled, TurnClock, Watched } from '../../../test/support/scripted.ts';
import { suite } from '../../../test/runner/suite.ts';
import type { Command } from '../../wire/command.ts';
import {
  AbortError,
  AuthError,
  ConnectionError,
  MemcacheError,
  ProtocolError,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../../wire/errors.ts';
import type { Reply } from '../../wire/reply.ts';
import type { ExecuteOptions, Executor } from '../connection/executor.ts';
import { Retrying, type RetryOptions } from './retrying.ts';

const retrying = suite('retrying');

const unsent = new ConnectionError('refused', 'not-sent');
const lost = new ConnectionError('lost', 'unknown');
const late = new TimeoutError('late', 'unknown');
const done: Reply = { type: 'VERSION', version: '1' };
const incr: Command = { verb: 'incr', key: 'k', delta: 1n, noreply: false };

/** An executor that answers as it is told, and what retries over it. */
class Scene implements Executor {
  readonly clock = new CountingClock();
  readonly calls: ExecuteOptions[] = [];
  readonly retrying: Retrying;
  closed = 0;
  #answers: (Reply | Error)[];

  constructor(answers: (Reply | Error)[], options: RetryOptions = {}) {
    this.#answers = answers;
    this.retrying = new Retrying(this, { clock: this.clock, random: () => 1, ...options });
  }

  /** Each attempt takes 10 ms. */
  async execute(_command: Command, options: ExecuteOptions = {}): Promise<Reply> {
    this.calls.push(options);
    this.clock.advance(10);
    const answer = this.#answers.shift() ?? new Error('nobody expected this attempt');
    if (answer instanceof Error) return await Promise.reject(answer);
    return answer;
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  do(command: Command = version, options?: ExecuteOptions): Watched<Reply> {
    return new Watched(this.retrying.execute(command, options));
  }

  async pass(milliseconds: number): Promise<void> {
    await settled();
    this.clock.advance(milliseconds);
    await settled();
  }
}

/** What a command comes to, and after how many attempts. */
async function outcome(
  command: Command,
  answers: (Reply | Error)[],
  options?: RetryOptions,
  execute?: ExecuteOptions,
): Promise<[string, number]> {
  const scene = new Scene(answers, options);
  const call = scene.do(command, execute);
  await settled();
  assert.is(scene.clock.timers, 0);
  return [call.brief, scene.calls.length];
}

retrying('what went well is not repeated', async () => {
  assert.equal(await outcome(version, [done]), ['resolved', 1]);
});

retrying('a second attempt may do', async () => {
  assert.equal(await outcome(version, [lost, done]), ['resolved', 2]);
});

retrying('after the last attempt its error is thrown', async () => {
  for (const earlier of [unsent, lost]) {
    assert.equal(await outcome(mg('k'), [earlier, earlier, late, done], { attempts: 3 }), [
      'TimeoutError timeout unknown',
      3,
    ]);
  }
});

for (const error of [lost, late, new ProtocolError('garbled')]) {
  retrying(`an incr that may have been done is not repeated: ${error.name}`, async () => {
    assert.is((await outcome(incr, [error, done]))[1], 1);
    const add = ms('k', 'v', 'ME');
    assert.is((await outcome(add, [error, done]))[1], 1);
    assert.equal(await outcome(ms('k', 'v'), [error, done]), ['resolved', 2]);
    assert.equal(await outcome(incr, [error, done], { retryUnsafe: true }), ['resolved', 2]);
  });
}

retrying('an incr that was not sent is repeated', async () => {
  assert.equal(await outcome(incr, [unsent, done]), ['resolved', 2]);
});

retrying('a call that may have been done is never said not to have been sent', async () => {
  const set = ms('k', 'v');
  assert.equal(await outcome(set, [late, unsent]), ['TimeoutError timeout unknown', 2]);
  const aborted = new AbortError('not-sent', new Error('enough'));
  assert.equal(await outcome(set, [late, aborted]), ['AbortError aborted unknown', 2]);
});

for (
  const error of [
    new UsageError('key', 'must be short'),
    new AbortError('unknown', new Error('enough')),
    new ConnectionError('the client is closed', 'not-sent', undefined, 'closed'),
    new TypeError('a mistake of onItem'),
  ]
) {
  retrying(`never repeated: ${error.name} ${error.message}`, async () => {
    const always = { retryFor: () => true, retryUnsafe: true };
    assert.is((await outcome(version, [error, done], always))[1], 1);
  });
}

retrying('what the server answers is not asked again, unless it is in retryFor', async () => {
  for (const error of [new ServerReplyError('SERVER_ERROR', 'busy'), new AuthError('no')]) {
    assert.is((await outcome(version, [error, done]))[1], 1);
    assert.is((await outcome(version, [error, done], { retryFor: [MemcacheError] }))[1], 2);
  }
});

retrying('retryServerErrors repeats reads after SERVER_ERROR, and nothing else', async () => {
  const attempts = async (command: Command, error: Error, options = {}): Promise<number> =>
    (await outcome(command, [error, done], { retryServerErrors: true, ...options }))[1];
  const busy = new ServerReplyError('SERVER_ERROR', 'out of memory writing get response');
  const gat: Command = { verb: 'gat', keys: ['k'], expire: 5 };
  const touch: Command = { verb: 'mg', key: 'k', base64: false, flags: ['v', 'T5'] };
  const reads = [version, mg('k'), { verb: 'get', keys: ['k'] } as const, gat, touch];
  for (const read of reads) assert.is(await attempts(read, busy), 2, read.verb);
  const lease: Command = { verb: 'mg', key: 'k', base64: false, flags: ['v', 'N5'] };
  for (const other of [ms('k', 'v'), incr, lease]) assert.is(await attempts(other, busy), 1);
  assert.is(await attempts(mg('k'), new ServerReplyError('CLIENT_ERROR', 'bad')), 1);
  assert.is(await attempts(mg('k'), busy, { doNotRetryFor: [ServerReplyError] }), 1);
});

retrying('retryFor and doNotRetryFor take classes or predicates', async () => {
  const attempts = async (error: Error, options: RetryOptions): Promise<number> =>
    (await outcome(version, [error, done], options))[1];
  assert.is(await attempts(lost, { retryFor: [ConnectionError] }), 2);
  assert.is(await attempts(late, { retryFor: [ConnectionError] }), 1);
  assert.is(await attempts(late, { doNotRetryFor: [TimeoutError] }), 1);
  assert.is(await attempts(lost, { doNotRetryFor: [TimeoutError] }), 2);
  assert.is(await attempts(late, { retryFor: ({ code }) => code === 'timeout' }), 2);
  assert.is(await attempts(late, { doNotRetryFor: ({ code }) => code === 'timeout' }), 1);
});

retrying('the wait doubles up to its limit', async () => {
  const answers = Array.from({ length: 5 }, () => lost);
  const scene = new Scene([...answers, done], { attempts: 6, delay: 100, maxDelay: 300 });
  const call = scene.do();
  for (const [attempts, wait] of [[1, 100], [2, 200], [3, 300], [4, 300], [5, 300]] as const) {
    await scene.pass(wait - 1);
    assert.is(scene.calls.length, attempts);
    await scene.pass(1);
    assert.is(scene.calls.length, attempts + 1);
  }
  assert.is(call.state, 'resolved');
});

retrying('half of the wait is left to chance', async () => {
  const scene = new Scene([lost, done], { delay: 100, random: () => 0 });
  const call = scene.do();
  await scene.pass(50);
  assert.is(call.state, 'resolved');
});

retrying('without a delay there is a turn of the event loop between two attempts', async () => {
  const clock = new TurnClock();
  const scene = new Scene([lost, lost, done], { attempts: 3, clock });
  const call = scene.do();
  for (const attempts of [1, 2]) {
    await settled();
    assert.equal([scene.calls.length, clock.turns.length], [attempts, 1]);
    clock.turns.pop()?.();
  }
  await settled();
  assert.is(call.state, 'resolved');
});

retrying(
  'a call that is aborted in that turn, or whose client is closed, is not tried again',
  async () => {
    const aborter = new AbortController();
    for (const end of [(scene: Scene) => scene.retrying.close(), () => aborter.abort()]) {
      const clock = new TurnClock();
      const scene = new Scene([late, done], { clock });
      const call = scene.do(version, { signal: aborter.signal });
      await settled();
      await end(scene);
      clock.turns.pop()?.();
      await settled();
      assert.equal([call.state, scene.calls.length], ['rejected', 1]);
    }
  },
);

retrying('a call ends after any number of attempts without a delay', async () => {
  const attempts = 2000;
  const answers = Array.from({ length: attempts }, () => lost);
  const expected = ['ConnectionError connection unknown', attempts];
  assert.equal(await outcome(version, answers, { attempts }), expected);
});

for (const code of ['down', 'overloaded']) {
  retrying(`what was refused at once is not repeated at once: ${code}`, async () => {
    const refused = new ConnectionError('no', 'not-sent', undefined, code);
    const scene = new Scene([refused, refused, done], { attempts: 3, delay: 20 });
    const call = scene.do();
    await scene.pass(24);
    assert.is(scene.calls.length, 1);
    await scene.pass(1);
    assert.is(scene.calls.length, 2, 'after 25 ms, though the delay is 20');
    await scene.pass(39);
    assert.is(call.state, 'pending');
    await scene.pass(1);
    assert.is(call.state, 'resolved');
  });
}

retrying('the timeout of a call bounds all of its attempts together', async () => {
  const scene = new Scene([lost, lost, lost], { attempts: 9, delay: 100, maxDelay: 100 });
  const call = scene.do(version, { timeout: 235 });
  await scene.pass(100);
  await scene.pass(100);
  assert.equal(scene.calls.map(({ timeout }) => timeout), [235, 125, 15]);
  // A wait that would end after its time is not begun.
  assert.is(call.brief, 'ConnectionError connection unknown');
  assert.is(scene.clock.timers, 0);
});

retrying('timeout is for calls that have none, attemptTimeout for each attempt', async () => {
  const scene = new Scene([lost, lost, done], { attempts: 3, timeout: 100, attemptTimeout: 85 });
  scene.do();
  await settled();
  assert.equal(scene.calls.map(({ timeout }) => timeout), [85, 85, 80]);
  const dump = new Scene([done], { attemptTimeout: 85 });
  dump.do(version, { timeout: Infinity, onItem: () => {} });
  assert.is(dump.calls[0]?.timeout, Infinity);
});

retrying('a wait ends when its call is aborted', async () => {
  const aborter = new AbortController();
  const scene = new Scene([late], { delay: 100 });
  const call = scene.do(version, { signal: aborter.signal });
  await scene.pass(50);
  aborter.abort(new Error('enough'));
  await settled();
  assert.is(call.brief, 'AbortError aborted unknown');
  assert.match(String(call.error?.cause), 'enough');
  assert.is(scene.clock.timers, 0);
});

retrying('close ends the waits and closes what it is over', async () => {
  const scene = new Scene([late, lost], { delay: 100 });
  const call = scene.do();
  await settled();
  await scene.retrying.close();
  await settled();
  assert.is(call.brief, 'TimeoutError timeout unknown');
  assert.equal([scene.closed, scene.clock.timers], [1, 0]);
  scene.do();
  await settled();
  assert.is(scene.calls.length, 2, 'and nothing is repeated any more');
});

retrying('what has given items is not begun again', async () => {
  const items = { onItem: () => {} };
  const dump: Command = { verb: 'lru_crawler metadump', words: ['all'] };
  const unsafe = { retryUnsafe: true };
  assert.is((await outcome(dump, [lost, done], unsafe, items))[1], 1);
  assert.is((await outcome(dump, [unsent, done], {}, items))[1], 2);
});

retrying('a wrong option is refused by its name', () => {
  const wrong: [string, object][] = [
    ['attempts', { attempts: 0 }],
    ['attempts', { attempts: 1.5 }],
    ['delay', { delay: -1 }],
    ['maxDelay', { maxDelay: Infinity }],
    ['timeout', { timeout: 0 }],
    ['attemptTimeout', { attemptTimeout: '5' }],
    ['retryUnsafe', { retryUnsafe: 1 }],
    ['retryServerErrors', { retryServerErrors: 'yes' }],
    ['retryFor', { retryFor: TimeoutError }],
    ['retryFor', { retryFor: 'TimeoutError' }],
    ['doNotRetryFor', { doNotRetryFor: [5] }],
    ['doNotRetryFor', { retryFor: [TimeoutError], doNotRetryFor: [TimeoutError] }],
    ['random', { random: 5 }],
    ['clock', { clock: null }],
  ];
  for (const [argument, options] of wrong) {
    assert.throws(
      () => new Scene([], options),
      (error: unknown) => error instanceof UsageError && error.argument === argument,
      argument,
    );
  }
});

retrying('wrong options of a call reject, and nothing is tried', async () => {
  const scene = new Scene([]);
  const call = scene.do(version, { timeout: -1 });
  await settled();
  assert.equal([call.brief, scene.calls.length], ['UsageError usage not-sent', 0]);
});

retrying.run();
