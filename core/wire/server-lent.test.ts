// The law: what a server reads out of lent memory is what was sent, whatever is written there later.
import * as assert from 'uvu/assert';
import { bytes, text } from '../../conformance/assert.ts';
import { seeded } from '../../test/support/seeded.ts';
import type { Command } from './command.ts';
import { Input } from './input.ts';
import { ServerConnection } from './server-connection.ts';

const { suite: lent, random } = seeded('lent memory of a server', 20261127);

/** A command as text, with the value's length and a sum of its bytes in place of the value. */
function brief(command: Command): string {
  const { verb } = command;
  const key = 'key' in command ? command.key : 'keys' in command ? command.keys[0] : undefined;
  const name = typeof key === 'string' ? key : key === undefined ? '' : text(key);
  if (!('value' in command) || typeof command.value === 'string') return `${verb} ${name}`;
  const { value } = command;
  return `${verb} ${name} ${value?.length} ${
    value?.reduce((sum, byte, i) => sum + byte * (i % 7), 0)
  }`;
}

/** The commands of a stream that is read in pieces, all of them at once if no size is given. */
function read(
  stream: Uint8Array,
  size: (() => number) | null,
): { found: string[]; direct: number } {
  const connection = new ServerConnection({ maxOwed: 1e6, admit: (_, length) => tooLarge(length) });
  const memory = new Uint8Array(64 * 1024);
  const commands: Command[] = [];
  let asked: Uint8Array | null = null;
  let direct = 0;
  const take = (): void => {
    for (let event = connection.next(); event !== null; event = connection.next()) {
      if (event.type === 'command') commands.push(event.command);
    }
  };
  for (let at = 0; at < stream.length;) {
    const into: Uint8Array = size === null ? stream.slice() : asked ?? memory;
    const count = Math.min(stream.length - at, into.length, size?.() ?? Infinity);
    into.set(stream.subarray(at, at + count));
    if (asked !== null) direct += count;
    at += count;
    connection.receive(into.subarray(0, count), size !== null);
    // It may be congested, so that nothing is taken for some reads.
    if (size === null || random().chance(0.8)) take();
    asked = connection.keep();
    memory.fill(0x58);
  }
  take();
  return { found: commands.map(brief), direct };
}

const tooLarge = (length: number): { type: 'SERVER_ERROR'; message: string } | null =>
  length > 400_000 ? { type: 'SERVER_ERROR', message: 'object too large for cache' } : null;

lent('commands and values are whole, whatever is written to the memory later', () => {
  let direct = 0;
  for (let round = 0; round < 60; round++) {
    const stream = bytes(
      Array.from({ length: 12 }, (_, i) => {
        const length = random().pick([0, 1, 40, 5000, 65_535, 65_536, 70_000, 300_000, 500_000]);
        const value = `${i}abcdefg`.repeat(length).slice(0, length);
        return random().pick([
          `get key:${i} b c\r\n`,
          `mg key:${i} v f\r\n`,
          `set key:${i} 0 0 ${length}\r\n${value}\r\n`,
          `ms key:${i} ${length} F5\r\n${value}\r\n`,
        ]);
      }).join(''),
    );
    const sizes = random().pick([[1000], [64 * 1024], [7, 300, 64 * 1024], [1, 100_000]]);
    const pieces = read(stream, () => random().pick(sizes));
    assert.equal(pieces.found, read(stream, null).found);
    direct += pieces.direct;
  }
  assert.ok(direct > 1_000_000, `${direct} bytes were read into their place`);
});

lent('what is missing of a block is known', () => {
  const input = new Input();
  assert.is(input.missing, 0);
  input.push(bytes('x\nabc'));
  assert.is(input.left, 5);
  assert.ok(input.line());
  assert.is(input.left, 3);
  assert.is(input.data(5), null);
  assert.is(input.missing, 2);
  input.push(bytes('de\r'));
  assert.is(input.data(5), null);
  assert.ok(input.missing <= 0);
  input.push(bytes('\n'));
  assert.is(text(input.data(5)!), 'abcde');
  assert.is(input.missing, 0);
});

lent.run();
