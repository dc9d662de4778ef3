// The law: a value is the same however its bytes were cut, and whether or not they were read straight
// into the memory that the connection asked for.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { drain, proven } from '../../conformance/wire/tools.ts';
import { seeded } from '../../test/support/seeded.ts';
import type { ClientConnection } from './client-connection.ts';
import { Input } from './input.ts';

const { suite: input, random } = seeded('reads into the memory of a value', 20261127);

const READ_SIZE = 64 * 1024;

/** A transport with one array for its reads, which fills the memory that it is asked to. */
class Reads {
  readonly #connection: ClientConnection<string>;
  readonly #memory = new Uint8Array(READ_SIZE);
  asked: Uint8Array | null = null;
  /** How many bytes were read into memory that was asked for. */
  direct = 0;

  constructor(connection: ClientConnection<string>) {
    this.#connection = connection;
  }

  /** Reads so much of a stream; returns how much was left of it. */
  read(stream: Uint8Array, most: number, take: () => void): Uint8Array {
    const memory = this.asked ?? this.#memory;
    const count = Math.min(most, memory.length, stream.length);
    memory.set(stream.subarray(0, count));
    if (this.asked !== null) this.direct += count;
    this.#connection.receive(memory.subarray(0, count), 0, true);
    take();
    this.asked = this.#connection.keep();
    this.#memory.fill(0x58);
    return stream.subarray(count);
  }
}

function ask(keys: number, allocate?: (size: number) => Uint8Array): ClientConnection<string> {
  const connection = proven(allocate === undefined ? {} : { textCodec: { ...codec, allocate } });
  for (let i = 0; i < keys; i++) {
    connection.send({ verb: 'mg', key: 'k', base64: false, flags: ['v', 'f'] }, `${i}`);
  }
  drain(connection);
  return connection;
}

const codec = { read: () => '', write: () => 0 };

function replies(values: readonly Uint8Array[]): Uint8Array {
  const parts = values.flatMap((value, i) => [
    bytes(`VA ${value.length} f0 O${i + 1}\r\n`),
    value,
    bytes('\r\n'),
  ]);
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + length) % 251);

input('values are whole, however they are cut, read late or read into their memory', () => {
  let direct = 0;
  for (let round = 0; round < 60; round++) {
    const sizes = Array.from(
      { length: 3 },
      () => random().pick([0, 5, 65_535, 65_536, 70_000, 131_072, 300_000]),
    );
    const values = sizes.map(pattern);
    const connection = ask(3, (size) => new Uint8Array(size).fill(0x59));
    const reads = new Reads(connection);
    const found: Uint8Array[] = [];
    const take = (): void => {
      for (let event = connection.next(); event !== null; event = connection.next()) {
        assert.ok(event.type === 'reply' && event.reply.type === 'VA', event.type);
        found.push(event.reply.value);
      }
    };
    let rest = replies(values);
    while (rest.length > 0) {
      const most = random().pick([1, 100, READ_SIZE, 100_000, 1_000_000]);
      // A consumer may be busy, so that nothing is taken for some reads.
      rest = reads.read(rest, most, random().chance(0.2) ? () => {} : take);
    }
    take();
    assert.equal(found.map((value) => value.length), sizes);
    found.forEach((value, i) =>
      assert.is(Buffer.from(value).equals(values[i] ?? value), true, `value ${i}`)
    );
    direct += reads.direct;
  }
  assert.ok(direct > 1_000_000, `${direct} bytes were read into their place`);
});

input('memory is asked for only where all that is missing of a value is long', () => {
  const connection = ask(2);
  const give = (chunk: Uint8Array): number | undefined => {
    connection.receive(chunk, 0, true);
    assert.is(connection.next(), null);
    return connection.keep()?.length;
  };
  assert.is(give(bytes('VA 70000 f0')), undefined);
  assert.is(give(bytes(' O1\r\nabc')), 69_997);
  assert.is(give(new Uint8Array(4461)), 65_536);
  assert.is(give(new Uint8Array(1)), undefined);
});

input('a value that does not end where its length says ends the connection', () => {
  const connection = ask(1);
  const reads = new Reads(connection);
  let rest = bytes(`VA 200000 f0 O1\r\n${'x'.repeat(200_000)}yz`);
  const found: unknown[] = [];
  while (rest.length > 0) rest = reads.read(rest, 1e6, () => found.push(connection.next()?.type));
  assert.ok(reads.direct > 100_000);
  assert.is(found.at(-1), 'closed');
});

input('a value may be kept: its memory is its own', () => {
  const connection = ask(1);
  const reads = new Reads(connection);
  let rest = replies([pattern(200_000)]);
  while (rest.length > 0) rest = reads.read(rest, 1e6, () => {});
  const event = connection.next();
  assert.ok(event?.type === 'reply' && event.reply.type === 'VA');
  const { value } = event.reply;
  assert.is(value.buffer.byteLength, 200_000);
  assert.is(reads.asked, null);
  assert.is(text(value.subarray(0, 3)), text(pattern(200_000).subarray(0, 3)));
});

input('memory is lent for a long value only, and only while nothing waits', () => {
  for (const [length, isLong] of [[65_535, false], [65_536, true]] as const) {
    let allocated = 0;
    const reader = new Input((size) => {
      allocated++;
      return new Uint8Array(size);
    });
    reader.push(bytes('x'), true);
    assert.is(reader.data(length), null);
    assert.is(allocated, isLong ? 1 : 0);
    // What is missing, not the whole, decides.
    assert.is(reader.keep(), null);
  }
  const reader = new Input();
  reader.push(bytes('x'), true);
  assert.is(reader.data(65_537), null);
  assert.is(reader.keep()?.length, 65_536);
  reader.push(bytes('y'), true);
  assert.is(reader.keep(), null);
  assert.is(reader.data(65_537), null);
  assert.is(reader.keep(), null);
});

input('what is skipped may lie in several chunks', () => {
  const reader = new Input();
  reader.push(bytes('ab'));
  reader.push(bytes('c'));
  assert.is(reader.skip(3), 3);
  assert.is(reader.skip(1), 0);
});

input('what is read is let go of', () => {
  const reader = new Input();
  const chunk = bytes('line\r\n');
  reader.push(chunk);
  assert.ok(reader.line());
  assert.is(reader.bytes, chunk);
  reader.release();
  assert.is(reader.chunk.length, 0);
  assert.is(reader.bytes.length, 0);
  assert.is(reader.consumed, chunk.length);
  reader.push(bytes('li'));
  assert.not(reader.line());
  assert.ok(reader.isCut && reader.pending);
  reader.release();
  reader.push(bytes('ne\n'));
  assert.ok(reader.line());
  assert.is(text(reader.bytes.subarray(reader.from, reader.to)), 'line');
});

/** What an input should do: all bytes that arrived, and what was taken of them. */
class Expected {
  arrived = '';
  consumed = 0;
  /** The part of a line that has arrived and has been shown. */
  line: string | null = null;
  /** The length of a block that is due. */
  due: number | null = null;

  get rest(): string {
    return this.arrived.slice(this.consumed);
  }

  takeLine(): string | null {
    const whole = (this.line ?? '') + this.rest;
    const end = whole.indexOf('\n');
    this.consumed += end < 0 ? this.rest.length : end + 1 - (this.line ?? '').length;
    this.line = end < 0 ? whole : null;
    return end < 0 ? null : whole.slice(0, end).replace(/\r$/, '');
  }

  takeBlock(length: number): string | null {
    this.due = length;
    if (this.rest.length < length + 2) return null;
    this.due = null;
    this.consumed += length + 2;
    return this.arrived.slice(this.consumed - length - 2, this.consumed - 2);
  }

  takeSome(count: number): number {
    const taken = Math.min(count, this.rest.length);
    this.consumed += taken;
    return taken;
  }
}

input('does what it should in any order of steps, with memory that is written to again', () => {
  for (let round = 0; round < 400; round++) {
    const { reader, expected } = { reader: new Input(), expected: new Expected() };
    const kept: (readonly [Uint8Array, string])[] = [];
    let lent: Uint8Array[] = [];
    for (let step = 0; step < 60; step++) {
      const choice = random().below(6);
      if (choice < 2) {
        const chunk = Uint8Array.from(
          { length: random().below(12) ** 2 },
          () => random().pick([0x61, 0x62, 0x0d, 0x0a, 0x0d, 0x61]),
        );
        const isLent = random().chance(0.5);
        reader.push(chunk, isLent);
        expected.arrived += text(chunk);
        if (isLent) lent.push(chunk);
      } else if (choice === 2) {
        assert.is(reader.keep(), null);
        for (const chunk of lent) chunk.fill(0x58);
        lent = [];
        assert.is(reader.isLent, false);
      } else if (choice === 3) {
        reader.release();
      } else if (expected.line !== null || (expected.due === null && choice === 4)) {
        const line = expected.takeLine();
        assert.is(reader.line(), line !== null);
        assert.is(text(reader.bytes.subarray(reader.from, reader.to)), line ?? expected.line);
        assert.is(reader.to - reader.from, (line ?? expected.line)?.length);
        assert.is(reader.carries('a'), line === null && expected.line!.startsWith('a'));
      } else if (expected.due !== null || random().chance(0.7)) {
        const length = expected.due ?? random().pick([0, 1, 2, 5, 31, 32, 33, 34, 120]);
        const block = expected.takeBlock(length);
        const found = reader.data(length);
        assert.is(found === null, block === null);
        if (found === null || block === null) continue;
        const end = expected.arrived.slice(expected.consumed - 2, expected.consumed);
        assert.is(reader.terminated, end === '\r\n');
        kept.push([found, block]);
      } else {
        const count = random().below(40);
        assert.is(reader.skip(count), expected.takeSome(count));
      }
      assert.is(reader.isLent, lent.includes(reader.chunk));
      if (expected.due !== null) continue;
      assert.is(reader.consumed, expected.consumed);
      assert.is(reader.isCut, (expected.line ?? '') !== '');
      assert.is(reader.pending, expected.rest !== '' || (expected.line ?? '') !== '');
    }
    for (const [found, block] of kept) assert.is(text(found), block);
  }
});

input.run();
