// The law: a reply at the limit of what is plain is plain, and the first beyond it is left to the path
// for everything, as is one that differs in any byte.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { drain, proven } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import type { ClientConnectionOptions } from './client-connection-options.ts';
import type { Command, Key } from './command.ts';
import { Input } from './input.ts';
import { replyLimits } from './decode-reply.ts';
import { plainFlags, plainFlagsOf, PlainReply, putPlain } from './plain.ts';
import { Output } from './output.ts';

const edges = suite('plain replies: edges');

const reading = {
  verb: 'mg',
  key: 'k',
  base64: false,
  flags: plainFlags('mg', ['v', 'f', 'c', 'h', 'l', 's', 't']),
} as const;
const read: Command = reading;
const write: Command = {
  verb: 'ms',
  key: 'k',
  base64: false,
  flags: plainFlags('ms', ['F0', 'c']),
  value: 'v',
};
const count: Command = {
  verb: 'ma',
  key: 'k',
  base64: false,
  flags: plainFlags('ma', ['v', 't', 'c']),
};

const ignored = { takesItems: () => false, onPlainItem: () => assert.unreachable() };

/** The plain reply that comes of some bytes, as text; null where there is none. */
function readPlain(
  command: Command,
  reply: string,
  options: Partial<ClientConnectionOptions> = {},
  isLent = false,
): string | null {
  const connection = proven(options);
  connection.send(command, 'a');
  drain(connection);
  const chunk = bytes(reply);
  connection.receive(chunk, 0, isLent);
  let found: string | null = null;
  const onPlain = (_tag: string, item: PlainReply): void => {
    const { type, size, flags, cas, ttl, lastAccess, hitBefore, valueSize } = item;
    assert.is(size, reply.length);
    const made = item.toReply();
    if (made.type === 'VA') {
      assert.is(text(made.value), text(item.bytes.subarray(item.from, item.to)));
      assert.is(made.value.buffer === chunk.buffer, !isLent);
      assert.is(item.isLent, isLent);
    }
    const value = made.type === 'VA' ? ` ${text(made.value)}` : '';
    const told = Object.entries({ cas, ttl, lastAccess, hitBefore, valueSize })
      .flatMap(([name, one]) => (one === undefined ? [] : [` ${name}=${one}`]));
    const marks = [item.won ? ' W' : '', item.stale ? ' X' : '', item.alreadyWon ? ' Z' : ''];
    const placeholder = item.isPlaceholder ? ' placeholder' : '';
    const client = type === 'VA' ? ` ${flags}` : '';
    found = `${type}${client}${value}${told.join('')}${marks.join('')}${placeholder}`;
  };
  const event = connection.next({ ...ignored, onPlain });
  if (found !== null) assert.is(event, null);
  return found;
}

/** A reply to a command, and what it tells where it is plain. */
const replies: readonly (readonly [command: Command, line: string, plain: string | null])[] = [
  [
    read,
    'VA 9 f9 c9 h1 l9 s9 t9 O1\r\n123456789',
    'VA 9 123456789 cas=9 ttl=9 lastAccess=9 hitBefore=true valueSize=9',
  ],
  [
    read,
    'VA 10 f10 c10 h0 l10 s10 t10 O1\r\n0123456789',
    'VA 10 0123456789 cas=10 ttl=10 lastAccess=10 hitBefore=false valueSize=10',
  ],
  [read, 'VA 0 f0 l0 s0 t0 O1\r\n', 'VA 0  ttl=0 lastAccess=0 valueSize=0'],
  [read, 'VA 000000003 f16 O1\r\nabc', 'VA 16 abc'],
  [read, 'VA 0000000003 f16 O1\r\nabc', null],
  [read, 'VA : f16 O1\r\n0123456789', null],
  [read, 'VA / f16 O1\r\n', null],
  [read, 'VA  f16 O1\r\n', null],
  [read, 'VA\t3 f16 O1\r\nabc', null],
  [read, 'VA 3 f: O1\r\nabc', null],
  [read, 'VA 3 f/ O1\r\nabc', null],
  [read, 'VA 3 f O1\r\nabc', null],
  [read, 'VA 3 f0000000001 O1\r\nabc', null],
  [read, 'VA 3 f01 O1\r\nabc', null],
  [read, 'VA 0 O1\r\n', null],
  [read, 'VA 3 f4294967295 O1\r\nabc', 'VA 4294967295 abc'],
  [read, 'VA 3 f42949672950 O1\r\nabc', null],
  [read, 'VA 3 f0 O000000001\r\nabc', 'VA 0 abc'],
  [read, 'VA 3 f0 O0000000001\r\nabc', null],
  [read, 'VA 3 f0 O\r\nabc', null],
  [read, 'VA 3 f0 O2\r\nabc', null],
  [read, 'VA 3 f0 c1234567890123456789 O1\r\nabc', 'VA 0 abc cas=1234567890123456789'],
  [read, 'VA 3 f0 c12345678901234567890 O1\r\nabc', null],
  [read, 'VA 3 f0 c O1\r\nabc', null],
  [read, 'VA 3 f0 t-1 O1\r\nabc', 'VA 0 abc ttl=Infinity'],
  [read, 'VA 3 f0 t-2 O1\r\nabc', null],
  [read, 'VA 3 f0 t7-1 O1\r\nabc', null],
  [read, 'VA 3 f0 t+1 O1\r\nabc', null],
  [read, 'VA 3 f0 t O1\r\nabc', null],
  [read, 'VA 3 f0 t-11 O1\r\nabc', null],
  [read, 'VA 3 f0 h O1\r\nabc', null],
  [read, 'VA 3 f0 h01 O1\r\nabc', null],
  [read, 'VA 3 f0 l O1\r\nabc', null],
  [read, 'VA 3 f0 s O1\r\nabc', null],
  ...['t', 'l', 's'].flatMap((letter) => {
    const name = { t: 'ttl', l: 'lastAccess', s: 'valueSize' }[letter];
    return [
      [read, `VA 3 f0 ${letter}123456789012345 O1\r\nabc`, `VA 0 abc ${name}=123456789012345`],
      [read, `VA 3 f0 ${letter}1234567890123456 O1\r\nabc`, null],
    ] as const;
  }),
  [read, 'VA 3 f0 O1 W\r\nabc', 'VA 0 abc W'],
  [read, 'VA 0 f0 O1 W\r\n', 'VA 0  W placeholder'],
  [read, 'VA 0 f0 O1 Z X\r\n', 'VA 0  X Z placeholder'],
  [read, 'VA 0 f0 O1 X\r\n', 'VA 0  X'],
  [read, 'VA 0 f1 O1 W\r\n', 'VA 1  W'],
  [read, 'VA 3 f0 O1 W1\r\nabc', null],
  [read, 'VA 3 f0 O1 X1\r\nabc', null],
  [read, 'VA 3 f0 O1 Z1\r\nabc', null],
  [read, 'VA 3 f0 O1 W W\r\nabc', null],
  [read, 'VA 3 f0 O1 Y\r\nabc', null],
  [read, 'VA 3 f0 f0 O1\r\nabc', null],
  [read, 'VA 3 c1 O1\r\nabc', null],
  [read, 'VA 3 f0\r\nabc', null],
  [read, 'VA 3 f0 O1\rxabc', null],
  [read, 'VA 3 f0 O1\n\nabc', null],
  [read, 'VX 3 f0 O1\r\nabc', null],
  [read, 'EN O1', 'EN'],
  [read, 'EN', null],
  [read, 'HD O1', null],
  [write, 'HD O1', 'HD'],
  [write, 'HD c5 O1', 'HD cas=5'],
  [write, 'EN O1', null],
  [write, 'NS O1', null],
  [write, 'VA 1 O1\r\n7', null],
  [count, 'VA 1 O1\r\n7', 'VA 0 7'],
  [count, 'VA 2 t-1 c5 O1\r\n42', 'VA 0 42 cas=5 ttl=Infinity'],
  [count, 'HD O1', 'HD'],
  [count, 'EN O1', null],
];

for (const [command, line, expected] of replies) {
  const reply = `${line}\r\n`;
  edges(`${command.verb}, ${JSON.stringify(reply)}: ${expected ?? 'not plain'}`, () => {
    for (const isLent of [false, true]) {
      assert.is(readPlain(command, reply, {}, isLent), expected);
    }
    // Not all of it: nothing is read.
    if (expected === null) return;
    for (let end = 1; end < reply.length; end++) {
      const connection = proven();
      connection.send(command, 'a');
      drain(connection);
      connection.receive(bytes(reply.slice(0, end)), 0);
      assert.is(connection.next({ ...ignored, onPlain: () => assert.unreachable() }), null);
    }
  });
}

edges('what looks like a plain reply behind a byte of another chunk is none', () => {
  const connection = proven();
  connection.send(read, 'a');
  drain(connection);
  const sink = { ...ignored, onPlain: () => assert.unreachable() };
  connection.receive(bytes('x'), 0);
  assert.is(connection.next(sink), null);
  connection.receive(bytes('EN O1\r\n'), 0);
  assert.is(connection.next(sink)?.type, 'closed');
});

edges('a plain reply is held to the limits of a connection', () => {
  // Longer than the reply to the probe.
  const line = 'VA 3 f0 t123456789012345 O1';
  const reply = `${line}\r\nabc\r\n`;
  const found = 'VA 0 abc ttl=123456789012345';
  assert.is(readPlain(read, reply, { maxValue: 3 }), found);
  assert.is(readPlain(read, reply, { maxValue: 2 }), null);
  assert.is(readPlain(read, reply, { maxLine: line.length }), found);
  assert.is(readPlain(read, reply, { maxLine: line.length - 1 }), null);
});

/** The items of a `get` that are read as they come: `index flags value`. */
function readItems(
  reply: string,
  keys: readonly Key[],
  options: Partial<ClientConnectionOptions> = {},
): string[] {
  const found: string[] = [];
  // What an earlier reply told must not be told of an item.
  const rounds = ['', 'VA 1 f7 c1 h1 l1 s1 t1 O1 W X Z\r\nx\r\n']
    .flatMap((before) => [[before, false], [before, true]] as const);
  for (const [before, isLent] of rounds) {
    const connection = proven(options);
    if (before !== '') connection.send(read, 'a');
    connection.send({ verb: 'get', keys }, 'b');
    drain(connection);
    const chunk = bytes(before + reply);
    let end = before.length;
    connection.receive(chunk, 0, isLent);
    connection.next({
      takesItems: () => true,
      onPlain: () => {},
      onPlainItem(_tag, item, index) {
        end += item.size;
        const { cas, ttl, lastAccess, hitBefore, valueSize } = item;
        assert.equal([cas, ttl, lastAccess, hitBefore, valueSize], Array(5).fill(undefined));
        assert.not(item.won || item.stale || item.alreadyWon || item.isPlaceholder);
        assert.is(item.isLent, isLent);
        assert.is(item.type, 'VA');
        const value = text(item.bytes.subarray(item.from, item.to));
        assert.is(reply.slice(0, end - before.length).endsWith(`${value}\r\n`), true);
        if (before === '' && !isLent) found.push(`${index} ${item.flags} ${value}`);
      },
    });
  }
  return found;
}

const keys: readonly Key[] = ['k', 'kk', bytes('byte'), 'last'];
const items: readonly (readonly [reply: string, found: readonly string[]])[] = [
  ['VALUE k 0 1\r\nx\r\n', ['0 0 x']],
  ['VALUE k 5 0\r\n\r\n', ['0 5 ']],
  ['VALUE kk 4294967295 3\r\nabc\r\n', ['1 4294967295 abc']],
  ['VALUE byte 19 9\r\n123456789\r\nVALUE last 90 10\r\n0123456789\r\n', [
    '2 19 123456789',
    '3 90 0123456789',
  ]],
  ['VALUE k 1 1\r\na\r\nVALUE last 2 1\r\nb\r\n', ['0 1 a', '3 2 b']],
  ['VALUE kk 1 1\r\na\r\nVALUE k 2 1\r\nb\r\n', ['1 1 a']],
  ['VALUE k 00000000001 1\r\nx\r\n', []],
  ['VALUE k 0000000001 1\r\nx\r\n', ['0 1 x']],
  ['VALUE k 1 000000001\r\nx\r\n', ['0 1 x']],
  ['VALUE k 1 0000000001\r\nx\r\n', []],
  ['VALUE k : 1\r\nx\r\n', []],
  ['VALUE k / 1\r\nx\r\n', []],
  ['VALUE k  1\r\nx\r\n', []],
  ['VALUE k 1 :\r\n0123456789\r\n', []],
  ['VALUE k 1 /\r\n\r\n', []],
  ['VALUE k 1 \r\n\r\n', []],
  ['VALUE k 1\r\n\r\n', []],
  ['VALUE k 1 1 7\r\nx\r\n', []],
  ['VALUE k 1 1\rxx\r\n', []],
  ['VALUE k 1 1\n\nx\r\n', []],
  ['VALUE k 1 1\r\nx\rx', []],
  ['VALUE k 1 1\r\nx\n\n', []],
  ['VALUE k 1 1\r\nxx\r\n', []],
  ['VALUE K 1 1\r\nx\r\n', []],
  ['VALUE kx 1 1\r\nx\r\n', []],
  ['VALUE bite 1 1\r\nx\r\n', []],
  ['VALUE lust 1 1\r\nx\r\n', []],
  ['VALUX k 1 1\r\nx\r\n', []],
  ['XALUE k 1 1\r\nx\r\n', []],
];

for (const [reply, expected] of items) {
  edges(`${JSON.stringify(reply)} has ${expected.length} plain items`, () => {
    assert.equal(readItems(reply, keys), expected);
    for (let end = 0; end < reply.length; end++) {
      const found = readItems(reply.slice(0, end), keys);
      assert.equal(found, expected.slice(0, found.length));
    }
  });
}

edges('plain replies are taken wherever they lie in a chunk, each with its own size', () => {
  const connection = proven();
  const count = 2000;
  const lines: string[] = [];
  for (let i = 1; i <= count; i++) {
    connection.send(read, 'a');
    lines.push(i % 2 === 0 ? `EN O${i}\r\n` : `VA 3 f${i} O${i}\r\nabc\r\n`);
  }
  connection.send({ verb: 'get', keys: ['k'] }, 'b');
  drain(connection);
  const sizes: number[] = [];
  const item = 'VALUE k 0 1\r\nx\r\n';
  connection.receive(bytes(lines.join('') + item), 0);
  const event = connection.next({
    takesItems: () => true,
    onPlainItem: (_tag, { size }) => sizes.push(size),
    onPlain: (_tag, { size }) => sizes.push(size),
  });
  assert.is(event, null);
  assert.equal(sizes, [...lines, item].map((line) => line.length));
});

edges('a plain item is held to the limits of a connection', () => {
  const reply = 'VALUE k 0 3\r\nabc\r\n';
  const line = 'VA 1 f7 c1 h1 l1 s1 t1 O1 W X Z';
  assert.equal(readItems(reply, ['k'], { maxValue: 3 }), ['0 0 abc']);
  assert.equal(readItems(reply, ['k'], { maxValue: 2 }), []);
  const key = 'k'.repeat(100);
  const long = `VALUE ${key} 0 3`;
  assert.ok(long.length > line.length);
  assert.equal(readItems(`${long}\r\nabc\r\n`, [key], { maxLine: long.length }), ['0 0 abc']);
  assert.equal(readItems(`${long}\r\nabc\r\n`, [key], { maxLine: long.length - 1 }), []);
});

edges('plain commands that fill one piece of memory after another are whole', () => {
  const long = 'x'.repeat(250);
  const flags = plainFlags('mg', ['T60', 'N30', 'R9', 'v', 'f', 'c', 'h', 'l', 's', 't']);
  for (let shift = 0; shift < 300; shift += 12) {
    const [fast, slow] = [proven(), proven()];
    const commands: Command[] = [
      {
        verb: 'ms',
        key: 'k',
        base64: false,
        flags: plainFlags('ms', []),
        value: 'x'.repeat(shift),
      },
      ...Array.from({ length: 15 }, (): Command => ({ ...reading, key: long, flags })),
      {
        verb: 'ms',
        key: long,
        base64: false,
        flags: plainFlags('ms', []),
        value: 'é'.repeat(1000),
      },
    ];
    for (const command of commands) {
      assert.ok(fast.sendPlain(command, 'a', 1) > 0);
      slow.send(command, 'a');
    }
    assert.is(drain(fast), drain(slow));
  }
});

edges('the end of the line before it is not the end of one that is not plain', () => {
  const flags = ['f1 f1', 'f', 'O2', 'c', 't', 'h', 'l', 's', 'W1', 'q', ''];
  for (const refused of flags) {
    const input = new Input();
    input.push(bytes(`\r\nEN ${refused} O1\r\n`.replace('  O1', '')));
    input.position = 2;
    assert.is(new PlainReply().read(input, 1, 'item', replyLimits), false, refused);
    assert.is(input.position, 2);
  }
});

edges('by default no text is read, whatever its flags', () => {
  const input = new Input();
  input.push(bytes('VA 100000 f0 O1\r\nabc'));
  const reply = new PlainReply();
  assert.is(reply.read(input, 1, 'item', replyLimits), false);
  assert.is(reply.isDue, false);
});

edges('a command without a key is not plain', () => {
  const output = new Output();
  const plain = plainFlagsOf(reading)!;
  const keyless = { verb: 'mg', flags: reading.flags } as unknown as Command;
  assert.is(putPlain(output, keyless, plain, 1), -1);
  assert.is(output.length, 0);
});

edges.run();
