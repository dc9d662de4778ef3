import * as assert from 'uvu/assert';
import { suite } from '../../test/runner/suite.ts';
import { latin1, utf8 } from './bytes.ts';
import type { Command } from './command.ts';
import { encodeCommand, putCommand } from './encode-command.ts';
import { Output, REFERENCE_SIZE } from './output.ts';

const encoding = suite('encoding of text');

const set = (value: string): Command => ({
  verb: 'set',
  key: 'k',
  flags: 0,
  expire: 0,
  value,
  noreply: false,
});
const expected = (value: string): string => {
  const bytes = utf8(value);
  return `set k 0 0 ${bytes.length}\r\n${latin1(bytes)}\r\n`;
};

// Where text changes the way it takes: by hand, by the scratch memory, by an array of its own.
const third = Math.ceil(REFERENCE_SIZE / 3);
for (
  const length of [0, 1, 31, 32, 33, 85, 86, 1024, third - 1, third, third + 1, REFERENCE_SIZE]
) {
  for (const unit of ['x', 'é', '日', '\ud800']) {
    encoding(`${length} times ${JSON.stringify(unit)}`, () => {
      const value = unit.repeat(length);
      assert.is(latin1(encodeCommand(set(value))), expected(value));
    });
  }
}

encoding('one text does not reach into another that waits to be sent', () => {
  const values = ['a'.repeat(100), 'é'.repeat(3000), 'b'.repeat(50), '日'.repeat(9000)];
  const output = new Output();
  for (const value of values) putCommand(output, set(value), -1);
  let sent = '';
  for (let bytes = output.peek(); bytes !== null; bytes = output.peek()) {
    sent += latin1(bytes);
    output.consume(bytes.length);
  }
  assert.is(sent, values.map(expected).join(''));
});

encoding.run();
