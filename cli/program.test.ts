import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import * as assert from 'uvu/assert';
import { Server } from '../core/server/mod.ts';
import type { Listener } from '../core/io/transport.ts';
import { findProgram, type RunningMemcached, startMemcached } from '../test/support/memcached.ts';
import { buildMemwire } from '../test/support/memwire-program.ts';
import { suite } from '../test/runner/suite.ts';
import { temporaryDirectory } from '../test/support/temporary.ts';
import { listen } from '../transport-node/listen.ts';

const program = suite('memwire as a program');
const memwire = await buildMemwire();
const server = new Server();
let listener: Listener;
const running: ChildProcess[] = [];

program.before(async () => {
  listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
});

program.after(async () => {
  for (const child of running) child.kill('SIGKILL');
  await listener.close();
  server.close();
});

/** The result of a program. */
interface Ended {
  readonly code: unknown;
  readonly out: Buffer;
  readonly err: string;
}

/** Runs a shell line in which `memwire` is the command line, on the server of this file. */
async function shell(line: string, input: Uint8Array = Buffer.of()): Promise<Ended> {
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  const run = `memwire() { ${memwire.map((word) => `'${word}'`).join(' ')} "$@"; }; ${line}`;
  const child = spawn('bash', ['-c', run], {
    env: { ...process.env, MEMWIRE_SERVER: `127.0.0.1:${port}`, MEMWIRE_AUTH: '' },
    stdio: 'pipe',
  });
  running.push(child);
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    once(child, 'close'),
  ]);
  return { code, out, err: err.toString() };
}

async function read(from: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of from) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

program('bytes go in through one pipe and come out of another as they were', async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 900_000 }, (_, i) => (i * 7919) >> 4));
  const { code, out, err } = await shell('memwire set pipe && memwire get pipe', bytes);
  assert.equal([code, err], [0, '']);
  const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
  assert.is(hash(out), hash(bytes));
});

program('a miss is an exit code, and a line on stderr', async () => {
  const { code, out, err } = await shell('memwire get nobody');
  assert.equal([code, out.length, err], [1, 0, 'memwire get: nobody is not there\n']);
});

program('`memwire dump | head` ends without a word', async () => {
  const keys = Array.from({ length: 3000 }, (_, i) => `set key${i} value${i}`).join('\n');
  const { out, err, code } = await shell(
    `memwire console >/dev/null; memwire dump | head -n 1; echo "\${PIPESTATUS[0]}"`,
    Buffer.from(keys),
  );
  assert.match(out.toString(), /^\S+\n0\n$/);
  assert.equal([code, err], [0, '']);
});

program('SIGINT ends a watch well', async () => {
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  const [node, ...args] = [...memwire, 'watch', '-s', `127.0.0.1:${port}`];
  const child = spawn(node, args, { stdio: 'pipe' });
  running.push(child);
  const closed = once(child, 'close');
  const { watchers } = server.engine;
  while (watchers.count === 0) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGINT');
  assert.equal(await closed, [0, null]);
});

const memcached = findProgram('memcached');
const real = 'a real memcached takes what is stored, counted and dumped';

if (memcached === null) program.skip(`${real} (needs memcached)`);
else {program(real, async () => {
    const there: RunningMemcached = await startMemcached(memcached, { unix: true });
    const path = 'path' in there.endpoint ? there.endpoint.path : '';
    const { code, out, err } = await shell(`export MEMWIRE_SERVER='${path}'
      memwire set a one --flags 3 && memwire set 'b c' 41 && memwire incr 'b c' &&
      memwire dump --values --json | sort && memwire stats --json | grep -c curr_items &&
      memwire top --count 1 --json | grep -c hitRate && memwire version`);
    await there.stop();
    const lines = out.toString().split('\n');
    assert.equal([code, err], [0, '']);
    assert.is(lines[0], '42');
    assert.match(lines[1] ?? '', /^\{"key":"a","status":"found","value":"one","flags":3,"cas":"1"/);
    assert.match(lines[2] ?? '', /^\{"key":"b c","status":"found","value":"42","flags":0/);
    assert.equal(lines.slice(3, 6), ['1', '1', there.version]);
  });}

const script = findProgram('script');
const terminal = 'the console has a prompt, completion and replies in a real terminal';

if (script === null) program.skip(`${terminal} (needs script)`);
else {program(terminal, async () => {
    const child = spawn(script, ['-qec', `${memwire.join(' ')} console`, '/dev/null'], {
      env: {
        ...process.env,
        MEMWIRE_SERVER: '',
        XDG_STATE_HOME: temporaryDirectory(),
        TERM: 'xterm',
      },
      stdio: 'pipe',
    });
    running.push(child);
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const type = async (keys: string, leadsTo: RegExp): Promise<void> => {
      child.stdin.write(keys);
      while (!leadsTo.test(shown)) await once(child.stdout, 'data');
    };
    await type('', /memwire> /);
    await type('set greeting hello\r', /stored\r\n[^]*memwire> /);
    await type('get gr', /get gr/);
    await type('\t', /get gr[^]*eeting/);
    await type('\r', /"hello" \(5 bytes, flags 0\)\r\n/);
    child.stdin.write('\x04');
    const [code] = await once(child, 'close');
    assert.is(code, 0);
  });}

program.run();
