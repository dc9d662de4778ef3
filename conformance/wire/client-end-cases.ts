// Wire cases: deadlines and ends of client connections.
import { ClientConnection } from '../../core/wire/client-connection.ts';
import { ConnectionError } from '../../core/wire/errors.ts';
import { bytes, equal, ok, throws } from '../assert.ts';
import type { Case } from '../case.ts';
import { brief, drain, events, get, quit, receive, sent, set, version, watch } from './tools.ts';

/** Requirements on a client connection: deadlines, silent servers, and its end. */
export const clientEndCases: readonly Case<undefined>[] = [
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
    name: 'gives a server up that drips a reply nobody waits for any more',
    run() {
      const connection = new ClientConnection<string>({ stallAfter: 1000 });
      connection.send(get('k'), 'a', 500);
      connection.send(get('l'), 'b', 5000);
      drain(connection, 0);
      receive(connection, 'VALUE k 0 100\r\n', 100);
      for (let now = 200; now < 500; now += 100) receive(connection, 'x', now);
      connection.tick(500);
      equal(brief(events(connection)), ['timeout a unknown']);
      // Bytes of an abandoned reply are no progress.
      for (let now = 600; now < 1400; now += 100) receive(connection, 'x', now);
      equal(connection.deadline(), 1400);
      connection.tick(1399);
      equal(brief(events(connection)), []);
      connection.tick(1400);
      equal(brief(events(connection)), ['closed [] [b]']);
    },
  },
  {
    name: 'gives a server up that drips the answer to a probe',
    run() {
      const connection = new ClientConnection<string>({ stallAfter: 1000 });
      connection.send(set('k'), 'a', 500);
      drain(connection, 0);
      for (let now = 100; now < 1000; now += 100) receive(connection, 'E', now);
      connection.tick(1000);
      equal(brief(events(connection)), ['timeout a not-sent', 'closed [] []']);
    },
  },
  {
    name: 'says of a late command whether any reply came since it was sent',
    run() {
      const connection = new ClientConnection<string>();
      connection.send(get('k'), 'a', 100);
      connection.send(get('l'), 'b', 200);
      drain(connection, 0);
      connection.tick(100);
      const [first] = events(connection);
      ok(first?.type === 'timeout' && first.silent, 'the server said nothing');
      receive(connection, 'END\r\n', 150);
      connection.tick(200);
      const [second] = events(connection);
      ok(second?.type === 'timeout' && !second.silent, 'it has answered another');
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
  {
    name: 'closes when a server hangs up while nothing is asked of it',
    run() {
      const connection = sent();
      connection.receiveEnd();
      const [event, ...more] = events(connection);
      ok(event?.type === 'closed' && event.cause instanceof ConnectionError, 'it must close');
      equal(more, []);
    },
  },
  ...([quit, { verb: 'shutdown', graceful: false }] as const).map((command): Case<undefined> => ({
    name: `does not take the end for the reply to a ${command.verb} that was never sent`,
    run() {
      const connection = new ClientConnection<string>();
      connection.send(command, 'a');
      connection.transmit(0);
      connection.fail(new Error('reset'));
      equal(brief(events(connection)), ['closed [a] []']);
    },
  })),
];
