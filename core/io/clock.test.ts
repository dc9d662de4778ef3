import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import { findProgram } from '../../test/support/memcached.ts';
import { Client, dial, listen } from '../../test/runner/runtime.ts';
import { suite } from '../../test/runner/suite.ts';
import { systemClock } from './clock.ts';
import { Server } from '../server/mod.ts';

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

/** Runs with fake timers, which never go off, in the place of everything that tells the time. */
async function withFakeTimers<Result>(run: () => Promise<Result>): Promise<Result> {
  const now = (): number => 0;
  const fakes = {
    setTimeout: () => 0,
    clearTimeout: () => {},
    setImmediate: () => 0,
    performance: { now },
    Date: class extends Date {
      static override now = now;
    },
  };
  const real = Object.keys(fakes).map((name) =>
    [name, Object.getOwnPropertyDescriptor(globalThis, name)!] as const
  );
  for (const [name, value] of Object.entries(fakes)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    return await run();
  } finally {
    for (const [name, descriptor] of real) Object.defineProperty(globalThis, name, descriptor);
  }
}

clock('fake timers that are installed later do not stop it', async () => {
  const { now, elapsed } = await withFakeTimers(async () => {
    const [day, start] = [systemClock.now(), systemClock.elapsed()];
    await pass(5);
    await new Promise<void>((resolve) => systemClock.yield(resolve));
    systemClock.after(0, () => assert.unreachable())();
    return { now: systemClock.now() - day, elapsed: systemClock.elapsed() - start };
  });
  assert.ok(now >= 3, `${now} ms of the day`);
  assert.ok(elapsed >= 4, `${elapsed} ms`);
});

clock('a client dials again, and its calls end, while timers are fake', async () => {
  const listener = await listen({ host: '127.0.0.1', port: 0 }, new Server().accept);
  let dials = 0;
  const client = new Client(listener.endpoint, {
    timeout: 50,
    dial: (to, events, signal) =>
      ++dials === 1 ? Promise.reject(new Error('refused')) : dial(to, events, signal),
  });
  await withFakeTimers(async () => {
    await client.get('k').catch(() => {});
    await pass(30);
    assert.is(await client.get('k', { timeout: 10_000 }), undefined);
    await listener.close();
  });
  await client.close();
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
