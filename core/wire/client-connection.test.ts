import { readFileSync } from 'node:fs';
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
  lost() {
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
  sendPlain: (connection) => connection.sendPlain(get('c'), 'c', 300) === 0 ? '' : 'taken',
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
  keep(connection) {
    connection.keep();
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
    sendPlain: '| | 2',
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
    keep: '| | 2',
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
    sendPlain: '| | 2',
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
    keep: '| | 2',
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
  lost: {
    send: `connection not-sent | ${lost} | 0`,
    sendPlain: `| ${lost} | 0`,
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
    keep: `| ${lost} | 0`,
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
    sendPlain: '| | 0',
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
    keep: '| | 0',
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
  const own = Object.entries(Object.getOwnPropertyDescriptors(ClientConnection.prototype));
  // A getter changes nothing, in any state.
  const methods = own.filter(([, { value }]) => typeof value === 'function').map(([name]) => name)
    .filter((name) => name !== 'constructor' && name !== 'assertInvariants');
  const named = new Set(Object.keys(inputs).map((input) => input.split(' ')[0]));
  assert.equal([...named].sort(), methods.sort());
});

machine('every pair is decided, and no other', () => {
  assert.equal(Object.keys(decided), Object.keys(states));
  for (const row of Object.values(decided)) assert.equal(Object.keys(row), Object.keys(inputs));
});

/** The table in the comment that opens client-connection.ts: what each input does in each state. */
function readTable(): { states: string[]; rows: Map<string, string[]> } {
  const source = readFileSync(new URL('client-connection.ts', import.meta.url), 'utf8');
  const lines = source.slice(0, source.indexOf('\nimport ')).split('\n')
    .filter((line) => line.startsWith('// | '))
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  const [header = [], , ...rows] = lines;
  return {
    states: header.slice(1),
    rows: new Map(rows.map(([input = '', ...cells]) => [input, cells])),
  };
}

/** The input that stands for each method; of several the one that does most. */
const scenes: Readonly<Record<string, string>> = {
  cancel: 'cancel in flight',
  tick: 'tick at a deadline',
};

/** What can be seen of a connection: nothing of it is the same when an input had an effect. */
interface Sight {
  readonly out: string;
  readonly pending: number;
  readonly deadline: number | null;
  readonly first: readonly string[];
  /** What it sends then, and what comes of two replies. */
  readonly bytes: string;
  readonly last: readonly string[];
  readonly cause: string | null | undefined;
}

function look(connection: Connection, give: (connection: Connection) => string): Sight {
  const out = give(connection);
  const { pending } = connection;
  const deadline = connection.deadline();
  const before = events(connection);
  const bytes = drain(connection);
  connection.receive(fromLatin1('END\r\n'.repeat(2)), 0);
  const after = events(connection);
  const closed = [...before, ...after].find((event) => event.type === 'closed');
  const cause = closed?.type === 'closed' ? closed.cause?.message ?? null : undefined;
  return { out, pending, deadline, first: brief(before), bytes, last: brief(after), cause };
}

/** Each word of the table as a law: with the input, compared to without it. */
const words: Readonly<Record<string, (seen: Sight, control: Sight) => boolean>> = {
  queues: (seen, control) =>
    seen.bytes.startsWith(control.bytes) &&
    seen.bytes.length > control.bytes.length && seen.pending >= control.pending,
  throws: (seen, control) => seen.out === 'connection not-sent' && isSame(seen, control),
  answers: (seen, control) => !['', 'null', 'nothing'].includes(seen.out) && isSame(seen, control),
  drops: (seen, control) =>
    seen.out === 'in-flight' && seen.bytes === control.bytes &&
    ![...seen.first, ...seen.last].some((event) => /a: |\[a\]/.test(event)),
  sends: (seen, control) =>
    `${seen.out}\r\n` === control.bytes && seen.bytes === control.bytes && isSame(seen, control),
  counts: (seen, control) => seen.bytes === '' && control.bytes !== '',
  reads: (seen) => seen.first[0] === 'a: values',
  loses: (seen, control) =>
    seen.bytes === '' && seen.first.join() === lost && seen.cause !== control.cause,
  closes: (seen) => seen.first.join() === lost && seen.cause === 'reset',
  expires: (seen) => seen.first[0] === 'timeout a unknown',
  ends: (seen, control) =>
    control.cause === undefined && seen.cause === null && seen.last.at(-1) === 'closed [] []',
  ignores: (seen, control) =>
    ['', 'null', 'nothing', 'settled', 'nothing left'].includes(seen.out) && isSame(seen, control),
};

function isSame(seen: Sight, control: Sight): boolean {
  const [left, right] = [seen, control].map((sight) => JSON.stringify({ ...sight, out: '' }));
  return left === right;
}

const documented = readTable();

machine('the table in the comment has every state and every method', () => {
  assert.equal(documented.states, ['open', 'ending', 'lost', 'closed']);
  const methods = new Set(Object.keys(inputs).map((input) => input.split(' ')[0]));
  assert.equal([...documented.rows.keys()].sort(), [...methods].sort());
  for (const cells of documented.rows.values()) {
    assert.is(cells.length, documented.states.length);
    for (const cell of cells) assert.ok(Object.hasOwn(words, cell), cell);
  }
});

for (const [method, cells] of documented.rows) {
  const give = Object.entries(inputs).find(([name]) => name === (scenes[method] ?? method))?.[1];
  for (const [i, [state, reach]] of Object.entries(states).entries()) {
    const word = cells[i] ?? '';
    machine(`the comment is true: ${state}, ${method}: ${word}`, () => {
      assert.ok(give);
      const control = look(reach(), () => '');
      const seen = look(reach(), give);
      const verdicts = Object.entries(words).filter(([, law]) => law(seen, control))
        .map(([name]) => name);
      assert.ok(verdicts.includes(word), `it ${verdicts.join(', ')}`);
      // A word that is true of an input without effect would say nothing.
      assert.is(verdicts.includes('ignores'), word === 'ignores' || method === 'next');
    });
  }
}

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
      connection.assertInvariants();
    });
  }
}

machine.run();
