import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite } from '../test/runner/suite.ts';
import * as assert from 'uvu/assert';
import { findProgram } from '../test/support/memcached.ts';
import { FakeTerminal } from '../test/support/fake-terminal.ts';
import { main } from './main.ts';

// libmemcached's own test of servers, which is independent of this one.
const program = findProgram('memccapable');
const capable = suite('memwire serve, judged by memccapable');
const law = 'all 27 checks of the ASCII protocol pass';

if (program === null) capable.skip(`${law} (needs memccapable)`);
else {capable(law, async () => {
    const terminal = new FakeTerminal();
    void main(['serve', '-p', '-1', '-l', '127.0.0.1'], terminal);
    await terminal.stdout.says(/\n/);
    const port = /:(\d+)\n/.exec(terminal.stdout.text)?.[1] ?? '';
    const judge = spawn(program, ['-a', '-h', '127.0.0.1', '-p', port], { stdio: 'pipe' });
    let said = '';
    judge.stdout.on('data', (chunk) => said += chunk);
    judge.stderr.on('data', (chunk) => said += chunk);
    const [code] = await once(judge, 'close');
    terminal.stop();
    const passed = said.match(/\[pass\]/g)?.length ?? 0;
    assert.is(passed, 27, said);
    assert.match(said, 'All tests passed');
    assert.is(code, 0);
  });}

capable.run();
