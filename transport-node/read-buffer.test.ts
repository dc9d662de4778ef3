import * as assert from 'uvu/assert';
import { suite } from '../test/runner/suite.ts';
import { ReadBuffer } from './read-buffer.ts';

const reads = suite('read buffer');

/** What the runtime does: fills memory, and says how much of it. */
function read({ onread }: ReadBuffer, length: number, byte: number): void {
  const memory = (onread.buffer as () => Uint8Array)();
  assert.ok(length <= memory.length, `room for ${length} bytes`);
  memory.fill(byte, 0, length);
  onread.callback(length, memory);
}

const sizeOf = ({ onread }: ReadBuffer): number => (onread.buffer as () => Uint8Array)().length;

reads('an idle connection holds 2 KiB, and grows while reads fill it', () => {
  const buffer = new ReadBuffer();
  const sizes = [2048, 8192, 32_768, 65_536, 65_536].map((expected) => {
    const size = sizeOf(buffer);
    assert.is(size, expected);
    read(buffer, size, 1);
    return size;
  });
  read(buffer, 10, 1);
  assert.is(sizeOf(buffer), sizes.at(-1), 'and does not shrink');
});

reads('what was handed out is never written to again', () => {
  const buffer = new ReadBuffer();
  const chunks: Uint8Array[] = [];
  buffer.owner = { onData: (chunk) => chunks.push(chunk) };
  const lengths = [5, 2048, 100, 8192, 8193, 9000, 32_768, 20_000, 65_536, 65_536, 7, 60_000];
  lengths.forEach((length, i) => read(buffer, Math.min(length, sizeOf(buffer)), i + 1));
  chunks.forEach((chunk, i) => assert.ok(chunk.every((byte) => byte === i + 1), `read ${i}`));
});

reads(
  'memory that a read detaches, as it does in workerd, is gone on with where it moved to',
  () => {
    const buffer = new ReadBuffer();
    const chunks: Uint8Array[] = [];
    buffer.owner = { onData: (chunk) => chunks.push(chunk) };
    for (const length of [5, 2048, 8193, 20_000]) {
      const given = (buffer.onread.buffer as () => Uint8Array)();
      const { buffer: memory } = given;
      if (!(memory instanceof ArrayBuffer)) throw new Error('it is shared');
      const moved = structuredClone(given, { transfer: [memory] });
      assert.is(given.length, 0);
      moved.fill(chunks.length, 0, Math.min(length, moved.length));
      buffer.onread.callback(Math.min(length, moved.length), moved.subarray(0, length));
    }
    assert.equal(chunks.map((chunk) => chunk.length), [5, 2048, 8192, 20_000]);
    chunks.forEach((chunk, i) => assert.ok(chunk.every((byte) => byte === i), `read ${i}`));
  },
);

reads('an owner that accepts lent chunks gets them in the same memory', () => {
  const buffer = new ReadBuffer();
  const lent: Uint8Array[] = [];
  const chunks: Uint8Array[] = [];
  const onLent = (chunk: Uint8Array): null => {
    lent.push(chunk);
    return null;
  };
  buffer.owner = { onData: (chunk) => chunks.push(chunk), onLent };
  const lengths = [5, 2048, 100, 8192, 9000, 32_768, 60_000, 65_536, 7];
  lengths.forEach((length, i) => read(buffer, length, i + 1));
  // A read that fills the memory hands it over, and gets a larger one.
  assert.equal(chunks.map((chunk) => [chunk.length, chunk[0]]), [[2048, 2], [8192, 4], [
    32_768,
    6,
  ]]);
  assert.equal(lent.map((chunk) => chunk.length), [5, 100, 9000, 60_000, 65_536, 7]);
  assert.equal(
    lent.slice(-3).map((chunk) => chunk[0]),
    [9, 9, 9],
    'the last read is in all of them',
  );
});

reads('memory that the owner asks for is read into, and passed on as it was filled', () => {
  const buffer = new ReadBuffer();
  const memory = new Uint8Array(100_000);
  const answers = [memory, memory.subarray(70_000), null];
  const lent: Uint8Array[] = [];
  buffer.owner = {
    onData: () => assert.unreachable(),
    onLent(chunk) {
      lent.push(chunk);
      return answers.shift() ?? null;
    },
  };
  for (const [i, length] of [5, 70_000, 30_000, 6].entries()) read(buffer, length, i + 1);
  assert.equal(lent.map((chunk) => chunk.length), [5, 70_000, 30_000, 6]);
  assert.equal([memory[0], memory[69_999], memory[70_000], memory[99_999]], [2, 2, 3, 3]);
  assert.is(lent[1]?.buffer, memory.buffer);
  assert.is(sizeOf(buffer), 2048);
});

reads('memory that the owner asks for is left alone where reads detach theirs', () => {
  const buffer = new ReadBuffer();
  buffer.owner = { onData: () => {}, onLent: () => new Uint8Array(100_000) };
  const given = (buffer.onread.buffer as () => Uint8Array<ArrayBuffer>)();
  const moved = structuredClone(given, { transfer: [given.buffer] });
  buffer.onread.callback(5, moved);
  assert.is(sizeOf(buffer), 2048);
});

reads.run();
