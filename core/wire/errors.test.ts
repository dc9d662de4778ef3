// The law: the class of an error names the party at fault, its code what happened, its outcome
// whether the command had an effect.
import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import {
  AbortError,
  AuthError,
  ConnectionError,
  MemcacheError,
  ProtocolError,
  ServerReplyError,
  TimeoutError,
  UsageError,
} from './errors.ts';

const errors = suite('errors');
const cause = new Error('cause');

const all: readonly (readonly [MemcacheError, string, string, string])[] = [
  [new MemcacheError('m', 'c', 'done'), 'MemcacheError', 'c', 'done'],
  [new UsageError('key', 'must be'), 'UsageError', 'usage', 'not-sent'],
  [new ServerReplyError('ERROR', ''), 'ServerReplyError', 'error', 'done'],
  [new ServerReplyError('CLIENT_ERROR', 'bad'), 'ServerReplyError', 'client-error', 'done'],
  [new ServerReplyError('SERVER_ERROR', 'bad'), 'ServerReplyError', 'server-error', 'unknown'],
  [
    new ServerReplyError('SERVER_ERROR', 'object too large for cache'),
    'ServerReplyError',
    'too-large',
    'done',
  ],
  [
    new ServerReplyError('SERVER_ERROR', 'out of memory storing object'),
    'ServerReplyError',
    'out-of-memory',
    'done',
  ],
  [
    new ServerReplyError('CLIENT_ERROR', 'cannot increment or decrement non-numeric value'),
    'ServerReplyError',
    'non-numeric',
    'done',
  ],
  // A proxy may not know what its server has done. What it writes is no name of ours.
  [
    new ServerReplyError('SERVER_ERROR', 'constructor'),
    ...['ServerReplyError', 'server-error', 'unknown'] as const,
  ],
  ...[
    'out of memory reading request',
    'out of memory writing get response',
    'Out of memory allocating new item',
    'Out of memory during read',
    'refcount overflow during fetch',
    'output line too long',
    'busy',
  ].map((message) =>
    [
      new ServerReplyError('SERVER_ERROR', message),
      ...['ServerReplyError', 'server-error', 'done'] as const,
    ] as const
  ),
  [new ProtocolError('m'), 'ProtocolError', 'protocol', 'unknown'],
  [new ConnectionError('m', 'unknown', cause), 'ConnectionError', 'connection', 'unknown'],
  [new ConnectionError('m', 'not-sent', null, 'stalled'), 'ConnectionError', 'stalled', 'not-sent'],
  [new TimeoutError('m', 'unknown'), 'TimeoutError', 'timeout', 'unknown'],
  [new AuthError('m', cause), 'AuthError', 'auth', 'not-sent'],
  [new AbortError('unknown', cause), 'AbortError', 'aborted', 'unknown'],
];

for (const [error, name, code, outcome] of all) {
  errors(`${name}: ${code}`, () => {
    assert.instance(error, MemcacheError);
    assert.instance(error, Error);
    assert.equal([error.name, error.code, error.outcome], [name, code, outcome]);
  });
}

errors('say what is wrong, with what, and why', () => {
  const usage = new UsageError('key', 'must not be empty', cause);
  assert.equal([usage.message, usage.argument, usage.rule, usage.cause], [
    'key must not be empty',
    'key',
    'must not be empty',
    cause,
  ]);
  const reply = new ServerReplyError('CLIENT_ERROR', 'bad data chunk');
  assert.equal([reply.message, reply.kind, reply.serverMessage], [
    'the server answered CLIENT_ERROR bad data chunk',
    'CLIENT_ERROR',
    'bad data chunk',
  ]);
  const unknown = 'the server answered ERROR: it does not know the command';
  assert.is(new ServerReplyError('ERROR', '').message, unknown);
  assert.is(new ServerReplyError('ERROR', 'no', 'a:1').message, 'a:1 answered ERROR no');
  assert.is(new AuthError('m', cause).cause, cause);
  assert.not('cause' in new AuthError('m'));
});

errors.run();
