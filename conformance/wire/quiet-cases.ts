// Wire cases: quiet commands.
import { ClientConnection } from '../../core/wire/client-connection.ts';
import type { Command } from '../../core/wire/command.ts';
import { equal } from '../assert.ts';
import type { Case } from '../case.ts';
import { brief, drain, events, proven, receive } from './tools.ts';

const set = (key: string): Command => ({
  verb: 'set',
  key,
  flags: 0,
  expire: 0,
  value: 'x',
  noreply: true,
});
const mg = (key: string): Command => ({ verb: 'mg', key, base64: false, flags: ['v', 'q'] });
const ms = (key: string): Command => ({
  verb: 'ms',
  key,
  base64: false,
  value: 'x',
  flags: ['q'],
});
const md = (key: string): Command => ({ verb: 'md', key, base64: false, flags: ['q'] });
const ma = (key: string): Command => ({ verb: 'ma', key, base64: false, flags: ['q'] });
const version: Command = { verb: 'version' };

/** Requirements on quiet commands: fences, and the attribution of errors among them. */
export const quietCases: readonly Case<undefined>[] = [
  {
    name: 'tells of an error to a write that nobody awaits, also when it comes before all has left',
    run() {
      for (const dialect of ['meta', 'text'] as const) {
        const connection = dialect === 'meta'
          ? proven()
          : new ClientConnection<string>({ dialect });
        connection.send({ ...set('a'), value: 'x'.repeat(2000) } as Command, 'a', Infinity, 'sent');
        connection.transmit(0);
        connection.sent(100);
        const probe = dialect === 'text' ? 'END\r\n' : '';
        const answer = `${probe}SERVER_ERROR object too large for cache\r\n`;
        const told = brief(receive(connection, answer)).toSorted();
        equal(told, ['a: silent', 'quiet error SERVER_ERROR']);
        drain(connection);
        equal(brief(events(connection)), []);
      }
    },
  },
  {
    name: 'fences a run of quiet commands before the next one that is awaited',
    run() {
      const connection = proven();
      connection.send(set('a'));
      connection.send(set('b'));
      connection.send(version, 'v');
      equal(
        drain(connection),
        'set a 0 0 1 noreply\r\nx\r\nset b 0 0 1 noreply\r\nx\r\nmn\r\nversion\r\n',
      );
      equal(brief(receive(connection, 'MN\r\nVERSION 1\r\n')), ['v: VERSION']);
      equal(connection.pending, 0, 'what is pending');
    },
  },
  {
    name: 'fences a run at the end of what is sent, if somebody awaits it',
    run() {
      const connection = proven();
      connection.send(ms('a'), 'a');
      connection.send(ms('b'), 'b');
      equal(drain(connection), 'ms a 1 q O1\r\nx\r\nms b 1 q O2\r\nx\r\nmn\r\n');
      equal(brief(receive(connection, 'MN\r\n')), ['a: silent', 'b: silent']);
    },
  },
  {
    name: 'sends no fence for commands that nobody awaits, until one is awaited',
    run() {
      const connection = proven();
      connection.send(set('a'));
      equal(drain(connection), 'set a 0 0 1 noreply\r\nx\r\n');
      equal(connection.deadline(), null, 'the deadline: nothing is owed');
      connection.send(version, 'v');
      equal(drain(connection), 'mn\r\nversion\r\n');
      equal(brief(receive(connection, 'MN\r\nVERSION 1\r\n')), ['v: VERSION']);
    },
  },
  {
    name: 'fences a long run by itself, so that it ends',
    run() {
      const connection = proven({ fenceEvery: 3 });
      for (const key of 'abcd') connection.send(md(key));
      equal(
        drain(connection),
        'md a q O1\r\nmd b q O2\r\nmd c q O3\r\nmn\r\nmd d q O4\r\n',
      );
      equal(connection.pending, 4, 'what is pending before it');
      receive(connection, 'MN\r\n');
      equal(connection.pending, 1, 'what is pending after it');
    },
  },
  {
    name: 'fences with version where there are no meta commands',
    run() {
      const connection = proven({ fence: 'version' });
      connection.send(set('a'), 'a');
      connection.send(version, 'v');
      equal(drain(connection), 'set a 0 0 1 noreply\r\nx\r\nversion\r\nversion\r\n');
      const replies = 'VERSION 1\r\nVERSION 1\r\n';
      equal(brief(receive(connection, replies)), ['a: silent', 'v: VERSION']);
    },
  },
  {
    name: 'fences what was sent before it ends',
    run() {
      const connection = proven();
      connection.send(set('a'));
      connection.end();
      equal(drain(connection), 'set a 0 0 1 noreply\r\nx\r\nmn\r\n');
      equal(brief(receive(connection, 'MN\r\n')), ['closed [] []']);
    },
  },
  {
    name: 'gives a reply among silent ones to the command whose stamp it bears',
    run() {
      const connection = proven();
      for (const key of 'abcd') connection.send(mg(key), key);
      drain(connection);
      const replies = 'VA 1 O2\r\n2\r\nVA 1 O4\r\n4\r\nMN\r\n';
      equal(brief(receive(connection, replies)), ['a: silent', 'b: VA 2', 'c: silent', 'd: VA 4']);
    },
  },
  {
    name: 'closes at a reply with a stamp that is not in the run',
    run() {
      const connection = proven();
      connection.send(md('a'), 'a');
      drain(connection);
      equal(brief(receive(connection, 'NF O9\r\n')), ['closed [] [a]']);
    },
  },
  {
    name: 'closes at a second reply with one stamp',
    run() {
      const connection = proven();
      connection.send(md('a'), 'a');
      connection.send(md('b'), 'b');
      drain(connection);
      equal(brief(receive(connection, 'NF O2\r\nNF O2\r\n')), [
        'a: silent',
        'b: NF',
        'closed [] []',
      ]);
    },
  },
  {
    name: 'closes at a fence that was not sent',
    run() {
      const connection = proven();
      connection.send(set('a'));
      drain(connection);
      equal(brief(receive(connection, 'MN\r\n')), ['closed [] []']);
    },
  },
  {
    name: 'closes at a fence of the other kind',
    run() {
      const connection = proven();
      connection.send(set('a'), 'a');
      drain(connection);
      equal(brief(receive(connection, 'VERSION 1\r\n')), ['closed [] [a]']);
    },
  },
  {
    name: 'gives an error to the one command it can belong to, and stays in step',
    run() {
      const connection = proven();
      connection.send(ms('a'), 'a');
      connection.send(version, 'v');
      drain(connection);
      const replies = 'SERVER_ERROR object too large for cache\r\nMN\r\nVERSION 1\r\n';
      equal(brief(receive(connection, replies)), ['a: SERVER_ERROR', 'v: VERSION']);
    },
  },
  {
    name: 'reports an error that may belong to several, and tells each of them',
    run() {
      const connection = proven();
      for (const key of 'abcd') connection.send(ms(key), key);
      connection.send(version, 'v');
      drain(connection);
      const replies = 'SERVER_ERROR object too large for cache\r\nNS O3\r\nMN\r\nVERSION 1\r\n';
      equal(brief(receive(connection, replies)), [
        'quiet error SERVER_ERROR',
        'a: silent SERVER_ERROR',
        'b: silent SERVER_ERROR',
        'c: NS',
        'd: silent',
        'v: VERSION',
      ]);
    },
  },
  {
    name: 'goes on after CLIENT_ERROR among commands that judge a value',
    run() {
      const connection = proven();
      connection.send(ma('a'), 'a');
      connection.send(ma('b'), 'b');
      drain(connection);
      equal(brief(receive(connection, 'CLIENT_ERROR non-numeric\r\nMN\r\n')), [
        'quiet error CLIENT_ERROR',
        'a: silent CLIENT_ERROR',
        'b: silent CLIENT_ERROR',
      ]);
    },
  },
  ...[
    ['CLIENT_ERROR bad data chunk', 'CLIENT_ERROR'],
    ['ERROR', 'ERROR'],
  ].map(([line, type]): Case<undefined> => ({
    name: `closes after ${type} among commands with values: alignment may be lost`,
    run() {
      const connection = proven();
      connection.send(set('a'));
      connection.send(ma('b'), 'b');
      connection.send(version, 'v');
      drain(connection);
      equal(brief(receive(connection, `${line}\r\n`)), [
        `quiet error ${type}`,
        'closed [] [b v]',
      ]);
    },
  })),
  {
    name: 'drops what a cancelled quiet command is answered',
    run() {
      const connection = proven();
      connection.send(mg('a'), 'a');
      connection.send(mg('b'), 'b');
      drain(connection);
      equal(connection.cancel('a'), 'in-flight');
      equal(brief(receive(connection, 'VA 1 O1\r\n1\r\nMN\r\n')), ['b: silent']);
    },
  },
  {
    name: 'gives a server up that does not answer a fence',
    run() {
      const connection = proven({ stallAfter: 1000 });
      connection.send(set('a'), 'a');
      drain(connection, 5);
      equal(connection.deadline(), 1005);
      connection.tick(1005);
      equal(brief(events(connection)), ['closed [] [a]']);
    },
  },
  {
    name: 'tells a late answer to a quiet command from the fence that follows',
    run() {
      const connection = proven();
      connection.send(md('a'), 'a');
      drain(connection);
      equal(brief(receive(connection, 'NF O1\r\n')), ['a: NF']);
      connection.send(version, 'v');
      equal(drain(connection), 'version\r\n');
      equal(brief(receive(connection, 'MN\r\nVERSION 1\r\n')), ['v: VERSION']);
    },
  },
  {
    name: 'needs no fence where the last quiet command was answered',
    run() {
      const connection = proven();
      connection.send(md('a'));
      drain(connection);
      receive(connection, 'NF O1\r\n');
      connection.send(version, 'v');
      equal(drain(connection), 'version\r\n');
      equal(brief(receive(connection, 'VERSION 1\r\n')), ['v: VERSION']);
    },
  },
];
