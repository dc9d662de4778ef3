import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import { settled, Watched } from '../../../test/support/scripted.ts';
import {
  AuthError,
  ConnectionError,
  ProtocolError,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from '../../wire/errors.ts';
import type { PlainReply } from '../../wire/plain.ts';
import type { Reply } from '../../wire/reply.ts';
import type { Executor, Reader } from './executor.ts';
import type { Traffic } from './observe.ts';
import { loginCall, lostError, ownReply, Pending, Settler, strangerError } from './pending.ts';
import { ServerStatus } from './server-status.ts';

const pendings = suite('pending calls');

const connection: Executor = {
  execute: () => Promise.reject(new Error('not used')),
  close: () => Promise.resolve(),
};
const lost = new ConnectionError('lost', 'unknown');
const item = { key: 'a', value: new Uint8Array(), flags: 0, cas: undefined };

class Scene {
  readonly status = new ServerStatus('a:1');
  readonly settler = new Settler(connection, this.status);

  call(
    reader: Reader<unknown>,
    keys = 0,
    traffic: Traffic | null = null,
  ): { readonly pending: Pending; readonly result: Watched<unknown>; unlistened: number } {
    let pending!: Pending;
    const result = new Watched(
      new Promise((resolve, reject) => {
        pending = new Pending(resolve, reject, reader, 'own', undefined, 5, keys, traffic);
      }),
    );
    const call = { pending, result, unlistened: 0 };
    pending.unlisten = () => void call.unlistened++;
    return call;
  }

  get counts(): unknown[] {
    const { hits, misses, errors } = this.status;
    return [hits, misses, [...errors]];
  }
}

const plain = (type: 'VA' | 'EN' | 'HD'): PlainReply =>
  ({
    type,
    isPlaceholder: false,
    size: 12,
    toReply: (): Reply => ({ type, flags: [] }) as Reply,
  }) as PlainReply;

pendings('a reader gets the reply, its call and the connection', async () => {
  const scene = new Scene();
  const call = scene.call({
    ofReply: ({ type }, { key, deadline }, from) => [type, key, deadline, from === connection],
  });
  scene.settler.settle(call.pending, { type: 'OK' });
  await settled();
  assert.equal(call.result.value, ['OK', 'own', 5, true]);
  assert.equal([call.unlistened, scene.settler.hasAnswered], [1, false]);
});

pendings(
  'what a reader throws is the error of its call, unless it has an answer to that',
  async () => {
    const broken = new TypeError('broken');
    const ofReply = (): never => {
      throw broken;
    };
    const scene = new Scene();
    const calls = [
      scene.call({ ofReply }),
      scene.call({ ofReply, ofError: ({ message }) => `mended ${message}` }),
      scene.call({
        ofReply,
        ofError() {
          throw lost;
        },
      }),
    ];
    for (const { pending } of calls) scene.settler.settle(pending, { type: 'OK' });
    await settled();
    assert.is(calls[0]?.result.error, broken);
    assert.is(calls[1]?.result.value, 'mended broken');
    assert.is(calls[2]?.result.error, lost);
    assert.equal(scene.counts, [0, 0, [['other', 3]]]);
  },
);

pendings(
  'a plain reply shows that the server answers, and is measured for an observer',
  async () => {
    const scene = new Scene();
    const traffic = { bytesOut: 0, bytesIn: 0 };
    const calls = [
      scene.call({ ofReply: ({ type }) => type, ofItem: ({ type }) => `item ${type}` }, 1, traffic),
      scene.call({ ofReply: ({ type }) => type, ofItem: ({ type }) => `item ${type}` }, 1),
      scene.call({ ofReply: ({ type }) => type }),
      scene.call({
        ofReply: ({ type }) => type,
        ofItem() {
          throw lost;
        },
      }),
    ];
    const [first, second, third, fourth] = calls as [
      typeof calls[0],
      typeof calls[0],
      typeof calls[0],
      typeof calls[0],
    ];
    scene.settler.onPlain(first.pending, plain('VA'), 7);
    scene.settler.onPlain(second.pending, plain('EN'), 7);
    scene.settler.onPlain(third.pending, plain('VA'), 7);
    scene.settler.onPlain(fourth.pending, plain('VA'), 7);
    await settled();
    assert.equal([first, second, third].map(({ result }) => result.value), ['item VA', 'EN', 'VA']);
    assert.is(fourth.result.error, lost);
    assert.equal(traffic, { bytesOut: 7, bytesIn: 12 });
    assert.is(scene.settler.hasAnswered, true);
    assert.equal([first, second, third].map(({ unlistened }) => unlistened), [1, 1, 1]);
    assert.equal(scene.counts.slice(0, 2), [1, 1]);
  },
);

pendings('items that came before the reply are found, those of another call are not', async () => {
  const scene = new Scene();
  const indexes: number[] = [];
  const reader: Reader<unknown> = {
    ofReply: () => 'done',
    takeItem: (_, index) => indexes.push(index),
  };
  const [one, other] = [scene.call(reader, 5), scene.call(reader, 3)];
  for (const index of [0, 1, 4]) scene.settler.onPlainItem(one.pending, plain('VA'), index);
  scene.settler.settle(one.pending, { type: 'values', items: [item] });
  assert.equal(scene.counts.slice(0, 2), [4, 1]);
  scene.settler.settle(other.pending, { type: 'values', items: [] });
  assert.equal(scene.counts.slice(0, 2), [4, 4]);
  assert.equal(indexes, [0, 1, 4]);
  // One that has failed leaves nothing to the next; another that fails takes nothing away.
  const [failed, next, last] = [
    scene.call(reader, 2),
    scene.call(reader, 2),
    scene.call(reader, 1),
  ];
  scene.settler.onPlainItem(failed.pending, plain('VA'), 0);
  scene.settler.fail(failed.pending, lost);
  scene.settler.onPlainItem(next.pending, plain('VA'), 0);
  scene.settler.fail(last.pending, lost);
  scene.settler.settle(next.pending, { type: 'values', items: [] });
  assert.equal(scene.counts, [5, 5, [['connection', 2]]]);
  assert.is(failed.result.state, 'pending');
  await settled();
  assert.is(failed.result.error, lost);
});

pendings('items are passed on as they come where a reader takes them and nobody observes', () => {
  const scene = new Scene();
  const takes: Reader<unknown> = { ofReply: () => 1, takeItem: () => {} };
  const traffic = { bytesOut: 0, bytesIn: 0 };
  const cases = [[takes, null, true], [takes, traffic, false], [ownReply, null, false]] as const;
  for (const [reader, observed, isTaken] of cases) {
    assert.is(scene.settler.takesItems(scene.call(reader, 1, observed).pending), isTaken);
  }
});

pendings("the calls of a client's own are not counted", async () => {
  const scene = new Scene();
  const own = scene.call(ownReply, 1);
  scene.settler.settle(own.pending, { type: 'values', items: [] });
  const failed = scene.call(ownReply, 1);
  scene.settler.fail(failed.pending, lost);
  await settled();
  assert.equal(scene.counts, [0, 0, []]);
  assert.equal([own.result.state, failed.result.error], ['resolved', lost]);
});

pendings('the error of a lost call: shared where its outcome is that of the call', () => {
  assert.is(lostError('a:1', lost, 'unknown'), lost);
  const refused = new ConnectionError('refused', 'unknown', undefined, 'down');
  const unsent = lostError('a:1', refused, 'not-sent');
  assert.equal([unsent.message, unsent.outcome, unsent.code, unsent.cause], [
    'refused',
    'not-sent',
    'down',
    refused,
  ]);
  const closed = lostError('a:1', null, 'unknown');
  assert.equal([closed.name, closed.message, closed.outcome, closed.cause], [
    'ConnectionError',
    'the connection to a:1 was closed',
    'unknown',
    undefined,
  ]);
  const dialect = new UsageError('dialect', 'is meta');
  const own = lostError('a:1', dialect, 'unknown') as UsageError;
  assert.equal([own.name, own.argument, own.rule, own.outcome], [
    'UsageError',
    'dialect',
    'is meta',
    'unknown',
  ]);
  const other = lostError('a:1', new UsageError('key', 'is long'), 'not-sent');
  assert.is(other.name, 'ConnectionError');
  // The code of the system is in it where the message of a runtime has none.
  const reset = Object.assign(new Error('reset by peer'), { code: 'ECONNRESET' });
  const reported = lostError('a:1', reset, 'unknown');
  assert.is(reported.message, 'the connection to a:1 was lost: reset by peer (ECONNRESET)');
  assert.is(reported.cause, reset);
});

pendings('what is no memcached is named', () => {
  const garbage = new ProtocolError('HTTP/1.1', 'unknown');
  assert.is(strangerError('a:1', lost), lost);
  assert.is(strangerError('a:1', null), null);
  const named = strangerError('a:1', garbage);
  assert.equal([named?.message, (named as ProtocolError).outcome], [
    'a:1 does not answer as memcached does: HTTP/1.1',
    'unknown',
  ]);
});

pendings('a login that fails: why', () => {
  const errorOf = (cause: Error): Error => {
    let found: Error | null = null;
    const call = loginCall('a:1', 500, (error) => void (found = error));
    assert.equal([call.keys, call.deadline, call.traffic], [0, Infinity, null]);
    call.reject(cause);
    return found!;
  };
  const late = errorOf(new TimeoutError('late', 'unknown'));
  assert.equal([late.name, late.message], [
    'TimeoutError',
    'no answer to the login at a:1 within 500 ms',
  ]);
  const busy = new ServerReplyError('SERVER_ERROR', 'busy');
  assert.is(errorOf(busy), busy);
  assert.is(errorOf(lost), lost);
  const refused = errorOf(new ServerReplyError('CLIENT_ERROR', 'no'));
  assert.instance(refused, AuthError);
  const { cause } = refused as { cause?: ServerReplyError };
  assert.equal([cause?.kind, cause?.serverMessage], ['CLIENT_ERROR', 'no']);
});

pendings.run();
