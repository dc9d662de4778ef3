import * as assert from 'uvu/assert';
import { Random } from '../../conformance/random.ts';
import { drain, proven } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import type { Command } from './command.ts';
import { Queue } from './queue.ts';

const queue = suite('queue');

queue('is an array that is shifted', () => {
  const random = new Random(7);
  const one = new Queue<number | undefined>();
  const array: (number | undefined)[] = [];
  for (let i = 0; i < 2000; i++) {
    if (random.chance(0.5)) {
      const value = random.chance(0.1) ? undefined : i;
      one.push(value);
      array.push(value);
    } else assert.is(one.shift(), array.shift());
    assert.is(one.length, array.length);
  }
});

queue('commands are found to be given up in any order', () => {
  const random = new Random(8);
  for (let round = 0; round < 50; round++) {
    const connection = proven();
    const tags = Array.from({ length: 40 }, (_, i) => `tag ${i}`);
    const command: Command = { verb: 'mg', key: 'k', base64: false, flags: ['v'] };
    for (const tag of tags.slice(0, 20)) connection.send(command, tag);
    drain(connection);
    for (const tag of tags.slice(20)) connection.send(command, tag);
    const order = random.chance(0.5) ? tags : tags.sort(() => random.below(3) - 1);
    for (const tag of order) {
      assert.is(connection.cancel(tag), Number(tag.slice(4)) < 20 ? 'in-flight' : 'unsent');
      assert.is(connection.cancel(tag), 'settled');
      connection.assertInvariants();
    }
  }
});

queue.run();
