import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { findProgram } from '../test/support/memcached.ts';
import { suite } from '../test/runner/suite.ts';
import { temporaryDirectory } from '../test/support/temporary.ts';

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
  > mg memwire-probe k O0\r\n
  > get memwire-probe\r\n
  < EN kmemwire-probe O0\r\n
  < END\r\n
  > ms greeting 5 F16 T60 O1\r\n
  > hello\r\n
  < HD O1\r\n
  = true`,
    String.raw`  < EX O6\r\n
  = 'exists'`,
    String.raw`  < 9007199254740993\r\n
  = 9007199254740993n`,
    `  = Map(2) { 'greeting' => 'hi', 'visits' => 9007199254740993n }`,
    `  ! onQuietError hears: 127.0.0.1:`,
    ` answered CLIENT_ERROR`,
    `  = [ undefined, undefined, true, 9007199254740994n ]`,
    `  = TimeoutError: no reply from`,
  ];
  for (const text of shown) assert.ok(stdout.includes(text), `${stdout}\nlacks\n${text}`);
});

const script = findProgram('script');
const ends = 'ends in a console on its server where there is a terminal';

if (script === null) example.skip(`${ends} (needs script)`);
else {example(ends, async () => {
    const child = spawn(script, ['-qec', 'npm start --silent', '/dev/null'], {
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, NO_COLOR: '1', XDG_STATE_HOME: temporaryDirectory() },
      stdio: 'pipe',
    });
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const shows = async (what: RegExp): Promise<void> => {
      while (!what.test(shown)) await once(child.stdout, 'data');
    };
    await shows(/memwire> /);
    child.stdin.write('get greeting\r');
    await shows(/> get greeting\\r\\n[^]*"hi" \(2 bytes, flags 16\)/);
    child.stdin.write('\x04');
    assert.equal(await once(child, 'close'), [0, null]);
  });}

example.run();
