// The law: what is written comes out in its order, once, and is never written over; large values are
// passed on as they are.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { suite } from '../../test/runner/suite.ts';
import { standardCodec } from './bytes.ts';
import { UsageError } from './errors.ts';
import { drain, Output, putAscii, putEnd, REFERENCE_SIZE } from './output.ts';

const outputs = suite('output');

outputs('a value is passed by reference from 32 KiB on', () => {
  assert.is(REFERENCE_SIZE, 32 * 1024);
  for (const [length, isReference] of [[32_767, false], [32_768, true]] as const) {
    const output = new Output();
    const value = new Uint8Array(length).fill(7);
    output.append(value);
    assert.is(output.length, length);
    assert.is(output.peek()?.buffer === value.buffer, isReference);
  }
});

outputs('a transport may take any part of it', () => {
  for (const step of [1, 7, 1000, 32_768]) {
    const output = new Output();
    const large = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251);
    output.appendLine('before');
    output.appendBlock(large);
    output.appendLine('after', '\n');
    const expected = `before\r\n${text(large)}\r\nafter\n`;
    assert.is(output.length, expected.length);
    assert.is(output.position, expected.length);
    let taken = '';
    for (let part = output.peek(); part !== null; part = output.peek()) {
      const count = Math.min(step, part.length);
      taken += text(part.subarray(0, count));
      output.consume(count);
      assert.is(output.taken, taken.length);
      assert.is(output.length, expected.length - taken.length);
      assert.is(output.position, expected.length);
      assert.is(output.isBlocked, count < part.length);
      output.assertInvariants();
    }
    assert.ok(taken === expected);
  }
});

outputs('what was handed out is not written over', () => {
  const output = new Output();
  const kept: [Uint8Array, string][] = [];
  for (let i = 0; i < 3000; i++) {
    output.appendLine(`line ${i}`);
    const part = output.peek()!;
    kept.push([part, text(part)]);
    output.consume(part.length);
  }
  for (const [part, before] of kept) assert.is(text(part), before);
});

outputs('there is room for what was reserved, in memory that doubles from 4 KiB to 64 KiB', () => {
  const sizes: number[] = [];
  const allocate = (size: number): Uint8Array => {
    sizes.push(size);
    return new Uint8Array(size);
  };
  const output = new Output({ ...standardCodec, allocate });
  for (let i = 0; i < 30; i++) output.append(new Uint8Array(4096));
  output.reserve(100_000);
  assert.ok(output.slab.length - output.end >= 100_000);
  assert.equal(sizes, [4096, 8192, 16_384, 32_768, 65_536, 100_000]);
  output.reserve(100_000);
  assert.is(sizes.length, 6);
  const short = new Output({ ...standardCodec, allocate: (size) => new Uint8Array(size - 1) });
  assert.throws(() => short.reserve(1), (error: unknown) => error instanceof UsageError);
});

outputs('a value that has changed its length is refused', () => {
  const output = new Output();
  const value = new Uint8Array(40_000);
  output.append(value);
  structuredClone(value.buffer, { transfer: [value.buffer] });
  assert.throws(() => output.peek(), (error: unknown) => {
    return error instanceof UsageError && error.argument === 'value';
  });
});

outputs('text is UTF-8 in memory that the next one writes over', () => {
  const output = new Output();
  for (const value of ['', 'x', 'é', 'x'.repeat(85), 'x'.repeat(86), '€'.repeat(500), 'short']) {
    assert.equal(output.utf8(value), new TextEncoder().encode(value));
  }
  const first = output.utf8('first');
  assert.is(output.utf8('other').buffer, first.buffer);
});

outputs('letters and ends of lines are put where they belong', () => {
  const target = bytes('.........');
  assert.is(putAscii(target, 1, 'abc'), 4);
  assert.is(text(target), '.abc.....');
  assert.is(putEnd(target, 4), 6);
  assert.is(text(target), '.abc\r\n...');
  const output = new Output();
  assert.is(output.peek(), null);
  output.append(bytes(''));
  assert.is(output.peek(), null);
  output.append(bytes('x'));
  assert.is(text(drain(output)), 'x');
  assert.is(output.length, 0);
});

outputs.run();
