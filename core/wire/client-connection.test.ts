import * as assert from 'uvu/assert';
import { brief, drain, events } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import { fromLatin1, latin1 } from './bytes.ts';
import { ClientConnection } from './client-connection.ts';
import type { Command } from './command.ts';
import { MemcacheError } from './errors.ts';

const machine = suite('client connection: every state and every input');

type Connection = ClientConnection<string>;

const get = (key: string): Command => ({ verb: 'get', keys: [key] });
const read = { verb: 'mg', key: 'k', base64: false, flags: ['v'] } as const;

// `a` is in flight, `b` is not sent: the two things that a command can be. `a` is due at 100, `b`
// at 300; the server is lost at 200.
function open(): Connection {
  const connection = new ClientConnection<string>({ stallAfter: 200 });
  connection.send(get('a'), 'a', 100);
  drain(connection);
  connection.send(get('b'), 'b', 300);
  return connection;
}

/** Every state, and how it is reached. */
const states: Readonly<Record<string, () => Connection>> = {
  open,
  ending() {
    const connection = open();
    connection.end();
    return connection;
  },
  over() {
    const connection = open();
    connection.fail(new Error('reset'));
    return connection;
  },
  closed() {
    const connection = open();
    connection.fail(new Error('reset'));
    events(connection);
    return connection;
  },
};

/** Every input; what comes out of it at once is text. */
const inputs: Readonly<Record<string, (connection: Connection) => string>> = {
  send(connection) {
    try {
      connection.send(get('c'), 'c', 300);
      return 'taken';
    } catch (error) {
      assert.instance(error, MemcacheError);
      return `${(error as MemcacheError).code} ${(error as MemcacheError).outcome}`;
    }
  },
  prove(connection) {
    connection.prove();
    return '';
  },
  spell: (connection) => connection.spell({ ...read, orText: true }).verb,
  nudge(connection) {
    connection.nudge();
    return '';
  },
  'cancel in flight': (connection) => connection.cancel('a'),
  'cancel unsent': (connection) => connection.cancel('b'),
  'cancel unknown': (connection) => connection.cancel('z'),
  transmit(connection) {
    const bytes = connection.transmit(0);
    return bytes === null ? 'nothing' : latin1(bytes).trimEnd();
  },
  'transmit late': (connection) => drain(connection, 300).trimEnd() || 'nothing',
  sent(connection) {
    const bytes = connection.transmit(0);
    connection.sent(bytes === null ? 0 : bytes.length);
    return connection.transmit(0) === null ? 'nothing left' : 'something left';
  },
  receive(connection) {
    connection.receive(fromLatin1('END\r\n'), 0);
    return '';
  },
  'receive garbage'(connection) {
    connection.receive(fromLatin1('garbage\r\n'), 0);
    return '';
  },
  receiveEnd(connection) {
    connection.receiveEnd();
    return '';
  },
  next: () => '',
  deadline: (connection) => String(connection.deadline()),
  'tick early'(connection) {
    connection.tick(99);
    return '';
  },
  'tick at a deadline'(connection) {
    connection.tick(100);
    return '';
  },
  'tick at the stall'(connection) {
    connection.tick(200);
    return '';
  },
  end(connection) {
    connection.end();
    return '';
  },
  fail(connection) {
    connection.fail(new Error('failed'));
    return '';
  },
};

const lost = 'closed [b] [a]';

/** For every pair: what comes out at once, the events after it, and how many are pending then. */
const decided: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  open: {
    send: 'taken | | 3',
    prove: '| | 2',
    spell: 'mg | | 2',
    nudge: '| | 3',
    'cancel in flight': 'in-flight | | 2',
    'cancel unsent': 'unsent | | 1',
    'cancel unknown': 'settled | | 2',
    transmit: 'get b | | 2',
    'transmit late': 'nothing | timeout b not-sent | 1',
    sent: 'nothing left | | 2',
    receive: '| a: values | 1',
    'receive garbage': `| ${lost} | 0`,
    receiveEnd: `| ${lost} | 0`,
    next: '| | 2',
    deadline: '100 | | 2',
    'tick early': '| | 2',
    'tick at a deadline': '| timeout a unknown | 2',
    'tick at the stall': '| timeout a unknown, closed [b] [] | 0',
    end: '| | 2',
    fail: `| ${lost} | 0`,
  },
  // As open, but for what is new.
  ending: {
    send: 'connection not-sent | | 2',
    prove: '| | 2',
    spell: 'mg | | 2',
    nudge: '| | 3',
    'cancel in flight': 'in-flight | | 2',
    'cancel unsent': 'unsent | | 1',
    'cancel unknown': 'settled | | 2',
    transmit: 'get b | | 2',
    'transmit late': 'nothing | timeout b not-sent | 1',
    sent: 'nothing left | | 2',
    receive: '| a: values | 1',
    'receive garbage': `| ${lost} | 0`,
    receiveEnd: `| ${lost} | 0`,
    next: '| | 2',
    deadline: '100 | | 2',
    'tick early': '| | 2',
    'tick at a deadline': '| timeout a unknown | 2',
    'tick at the stall': '| timeout a unknown, closed [b] [] | 0',
    end: '| | 2',
    fail: `| ${lost} | 0`,
  },
  // The peer is gone: nothing is sent, what arrived is still read, and then it closes.
  over: {
    send: `connection not-sent | ${lost} | 0`,
    prove: `| ${lost} | 0`,
    spell: `mg | ${lost} | 0`,
    nudge: `| ${lost} | 0`,
    'cancel in flight': 'in-flight | closed [b] [] | 0',
    'cancel unsent': 'unsent | closed [] [a] | 0',
    'cancel unknown': `settled | ${lost} | 0`,
    transmit: `nothing | ${lost} | 0`,
    'transmit late': `nothing | ${lost} | 0`,
    sent: `nothing left | ${lost} | 0`,
    receive: '| a: values, closed [b] [] | 0',
    'receive garbage': `| ${lost} | 0`,
    receiveEnd: `| ${lost} | 0`,
    next: `| ${lost} | 0`,
    deadline: `100 | ${lost} | 0`,
    'tick early': `| ${lost} | 0`,
    'tick at a deadline': '| timeout a unknown, closed [b] [] | 0',
    'tick at the stall': '| timeout a unknown, closed [b] [] | 0',
    end: `| ${lost} | 0`,
    fail: `| ${lost} | 0`,
  },
  closed: {
    send: 'connection not-sent | | 0',
    prove: '| | 0',
    spell: 'mg | | 0',
    nudge: '| | 0',
    'cancel in flight': 'settled | | 0',
    'cancel unsent': 'settled | | 0',
    'cancel unknown': 'settled | | 0',
    transmit: 'nothing | | 0',
    'transmit late': 'nothing | | 0',
    sent: 'nothing left | | 0',
    receive: '| | 0',
    'receive garbage': '| | 0',
    receiveEnd: '| | 0',
    next: '| | 0',
    deadline: 'null | | 0',
    'tick early': '| | 0',
    'tick at a deadline': '| | 0',
    'tick at the stall': '| | 0',
    end: '| | 0',
    fail: '| | 0',
  },
};

machine('the table names every method of the connection', () => {
  const methods = Object.getOwnPropertyNames(ClientConnection.prototype)
    .filter((name) =>
      !['constructor', 'pending', 'pendingBytes', 'proved', 'spoken'].includes(name)
    );
  const named = new Set(Object.keys(inputs).map((input) => input.split(' ')[0]));
  assert.equal([...named].sort(), methods.sort());
});

machine('every pair is decided, and no other', () => {
  assert.equal(Object.keys(decided), Object.keys(states));
  for (const row of Object.values(decided)) assert.equal(Object.keys(row), Object.keys(inputs));
});

for (const [state, reach] of Object.entries(states)) {
  for (const [input, give] of Object.entries(inputs)) {
    machine(`${state}, ${input}`, () => {
      const connection = reach();
      const out = give(connection);
      const after = brief(events(connection)).join(', ');
      const found = [out, after, String(connection.pending)].join(' | ').trim();
      assert.is(found.replaceAll('  ', ' '), decided[state]?.[input]);
    });

    machine(`${state}, ${input}: each command ends once, and so does the connection`, () => {
      const connection = reach();
      const ended = state === 'closed' ? ['a', 'b', 'closed'] : [];
      const out = give(connection);
      if (out === 'in-flight') ended.push('a');
      if (out === 'unsent') ended.push('b');
      if (input === 'send') assert.is(connection.cancel('c') === 'unsent', out === 'taken');
      for (const _ of [1, 2]) {
        for (const event of events(connection)) {
          if (event.type === 'closed') ended.push('closed', ...event.unsent, ...event.unanswered);
          else if ('tag' in event) ended.push(event.tag);
        }
        connection.fail(new Error('the end'));
      }
      assert.equal(ended.sort(), ['a', 'b', 'closed']);
    });
  }
}

machine.run();
