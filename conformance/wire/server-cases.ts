// Wire cases: server connections.
import type { Reply } from '../../core/wire/reply.ts';
import { ServerConnection, type ServerEvent } from '../../core/wire/server-connection.ts';
import { bytes, equal, ok, text } from '../assert.ts';
import type { Case } from '../case.ts';

/** A server connection that has received text, and the commands in it. */
function received(
  data: string,
  options: ConstructorParameters<typeof ServerConnection>[0] = {},
): { connection: ServerConnection; events: ServerEvent[] } {
  const connection = new ServerConnection(options);
  connection.receive(bytes(data));
  return { connection, events: all(connection) };
}

function all(connection: ServerConnection): ServerEvent[] {
  const events: ServerEvent[] = [];
  for (let event = connection.next(); event !== null; event = connection.next()) {
    events.push(event);
    connection.assertInvariants();
  }
  return events;
}

function output(connection: ServerConnection): string {
  let sent = '';
  for (let data = connection.transmit(); data !== null; data = connection.transmit()) {
    sent += text(data);
    connection.sent(data.length);
    connection.assertInvariants();
  }
  return sent;
}

const verbs = (events: readonly ServerEvent[]): string[] =>
  events.map((event) => (event.type === 'command' ? event.command.verb : event.type));

const HD: Reply = { type: 'HD', flags: [] };
const version: Reply = { type: 'VERSION', version: '1' };

/** Requirements on a server connection: requests and answers. */
export const serverConnectionCases: readonly Case<undefined>[] = [
  {
    name: 'sends replies in the order of the commands, whatever the order they are given in',
    run() {
      const { connection, events } = received('version\r\nmn\r\nget k\r\n');
      equal(verbs(events), ['version', 'mn', 'get']);
      connection.reply(2, { type: 'values', items: [] });
      connection.reply(1, { type: 'MN' });
      equal(output(connection), '', 'before the first');
      connection.reply(0, version);
      equal(output(connection), 'VERSION 1\r\nMN\r\nEND\r\n');
    },
  },
  {
    name: 'answers a bad request in its turn',
    run() {
      const { connection, events } = received('version\r\nmg\r\nmn\r\n');
      equal(verbs(events), ['version', 'mn']);
      connection.reply(0, version);
      equal(output(connection), 'VERSION 1\r\nERROR\r\n');
      const last = events[1];
      ok(last?.type === 'command', 'the last is a command');
      connection.reply(last.id, { type: 'MN' });
      equal(output(connection), 'MN\r\n');
    },
  },
  ...([
    ['set k 0 0 1 noreply\r\nx\r\n', { type: 'STORED' }, ''],
    ['set k 0 0 1 noreply\r\nx\r\n', { type: 'SERVER_ERROR', message: 'out of memory' }, ''],
    ['delete k noreply\r\n', { type: 'NOT_FOUND' }, ''],
    ['mg k v q\r\n', { type: 'EN', flags: [] }, ''],
    ['mg k v q\r\n', { type: 'VA', flags: [], value: bytes('x') }, 'VA 1\r\nx\r\n'],
    ['mg k q\r\n', HD, 'HD\r\n'],
    ['ms k 1 q\r\nx\r\n', HD, ''],
    ['ms k 1 q\r\nx\r\n', { type: 'NS', flags: [] }, 'NS\r\n'],
    ['ms k 1 q\r\nx\r\n', { type: 'SERVER_ERROR', message: 'x' }, 'SERVER_ERROR x\r\n'],
    ['md k q\r\n', HD, ''],
    ['md k q\r\n', { type: 'NF', flags: [] }, 'NF\r\n'],
    ['ma k q v\r\n', { type: 'VA', flags: [], value: bytes('1') }, ''],
    ['ma k q\r\n', { type: 'NF', flags: [] }, 'NF\r\n'],
  ] as const).map(([request, reply, expected]): Case<undefined> => ({
    name: `sends ${expected === '' ? 'nothing' : 'the reply'} for ${reply.type} to "${
      request.split('\r')[0]
    }"`,
    run() {
      const { connection } = received(request);
      connection.reply(0, reply);
      equal(output(connection), expected);
    },
  })),
  {
    name: 'hands out no more commands while too many replies are owed',
    run() {
      const { connection, events } = received('version\r\n'.repeat(5), { maxOwed: 3 });
      equal(events.length, 3);
      ok(connection.congested, 'it is congested');
      connection.reply(0, version);
      equal(all(connection).length, 1, 'commands after one reply');
    },
  },
  {
    name: 'hands out no more commands while the peer does not read',
    run() {
      const { connection } = received('get k\r\nversion\r\n', { maxOutput: 1000 });
      const fresh = new ServerConnection({ maxOutput: 1000 });
      fresh.receive(bytes('get k\r\nversion\r\n'));
      equal(verbs([fresh.next()!]), ['get']);
      const value = new Uint8Array(2000);
      fresh.reply(0, { type: 'values', items: [{ key: 'k', flags: 0, value, cas: undefined }] });
      equal(all(fresh), [], 'commands while 2000 bytes wait');
      output(fresh);
      equal(verbs(all(fresh)), ['version'], 'commands after they were read');
      ok(!connection.congested, 'one that has sent nothing is not congested');
    },
  },
  {
    name: 'closes after the reply to quit, and reads nothing after it',
    run() {
      const { connection, events } = received('version\r\nquit\r\nversion\r\n');
      connection.reply(0, version);
      const quit = events[1];
      ok(quit?.type === 'command' && quit.command.verb === 'quit', 'the second is quit');
      connection.reply(quit.id, { type: 'closed' });
      connection.reply(2, version);
      equal(verbs(all(connection)), ['closed']);
    },
  },
  {
    name: 'closes when the peer has ended and all is answered',
    run() {
      const { connection } = received('version\r\nget');
      connection.receiveEnd();
      equal(all(connection), [], 'before the answer');
      connection.reply(0, version);
      equal(all(connection), [{ type: 'closed', reason: null }]);
      equal(output(connection), 'VERSION 1\r\n');
    },
  },
  {
    name: 'closes at a line without end, and says why',
    run: () =>
      equal(received('x'.repeat(3000)).events, [{ type: 'closed', reason: 'a line has no end' }]),
  },
  {
    name: 'hands out a watch alone, and nothing after it',
    run() {
      const { connection, events } = received('version\r\nwatch\r\nversion\r\n');
      equal(verbs(events), ['version'], 'while a reply is owed');
      connection.reply(0, version);
      equal(verbs(all(connection)), ['watch'], 'when none is');
      connection.reply(1, { type: 'opened' });
      connection.reply(1, { type: 'watch', line: 'ts=1 gid=1 x' });
      equal(output(connection), 'VERSION 1\r\nOK\r\nts=1 gid=1 x\n');
      equal(all(connection), [], 'commands while it watches');
      connection.receiveEnd();
      equal(verbs(all(connection)), ['closed'], 'when the peer ends');
    },
  },
  {
    name: 'goes on after a dump',
    run() {
      const { connection } = received('lru_crawler mgdump all\r\nversion\r\n');
      connection.reply(0, { type: 'mgdump', key: 'a' });
      connection.reply(0, { type: 'EN', flags: [] });
      equal(output(connection), 'mg a\r\nEN\r\n');
      equal(verbs(all(connection)), ['version']);
    },
  },
  {
    name: 'before a login answers once for all that came together, and then goes on',
    run() {
      const { connection } = received('version\r\nmn\r\nget k\r\n', { auth: true });
      equal(output(connection), 'CLIENT_ERROR unauthenticated\r\n');
      connection.receive(bytes('set a 0 0 3\r\nu p\r\nversion\r\n'));
      const events = all(connection);
      equal(verbs(events), ['auth'], 'while the login is not answered');
      connection.reply(0, { type: 'STORED' });
      equal(verbs(all(connection)), ['version']);
      equal(output(connection), 'STORED\r\n');
    },
  },
  {
    name: 'stays locked after a login that failed',
    run() {
      const { connection } = received('set a 0 0 3\r\nu x\r\n', { auth: true });
      connection.reply(0, { type: 'CLIENT_ERROR', message: 'authentication failure' });
      equal(all(connection), []);
      equal(output(connection), 'CLIENT_ERROR authentication failure\r\n');
      connection.receive(bytes('version\r\n'));
      equal(all(connection), []);
      equal(output(connection), 'CLIENT_ERROR unauthenticated\r\n');
    },
  },
  {
    name: 'refuses a value when its line is read, and throws it away as it comes',
    run() {
      const connection = new ServerConnection({
        admit: (_header, length) =>
          length > 10 ? { type: 'SERVER_ERROR', message: 'too large' } : null,
      });
      connection.receive(bytes('set k 0 0 11\r\n'));
      equal(all(connection), []);
      equal(output(connection), 'SERVER_ERROR too large\r\n');
      connection.receive(bytes('version\r\nxx\r\nversion\r\n'));
      equal(verbs(all(connection)), ['version']);
    },
  },
];
