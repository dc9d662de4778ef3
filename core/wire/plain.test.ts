// The law: the fast path changes nothing. What it takes, it treats as the path for everything does;
// what it does not take is left untouched. Each test also says that it was taken.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { drain, events, proven, receive, watch } from '../../conformance/wire/tools.ts';
import { seeded } from '../../test/support/seeded.ts';
import { toFound } from '../client/results.ts';
import { standardCodec } from './bytes.ts';
import { ClientConnection } from './client-connection.ts';
import type { ClientEvent } from './client-event.ts';
import type { Command } from './command.ts';
import { ProtocolError, UsageError } from './errors.ts';
import { flagArgument } from './meta-flags.ts';
import { plainFlags, plainFlagsOf, type PlainReply } from './plain.ts';

const { suite: plain, random } = seeded('plain commands and replies', 20261127);
const rounds = Number(process.env['MEMWIRE_RUNS'] ?? 3000);

const READ = plainFlags('mg', ['v', 'f']);
// Whatever is asked for of an item, as one who holds a lease asks.
const READ_ALL = plainFlags('mg', ['T60', 'N30', 'R9', 'v', 'f', 'c', 'h', 'l', 's', 't']);
const STORE = plainFlags('ms', ['F16', 'T300']);
const DELETE = plainFlags('md', []);
const COUNT = plainFlags('ma', ['v', 'D5', 'N60', 'J1', 't', 'c']);
const get = (key = 'k'): Command => ({ verb: 'mg', key, base64: false, flags: READ });
const set = (value: string | Uint8Array, key = 'k'): Command => ({
  verb: 'ms',
  key,
  base64: false,
  value,
  flags: STORE,
});

type Connection = ClientConnection<string>;

/** Sends a command the long way; returns the bytes, or the error. */
function sendSlowly(connection: Connection, command: Command, tag = 'a'): string {
  try {
    connection.send(command, tag, 1000);
    return drain(connection);
  } catch (error) {
    assert.instance(error, UsageError);
    return String(error);
  }
}

/** Sends a command by the fast path; undefined where it was not taken. */
function sendFast(connection: Connection, command: Command, tag = 'a'): string | undefined {
  return connection.sendPlain(command, tag, 1000) === 0 ? undefined : drain(connection);
}

/** Leaves the items of a `get` to its reply. */
const noItems = { takesItems: () => false, onPlainItem: () => assert.unreachable() };

/** What comes of what has arrived, by the fast path as far as it goes. */
function readFast(connection: Connection): { plain: unknown[]; event: ClientEvent<string> | null } {
  const plain: unknown[] = [];
  const event = connection.next({
    ...noItems,
    onPlain(tag, reply, bytesOut) {
      plain.push({ type: 'reply', tag, reply: copy(reply), bytesOut, bytesIn: reply.size });
    },
  });
  return { plain, event };
}

function copy(reply: PlainReply): unknown {
  const made = reply.toReply();
  return made.type === 'VA' ? { ...made, value: made.value.slice() } : made;
}

const keys = [
  'k',
  '!~',
  'x'.repeat(250),
  'x'.repeat(251),
  '',
  'a b',
  'a\r\nb',
  'é',
  'a\tb',
  '\x7f',
];
const values = [
  '',
  'x',
  'x'.repeat(24),
  'x'.repeat(25),
  'é'.repeat(9),
  'é'.repeat(20),
  'x'.repeat(99) + 'é',
  'é'.repeat(3000),
  '\ud83d\ude00'.repeat(50),
  'x'.repeat(10_922),
  'x'.repeat(10_923),
  'x'.repeat(50_000),
  new Uint8Array(0),
  new Uint8Array(100).fill(7),
  new Uint8Array(32_767).fill(8),
  new Uint8Array(32_768).fill(9),
];

plain('a command has the same bytes on both paths, and the same errors', () => {
  let taken = 0;
  const commands = [
    ...keys.flatMap((key) => [get(key), set('v', key)]),
    ...values.map((value) => set(value)),
    { verb: 'md', key: 'k', base64: false, flags: DELETE } as const,
    { verb: 'ma', key: 'k', base64: false, flags: COUNT } as const,
  ];
  for (const command of commands) {
    const slow = sendSlowly(proven(), command);
    const connection = proven();
    const fast = sendFast(connection, command);
    if (fast === undefined) assert.is(sendSlowly(connection, command), slow);
    else {
      taken++;
      assert.is(fast, slow);
      assert.is(connection.pending, 1);
    }
  }
  assert.is(taken, 2 * 3 + 13 + 2);
});

plain('the bytes of memory that are accounted for a command are the same', () => {
  for (const command of [get(), set('x'.repeat(500)), set('é'), set(new Uint8Array(700))]) {
    const slow = proven();
    slow.send(command, 'a');
    const fast = proven();
    assert.is(fast.sendPlain(command, 'a', 1), fast.pendingBytes);
    const encoded = typeof command === 'object' && 'value' in command && command.value === 'é';
    // The long way counts a text's units before it is encoded.
    assert.is(fast.pendingBytes - slow.pendingBytes, encoded ? 1 : 0);
  }
});

plain('what is not plain is not taken, whatever it is', () => {
  const strange = [
    null,
    undefined,
    1,
    'mg',
    {},
    { verb: 'mg' },
    { ...get(), flags: null },
    { ...get(), flags: undefined },
    { ...get(), flags: [] },
    { ...get(), flags: ['v', 'f'] },
    { ...get(), base64: true },
    { ...get(), base64: undefined },
    { ...get(), key: null },
    { ...get(), key: ['k'] },
    { ...get(), key: new Uint8Array([107]) },
    { ...get(), verb: 'ms' },
    { ...get(), verb: 'toString' },
    { ...set('v'), value: null },
    { ...set('v'), value: [1] },
    { ...set('v'), value: Object.create(Uint8Array.prototype) as Uint8Array },
    { verb: 'ms', key: 'k', base64: false, flags: READ, value: 'v' },
    { verb: 'md', key: 'k', base64: false, flags: READ },
    {
      ...get(),
      get key() {
        throw new Error('no key');
      },
    },
    new Proxy(get(), {
      get() {
        throw new Error('no property');
      },
    }),
  ] as unknown as Command[];
  for (const command of strange) {
    const connection = proven();
    const [pending, size] = [connection.pending, connection.pendingBytes];
    assert.is(connection.sendPlain(command, 'a', 1), 0);
    assert.equal([connection.pending, connection.pendingBytes], [pending, size]);
    assert.is(drain(connection), '');
    connection.assertInvariants();
  }
});

plain('a list of flags is checked and frozen', () => {
  assert.ok(Object.isFrozen(READ));
  const isUsage = (error: unknown): boolean => error instanceof UsageError;
  assert.throws(() => plainFlags('mg', ['v', 'v']), isUsage);
  assert.throws(() => plainFlags('ms', ['MX']), isUsage);
  assert.throws(() => plainFlags('mg', ['?']), isUsage);
  const isPlain = (flags: string[]): boolean => {
    return plainFlagsOf({ ...get(), flags: plainFlags('mg', flags) } as Command) !== undefined;
  };
  for (const flags of [['v'], ['f', 'v', 'k'], ['v', 'f', 'q'], ['v', 'f', 'Oown'], ['Oown']]) {
    assert.not(isPlain(flags), flags.join(' '));
  }
  for (const flags of [['f', 'v'], ['v', 'f', 'c'], ['T0', 't'], []]) {
    assert.ok(isPlain(flags), flags.join(' '));
  }
});

plain('quiet commands are encoded at once, and fenced as those that are not', () => {
  const quiet: Command = { ...set('v'), flags: plainFlags('ms', ['F0', 'q']) } as Command;
  const [fast, slow] = [proven({ fenceEvery: 3 }), proven({ fenceEvery: 3 })];
  for (let i = 0; i < 7; i++) {
    assert.is(fast.sendPlain(quiet, undefined, Infinity), 1025);
    slow.send(quiet);
    fast.assertInvariants();
  }
  const sent = drain(fast);
  assert.is(sent, drain(slow));
  assert.equal(sent.split('mn\r\n').map((run) => run.split('ms k').length - 1), [3, 3, 1]);
  // What is not quiet needs a fence before it.
  assert.is(fast.sendPlain(get(), 'a', 1), 0);
  fast.send(get(), 'a');
  slow.send(get(), 'a');
  assert.is(drain(fast), drain(slow));
  const all = 'SERVER_ERROR full\r\nMN\r\nNS O5\r\nMN\r\nMN\r\nEN O8\r\n';
  assert.equal(receive(fast, all), receive(slow, all));
  assert.is(fast.pending, 0);
});

plain('a fence of quiet commands is owed from when it leaves', () => {
  const connection = proven({ stallAfter: 200, fenceEvery: 1 });
  const quiet: Command = { ...set('v'), flags: plainFlags('ms', ['F0', 'q']) } as Command;
  connection.sendPlain(quiet, undefined, Infinity);
  assert.is(connection.deadline(), null);
  connection.transmit(5000);
  assert.is(connection.deadline(), 5200);
});

/** Every reason to leave a command to `send`. */
const unclear: Readonly<Record<string, () => Connection>> = {
  'an unproven connection': () => new ClientConnection<string>(),
  'a connection that speaks text': () => new ClientConnection<string>({ dialect: 'text' }),
  'a connection that ends': () => {
    const connection = proven();
    connection.send(get(), 'z');
    connection.end();
    return connection;
  },
  'a connection that is lost': () => {
    const connection = proven();
    connection.fail(new Error('reset'));
    return connection;
  },
  'a closed connection': () => {
    const connection = proven();
    connection.fail(new Error('reset'));
    events(connection);
    return connection;
  },
  'a command that is not encoded': () => {
    const connection = proven();
    connection.send(get('z'), 'z');
    return connection;
  },
  'an open run of quiet commands': () => {
    const connection = proven();
    connection.send({ ...get('z'), flags: ['q'] } as Command);
    drain(connection);
    return connection;
  },
  'a watch': () => {
    const connection = proven();
    connection.send(watch, 'z');
    drain(connection);
    return connection;
  },
  'bytes that nobody asked for': () => {
    const connection = proven();
    connection.receive(bytes('HD'), 0);
    return connection;
  },
  'a transport that takes no more': () => {
    const connection = proven();
    connection.send(get('z'), 'z');
    connection.transmit(0);
    connection.sent(3);
    return connection;
  },
  'half of the pending commands that there may be': () => {
    const connection = proven({ maxPending: 2 });
    connection.send(get('z'), 'z');
    drain(connection);
    return connection;
  },
  'half of the pending bytes that there may be': () => {
    const connection = proven({ maxPendingBytes: 2 * 1024 });
    connection.send(get('z'), 'z');
    drain(connection);
    return connection;
  },
};

for (const [name, reach] of Object.entries(unclear)) {
  plain(`${name}: a command is left to send`, () => {
    const connection = reach();
    const { pending } = connection;
    assert.is(connection.sendPlain(get(), 'a', 1), 0);
    assert.is(connection.pending, pending);
    connection.assertInvariants();
  });
}

plain('a transport that takes more again: a command is encoded at once', () => {
  const connection = unclear['a transport that takes no more']?.() ?? proven();
  drain(connection);
  assert.is(sendFast(connection, get()), 'mg k v f O2\r\n');
});

plain('no more is encoded ahead than there is room for', () => {
  const connection = proven();
  let taken = 0;
  while (connection.sendPlain(set('x'.repeat(10_000)), 'a', 1) > 0) taken++;
  assert.is(taken, 7);
});

// `reply` stands for a plain one; what it is like is cut, changed, and mixed with others.
const replies = [
  'VA 3 f16 O1\r\nabc\r\n',
  'VA 0 f0 O1\r\n\r\n',
  'VA 2 f4294967295 O1\r\n\r\n\r\n',
  'EN O1\r\n',
];
// The marks come behind the opaque.
const whole = [
  'VA 3 f16 c18446744073709551 h0 l0 s3 t-1 O1\r\nabc\r\n',
  'VA 0 f0 c1 h1 l99 s0 t-1 O1 W\r\n\r\n',
  'VA 0 f0 c1 O1 Z\r\n\r\n',
  'VA 3 f0 c9999999999999999999 t2147483647 O1 X W\r\nabc\r\n',
  'VA 3 f0 c007 t00 h0 O1 Z X\r\nabc\r\n',
  'EN O1\r\n',
];
const nearly = [
  'VA 3 f16 O2\r\nabc\r\n',
  'VA 3 f16\r\nabc\r\n',
  'VA 3 f016 O1\r\nabc\r\n',
  'VA 03 f16 O01\r\nabc\r\n',
  'VA 3 f16 O1\nabc\r\n',
  'VA 3 f16 O1\r\nabc\n\n',
  'VA 3 f16 O1\r\nabcd\r\n',
  'VA 3 f16 O1 W\r\nabc\r\n',
  'VA 3 O1 f16\r\nabc\r\n',
  'VA 3 f16 c1 O1\r\nabc\r\n',
  'VA 3  f16 O1\r\nabc\r\n',
  'VA  3 f16 O1\r\nabc\r\n',
  'VA 99999999 f16 O1\r\nabc\r\n',
  'VA 9999999999999999 f16 O1\r\nabc\r\n',
  'VA 3 f99999999999 O1\r\nabc\r\n',
  'VA -3 f16 O1\r\nabc\r\n',
  'VA f16 O1\r\nabc\r\n',
  'VA 3 f O1\r\nabc\r\n',
  'VA 3 f16 O\r\nabc\r\n',
  'VA 3 f16 O1O1\r\nabc\r\n',
  'VA 3 f16 t-2 O1\r\nabc\r\n',
  'VA 3 f16 t-12 O1\r\nabc\r\n',
  'VA 3 f16 t- O1\r\nabc\r\n',
  'VA 3 f16 c-1 O1\r\nabc\r\n',
  'VA 3 f16 c99999999999999999999 O1\r\nabc\r\n',
  'VA 3 f16 s9999999999999999 O1\r\nabc\r\n',
  'VA 3 f16 c O1\r\nabc\r\n',
  'VA 3 f16 c1 c2 O1\r\nabc\r\n',
  'VA 3 f16 h2 O1\r\nabc\r\n',
  'VA 3 f16 h10 O1\r\nabc\r\n',
  'VA 3 f16 O1 W W\r\nabc\r\n',
  'VA 3 f16 O1 W1\r\nabc\r\n',
  'VA 3 f16 kk O1\r\nabc\r\n',
  'VA 3 f16 O1 \r\nabc\r\n',
  'VA 3 W O1\r\nabc\r\n',
  'EN f16 O1\r\n',
  'VA',
  'EN\r\n',
  'EN O1 O1\r\n',
  'EN O1 kx\r\n',
  'EN  O1\r\n',
  'HD O1\r\n',
  'NF O1\r\n',
  'MN\r\n',
  'SERVER_ERROR out of memory\r\n',
  'CLIENT_ERROR bad\r\n',
  'ERROR\r\n',
  '\r\n',
  'END\r\n',
];

/** All that comes of some chunks, and whether the connection lives. */
function comesOf(
  chunks: readonly string[],
  isFast: boolean,
  asked = 3,
  isLent = false,
  flags = READ,
): unknown[] {
  const connection = proven({ maxValue: 1000, maxLine: 64 });
  const command = { ...get(), flags } as Command;
  for (let i = 0; i < asked; i++) connection.send(command, 'abc'[i]);
  drain(connection);
  const found: unknown[] = [];
  for (const chunk of chunks) {
    const memory = bytes(chunk);
    connection.receive(memory, 5, isLent);
    for (;;) {
      const { plain: replies, event } = isFast
        ? readFast(connection)
        : { plain: [], event: connection.next() };
      found.push(...replies);
      connection.assertInvariants();
      if (event === null) break;
      found.push(event.type === 'closed' ? { ...event, cause: String(event.cause) } : event);
    }
    connection.keep();
    if (isLent) memory.fill(0x58);
  }
  found.push(connection.pending, connection.deadline());
  return found;
}

for (const reply of [...replies, ...whole, ...nearly]) {
  plain(`${JSON.stringify(reply)} comes out as on the path for everything`, () => {
    for (let at = 0; at <= reply.length; at++) {
      const chunks = [reply.slice(0, at), reply.slice(at)];
      for (const flags of [READ, READ_ALL]) {
        const expected = comesOf(chunks, false, 1, true, flags);
        assert.equal(comesOf(chunks, true, 1, true, flags), expected, `cut at ${at}`);
      }
    }
  });
}

plain('a plain reply tells what the flags of the same reply tell', () => {
  const taken: string[] = [];
  for (const line of [...replies, ...whole, ...nearly]) {
    const connection = proven();
    connection.send({ ...get(), flags: READ_ALL } as Command, 'a');
    drain(connection);
    connection.receive(bytes(line), 0);
    const sink = (_tag: string, item: PlainReply): void => {
      taken.push(line);
      const reply = item.toReply();
      const flag = (letter: string): string | undefined => flagArgument(reply.flags, letter);
      const number = (text = ''): number | undefined => text === '' ? undefined : Number(text);
      const { flags, cas, ttl, lastAccess, hitBefore, valueSize } = item;
      assert.is(lastAccess, number(flag('l')));
      assert.is(valueSize, number(flag('s')));
      assert.is(hitBefore, flag('h') === undefined ? undefined : flag('h') === '1');
      assert.is(cas, flag('c') === undefined ? undefined : BigInt(flag('c')!));
      assert.is(ttl, flag('t') === '-1' ? Infinity : number(flag('t')));
      const marks = [item.won, item.stale, item.alreadyWon];
      assert.equal(marks, ['W', 'X', 'Z'].map((mark) => flag(mark) !== undefined));
      if (reply.type !== 'VA') return;
      assert.is(String(flags), flag('f'));
      assert.is(item.isPlaceholder, toFound(reply) === undefined);
    };
    try {
      connection.next({ ...noItems, onPlain: sink });
    } catch (error) {
      assert.instance(error, ProtocolError);
    }
  }
  const odd = [
    'VA 03 f16 O01\r\nabc\r\n',
    'VA 3 f16 O1 W\r\nabc\r\n',
    'VA 3 O1 f16\r\nabc\r\n',
    'VA 3 f16 c1 O1\r\nabc\r\n',
    'VA 3 f16 h2 O1\r\nabc\r\n',
    'EN f16 O1\r\n',
  ];
  assert.equal(taken, [...replies, ...whole, ...odd]);
});

plain('a status with flags, or a number, is as on the path for everything', () => {
  const store = { ...set('v'), flags: plainFlags('ms', ['c', 's']) } as Command;
  const count = { ...get(), verb: 'ma', flags: COUNT } as Command;
  const cases: readonly [command: Command, isPlain: boolean, lines: readonly string[]][] = [
    [store, true, ['HD c12 s1 O1', 'HD O1', 'HD O1 c2']],
    [store, false, ['NS c1 O1']],
    [count, true, ['VA 1 O1\r\n7', 'VA 20 t59 c12 O1\r\n18446744073709551615', 'VA 0 O1\r\n']],
    [count, true, ['VA 1 t-1 O1\r\n7']],
    [count, false, ['VA 1 O2\r\n7', 'VA 2 O1\r\n7', 'EN O1', 'NF O1', 'NS O1', 'CLIENT_ERROR no']],
  ];
  const ended = (found: ClientEvent<string> | null): unknown => {
    return found?.type === 'closed' ? { ...found, cause: String(found.cause) } : found;
  };
  for (const [command, isPlain, lines] of cases) {
    for (const line of lines) {
      const [fast, slow] = [proven(), proven()];
      for (const connection of [fast, slow]) {
        connection.send(command, 'a');
        drain(connection);
        connection.receive(bytes(`${line}\r\n`), 0);
      }
      const { plain: taken, event } = readFast(fast);
      assert.is(taken.length, isPlain ? 1 : 0, line);
      assert.equal(taken[0] ?? ended(event), ended(slow.next()), line);
    }
  }
});

plain('any stream of replies comes out as on the path for everything', () => {
  for (let round = 0; round < rounds; round++) {
    let stream = '';
    for (let i = 1; i <= 3; i++) {
      const samples = random().chance(0.85) ? [...replies, ...whole] : nearly;
      stream += random().pick(samples).replace('O1', `O${i}`);
    }
    if (random().chance(0.3)) {
      const at = random().below(stream.length);
      const put = random().pick(['', ' ', '\r', '\n', '0', 'O', 'f', '\0', '\xff', 'VA ']);
      stream = stream.slice(0, at) + put + stream.slice(at + random().below(3));
    }
    const chunks: string[] = [];
    for (let rest = stream; rest !== '';) {
      const length = 1 + random().below(random().pick([3, 20, 100]));
      chunks.push(rest.slice(0, length));
      rest = rest.slice(length);
    }
    const expected = comesOf(chunks, false);
    assert.equal(comesOf(chunks, true), expected, JSON.stringify(chunks));
    assert.equal(comesOf(chunks, true, 3, true), expected, `lent: ${JSON.stringify(chunks)}`);
    assert.equal(comesOf(chunks, false, 3, true), expected, `lent: ${JSON.stringify(chunks)}`);
  }
});

plain('replies that lie whole in a chunk need no event', () => {
  const connection = proven();
  for (const tag of ['a', 'b', 'c', 'd']) sendFast(connection, tag === 'c' ? set('v') : get(), tag);
  connection.cancel('b');
  connection.receive(bytes('VA 1 f0 O1\r\n1\r\nEN O2\r\nHD O3\r\nVA 1 f0 O4\r\n4'), 0);
  const { plain: replies, event } = readFast(connection);
  assert.equal(replies.map((one) => (one as { tag: string }).tag), ['a', 'c']);
  assert.is(event, null);
  assert.is(connection.pending, 1);
  assert.equal(receive(connection, '\r\n').length, 1);
});

plain('chunks that wait are read in their order', () => {
  for (const isLent of [false, true]) {
    const connection = proven();
    for (const tag of ['a', 'b', 'c', 'd']) sendFast(connection, get(), tag);
    // The second reply ends where its chunk does.
    const chunks = ['EN O1\r\nVA 1 f0 O2\r\n1\r\n', 'EN O3\r\n', 'VA 1 f0 O4\r\n4\r\n'];
    for (const chunk of chunks) connection.receive(bytes(chunk), 0, isLent);
    const tags: string[] = [];
    while (!connection.isIdle) {
      const { plain: replies, event } = readFast(connection);
      tags.push(...replies.map((one) => (one as { tag: string }).tag));
      if (event?.type === 'reply') tags.push(event.tag);
    }
    assert.equal(tags, ['a', 'b', 'c', 'd']);
  }
});

plain('events that wait come before plain replies', () => {
  const connection = proven();
  sendFast(connection, get(), 'a');
  connection.send(get(), 'b', 10);
  drain(connection, 0);
  connection.tick(10);
  connection.receive(bytes('EN O1\r\n'), 10);
  const { plain: replies, event } = readFast(connection);
  assert.equal(replies, []);
  assert.is(event?.type, 'timeout');
  assert.is(readFast(connection).plain.length, 1);
});

plain('a codec that allocates too little refuses the command, and breaks no line', () => {
  const textCodec = { ...standardCodec, allocate: (size: number) => new Uint8Array(size - 1) };
  const connection = new ClientConnection<string>({ dialect: 'text', textCodec });
  connection.send({ verb: 'get', keys: ['k'] }, 'a');
  assert.is(drain(connection), '');
  const event = connection.next();
  assert.ok(event?.type === 'refused' && event.error instanceof UsageError);
});

plain('a connection that was idle for long has not stalled', () => {
  const connection = proven({ stallAfter: 200 });
  assert.is(connection.sendPlain(get(), 'a', 10_000), 1024);
  connection.tick(5000);
  assert.is(connection.deadline(), 10_000);
  assert.equal(events(connection), []);
  connection.transmit(5000);
  assert.is(connection.deadline(), 5200);
  connection.tick(5200);
  assert.is(events(connection)[0]?.type, 'closed');
});

plain('a command that the transport has not taken was not sent', () => {
  const connection = proven();
  connection.sendPlain(get('first'), 'a', 10);
  connection.sendPlain(get('second'), 'b', 10);
  assert.match(text(connection.transmit(0)!), 'mg first');
  connection.sent(5);
  connection.fail(new Error('reset'));
  const end = events(connection).at(-1);
  assert.ok(end?.type === 'closed');
  assert.equal([end.unsent, end.unanswered], [['b'], ['a']]);
});

plain.run();
