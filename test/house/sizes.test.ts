import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';
import { ROOT } from './source.ts';

// A file that wants to be larger wants to be two.
const limits: readonly (readonly [files: RegExp, lines: number])[] = [
  [/^(transport-[a-z]+\/|core\/web-)(bridge|dial|listen|socket-transport)\.ts$/, 130],
  [/./, 600],
];

const house = suite('house: sizes of files');

house('no file is over its size', () => {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/(^|\/)(node_modules|dist)\//.test(file));
  assert.ok(files.length > 100);
  const over: string[] = [];
  for (const file of files) {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1;
    const limit = limits.find(([pattern]) => pattern.test(file))?.[1] ?? 0;
    if (lines > limit) over.push(`${file} has ${lines} lines, more than ${limit}`);
  }
  assert.equal(over, []);
});

house.run();
