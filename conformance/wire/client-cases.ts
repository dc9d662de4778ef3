import { ClientConnection } from '../../core/wire/client-connection.ts';
import type { Command } from '../../core/wire/command.ts';
import { ConnectionError, ProtocolError } from '../../core/wire/errors.ts';
import { bytes, equal, ok, throws } from '../assert.ts';
import type { Case } from '../case.ts';
import { brief, drain, events, receive } from './tools.ts';

const noreply = false;
const get = (...keys: string[]): Command => ({ verb: 'get', keys });
const mg = (key: string, ...flags: string[]): Command => ({
  verb: 'mg',
  key,
  base64: false,
  flags,
});
const ma = (key: string): Command => ({ verb: 'ma', key, base64: false, flags: ['v'] });
const set = (key: string): Command => ({
  verb: 'set',
  key,
  flags: 0,
  expire: 0,
  value: 'x',
  noreply,
});
const incr = (key: string): Command => ({ verb: 'incr', key, delta: 1n, noreply });
const version: Command = { verb: 'version' };
const metadump: Command = { verb: 'lru_crawler metadump', words: ['all'] };
const watch: Command = { verb: 'watch', words: [] };
const quit: Command = { verb: 'quit' };

/** A connection with these commands sent, each tagged with its place: a, b, c. */
function sent(...commands: Command[]): ClientConnection<string> {
  const connection = new ClientConnection<string>();
  commands.forEach((command, index) => connection.send(command, 'abcdefgh'[index]));
  drain(connection);
  return connection;
}

/** What a client connection does with commands, replies, time and the end. */
export const clientCases: readonly Case<undefined>[] = [
  {
    name: 'encodes nothing before it is asked for bytes, so that a cancelled command costs none',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(get('k'), 'a');
      connection.send(get('l'), 'b');
      equal(connection.cancel('a'), 'unsent');
      equal(drain(connection), 'get l\r\n');
      equal(brief(receive(connection, 'END\r\n')), ['b: values']);
      equal(connection.cancel('a'), 'settled', 'cancelling it again');
      equal(connection.cancel('b'), 'settled', 'cancelling what has ended');
    },
  },
  {
    name: 'drops the reply to a command that was cancelled in flight',
    run() {
      const connection = sent(get('k'), get('l'));
      equal(connection.cancel('a'), 'in-flight');
      const reply = 'VALUE k 0 1\r\n1\r\nEND\r\nVALUE l 0 1\r\n2\r\nEND\r\n';
      equal(brief(receive(connection, reply)), ['b: values 2']);
    },
  },
  {
    name: 'encodes no more than it must, so that what waits can be cancelled',
    run() {
      const connection = new ClientConnection<string>({ maxPending: 100_000 });
      for (let i = 0; i < 10_000; i++) connection.send(get(`key${i}`), `t${i}`);
      const first = connection.transmit(0);
      ok(first !== null && first.length < 80_000, 'a part of it is encoded');
      equal(connection.cancel('t0'), 'in-flight', 'the first');
      equal(connection.cancel('t9999'), 'unsent', 'the last');
    },
  },
  {
    name: 'gives each reply to the command it answers',
    run() {
      const connection = sent(set('k'), get('k'), incr('k'), version, { verb: 'mn' });
      const replies = 'STORED\r\nVALUE k 0 1\r\nx\r\nEND\r\n5\r\nVERSION 1\r\nMN\r\n';
      equal(brief(receive(connection, replies)), [
        'a: STORED',
        'b: values x',
        'c: number',
        'd: VERSION',
        'e: MN',
      ]);
      equal(connection.pending, 0, 'what is pending');
    },
  },
  {
    name: 'stamps meta commands and takes no reply with another stamp',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(mg('k', 'v'), 'a');
      connection.send(mg('l', 'v'), 'b');
      equal(drain(connection), 'mg k v O1\r\nmg l v O2\r\n');
      const list = receive(connection, 'VA 1 O2\r\nx\r\n');
      equal(brief(list), ['closed [] [a b]'], 'a reply that lost its place');
      ok(list[0]?.type === 'closed' && list[0].cause instanceof ProtocolError, 'the cause');
    },
  },
  {
    name: 'takes no meta reply without a stamp',
    run: () => equal(brief(receive(sent(mg('k')), 'HD\r\n')), ['closed [] [a]']),
  },
  {
    name: "gives back the sender's own opaque, in its place",
    run() {
      const connection = new ClientConnection<string>();
      connection.send(mg('k', 'f', 'Omine', 's'), 'a');
      equal(drain(connection), 'mg k f O1 s\r\n');
      const [event] = receive(connection, 'HD f0 O1 s5\r\n');
      equal(event, {
        type: 'reply',
        tag: 'a',
        reply: { type: 'HD', flags: ['f0', 'Omine', 's5'] },
      });
    },
  },
  {
    name: 'closes at a second reply to one command',
    run() {
      const connection = sent(mg('k', 'v'));
      equal(brief(receive(connection, 'EN O1\r\nEN O1\r\n')), ['a: EN', 'closed [] []']);
    },
  },
  {
    name: 'closes at a line that nobody asked for',
    run: () => equal(brief(receive(sent(), 'STORED\r\n')), ['closed [] []']),
  },
  {
    name: 'says why a server hung up before anything was asked',
    run() {
      const [event] = receive(sent(), 'ERROR Too many open connections\r\n');
      ok(event?.type === 'closed', 'it must close');
      ok(/Too many open connections/.test(event.cause?.message ?? ''), 'and name the reason');
    },
  },
  ...['SERVER_ERROR out of memory', 'CLIENT_ERROR cannot increment or decrement'].flatMap((
    line,
  ): Case<undefined>[] =>
    (line.startsWith('S') ? [set('k'), get('k'), incr('k'), ma('k')] : [incr('k'), ma('k')]).map(
      (command) => ({
        name: `goes on after ${line.split(' ')[0]} to ${command.verb}`,
        run() {
          const connection = sent(command, version);
          equal(brief(receive(connection, `${line}\r\nVERSION 1\r\n`)), [
            `a: ${line.split(' ')[0]}`,
            'b: VERSION',
          ]);
        },
      }),
    )
  ),
  ...[set('k'), get('k'), mg('k'), { verb: 'delete', key: 'k', noreply } as const].map((
    command,
  ): Case<undefined> => ({
    name: `closes after CLIENT_ERROR to ${command.verb}: the next line may be a second one`,
    run() {
      const connection = sent(command, version);
      const list = receive(connection, 'CLIENT_ERROR bad command line format\r\nERROR\r\n');
      equal(brief(list), ['a: CLIENT_ERROR', 'closed [] [b]']);
      equal(drain(connection), '', 'what it sends after');
      equal(brief(receive(connection, 'VERSION 1\r\n')), [], 'what it reads after');
    },
  })),
  ...[set('k'), incr('k'), version].map((command): Case<undefined> => ({
    name: `closes after ERROR to ${command.verb}`,
    run: () =>
      equal(brief(receive(sent(command, version), 'ERROR\r\n')), ['a: ERROR', 'closed [] [b]']),
  })),
  {
    name: 'skips one empty line after an error, as 1.6.45 sends it, and no second',
    run() {
      const error = 'CLIENT_ERROR non-numeric\r\n';
      const after = `${error}\r\nVERSION 1\r\n`;
      equal(brief(receive(sent(incr('k'), version), after)), ['a: CLIENT_ERROR', 'b: VERSION']);
      equal(brief(receive(sent(incr('k')), `${error}\r\n`)), ['a: CLIENT_ERROR'], 'at the end');
      equal(brief(receive(sent(incr('k'), version), `${error}\r\n\r\n`)), [
        'a: CLIENT_ERROR',
        'closed [] [b]',
      ], 'twice');
    },
  },
  {
    name: 'ends a wait at its deadline and drops the late reply',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(get('k'), 'a', 100);
      connection.send(get('l'), 'b', 200);
      drain(connection, 10);
      equal(connection.deadline(), 100);
      connection.tick(99);
      equal(brief(events(connection)), [], 'before it');
      connection.tick(100);
      equal(brief(events(connection)), ['timeout a unknown']);
      equal(connection.deadline(), 200, 'the next deadline');
      const late = 'VALUE k 0 1\r\n1\r\nEND\r\nVALUE l 0 1\r\n2\r\nEND\r\n';
      equal(brief(receive(connection, late, 150)), ['b: values 2']);
    },
  },
  {
    name: 'does not send what is past its deadline',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(get('k'), 'a', 100);
      connection.send(get('l'), 'b', 500);
      equal(drain(connection, 100), 'get l\r\n');
      equal(brief(events(connection)), ['timeout a not-sent']);
    },
  },
  {
    name: 'tells by tick that an unsent command is past its deadline',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(get('k'), 'a', 100);
      connection.tick(100);
      equal(brief(events(connection)), ['timeout a not-sent']);
      equal(connection.deadline(), null);
    },
  },
  {
    name: 'gives a server up that is silent while it owes a reply',
    run() {
      const connection = new ClientConnection<string>({ stallAfter: 1000 });
      connection.send(get('k'), 'a');
      drain(connection, 10);
      equal(connection.deadline(), 1010);
      connection.tick(1009);
      equal(brief(events(connection)), []);
      connection.tick(1010);
      equal(brief(events(connection)), ['closed [] [a]']);
    },
  },
  {
    name: 'does not give a server up while bytes arrive, or while it owes nothing',
    run() {
      const connection = new ClientConnection<string>({ stallAfter: 1000 });
      equal(connection.deadline(), null, 'the deadline of an idle connection');
      connection.send(get('k'), 'a');
      drain(connection, 10);
      receive(connection, 'VALUE k 0 5\r\n', 1000);
      equal(connection.deadline(), 2000, 'the deadline in the middle of a reply');
      receive(connection, 'value\r\nEND\r\n', 1500);
      equal(connection.deadline(), null, 'the deadline after the reply');
      connection.tick(99_999);
      equal(brief(events(connection)), []);
      connection.send(get('k'), 'b');
      drain(connection, 100_000);
      equal(connection.deadline(), 101_000, 'the deadline after an idle time');
    },
  },
  {
    name: 'lets a watch be silent for ever',
    run() {
      const connection = sent(watch);
      equal(brief(receive(connection, 'OK\r\n')), ['a, opened']);
      equal(connection.deadline(), null);
      equal(brief(receive(connection, 'ts=1 gid=1 x\nts=2')), ['a, watch']);
      connection.receiveEnd();
      equal(brief(events(connection)), ['closed [] [a]']);
    },
  },
  {
    name: 'tells what was not sent from what was not answered when the connection is lost',
    run() {
      const connection = new ClientConnection<string>();
      for (const tag of ['a', 'b', 'c']) connection.send(get(tag), tag);
      connection.transmit(0);
      connection.sent('get a\r\nget'.length);
      connection.send(get('d'), 'd');
      connection.receive(bytes('END\r\n'), 0);
      connection.fail(new Error('reset'));
      equal(brief(events(connection)), ['a: values', 'closed [c d] [b]']);
    },
  },
  {
    name: 'reports everything as unsent when there never was a connection',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(get('a'), 'a');
      connection.send(set('b'), 'b');
      connection.fail(new Error('refused'));
      equal(brief(events(connection)), ['closed [a b] []']);
    },
  },
  {
    name: 'gives no part of a value when the connection ends in the middle of it',
    run() {
      const connection = sent(get('k'));
      connection.receive(bytes('VALUE k 0 10\r\n12345'), 0);
      connection.receiveEnd();
      equal(brief(events(connection)), ['closed [] [a]']);
    },
  },
  ...([quit, { verb: 'shutdown', graceful: true }] as const).map((command): Case<undefined> => ({
    name: `takes the end of the connection as the reply to ${command.verb}`,
    run() {
      const connection = sent(version, command);
      receive(connection, 'VERSION 1\r\n');
      connection.receiveEnd();
      const list = events(connection);
      equal(brief(list), ['b: closed', 'closed [] []']);
      ok(list[1]?.type === 'closed' && list[1].cause === null, 'without a cause');
    },
  })),
  {
    name: 'takes a refusal to quit as what it is',
    run() {
      const connection = sent(quit);
      equal(brief(receive(connection, 'CLIENT_ERROR unauthenticated\r\n')), [
        'a: CLIENT_ERROR',
        'closed [] []',
      ]);
    },
  },
  {
    name: 'sends a dump alone: after what is in flight, before what follows',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(version, 'a');
      connection.send(metadump, 'b');
      connection.send(version, 'c');
      equal(drain(connection), 'version\r\n', 'first');
      receive(connection, 'VERSION 1\r\n');
      equal(drain(connection), 'lru_crawler metadump all\r\n', 'then');
      const line = 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n';
      equal(brief(receive(connection, line + line)), ['b, metadump', 'b, metadump']);
      equal(drain(connection), '', 'while it runs');
      equal(brief(receive(connection, 'END\r\n')), ['b: END']);
      equal(drain(connection), 'version\r\n', 'after it');
    },
  },
  {
    name: 'gives the items of a dump one by one, as they are asked for',
    run() {
      const connection = sent(metadump);
      const line = 'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n';
      connection.receive(bytes(line.repeat(3)), 0);
      ok(connection.next()?.type === 'item', 'the first');
      connection.receive(bytes(`${line}END\r\n`), 0);
      equal(brief(events(connection)), ['a, metadump', 'a, metadump', 'a, metadump', 'a: END']);
    },
  },
  {
    name: 'sends a login alone and first',
    run() {
      const connection = new ClientConnection<string>();
      connection.send({ verb: 'auth', username: 'u', password: 'p' }, 'login');
      connection.send(version, 'a');
      equal(drain(connection), 'set auth 0 0 3\r\nu p\r\n');
      equal(brief(receive(connection, 'STORED\r\n')), ['login: STORED']);
      equal(drain(connection), 'version\r\n');
    },
  },
  {
    name: 'refuses more than it may hold, and says that it was not sent',
    run() {
      const connection = new ClientConnection<string>({ maxPending: 2 });
      connection.send(version, 'a');
      connection.send(version, 'b');
      const error = throws(() => connection.send(version, 'c'), ConnectionError);
      equal([error.code, error.outcome], ['overloaded', 'not-sent']);
      drain(connection);
      receive(connection, 'VERSION 1\r\n');
      connection.send(version, 'd');
    },
  },
  {
    name: 'refuses more bytes than it may hold, but takes one large value',
    run() {
      const large = { ...set('k'), value: new Uint8Array(3000) } as Command;
      const connection = new ClientConnection<string>({ maxPendingBytes: 2000 });
      connection.send(large, 'a');
      equal(throws(() => connection.send(version, 'b'), ConnectionError).code, 'overloaded');
      drain(connection);
      receive(connection, 'STORED\r\n');
      connection.send(version, 'c');
    },
  },
  {
    name: 'closes at a value over its limit, before it allocates it',
    run() {
      const connection = new ClientConnection<string>({ maxValue: 10 });
      connection.send(get('k'), 'a');
      drain(connection);
      equal(brief(receive(connection, 'VALUE k 0 11\r\n')), ['closed [] [a]']);
    },
  },
  {
    name: 'closes at stats over its limit',
    run() {
      const connection = new ClientConnection<string>({ maxLines: 100 });
      connection.send({ verb: 'stats', words: [] }, 'a');
      drain(connection);
      equal(brief(receive(connection, 'STAT a b\r\n'.repeat(20))), ['closed [] [a]']);
    },
  },
  {
    name: 'after its end takes no more, and closes once all is answered',
    run() {
      const connection = sent(version);
      connection.end();
      throws(() => connection.send(version, 'b'), ConnectionError);
      equal(brief(events(connection)), [], 'while a reply is due');
      const list = receive(connection, 'VERSION 1\r\n');
      equal(brief(list), ['a: VERSION', 'closed [] []']);
      ok(list[1]?.type === 'closed' && list[1].cause === null, 'without a cause');
    },
  },
  {
    name: 'closes at once when it is ended with nothing pending',
    run() {
      const connection = sent();
      connection.end();
      equal(brief(events(connection)), ['closed [] []']);
    },
  },
  {
    name: 'never reports a command twice',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(get('k'), 'a', 100);
      drain(connection);
      connection.tick(100);
      connection.fail(new Error('reset'));
      connection.receiveEnd();
      connection.tick(99_999);
      equal(brief(events(connection)), ['timeout a unknown', 'closed [] []']);
      equal(brief(events(connection)), [], 'later');
    },
  },
];
