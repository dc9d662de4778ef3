// The law: a server's connection answers each command in its place, up to its limits exactly, and says
// why it ends.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { suite } from '../../test/runner/suite.ts';
import { PlainRequest } from './plain-request.ts';
import { CLOSED, EN, HD, MN, NOT_FOUND, OK } from './reply.ts';
import { ServerConnection, type ServerEvent } from './server-connection.ts';

const edges = suite('server connection: edges');

type Options = ConstructorParameters<typeof ServerConnection>[0];

/** A connection that received this, and the events that came of it. */
function open(data: string, options: Options = {}): [ServerConnection, ServerEvent[]] {
  const connection = new ServerConnection(options);
  connection.receive(bytes(data));
  return [connection, take(connection)];
}

function take(connection: ServerConnection): ServerEvent[] {
  const found: ServerEvent[] = [];
  for (let event = connection.next(); event !== null; event = connection.next()) found.push(event);
  connection.assertInvariants();
  return found;
}

function read(connection: ServerConnection): string {
  let all = '';
  for (let part = connection.transmit(); part !== null; part = connection.transmit()) {
    all += text(part);
    connection.sent(part.length);
  }
  return all;
}

edges('so many commands may be pending, by default 1024', () => {
  const [connection, found] = open('mn\r\n'.repeat(1025));
  assert.is(found.length, 1024);
  assert.ok(connection.congested);
  connection.reply(0, MN);
  assert.not(connection.congested);
  assert.is(take(connection).length, 1);
});

edges('so many bytes may wait for the peer, by default 1 MiB', () => {
  for (const [missing, congested] of [[1, false], [0, true]] as const) {
    const [connection] = open('version\r\n');
    assert.is(connection.backlog, 0);
    const length = 1024 * 1024 - missing;
    connection.reply(0, { type: 'VERSION', version: 'x'.repeat(length - 'VERSION \r\n'.length) });
    assert.is(connection.backlog, length);
    assert.is(connection.congested, congested);
  }
});

edges('a command that waited until it was alone is handed out once', () => {
  const [connection, found] = open('mn\r\nlru_crawler mgdump all\r\nversion\r\n');
  assert.is(found.length, 1);
  connection.reply(0, MN);
  assert.is(take(connection).length, 1);
  connection.reply(1, EN);
  const [next, ...others] = take(connection);
  assert.ok(next?.type === 'command' && next.command.verb === 'version' && next.id === 2);
  assert.equal(others, []);
});

edges('the end of a connection has a reason, where the peer made a mistake', () => {
  const [strict, ended] = open('get\r\n', { strict: true });
  assert.equal(ended, [{ type: 'closed', reason: 'a request is no command' }]);
  assert.is(read(strict), 'ERROR\r\n');
  const [quitting] = open('quit\r\n');
  quitting.reply(0, OK);
  assert.equal(take(quitting), [{ type: 'closed', reason: null }]);
  const [shut] = open('mn\r\nmn\r\n');
  shut.reply(0, CLOSED);
  assert.equal(take(shut), [{ type: 'closed', reason: null }]);
  assert.equal(open('x'.repeat(2049))[1], [{ type: 'closed', reason: 'a line has no end' }]);
  const left = new ServerConnection();
  left.receiveEnd();
  assert.equal(take(left), [{ type: 'closed', reason: null }]);
});

/** Executes plain requests, and writes two bytes for each. */
function executor(keys: string[]): Parameters<ServerConnection['executePlain']>[0] {
  const request = new PlainRequest();
  return {
    request,
    execute(output) {
      keys.push(text(request.bytes.subarray(request.keyFrom, request.keyTo)));
      output.append(bytes('OK'));
      return true;
    },
  };
}

edges('so many plain requests are executed, while there is room for replies', () => {
  const requests = 'get a\r\nget b\r\nget c\r\nget d\r\n';
  for (
    const [most, maxOutput, executed] of [[3, 100, 3], [9, 4, 2], [9, 5, 3], [0, 100, 0]] as const
  ) {
    const connection = new ServerConnection({ maxOutput });
    connection.receive(bytes(requests));
    const keys: string[] = [];
    assert.is(connection.executePlain(executor(keys), most), executed);
    assert.equal(keys, ['a', 'b', 'c', 'd'].slice(0, executed));
    connection.sent(text(connection.transmit() ?? bytes('')).length);
    const left = take(connection).map((event) => event.type === 'command' && event.command);
    assert.is(left.length, 4 - executed);
  }
});

edges('a reply to a command that has not come is dropped', () => {
  const [connection] = open('mn\r\n');
  connection.reply(1, OK);
  connection.receive(bytes('version\r\n'));
  assert.is(take(connection).length, 1);
  connection.reply(0, MN);
  assert.is(read(connection), 'MN\r\n');
  connection.reply(1, { type: 'VERSION', version: '1' });
  assert.is(read(connection), 'VERSION 1\r\n');
});

edges('the items of a reply that came early leave before it, in its turn', () => {
  const [connection] = open('mn\r\nstats\r\nmn\r\n');
  connection.reply(1, { type: 'mgdump', key: 'a' });
  connection.reply(1, { type: 'mgdump', key: 'b' });
  connection.reply(1, EN);
  connection.reply(2, MN);
  assert.is(read(connection), '');
  connection.reply(0, MN);
  assert.is(read(connection), 'MN\r\nmg a\r\nmg b\r\nEN\r\nMN\r\n');
});

edges('each command is known by its id, however many are pending and have been', () => {
  for (const before of [0, 1, 5]) {
    for (const count of [1, 2, 3, 7, 20]) {
      const [connection] = open('mn\r\n'.repeat(before));
      for (let id = 0; id < before; id++) connection.reply(id, MN);
      read(connection);
      let expected = '';
      for (let i = 0; i < count; i++) {
        const isQuiet = i % 3 === 1;
        connection.receive(bytes(isQuiet ? 'delete a noreply\r\n' : 'delete a\r\n'));
        assert.is(take(connection).length, 1);
        if (!isQuiet) expected += 'NOT_FOUND\r\n';
      }
      for (let i = count - 1; i >= 0; i--) connection.reply(before + i, NOT_FOUND);
      assert.is(read(connection), expected);
      connection.assertInvariants();
    }
  }
});

edges('a login that succeeds at once is all that its batch is answered with', () => {
  const connection = new ServerConnection({ auth: true });
  connection.receive(bytes('mn\r\nset a b c 3\r\nu p\r\n'));
  assert.is(connection.next()?.type, 'command');
  connection.reply(0, { type: 'STORED' });
  assert.equal(take(connection), []);
  assert.is(read(connection), 'STORED\r\n');
});

edges('a quiet command is answered where its reply is not asked for', () => {
  const [connection] = open('mg a q\r\nms a 1 q\r\nx\r\nms a 1 q\r\nx\r\n');
  connection.reply(0, { type: 'EN', flags: [], unasked: true });
  connection.reply(1, { type: 'HD', flags: [], unasked: true });
  connection.reply(2, HD);
  assert.is(read(connection), 'EN\r\nHD\r\n');
});

edges.run();
