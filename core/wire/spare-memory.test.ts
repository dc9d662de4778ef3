// The law: memory that is used again is never seen. What is sent is the text that was given, what is
// read is the text that arrived, and what a caller keeps does not change.
import * as assert from 'uvu/assert';
import { bytes } from '../../conformance/assert.ts';
import { proven } from '../../conformance/wire/tools.ts';
import { seeded } from '../../test/support/seeded.ts';
import { standardCodec } from './bytes.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Command } from './command.ts';
import { Output } from './output.ts';
import { plainFlags, type PlainReply } from './plain.ts';
import { LARGEST_SPARE, spareMemory } from './spare-memory.ts';

const { suite: spare, random } = seeded('spare memory', 20261127);

const TEXT = 16;
const READ = plainFlags('mg', ['v', 'f']);
const get: Command = { verb: 'mg', key: 'k', base64: false, flags: READ };

/** What is kept, taken out; so that each test begins with none. */
function empty(): Uint8Array[] {
  const kept: Uint8Array[] = [];
  for (let one = spareMemory.take(0); one !== null; one = spareMemory.take(0)) kept.push(one);
  return kept;
}

const letters = (length: number): string => {
  const line = Array.from({ length: 64 }, () => random().pick(['a', 'b', 'é', '😀', '\n'])).join(
    '',
  );
  return line.repeat(Math.ceil(length / line.length)).slice(0, length).toWellFormed();
};

spare('two arrays are kept, and none that is larger than 4 MiB', () => {
  empty();
  const [first, second, third] = [new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)];
  for (const array of [first, second, third]) spareMemory.put(array);
  assert.is(spareMemory.take(4), null);
  assert.is(spareMemory.take(2), second);
  assert.is(spareMemory.take(2), third);
  assert.is(spareMemory.take(0), null);
  spareMemory.put(new Uint8Array(LARGEST_SPARE));
  spareMemory.put(new Uint8Array(LARGEST_SPARE + 1));
  assert.equal(empty().map((array) => array.length), [LARGEST_SPARE]);
  assert.is(LARGEST_SPARE, 4 * 2 ** 20);
});

/** Sends texts, each when it is asked for; `free` says when the transport has let go of the bytes. */
function sendAll(texts: readonly string[], free: () => boolean): string[] {
  const output = new Output();
  const held: Uint8Array[] = [];
  const sent: Uint8Array[] = [];
  const push = (): void => {
    for (let piece = output.peek(); piece !== null; piece = output.peek()) {
      const taken = piece.subarray(0, random().pick([1, 1000, piece.length]));
      held.push(taken);
      output.consume(taken.length);
    }
  };
  const letGo = (): void => {
    sent.push(...held.splice(0).map((piece) => piece.slice()));
    output.reclaim();
  };
  for (const one of texts) {
    output.append(output.largeUtf8(one));
    output.appendLine('|', '');
    if (random().chance(0.7)) push();
    if (free() && output.length === 0) letGo();
  }
  push();
  letGo();
  return new TextDecoder().decode(Buffer.concat(sent)).split('|').slice(0, -1);
}

spare('texts leave as they were given, whenever the transport lets go of them', () => {
  for (let round = 0; round < 30; round++) {
    empty();
    const sizes = [20_000, 40_000, 200_000, LARGEST_SPARE / 3 + 1];
    const texts = Array.from({ length: 8 }, () => letters(random().pick(sizes)));
    assert.equal(sendAll(texts, () => random().chance(0.5)), texts);
  }
});

spare('the memory of a text is used for the next one, once the transport has let go of it', () => {
  empty();
  const output = new Output();
  const send = (): ArrayBufferLike => {
    output.append(output.largeUtf8('x'.repeat(100_000)));
    const { buffer } = output.peek()!;
    output.consume(100_000);
    return buffer;
  };
  const first = send();
  assert.ok(output.isAwaited);
  const second = send();
  assert.is.not(second, first);
  output.reclaim();
  assert.not(output.isAwaited);
  assert.ok([first, second].includes(send()));
});

spare('a text that a transport has not taken whole is not given back', () => {
  empty();
  const output = new Output();
  output.append(output.largeUtf8('x'.repeat(100_000)));
  output.peek();
  output.consume(99_999);
  assert.not(output.isAwaited);
  output.reclaim();
  assert.equal(empty(), []);
});

spare('a text of few bytes is copied, and its memory is free at once', () => {
  empty();
  const output = new Output();
  output.append(output.largeUtf8('x'.repeat(12_000)));
  assert.not(output.isAwaited);
  assert.is(empty().length, 1);
  assert.is(output.peek()?.length, 12_000);
});

spare('the bytes of a text are spare memory once, however often they are appended', () => {
  empty();
  const sizes: number[] = [];
  const allocate = (size: number): Uint8Array => {
    sizes.push(size);
    return new Uint8Array(size);
  };
  const output = new Output({ ...standardCodec, allocate });
  const large = output.largeUtf8('x'.repeat(100_000));
  output.append(large);
  output.append(large);
  for (let piece = output.peek(); piece !== null; piece = output.peek()) {
    output.consume(piece.length);
  }
  output.reclaim();
  assert.is(empty().length, 1);
  assert.equal(sizes, [300_000]);
});

spare('bytes that a caller gave are never taken for spare memory', () => {
  empty();
  const output = new Output();
  const value = new Uint8Array(100_000);
  output.append(value);
  output.peek();
  output.consume(value.length);
  assert.not(output.isAwaited);
});

/** The reply to the next `get`s: values, each with its client flags. */
function replies(items: readonly (readonly [value: string, flags: number])[]): Uint8Array {
  return Buffer.concat(items.flatMap(([value, flags], i) => {
    const block = Buffer.from(value);
    return [Buffer.from(`VA ${block.length} f${flags} O${i + 1}\r\n`), block, Buffer.from('\r\n')];
  }));
}

/**
 * Reads a stream that is cut at random, in lent memory that is written over. Texts are read where they
 * arrive, bytes are looked at in the end.
 */
function readAll(connection: ClientConnection<string>, stream: Uint8Array): string[] {
  const found: (string | Uint8Array)[] = [];
  const sink = {
    takesItems: () => false,
    onPlainItem: () => assert.unreachable(),
    onPlain(_tag: string, { flags, bytes: read, from, to, isLent }: PlainReply) {
      if (flags === TEXT) found.push(standardCodec.read(read, from, to));
      else found.push(isLent ? read.slice(from, to) : read.subarray(from, to));
    },
  };
  const memory = new Uint8Array(64 * 1024);
  let asked: Uint8Array | null = null;
  for (let at = 0; at < stream.length;) {
    const target: Uint8Array = asked ?? memory;
    const end = at + random().pick([1, 100, 65_536, 1_000_000]);
    const chunk: Uint8Array = stream.subarray(at, Math.min(end, at + target.length));
    target.set(chunk);
    connection.receive(target.subarray(0, chunk.length), 0, true);
    for (let event = connection.next(sink); event !== null; event = connection.next(sink)) {
      if (event.type === 'reply' && event.reply.type === 'VA') found.push(event.reply.value);
      else found.push(event.type);
    }
    asked = connection.keep();
    memory.fill(0x58);
    at += chunk.length;
  }
  return found.map((one) => typeof one === 'string' ? one : new TextDecoder().decode(one));
}

function ask(count: number): ClientConnection<string> {
  const connection = proven({ textFlags: TEXT });
  for (let i = 0; i < count; i++) connection.sendPlain(get, `${i}`, 1000);
  for (let data = connection.transmit(0); data !== null; data = connection.transmit(0)) {
    connection.sent(data.length);
  }
  return connection;
}

spare('large texts arrive as they were sent, and bytes that were kept do not change', () => {
  empty();
  let taken = 0;
  for (let round = 0; round < 40; round++) {
    const items = Array.from(
      { length: 6 },
      (): [string, number] => {
        const length = random().pick([0, 10, 65_535, 65_536, 70_000, 300_000]);
        return random().chance(0.6) ? [letters(length), TEXT] : ['z'.repeat(length), 0];
      },
    );
    const before = spareMemory.take(0);
    if (before !== null) spareMemory.put(before.fill(0x59));
    const found = readAll(ask(items.length), replies(items));
    assert.equal(found, items.map(([value]) => value));
    if (empty().length > 0) taken++;
  }
  assert.ok(taken > 10, `${taken} rounds used it`);
});

/** Reads one item that is cut behind so many bytes of its reply; what the sink was given. */
function readOne(length: number, flags: number, cut: number): PlainReply & { isSpare: boolean } {
  empty();
  const array = new Uint8Array(300_000).fill(0x59);
  spareMemory.put(array);
  const connection = ask(1);
  const stream = replies([['x'.repeat(length), flags]]);
  let found: (PlainReply & { isSpare: boolean }) | null = null;
  const sink = {
    takesItems: () => false,
    onPlainItem: () => {},
    onPlain(_tag: string, reply: PlainReply) {
      const isSpare = reply.bytes.buffer === array.buffer;
      assert.is(reply.to - reply.from, length);
      assert.is(reply.isLent, isSpare);
      assert.is(standardCodec.read(reply.bytes, reply.from, reply.to), 'x'.repeat(length));
      found = Object.assign(Object.create(reply) as PlainReply, { isSpare, size: reply.size });
    },
  };
  connection.receive(stream.slice(0, cut), 0);
  assert.is(connection.next(sink), null);
  connection.receive(stream.slice(cut), 0);
  const event = connection.next(sink);
  if (event?.type === 'reply' && event.reply.type === 'VA') {
    assert.is.not(event.reply.value.buffer, array.buffer);
    assert.is(event.reply.value.length, length);
    return { isSpare: false, size: event.bytesIn } as PlainReply & { isSpare: boolean };
  }
  assert.is(event, null);
  return found!;
}

spare('it is for texts of 64 KiB and more that do not lie in one chunk', () => {
  const head = (length: number, flags = TEXT): number => `VA ${length} f${flags} O1\r\n`.length;
  const whole = (length: number): number => head(length) + length + 2;
  // Length, client flags, where it is cut, and whether it is read into spare memory.
  const cases: [length: number, flags: number, cut: number, isSpare: boolean][] = [
    [65_536, TEXT, head(65_536), true],
    [65_536, TEXT, 1000, true],
    [65_536, TEXT, whole(65_536) - 1, true],
    [65_536, TEXT, whole(65_536) - 2, true],
    [65_536, TEXT, whole(65_536), false],
    // What was read of the line is read once more, and then it lies whole in one chunk.
    [65_535, TEXT, 1000, false],
    [65_536, 0, 1000, false],
  ];
  for (const [length, flags, cut, isSpare] of cases) {
    const reply = readOne(length, flags, cut);
    const name = `${length} ${flags} ${cut}`;
    assert.is(reply.isSpare, isSpare, name);
    assert.is(reply.size, head(length, flags) + length + 2, name);
    if (!isSpare) continue;
    // It is given back, and the reply has let go of it.
    assert.is(reply.bytes.length, 0);
    assert.equal(empty().map((array) => array.length), [300_000]);
  }
});

spare('its size is that of its reply, wherever in a chunk this begins', () => {
  const connection = ask(2);
  const stream = replies([['small', TEXT], ['x'.repeat(70_000), TEXT]]);
  const sizes: number[] = [];
  const sink = {
    takesItems: () => false,
    onPlainItem: () => {},
    onPlain: (_tag: string, reply: PlainReply) => void sizes.push(reply.size),
  };
  for (const chunk of [stream.slice(0, 1000), stream.slice(1000)]) {
    connection.receive(chunk, 0);
    assert.is(connection.next(sink), null);
  }
  assert.equal(
    sizes,
    ['VA 5 f16 O1\r\nsmall\r\n', 'VA 70000 f16 O2\r\n\r\n'].map(
      (text, i) => text.length + 70_000 * i,
    ),
  );
});

spare('a large text that is given up is read to its end, and what follows is whole', () => {
  const connection = ask(2);
  const stream = replies([['x'.repeat(200_000), TEXT], ['y'.repeat(100_000), TEXT]]);
  const sink = { takesItems: () => false, onPlainItem: () => {}, onPlain: () => {} };
  connection.receive(stream.slice(0, 1000), 0, true);
  connection.next(sink);
  connection.keep();
  assert.is(connection.cancel('0'), 'in-flight');
  assert.equal(readAll(connection, stream.subarray(1000)), ['y'.repeat(100_000)]);
});

spare('a large text may end without a sink, and has memory of its own then', () => {
  empty();
  spareMemory.put(new Uint8Array(300_000));
  const connection = ask(1);
  const stream = replies([['x'.repeat(200_000), TEXT]]);
  const sink = { takesItems: () => false, onPlainItem: () => {}, onPlain: () => {} };
  connection.receive(stream.slice(0, 1000), 0);
  assert.is(connection.next(sink), null);
  connection.receive(stream.slice(1000), 0);
  const event = connection.next();
  assert.ok(event?.type === 'reply' && event.reply.type === 'VA');
  assert.is(event.reply.value.buffer.byteLength, 200_000);
  assert.equal(event.reply.flags, [`f${TEXT}`]);
  assert.equal(empty().map((array) => array.length), [300_000]);
});

spare('a larger text than one that ended without a sink has room', () => {
  empty();
  const connection = ask(2);
  const [small, large] = ['x'.repeat(70_000), 'y'.repeat(200_000)];
  const stream = replies([[small, TEXT], [large, TEXT]]);
  const sink = { takesItems: () => false, onPlainItem: () => {}, onPlain: () => {} };
  connection.receive(stream.slice(0, 1000), 0, true);
  assert.is(connection.next(sink), null);
  connection.keep();
  connection.receive(stream.slice(1000, 70_100), 0, true);
  assert.is(connection.next()?.type, 'reply');
  connection.keep();
  assert.equal(readAll(connection, stream.subarray(70_100)), [large]);
});

spare('a large text that does not end where its length says ends the connection', () => {
  const connection = ask(1);
  const found = readAll(connection, bytes(`VA 100000 f${TEXT} O1\r\n${'x'.repeat(100_000)}yz`));
  assert.equal(found, ['closed']);
});

spare('a reply with more than its client flags is read the usual way', () => {
  empty();
  const connection = ask(1);
  const stream = bytes(`VA 100000 f${TEXT} t60 O1\r\n${'x'.repeat(100_000)}\r\n`);
  assert.equal(readAll(connection, stream), ['x'.repeat(100_000)]);
  assert.equal(empty(), []);
});

spare.run();
