import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import { findProgram } from '../test/memcached.ts';
import { Client } from '../test/runtime.ts';
import { suite } from '../test/suite.ts';
import { systemClock } from './clock.ts';

const clock = suite('clock of the runtime');

const pass = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void systemClock.after(milliseconds, resolve));

/** Keeps the program busy, so that it looks at nothing else. */
function work(milliseconds: number): void {
  const end = systemClock.elapsed() + milliseconds;
  while (systemClock.elapsed() < end);
}

clock('a timer goes off, and not once it is taken back', async () => {
  const called: string[] = [];
  systemClock.after(0, () => called.push('never'))();
  await pass(5);
  assert.equal(called, []);
});

clock('a timer that is late can still be taken back', async () => {
  const called: string[] = [];
  const cancel = systemClock.after(1, () => called.push('never'));
  setTimeout(cancel, 2);
  work(50);
  await pass(50);
  assert.equal(called, []);
});

// A server outside of this program, that takes 100 ms to answer.
const SLOW = `require('net').createServer((socket) => {
  socket.on('data', () => setTimeout(() => socket.write('VERSION 1.6.18\\r\\n'), 100));
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

clock('what came while the program was busy is read before a call is late', async () => {
  const server = spawn(findProgram('node') ?? '', ['-e', SLOW], { stdio: 'pipe' });
  const [port] = await once(server.stdout, 'data') as [Buffer];
  const endpoint = { host: '127.0.0.1', port: Number(port.toString()) };
  const client = new Client(endpoint, { timeout: 500, stallAfter: 500, connectTimeout: 10_000 });
  try {
    await client.version({ timeout: 10_000 });
    const version = client.version();
    await pass(50);
    work(800);
    assert.is(await version, '1.6.18');
  } finally {
    await client.close();
    server.kill();
  }
});

clock.run();
