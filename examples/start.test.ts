import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { suite } from '../test/suite.ts';

const example = suite('npm start');

example('walks through every operation on a terminal of 80 columns without colour', () => {
  const { status, stdout, stderr } = spawnSync('npm', ['start', '--silent'], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.is(stderr.replaceAll(/^npm warn.*\n/gm, ''), '');
  assert.is(status, 0);
  for (const line of stdout.split('\n')) {
    assert.ok(line.length <= 80, line);
    assert.match(line, /^[ -~]*$/);
  }
  const shown = [
    String.raw`  client.set('greeting', 'hello', { expire: 60 })
  > ms greeting 5 F16 T60 O1\r\n
  > hello\r\n
  < HD O1\r\n
  = true`,
    String.raw`  < EX O6\r\n
  = 'exists'`,
    String.raw`  < 9007199254740993\r\n
  = 9007199254740993n`,
    `  = Map(2) { 'greeting' => 'hi', 'visits' => 9007199254740993n }`,
    `  ! onQuietError hears: the server answered CLIENT_ERROR`,
    `  = [ undefined, undefined, true, 9007199254740994n ]`,
    `  = TimeoutError: no reply within 50 ms`,
  ];
  for (const text of shown) assert.ok(stdout.includes(text), `${stdout}\nlacks\n${text}`);
});

example.run();
