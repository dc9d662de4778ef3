import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../suite.ts';
import { ROOT } from './source.ts';
import { FILE, verbTable } from './verb-table.ts';

const house = suite('house: docs');

house('docs/verbs.md is what `npm run docs` writes', async () => {
  assert.is(readFileSync(FILE, 'utf8'), await verbTable());
});

house('.ci/run runs the test line of the README', () => {
  const [, line] = /```sh\n(apt-get [^`]*npm test)\n```/.exec(read('README.md')) ?? [];
  assert.ok(line !== undefined, 'the README has a test line');
  assert.ok(read('.ci/run').includes(`\n${line}\n`), `.ci/run does not run\n${line}`);
});

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

house.run();
