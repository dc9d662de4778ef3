import { suite } from '../../test/runner/suite.ts';
import * as assert from 'uvu/assert';
import { fromLatin1, latin1 } from './bytes.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { PlainRequest } from './plain-request.ts';
import { CLOSED, EN, type ErrorReply, MN, NOT_FOUND, OK, OPENED } from './reply.ts';
import { ServerConnection } from './server-connection.ts';

function push(connection: ServerConnection, text: string): ServerConnection {
  connection.receive(fromLatin1(text));
  return connection;
}

function take(connection: ServerConnection): string[] {
  const events: string[] = [];
  for (let event = connection.next(); event !== null; event = connection.next()) {
    events.push(event.type === 'command' ? event.command.verb : event.type);
  }
  return events;
}

function read(connection: ServerConnection): string {
  let text = '';
  for (let bytes = connection.transmit(); bytes !== null; bytes = connection.transmit()) {
    text += latin1(bytes);
    connection.sent(bytes.length);
    connection.assertInvariants();
  }
  return text;
}

function outcome(connection: ServerConnection): string {
  const events = take(connection).join(' ');
  connection.assertInvariants();
  const held = connection.congested ? '+' : '';
  return `${events}|${read(connection).replaceAll('\r\n', ' ').trim()}|${held}`;
}

function started(text: string, options: ConstructorParameters<typeof ServerConnection>[0] = {}) {
  const connection = push(new ServerConnection(options), text);
  take(connection);
  return connection;
}

function entries<Name extends string, Value>(all: Record<Name, Value>): [Name, Value][] {
  return Object.entries(all) as [Name, Value][];
}

/** Every state a connection can be in. */
const states = {
  idle: () => new ServerConnection(),
  'in a line': () => started('ver'),
  'in a value': () => started('set a 0 0 4\r\nab'),
  'owing one': () => started('mn\r\n'),
  'owing all it may': () => started('mn\r\nversion\r\n', { maxOwed: 1 }),
  'with its output full': () => {
    const connection = started('mn\r\nversion\r\n', { maxOwed: 1, maxOutput: 4 });
    connection.reply(0, MN);
    return connection;
  },
  'doing what must be alone': () => started('lru_crawler mgdump all\r\n'),
  'waiting to be alone': () => started('mn\r\nlru_crawler mgdump all\r\n'),
  watching: () => {
    const connection = started('watch\r\n');
    connection.reply(0, OPENED);
    read(connection);
    return connection;
  },
  'before its login': () => started('', { auth: true }),
  'owing a login': () => started('set a b c 3\r\nu p\r\n', { auth: true }),
  'after quit': () => started('quit\r\n'),
  'with a dead decoder, owing one': () => started(`mn\r\n${'x'.repeat(2049)}`),
  ended: () => {
    const connection = started('mn\r\n');
    connection.receiveEnd();
    return connection;
  },
  closed: () => {
    const connection = new ServerConnection();
    connection.receiveEnd();
    take(connection);
    return connection;
  },
} satisfies Record<string, () => ServerConnection>;

/** Everything that can happen to it. */
const inputs = {
  'a command': (connection: ServerConnection) => push(connection, 'cd\r\nversion\r\n'),
  'the end': (connection: ServerConnection) => connection.receiveEnd(),
  'the reply to the first': (connection: ServerConnection) => connection.reply(0, OK),
  'an item of the first': (connection: ServerConnection) =>
    connection.reply(0, { type: 'mgdump', key: 'k' }),
  'the end of the first': (connection: ServerConnection) => connection.reply(0, CLOSED),
  'a reply that is not owed': (connection: ServerConnection) => connection.reply(7, OK),
} satisfies Record<string, (connection: ServerConnection) => unknown>;

// What comes of each: events, then the bytes for the peer, then `+` where no more is taken for now.
const table: Record<keyof typeof states, Record<keyof typeof inputs, string>> = {
  idle: {
    'a command': 'raw version||',
    'the end': 'closed||',
    'the reply to the first': '||',
    'an item of the first': '||',
    'the end of the first': '||',
    'a reply that is not owed': '||',
  },
  'in a line': {
    'a command': 'raw version||',
    'the end': 'closed||',
    'the reply to the first': '||',
    'an item of the first': '||',
    'the end of the first': '||',
    'a reply that is not owed': '||',
  },
  'in a value': {
    'a command': 'set version||',
    'the end': 'closed||',
    'the reply to the first': '||',
    'an item of the first': '||',
    'the end of the first': '||',
    'a reply that is not owed': '||',
  },
  'owing one': {
    'a command': 'raw version||',
    'the end': '||',
    'the reply to the first': '|OK|',
    'an item of the first': '|mg k|',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||',
  },
  'owing all it may': {
    'a command': '||+',
    'the end': '||+',
    'the reply to the first': 'version|OK|+',
    'an item of the first': '|mg k|+',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||+',
  },
  'with its output full': {
    'a command': '|MN|+',
    'the end': '|MN|+',
    'the reply to the first': '|MN|+',
    'an item of the first': '|MN|+',
    'the end of the first': '|MN|+',
    'a reply that is not owed': '|MN|+',
  },
  'doing what must be alone': {
    'a command': '||+',
    'the end': '||+',
    'the reply to the first': '|OK|',
    'an item of the first': '|mg k|+',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||+',
  },
  'waiting to be alone': {
    'a command': '||+',
    'the end': '||+',
    'the reply to the first': 'lru_crawler mgdump|OK|+',
    'an item of the first': '|mg k|+',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||+',
  },
  watching: {
    'a command': '||+',
    'the end': 'closed||+',
    'the reply to the first': '|OK|',
    'an item of the first': '|mg k|+',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||+',
  },
  'before its login': {
    'a command': '|CLIENT_ERROR unauthenticated|',
    'the end': 'closed||',
    'the reply to the first': '||',
    'an item of the first': '||',
    'the end of the first': '||',
    'a reply that is not owed': '||',
  },
  'owing a login': {
    'a command': '||+',
    'the end': '||+',
    'the reply to the first': '|OK|',
    'an item of the first': '|mg k|+',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||+',
  },
  'after quit': {
    'a command': '||',
    'the end': '||',
    'the reply to the first': 'closed|OK|',
    'an item of the first': '|mg k|',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||',
  },
  'with a dead decoder, owing one': {
    'a command': '||',
    'the end': '||',
    'the reply to the first': 'closed|OK|',
    'an item of the first': '|mg k|',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||',
  },
  ended: {
    'a command': '||',
    'the end': '||',
    'the reply to the first': 'closed|OK|',
    'an item of the first': '|mg k|',
    'the end of the first': 'closed||',
    'a reply that is not owed': '||',
  },
  closed: {
    'a command': '||',
    'the end': '||',
    'the reply to the first': '||',
    'an item of the first': '||',
    'the end of the first': '||',
    'a reply that is not owed': '||',
  },
};

const decided = suite('server connection: every input in every state');

for (const [state, make] of entries(states)) {
  for (const [input, happen] of entries(inputs)) {
    decided(`${state}: ${input}`, () => {
      const connection = make();
      happen(connection);
      assert.is(outcome(connection), table[state][input]);
    });
  }
}

for (const [state, make] of entries(states)) {
  const isPlain = state === 'idle';
  decided(`${state}: a plain request ${isPlain ? 'may' : 'must not'} be executed`, () => {
    const connection = push(make(), 'get a\r\nget b\r\n');
    const request = new PlainRequest();
    assert.is(connection.executePlain({ request, execute: () => true }, 10), isPlain ? 2 : 0);
    connection.assertInvariants();
  });
}

decided.run();

const order = suite('server connection: order');

order('replies may be given in any order, and leave in that of the commands', () => {
  const connection = started('mn\r\nversion\r\nverbosity 1\r\n');
  connection.reply(2, OK);
  connection.reply(1, { type: 'VERSION', version: '1' });
  assert.is(read(connection), '');
  connection.reply(0, MN);
  assert.is(read(connection), 'MN\r\nVERSION 1\r\nOK\r\n');
});

order('a request that is no command is answered in its turn', () => {
  const connection = started('mn\r\nget\r\nmn\r\n');
  connection.reply(2, MN);
  connection.reply(0, MN);
  assert.is(read(connection), 'MN\r\nERROR\r\nMN\r\n');
});

order('a reply that is not asked for does not leave', () => {
  const connection = started('delete a noreply\r\nmg a q\r\nmg a q\r\n');
  connection.reply(0, NOT_FOUND);
  connection.reply(1, EN);
  connection.reply(2, { type: 'HD', flags: [] });
  assert.is(read(connection), 'HD\r\n');
});

order('behind quit nothing is done, and behind the end of a command nothing is said', () => {
  const connection = push(new ServerConnection(), 'mn\r\nquit\r\nversion\r\n');
  assert.equal(take(connection), ['mn', 'quit']);
  const pipelined = started('shutdown\r\nmn\r\nmn\r\n');
  pipelined.reply(2, MN);
  pipelined.reply(0, CLOSED);
  pipelined.reply(1, MN);
  assert.is(outcome(pipelined), 'closed||');
});

order('what comes during a watch is thrown away: nothing of it is done when the watch ends', () => {
  const connection = states.watching();
  push(connection, 'version\r\n');
  connection.reply(0, OK);
  push(connection, 'mn\r\n');
  assert.equal(take(connection), ['mn']);
});

order('a chunk that waits behind one which was read to its end is read before later ones', () => {
  const connection = new ServerConnection({ maxOwed: 1 });
  const takeOne = (id: number): string[] => {
    connection.reply(id - 1, OK);
    return take(connection);
  };
  push(connection, 'mn\r\nversion\r\n');
  assert.equal(takeOne(0), ['mn']);
  push(connection, 'verbosity 1\r\n');
  assert.equal(takeOne(1), ['version']);
  push(connection, 'flush_all\r\n');
  assert.equal(takeOne(2), ['verbosity']);
  assert.equal(takeOne(3), ['flush_all']);
  assert.equal(takeOne(4), []);
});

order('connections of one server write in turn to the same memory, and each gets its own', () => {
  const memory = new ConnectionMemory();
  const open = (): ServerConnection => {
    const connection = push(new ServerConnection({}, memory), 'mn\r\nversion\r\n');
    take(connection);
    return connection;
  };
  const [first, second] = [open(), open()];
  first.reply(0, MN);
  second.reply(0, OK);
  const { buffer } = first.transmit()!;
  assert.is(read(first), 'MN\r\n');
  const third = open();
  third.reply(0, NOT_FOUND);
  first.reply(1, OK);
  assert.is(third.transmit()!.buffer, buffer);
  assert.is.not(first.transmit()!.buffer, buffer);
  assert.is(read(second), 'OK\r\n');
  assert.is(read(third), 'NOT_FOUND\r\n');
  assert.is(read(first), 'OK\r\n');
});

order('ids go on for as long as the connection lives, without a pause', () => {
  const connection = started('mn\r\n');
  for (let id = 0; id < 5000; id++) {
    push(connection, 'mn\r\n');
    assert.equal(take(connection), ['mn']);
    connection.reply(id, MN);
    assert.is(read(connection), 'MN\r\n');
  }
});

order('where it is strict, a request that is no command ends the connection', () => {
  const connection = push(new ServerConnection({ strict: true }), 'mn\r\nget\r\nmn\r\n');
  assert.equal(take(connection), ['mn']);
  connection.reply(0, MN);
  assert.equal(take(connection), ['closed']);
  assert.is(read(connection), 'MN\r\nERROR\r\n');
});

order('where it is strict, a value that is not admitted ends nothing', () => {
  const admit = (): ErrorReply => ({ type: 'SERVER_ERROR', message: 'no' });
  const connection = new ServerConnection({ strict: true, admit });
  push(connection, 'set a 0 0 1\r\nx\r\nms a 1\r\nx\r\nmn\r\n');
  assert.is(take(connection).length, 1);
});

order.run();
