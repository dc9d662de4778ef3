import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../runner/suite.ts';

const reliability = suite('npm run reliability');

const main = join(import.meta.dirname, 'main.ts');

/** What it prints. */
function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', main, ...args],
    { encoding: 'utf8' },
  );
  assert.is(status, 0, stderr);
  return stdout;
}

reliability('runs seeds, and prints figures', () => {
  const printed = run('--seconds', '1', '--rounds', '0');
  assert.match(printed, /^commands of callers +[1-9]/m);
  assert.match(printed, /^histories that were too wide to check +0$/m);
  assert.match(printed, /^runs that broke a law +0$/m);
});

reliability('runs a seed again', () => {
  assert.match(run('--seed', '1', '--calls', '100'), /^no law is broken\nnpm run reliability -- /m);
});

reliability.run();
