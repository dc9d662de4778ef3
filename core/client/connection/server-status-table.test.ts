import * as assert from 'uvu/assert';
import { suite } from '../../../test/runner/suite.ts';
import type { Command } from '../../wire/command.ts';
import { ConnectionError, UsageError } from '../../wire/errors.ts';
import type { Reply } from '../../wire/reply.ts';
import { type Counters, keysRead, ServerStatus, sumCounters, sumState } from './server-status.ts';

const status = suite('the state of a server: each input');

type State = Counters['state'];
const cause = new ConnectionError('refused', 'not-sent');

/** A server in a state, and what it tells from then on. */
function inState(state: State): { readonly server: ServerStatus; readonly events: string[] } {
  const events: string[] = [];
  const server = new ServerStatus('a:1', ({ type, cause }) => {
    events.push(cause === null ? type : `${type}: ${cause.message}`);
  });
  if (state !== 'idle') server.connecting();
  if (state === 'up') server.answered();
  if (state === 'down') server.fail(cause);
  if (state === 'closed') server.close();
  assert.is(server.state, state);
  events.length = 0;
  return { server, events };
}

const inputs: Readonly<Record<string, (server: ServerStatus) => void>> = {
  connecting: (server) => server.connecting(),
  answered: (server) => server.answered(),
  received: (server) => server.received(5, true),
  fail: (server) => server.fail(cause),
  leave: (server) => server.leave(cause),
  rest: (server) => server.rest(),
  close: (server) => server.close(),
};

// For each state: the next one, and the event, by the input.
const table: Readonly<Record<State, Readonly<Record<string, readonly [State, ...string[]]>>>> = {
  idle: {
    connecting: ['connecting', 'connecting'],
    answered: ['up', 'up'],
    received: ['up', 'up'],
    fail: ['down', 'down: refused'],
    leave: ['down', 'left: refused'],
    rest: ['idle'],
    close: ['closed'],
  },
  connecting: {
    connecting: ['connecting'],
    answered: ['up', 'up'],
    received: ['up', 'up'],
    fail: ['down', 'down: refused'],
    leave: ['down', 'left: refused'],
    rest: ['idle'],
    close: ['closed'],
  },
  up: {
    connecting: ['connecting', 'connecting'],
    answered: ['up'],
    received: ['up'],
    fail: ['down', 'down: refused'],
    leave: ['down', 'left: refused'],
    rest: ['idle'],
    close: ['closed'],
  },
  down: {
    connecting: ['down'],
    answered: ['up', 'back'],
    received: ['up', 'back'],
    fail: ['down'],
    leave: ['down', 'left: refused'],
    rest: ['down'],
    close: ['closed'],
  },
  closed: {
    connecting: ['closed'],
    answered: ['closed'],
    received: ['closed'],
    fail: ['closed'],
    leave: ['closed', 'left: refused'],
    rest: ['closed'],
    close: ['closed'],
  },
};

for (const [state, row] of Object.entries(table) as [State, typeof table[State]][]) {
  for (const [input, [next, ...told]] of Object.entries(row)) {
    status(`${state}: ${input} makes it ${next}`, () => {
      const { server, events } = inState(state);
      inputs[input]?.(server);
      assert.equal([server.state, ...events], [next, ...told]);
    });
  }
}

status('data before an answer, and the counts of bytes', () => {
  const { server, events } = inState('connecting');
  server.received(5, false);
  server.received(2, true);
  server.sent(3);
  server.sent(4);
  assert.equal([server.state, server.bytesIn, server.bytesOut, events.length], ['up', 7, 7, 1]);
});

status('a server that answers after a failure has been reconnected to', () => {
  const { server } = inState('up');
  for (let i = 0; i < 2; i++) {
    server.fail(cause);
    server.answered();
  }
  server.answered();
  assert.is(server.reconnects, 2);
});

status('a new one has counted nothing', () => {
  const { servers, errors, state, ...counts } = sumCounters([new ServerStatus('a:1')]);
  assert.equal(Object.values(counts), Array(7).fill(0));
  assert.equal([state, errors.size, [...servers.keys()]], ['idle', 0, ['a:1']]);
});

status('errors are counted by their code, but for a dialect that does not fit', () => {
  const server = new ServerStatus('a:1');
  server.failed(cause);
  server.failed(new UsageError('dialect', 'is text'));
  server.failed(new UsageError('key', 'is long'));
  server.failed(new TypeError('of a reader'));
  server.refused(cause);
  assert.equal([...server.errors], [['connection', 2], ['usage', 1], ['other', 1]]);
  assert.is(server.calls, 1);
});

const value = { value: new Uint8Array(), flags: [] };
const replies: readonly (readonly [reply: Reply, hits: number, misses: number])[] = [
  [{ type: 'values', items: [] }, 2, 3],
  [{ type: 'EN', flags: [] }, 0, 1],
  [{ ...value, type: 'VA' }, 1, 0],
  [{ type: 'silent', errors: [] }, 0, 0],
  [{ type: 'HD', flags: [] }, 1, 0],
];

for (const [reply, hits, misses] of replies) {
  status(`a reply ${reply.type} is ${hits} hits and ${misses} misses`, () => {
    const server = new ServerStatus('a:1');
    server.readReply(reply, 5, 2);
    assert.equal([server.hits, server.misses], [hits, misses]);
  });
}

const mg = (...flags: string[]): Command => ({ verb: 'mg', key: 'a', base64: false, flags });
const reads: readonly (readonly [command: unknown, keys: number])[] = [
  [mg('v'), 1],
  [mg('f', 'v'), 1],
  [mg(), 1],
  [mg('t'), 1],
  [mg('v', 'T5'), 1],
  [mg('f', 'v', 'T5'), 1],
  [mg('T5'), 0],
  [mg('t', 'T5'), 0],
  [{ verb: 'get', keys: ['a', 'b'] }, 2],
  [{ verb: 'version' }, 0],
  [{ verb: 'mg' }, 0],
  [{ verb: 'get', keys: null }, 0],
  [null, 0],
];

for (const [command, keys] of reads) {
  status(`${JSON.stringify(command)} reads ${keys} keys`, () => {
    assert.is(keysRead(command as Command), keys);
  });
}

status('the sums of several servers, and the best of their states', () => {
  const servers = ['a', 'b'].map((name) => new ServerStatus(name));
  for (const [index, server] of servers.entries()) {
    const count = index + 1;
    Object.assign(server, { calls: count, hits: 10 * count, misses: 20 * count });
    Object.assign(server, { reconnects: 30 * count, bytesIn: 40 * count, bytesOut: 50 * count });
    server.countPending = () => 60 * count;
    server.failed(cause);
  }
  const sum = sumCounters(servers);
  const { calls, hits, misses, reconnects, bytesIn, bytesOut, pending } = sum;
  assert.equal([calls, hits, misses, reconnects, bytesIn, bytesOut, pending], [
    ...[3, 30, 60],
    ...[90, 120, 150, 180],
  ]);
  assert.equal([...sum.errors], [['connection', 2]]);
  assert.is(sum.servers.get('b')?.pending, 120);
  const states: readonly State[] = ['up', 'connecting', 'idle', 'down', 'closed'];
  for (const [index, best] of states.entries()) {
    const some = states.slice(index).map((state) => inState(state).server);
    assert.is(sumState(some.toReversed()), best);
  }
  assert.is(sumState([]), 'idle');
});

status.run();
