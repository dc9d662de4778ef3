// The law: a reply that comes while a run of quiet commands is due belongs to the one command that can
// have caused it, and the run ends where its fence is.
import * as assert from 'uvu/assert';
import { brief, drain, events, proven, receive } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Command } from './command.ts';
import { ConnectionError } from './errors.ts';

const runs = suite('quiet runs');

const quiet = { key: 'k', base64: false, flags: ['q'] } as const;
const commands = {
  mg: { verb: 'mg', ...quiet, flags: ['v', 'q'] },
  ms: { verb: 'ms', ...quiet, value: 'v' },
  md: { verb: 'md', ...quiet },
  ma: { verb: 'ma', ...quiet },
  incr: { verb: 'incr', key: 'k', delta: 1n, noreply: true },
} as const satisfies Record<string, Command>;

type Name = keyof typeof commands;

function send(connection: ClientConnection<string>, verb: Name, tag?: string): void {
  connection.send(commands[verb], tag);
}

runs('an error belongs to the only command that is left, of those that were given up too', () => {
  const connection = proven();
  for (const tag of ['a', 'b', 'c']) send(connection, 'md', tag);
  connection.cancel('b');
  connection.cancel('c');
  drain(connection);
  assert.equal(brief(receive(connection, 'SERVER_ERROR busy\r\n')), ['a: SERVER_ERROR']);
  const first = proven();
  for (const tag of ['a', 'b']) send(first, 'md', tag);
  first.cancel('a');
  drain(first);
  assert.equal(brief(receive(first, 'SERVER_ERROR busy\r\n')), ['b: SERVER_ERROR']);
});

runs('an error does not belong to a command that was not sent', () => {
  const connection = proven();
  send(connection, 'md');
  assert.is(drain(connection), 'md k q O1\r\n');
  send(connection, 'md', 'b');
  assert.equal(brief(receive(connection, 'SERVER_ERROR busy\r\n')), ['quiet error SERVER_ERROR']);
  assert.is(connection.pending, 1);
  assert.is(drain(connection), 'md k q O2\r\nmn\r\n');
  assert.equal(brief(receive(connection, 'MN\r\n')), ['b: silent']);
});

runs('an error does not belong to a command that was cancelled behind the run', () => {
  const connection = proven();
  send(connection, 'md');
  drain(connection);
  send(connection, 'md', 'b');
  connection.cancel('b');
  assert.is(drain(connection), '');
  assert.equal(brief(receive(connection, 'SERVER_ERROR busy\r\n')), ['quiet error SERVER_ERROR']);
  assert.is(connection.pending, 0);
});

/** Whether the connection lives after this error to a run of these commands. */
const errors: readonly (readonly [run: readonly Name[], error: string, lives: boolean])[] = [
  [['md'], 'SERVER_ERROR busy', true],
  [['ms', 'md'], 'SERVER_ERROR busy', true],
  [['md'], 'CLIENT_ERROR bad', false],
  [['mg'], 'CLIENT_ERROR bad', false],
  [['ma'], 'CLIENT_ERROR not a number', true],
  [['ma', 'incr'], 'CLIENT_ERROR not a number', true],
  [['md', 'ma'], 'CLIENT_ERROR bad', true],
  [['ma', 'ms'], 'CLIENT_ERROR bad', false],
  [['ms', 'ma'], 'CLIENT_ERROR bad', false],
  [['ma'], 'ERROR', false],
];

for (const [run, error, lives] of errors) {
  runs(`${error} to ${run.join(' ')} ${lives ? 'leaves' : 'ends'} the connection`, () => {
    const connection = proven();
    for (const verb of run) send(connection, verb);
    drain(connection);
    const found = receive(connection, `${error}\r\n`);
    assert.is(found[0]?.type, 'quiet-error');
    assert.is(found.length, lives ? 1 : 2);
    const end = found[1];
    if (end === undefined) return;
    assert.ok(end.type === 'closed' && end.cause instanceof ConnectionError);
    assert.match(end.cause.message, `the replies behind ${error.split(' ')[0]} are unclear`);
  });
}

runs('an error of many is told with each of them that was silent', () => {
  const connection = proven();
  for (const tag of ['a', 'b']) send(connection, 'md', tag);
  drain(connection);
  const found = brief(receive(connection, 'SERVER_ERROR busy\r\nMN\r\n'));
  assert.equal(found, [
    'quiet error SERVER_ERROR',
    'a: silent SERVER_ERROR',
    'b: silent SERVER_ERROR',
  ]);
});

runs('a fence that was due once is not due again', () => {
  const connection = proven();
  send(connection, 'md', 'a');
  assert.is(drain(connection), 'md k q O1\r\nmn\r\n');
  send(connection, 'md');
  assert.is(drain(connection), 'md k q O2\r\n');
});

runs('a command whose fence is due has no deadline once it is answered', () => {
  for (const reply of ['NF O1\r\n', 'SERVER_ERROR busy\r\n']) {
    const connection = proven({ stallAfter: 1000 });
    connection.send(commands.md, 'a', 100);
    drain(connection);
    connection.send({ verb: 'version' }, 'b', 60);
    drain(connection);
    assert.is(receive(connection, reply).length, 1);
    connection.tick(60);
    assert.equal(brief(events(connection)), ['timeout b unknown']);
    assert.is(connection.deadline(), 1000);
  }
});

runs('a reply with an opaque of its own, or of none of the run, ends the connection', () => {
  for (
    const reply of ['HD O0\r\n', 'HD O2\r\n', 'HD\r\n', 'MN\r\nMN\r\n', 'VERSION 1\r\n', 'END\r\n']
  ) {
    const connection = proven();
    send(connection, 'md', 'a');
    drain(connection);
    assert.is(receive(connection, reply).at(-1)?.type, 'closed', reply);
  }
});

runs.run();
