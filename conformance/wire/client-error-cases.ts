// Wire cases: errors on client connections.
import type { Command } from '../../core/wire/command.ts';
import { ProtocolError } from '../../core/wire/errors.ts';
import { bytes, equal, ok } from '../assert.ts';
import type { Case } from '../case.ts';
import { brief, drain, events, get, incr, ma, mg, receive, sent, set, version } from './tools.ts';

/** Requirements on a client connection: errors, and unsolicited lines. */
export const clientErrorCases: readonly Case<undefined>[] = [
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
          const fence = command.verb === 'get' ? 'MN\r\n' : '';
          equal(brief(receive(connection, `${line}\r\n${fence}VERSION 1\r\n`)), [
            `a: ${line.split(' ')[0]}`,
            'b: VERSION',
          ]);
        },
      }),
    )
  ),
  ...[set('k'), get('k'), mg('k'), { verb: 'delete', key: 'k', noreply: false } as const].map((
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
    // `get` of a key of 251 bytes, as 1.6.45 answers it (protocol.md 4.3).
    name: 'closes after an error to a raw get, whether an empty line follows it or not',
    run() {
      const line = `get ${'k'.repeat(251)}`;
      const raw: Command = { verb: 'raw', line, value: null, reply: 'values' };
      for (const blank of ['', '\r\n']) {
        const answer = `CLIENT_ERROR bad command line format\r\n${blank}`;
        equal(brief(receive(sent(raw, version), answer)), ['a: CLIENT_ERROR', 'closed [] [b]']);
      }
    },
  },
  {
    name: 'takes an error in the place of values that had begun to come',
    run() {
      const begun = 'VALUE k 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\n';
      const connection = sent(get('k', 'l'), get('k', 'l'));
      equal(brief(receive(connection, `${begun}MN\r\nVALUE k 0 1\r\ny\r\nEND\r\n`)), [
        'a: SERVER_ERROR',
        'b: values y',
      ]);
    },
  },
  {
    name: 'sends nothing to a server that has begun a line nobody asked for',
    run() {
      const connection = sent(set('k'));
      equal(brief(receive(connection, 'STORED\r\nSTO')), ['a: STORED']);
      connection.send(set('l'), 'b');
      equal(drain(connection), '', 'what is sent');
      const [event] = events(connection);
      equal(brief(event === undefined ? [] : [event]), ['closed [b] []']);
      ok(event?.type === 'closed' && event.cause instanceof ProtocolError, 'the cause');
      equal(brief(receive(connection, 'RED\r\n')), [], 'what comes of the rest');
    },
  },
  {
    name: 'says why a server hung up, however its words are cut',
    run() {
      const connection = sent();
      equal(brief(receive(connection, 'ERROR Too many ')), [], 'the first half');
      const [event] = receive(connection, 'open connections\r\n');
      ok(event?.type === 'closed', 'it must close');
      ok(/Too many open connections/.test(event.cause?.message ?? ''), 'and name the reason');
    },
  },
  {
    name: 'takes back a key that was changed after it was sent for, and writes no part of it',
    run() {
      const key = bytes('key');
      const connection = sent();
      connection.send({ verb: 'get', keys: ['a', key] }, 'a');
      key[1] = 0x0a;
      equal(drain(connection), '', 'what is sent');
      equal(brief(events(connection)), ['refused a not-sent']);
    },
  },
];
