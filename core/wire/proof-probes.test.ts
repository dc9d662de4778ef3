// The law: the replies to the probes decide what a connection speaks, and its errors say why.
import * as assert from 'uvu/assert';
import { brief, drain, events, receive } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import { clientConnectionOptions } from './client-connection-options.ts';
import { ClientConnection } from './client-connection.ts';
import type { Command } from './command.ts';
import { isAboutItems, isEitherWay, META_PROBE, Proof, TEXT_PROBE } from './proof.ts';
import { EN, ERROR, MISSES } from './reply.ts';

const probes = suite('probes');

const mg: Command = { verb: 'mg', key: 'k', base64: false, flags: ['v'] };
const set = { verb: 'set', key: 'k', flags: 0, expire: 0, value: 'v', noreply: false } as const;
const version: Command = { verb: 'version' };
const refused = 'ERROR\r\nEND\r\n';

function open(
  replies: string,
  options: ConstructorParameters<typeof ClientConnection>[0] = {},
): ClientConnection<string> {
  const connection = new ClientConnection<string>(options);
  connection.prove();
  drain(connection);
  assert.equal(receive(connection, replies), []);
  return connection;
}

/** The message of the error that a meta command is refused with, and its outcome. */
function refusal(connection: ClientConnection<string>): string {
  connection.send(mg, 'a');
  assert.is(drain(connection), '');
  const [event] = events(connection);
  assert.ok(event?.type === 'refused');
  return `${event.error.message} (${event.error.outcome})`;
}

/** How a connection ends. */
function end(connection: ClientConnection<string>, replies: string): [string, string, boolean] {
  const closed = (replies === '' ? closing(connection) : receive(connection, replies)).at(-1);
  assert.ok(closed?.type === 'closed');
  const outcome = closed.cause !== null && 'outcome' in closed.cause ? closed.cause.outcome : '';
  return [closed.cause?.message ?? '', String(outcome), closed.atProbe];
}

function closing(connection: ClientConnection<string>): ReturnType<typeof events> {
  connection.fail(new Error('reset'));
  return events(connection);
}

probes('a server is proved by the first probe that it answers', () => {
  const connection = new ClientConnection<string>();
  connection.prove();
  drain(connection);
  assert.is(connection.proved, false);
  receive(connection, 'ERROR\r\n');
  assert.equal([connection.proved, connection.spoken], [false, 'unproven']);
  receive(connection, 'END\r\n');
  assert.equal([connection.proved, connection.spoken], [true, 'text']);
  const meta = open('EN kmemwire-probe O0\r\n');
  assert.equal([meta.proved, meta.spoken], [true, 'meta']);
  receive(meta, 'END\r\n');
  assert.equal([meta.proved, meta.spoken], [true, 'meta']);
});

probes('a server that has no room for the connection is no server without meta commands', () => {
  const line = 'ERROR Too many open connections\r\n';
  const firsts: readonly (Command | null)[] = [null, version, mg, set];
  for (const dialect of ['auto', 'meta', 'text'] as const) {
    for (const first of firsts) {
      const connection = new ClientConnection<string>({ dialect });
      if (first !== null) connection.send(first, 'a');
      connection.prove();
      drain(connection);
      const event = receive(connection, line).at(-1);
      assert.ok(event?.type === 'closed');
      assert.is(event.cause?.message, `the server closed the connection: ${line.trim()}`);
      assert.equal([event.atProbe, event.unanswered], [false, []]);
      // A meta command that the dialect does not have is refused before.
      if (dialect !== 'text' || first !== mg) {
        assert.equal(event.unsent, first === null ? [] : ['a']);
      }
    }
  }
});

probes('a connection that has answered may be told of another server that has no room', () => {
  const connection = open('END\r\n', { dialect: 'text' });
  connection.send({ verb: 'version' }, 'a');
  connection.send({ verb: 'delete', key: 'k', noreply: false }, 'b');
  drain(connection);
  const list = receive(connection, 'ERROR Too many open connections\r\n');
  assert.equal(brief(list), ['a: ERROR', 'closed [] [b]']);
});

probes('a meta command that cannot be sent is refused, and the error says why', () => {
  const why = (replies: string, options = {}): string => refusal(open(replies, options));
  const auto = (reason: string): RegExp =>
    new RegExp(`dialect is text here, since the server ${reason}: meta .* \\(not-sent\\)$`);
  assert.match(why(refused), auto('answers meta commands with ERROR'));
  assert.match(why('EN\r\nEND\r\n'), auto('leaves the opaque out of a miss, as memcached .*'));
  assert.match(
    why('HD kmemwire-probe O0\r\nEND\r\n'),
    auto('has an item under the key of the probe'),
  );
  assert.match(
    why('END\r\n', { closesAtProbe: true }),
    auto('closes the connection at meta commands'),
  );
  assert.match(
    why('END\r\n', { dialect: 'text' }),
    /dialect is text, and the command is a meta command: use auto, or meta \(not-sent\)$/,
  );
  const named = open(refused, { serverName: 'cache:1' });
  named.send({ verb: 'version' }, 'v');
  drain(named);
  receive(named, 'VERSION 1.4.2\r\n');
  assert.match(refusal(named), /since cache:1, version 1\.4\.2, answers/);
});

probes('where meta is insisted on, the end of a connection says so', () => {
  const insisting = (): ClientConnection<string> => open('', { dialect: 'meta' });
  const [message, outcome, atProbe] = end(insisting(), 'ERROR\r\n');
  assert.match(
    message,
    /is meta, but the server answers meta commands with ERROR: use auto, or text/,
  );
  assert.equal([outcome, atProbe], ['not-sent', false]);
  const [closed, unknown, known] = end(insisting(), '');
  assert.match(
    closed,
    /^the server closed the connection at the first meta command. If it always does, it has none, and the option dialect insists on them: use auto, or text$/,
  );
  assert.equal([unknown, known], ['unknown', false]);
});

probes('the end of a connection says whether it came in the place of the proof of meta', () => {
  // A command that was sent before the probes is answered first.
  const rows: readonly (readonly [replies: string, options: object, atProbe: boolean])[] = [
    ['', {}, true],
    ['ERROR\r\n', {}, true],
    [refused, {}, false],
    ['EN kmemwire-probe O0\r\n', {}, false],
    ['', { closesAtProbe: true }, false],
    ['', { dialect: 'text' }, false],
  ];
  for (const [replies, options, atProbe] of rows) {
    assert.equal(end(open(replies, options), ''), ['reset', '', atProbe], replies);
  }
  const before = new ClientConnection<string>();
  before.send({ verb: 'version' }, 'a');
  drain(before);
  before.prove();
  drain(before);
  assert.equal(end(before, ''), ['reset', '', false]);
});

probes('what is no answer to the probe ends the connection', () => {
  const none = 'what came is no answer to the probe that opens the connection';
  for (
    const reply of ['EN kmemwire-probe', 'HD', 'EN kmemwire-probe O1', 'EN kother O0', 'EN O0']
  ) {
    const connection = new ClientConnection<string>();
    connection.prove();
    drain(connection);
    assert.equal(end(connection, `${reply}\r\n`), [none, 'unknown', false], reply);
  }
  const neither = 'neither a meta command nor a classic get was answered';
  const [message] = end(open('ERROR\r\n'), 'CLIENT_ERROR bad\r\n');
  assert.is(message, neither);
  // An error of another kind with the same words is no demand for a login.
  const [why, , atProbe] = end(open(''), 'SERVER_ERROR unauthenticated\r\nERROR\r\n');
  assert.is(why, 'the server answers the first command with SERVER_ERROR unauthenticated');
  assert.is(atProbe, true);
});

probes('a probe is due only where its reply would say what the server speaks', () => {
  const due = (proof: Proof): boolean[] =>
    [META_PROBE, TEXT_PROBE, mg].map((command) => proof.isDueAt(command));
  const fresh = (dialect: 'auto' | 'text' = 'auto'): Proof =>
    new Proof({ ...clientConnectionOptions, dialect });
  assert.equal(due(fresh()), [true, false, false]);
  assert.equal(due(fresh('text')), [false, false, false]);
  const proof = fresh();
  assert.is(proof.take(META_PROBE, ERROR, -1), null);
  assert.equal(due(proof), [true, true, false]);
  assert.is(proof.take(TEXT_PROBE, MISSES, -1), null);
  assert.equal(due(proof), [false, false, false]);
  const meta = fresh();
  meta.take(META_PROBE, { ...EN, flags: ['kmemwire-probe'] }, 0);
  assert.equal(due(meta), [false, false, false]);
});

probes('on a connection of text a store is answered, and a raw meta store refused', () => {
  const connection = open(refused);
  connection.send(set, 'a');
  connection.send({ verb: 'raw', line: 'ms k 1', value: 'v', reply: 'line' }, 'b');
  connection.send({ verb: 'raw', line: 'ms k 0', value: null, reply: 'line' }, 'c');
  connection.send({ verb: 'raw', line: 'msk', value: null, reply: 'line' }, 'd');
  assert.is(drain(connection), 'set k 0 0 1\r\nv\r\nmsk\r\n');
  const found = brief(receive(connection, 'STORED\r\nfine\r\n'));
  assert.equal(found, ['refused b not-sent', 'refused c not-sent', 'a: STORED', 'd: line']);
});

probes('what a command is about is told for anything', () => {
  const key = { ...mg, orText: true } as Command;
  const rows: readonly (readonly [unknown, boolean, boolean])[] = [
    [null, false, false],
    [undefined, false, false],
    ['mg', false, false],
    [{}, false, false],
    [{ verb: 'nothing' }, false, false],
    [{ verb: 'version' }, false, false],
    [{ verb: 'version', orText: true }, false, false],
    [{ verb: 'mn' }, true, false],
    [{ verb: 'get', keys: ['k'] }, true, false],
    [set, true, false],
    [mg, true, false],
    [{ ...mg, orText: false }, true, false],
    [key, true, true],
  ];
  for (const [command, items, either] of rows) {
    assert.equal([isAboutItems(command as Command), isEitherWay(command as Command)], [
      items,
      either,
    ]);
  }
});

probes.run();
