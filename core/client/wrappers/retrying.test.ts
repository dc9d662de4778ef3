import * as assert from 'uvu/assert';
import { mg, ms, version } from '../../../test/support/link-scene.ts';
import {
  CountedSignal,
  CountingClock,
  settled,
  TurnClock,
  Watched,
} from '../../../test/support/scripted.ts';
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
import type { ExecuteOptions, Executor, Reader } from '../connection/executor.ts';
import type { Servers } from '../operation-context.ts';
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

retrying('a wait is a second at most by default', async () => {
  const scene = new Scene([lost, lost, done], { attempts: 3, delay: 900 });
  scene.do();
  await scene.pass(900);
  await scene.pass(999);
  assert.is(scene.calls.length, 2);
  await scene.pass(1);
  assert.is(scene.calls.length, 3);
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
    ['clock', { clock: { now: () => 0, elapsed: () => 0, after: () => () => {} } }],
  ];
  for (const [argument, options] of wrong) {
    assert.throws(
      () => new Scene([], options),
      (error: unknown) => error instanceof UsageError && error.argument === argument,
      argument,
    );
  }
});

/** The name of the option that is refused, and the rule. */
function refusal(options: object): string {
  try {
    void new Scene([], options);
    return 'accepted';
  } catch (error) {
    assert.instance(error, UsageError);
    return (error as UsageError).message;
  }
}

const bounds: readonly (readonly [
  option: keyof RetryOptions,
  good: readonly unknown[],
  bad: readonly unknown[],
  rule: string,
])[] = [
  ['attempts', [1, 2, 1e9], [0, 1.5, Infinity, '2'], 'must be a whole number, 1 or more'],
  [
    'delay',
    [0, 0.5, 0x7fff_ffff],
    [-1, 2 ** 31, NaN, '1'],
    'must be a number of milliseconds, 0 or more',
  ],
  [
    'maxDelay',
    [0, 0.5, 0x7fff_ffff],
    [-1, 2 ** 31, NaN, '1'],
    'must be a number of milliseconds, 0 or more',
  ],
  ['timeout', [0.1, Infinity], [0, -1, NaN, '1'], 'must be a number of milliseconds, more than 0'],
  [
    'attemptTimeout',
    [0.1, Infinity],
    [0, -1, NaN, '1'],
    'must be a number of milliseconds, more than 0',
  ],
  ['retryUnsafe', [true, false], [0, 'true'], 'must be true or false'],
  ['retryServerErrors', [true, false], [0, 'true'], 'must be true or false'],
  [
    'retryFor',
    [[], [TimeoutError, ConnectionError], () => true],
    [TimeoutError, [5], 'TimeoutError', {}],
    'must be a list of error classes, or a function of an error',
  ],
  [
    'doNotRetryFor',
    [[], [AuthError], () => true],
    [AuthError, [5], 'AuthError', {}],
    'must be a list of error classes, or a function of an error',
  ],
];

for (const [option, good, bad, rule] of bounds) {
  retrying(`${option}: its bounds`, () => {
    for (const value of good) assert.is(refusal({ [option]: value }), 'accepted');
    for (const value of bad) assert.is(refusal({ [option]: value }), `${option} ${rule}`);
  });
}

retrying('a class may not be in both lists', () => {
  const both = {
    retryFor: [ConnectionError, TimeoutError],
    doNotRetryFor: [AuthError, TimeoutError],
  };
  assert.is(refusal(both), 'doNotRetryFor must not name TimeoutError, which retryFor names');
  // A default may be named: that is how it is left out.
  assert.is(refusal({ doNotRetryFor: [TimeoutError] }), 'accepted');
  assert.is(refusal({ retryFor: () => true, doNotRetryFor: [TimeoutError] }), 'accepted');
});

retrying('the options as they are by default', async () => {
  const scene = new Scene([]);
  const answers = [lost, lost];
  const byDefault = new Retrying({
    execute: () => Promise.reject(answers.shift() ?? new Error('a third attempt')),
    close: () => scene.close(),
  });
  const call = new Watched(byDefault.execute(version));
  for (let i = 0; i < 3; i++) await settled();
  assert.equal([call.error, answers.length], [lost, 0]);
});

retrying('wrong options of a call reject, and nothing is tried', async () => {
  const scene = new Scene([]);
  const reader: Reader<string> = { ofReply: () => 'read', ofError: (error) => error.name };
  const calls = [
    scene.do(version, { timeout: -1 }),
    new Watched(scene.retrying.executeWith(version, { timeout: -1 }, { ofReply: () => 1 }, 'k')),
    new Watched(scene.retrying.executeWith(version, { timeout: -1 }, reader, 'k')),
  ];
  await settled();
  assert.equal(calls.map(({ brief }) => brief), [
    'UsageError usage not-sent',
    'UsageError usage not-sent',
    'resolved',
  ]);
  assert.is(calls[2]?.value, 'UsageError');
  assert.is(scene.calls.length, 0);
});

retrying('a reader is given the reply once, and what it throws is not repeated', async () => {
  const scene = new Scene([lost, done, done]);
  let reads = 0;
  const reader: Reader<never> = {
    ofReply(reply, { key }) {
      assert.equal([reply, key], [done, 'k']);
      reads++;
      throw lost;
    },
  };
  const call = new Watched(scene.retrying.executeWith(version, undefined, reader, 'k'));
  for (let i = 0; i < 3; i++) await settled();
  assert.equal([call.error, reads, scene.calls.length], [lost, 1, 2]);
});

retrying('of attempts that were not sent the error of the last one is thrown', async () => {
  const second = new ConnectionError('refused again', 'not-sent');
  const scene = new Scene([unsent, second]);
  const call = scene.do();
  await settled();
  assert.is(call.error, second);
  // Not so after one that may have been done.
  const doubtful = new Scene([unsent, late, lost, second], { attempts: 4 });
  const other = doubtful.do(mg('k'));
  for (let i = 0; i < 5; i++) await settled();
  assert.is(other.error, late);
});

/** Many servers, of which one answers as it is told. */
function serversOf(scene: Scene, ready: Servers['ready']): Servers {
  return {
    names: () => ['a'],
    serverOf: () => 'a',
    nodes: () => scene,
    executorOf: () => scene,
    add: () => {},
    remove: () => Promise.resolve(true),
    ready,
  };
}

retrying(
  'the commands of one server are repeated as those of all, and its close is its own',
  async () => {
    const scene = new Scene([lost, done]);
    const servers = scene.retrying.aroundServers(serversOf(scene, undefined));
    assert.is(servers.ready, undefined);
    const one = servers.executorOf('a');
    assert.equal([await one.execute(version), scene.calls.length], [done, 2]);
    await one.close();
    assert.is(scene.closed, 1);
  },
);

retrying('the wait until servers are found is repeated, within the time of the call', async () => {
  const scene = new Scene([]);
  const errors: Error[] = [late, unsent];
  const given: (number | undefined)[] = [];
  const { ready } = scene.retrying.aroundServers(serversOf(scene, (options) => {
    given.push(options.timeout);
    scene.clock.advance(30);
    const error = errors.shift();
    return error === undefined ? Promise.resolve(options) : Promise.reject(error);
  }));
  const found = new Watched(ready!({ timeout: 100 }));
  for (let i = 0; i < 5; i++) await settled();
  // Two attempts, of which the second was not sent.
  assert.equal([found.error, given], [late, [100, 70]]);
  const next = new Watched(ready!({ timeout: 100 }));
  for (let i = 0; i < 5; i++) await settled();
  assert.equal([next.value, given.length], [{ timeout: 70 }, 3]);
  const wrong = new Watched(ready!({ timeout: 0 }));
  await settled();
  assert.equal([wrong.brief, given.length], ['UsageError usage not-sent', 3]);
});

retrying('a wait leaves no listener, and a signal ends the waits of all of its calls', async () => {
  const signal = new CountedSignal();
  const scene = new Scene([lost, lost, done, done], { delay: 100 });
  const calls = [scene.do(version, { signal }), scene.do(version, { signal })];
  await settled();
  assert.equal([signal.listeners.size, scene.clock.timers], [1, 2]);
  await scene.pass(100);
  assert.equal(calls.map(({ state }) => state), ['resolved', 'resolved']);
  assert.equal([signal.listeners.size, scene.clock.timers], [0, 0]);
});

retrying('a wait that would end with the time of the call is not begun', async () => {
  for (const [timeout, attempts] of [[110, 1], [111, 2]] as const) {
    const scene = new Scene([lost, done], { delay: 100 });
    scene.do(version, { timeout });
    await scene.pass(100);
    assert.is(scene.calls.length, attempts, `${timeout} ms`);
    assert.is(scene.clock.timers, 0);
  }
});

retrying.run();
