// Wire cases: client connections.
import { ClientConnection } from '../../core/wire/client-connection.ts';
import type { Command } from '../../core/wire/command.ts';
import { ConnectionError, ProtocolError } from '../../core/wire/errors.ts';
import { bytes, equal, ok, throws } from '../assert.ts';
import type { Case } from '../case.ts';
import {
  brief,
  drain,
  events,
  get,
  incr,
  mg,
  proven,
  receive,
  sent,
  set,
  version,
} from './tools.ts';

const metadump: Command = { verb: 'lru_crawler metadump', words: ['all'] };

/** Requirements on a client connection: sending commands, and matching each with its reply. */
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
      const reply = 'VALUE k 0 1\r\n1\r\nEND\r\nMN\r\nVALUE l 0 1\r\n2\r\nEND\r\nMN\r\n';
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
      const replies = 'STORED\r\nVALUE k 0 1\r\nx\r\nEND\r\nMN\r\n5\r\nVERSION 1\r\nMN\r\n';
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
        bytesOut: 'mg k f O1 s\r\n'.length,
        bytesIn: 'HD f0 O1 s5\r\n'.length,
      });
    },
  },
  {
    name: 'says how many bytes were sent and came for each command, however they are cut',
    run() {
      const value = 'x'.repeat(40_000);
      const connection = proven();
      connection.send(mg('k', 'v'), 'a');
      const stored = { verb: 'set', flags: 0, expire: 0 } as const;
      connection.send({ ...stored, key: 'big', value, noreply: false }, 'b');
      connection.send({ ...stored, key: 'q', value: '', noreply: true }, 'c');
      connection.send(version, 'd');
      drain(connection);
      const replies = 'VA 3 O1\r\nabc\r\nSTORED\r\nMN\r\nVERSION 1\r\n';
      const found = [...replies].flatMap((byte) => receive(connection, byte));
      equal(
        found.map((event) => event.type === 'reply' && [event.tag, event.bytesOut, event.bytesIn]),
        [['a', 11, 14], ['b', 40_000 + 21, 8], ['c', 23, 0], ['d', 9, 11]],
      );
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
      equal(drain(connection), 'set auth 0 -1 3\r\nu p\r\n');
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
      const connection = proven({ maxPendingBytes: 2000 });
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
    name: 'holds a raw reply to its limits: lines, empty ones too, and values',
    run() {
      const raw = (reply: 'lines' | 'values'): Command => ({
        verb: 'raw',
        line: 'future',
        value: null,
        reply,
      });
      for (
        const [reply, part] of [['lines', '\r\n'], ['values', 'VALUE k 0 1\r\nx\r\n']] as const
      ) {
        const connection = new ClientConnection<string>({ maxLines: 1000, maxValue: 1000 });
        connection.send(raw(reply), 'a');
        drain(connection);
        equal(brief(receive(connection, part.repeat(10))), [], 'what fits');
        equal(brief(receive(connection, part.repeat(10))), ['closed [] [a]'], 'and what does not');
      }
    },
  },
  {
    name: 'reads many raw replies, none of which is over its limit alone',
    run() {
      const raw: Command = { verb: 'raw', line: 'future', value: null, reply: 'values' };
      const connection = new ClientConnection<string>({ maxValue: 100 });
      for (let i = 0; i < 5; i++) {
        connection.send(raw, 'a');
        drain(connection);
        equal(brief(receive(connection, 'VALUE k 0 20\r\n01234567890123456789\r\nEND\r\n')), [
          'a: values 01234567890123456789',
        ]);
      }
    },
  },
  {
    name: 'keeps the default of an option that is undefined',
    run() {
      // As a caller in JavaScript passes an absent argument.
      const options = { maxPending: undefined, maxLine: undefined, stallAfter: undefined };
      const connection = new ClientConnection<string>(options);
      connection.send(version, 'a');
      drain(connection);
      equal(connection.deadline(), 2000);
      equal(brief(receive(connection, 'x'.repeat(9000))), ['closed [] [a]']);
    },
  },
  {
    name: 'sends a get of very many keys in room for no more than its line',
    run() {
      const connection = new ClientConnection<string>();
      const keys = Array.from({ length: 100_000 }, (_, index) => `key${100_000 + index}`);
      connection.send({ verb: 'get', keys }, 'a');
      const data = connection.transmit(0);
      equal(data?.length, `get ${keys.join(' ')}\r\n`.length);
      ok((data?.buffer.byteLength ?? Infinity) < 1_100_000, 'the room that was made for it');
    },
  },
];
