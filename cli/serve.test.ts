import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from '../test/runner/suite.ts';
import * as assert from 'uvu/assert';
import { RawConnection } from '../conformance/server/raw-connection.ts';
import type { Endpoint, TlsOptions } from '../core/io/transport.ts';
import { latin1 } from '../core/wire/bytes.ts';
import { makeCertificates } from '../test/support/certificates.ts';
import { dialAndEnd } from '../test/support/half-close.ts';
import { findProgram, freePort } from '../test/support/memcached.ts';
import { buildMemwire } from '../test/support/memwire-program.ts';
import { temporaryDirectory, temporaryFile } from '../test/support/temporary.ts';
import { dial } from '../transport-node/dial.ts';

const [node, bin] = await buildMemwire();

/** `memwire serve`, started as a process. */
class Program {
  readonly process: ChildProcessWithoutNullStreams;
  readonly exit: Promise<unknown[]>;
  out = '';
  err = '';

  constructor(...args: string[]) {
    this.process = spawn(node, [bin, 'serve', ...args], { stdio: 'pipe' });
    this.exit = once(this.process, 'close');
    this.process.stdout.on('data', (chunk) => this.out += chunk);
    this.process.stderr.on('data', (chunk) => this.err += chunk);
    running.push(this);
  }

  /** Its address, once it listens. */
  async place(): Promise<string> {
    for (;;) {
      const found = /(?<=listening on ).*(?=\n)/.exec(this.out);
      if (found !== null) return found[0];
      if (this.process.exitCode !== null) throw new Error(this.err);
      await Promise.race([once(this.process.stdout, 'data'), this.exit]);
    }
  }

  /** Waits until it has printed this on stderr. */
  async says(what: RegExp): Promise<void> {
    while (!what.test(this.err)) {
      if (this.process.exitCode !== null) throw new Error(this.err);
      await Promise.race([once(this.process.stderr, 'data'), this.exit]);
    }
  }

  async port(): Promise<number> {
    return Number(/:(\d+)$/.exec(await this.place())?.[1]);
  }

  /** Its exit code, or the signal that killed it. */
  async code(): Promise<unknown> {
    const [code, signal] = await this.exit;
    return code ?? signal;
  }
}

const running: Program[] = [];

async function talk(to: Endpoint, ...steps: (readonly [string, string | RegExp])[]): Promise<void> {
  const connection = await RawConnection.open(dial, to);
  for (const [send, expected] of steps) {
    connection.send(send);
    if (typeof expected === 'string') await connection.expect(expected);
    else await connection.match(expected);
  }
  connection.close();
}

/** Whether nothing listens there any more. */
async function isFree(where: { port: number; host: string } | { path: string }): Promise<boolean> {
  const socket = connect(where);
  const free = await Promise.race([
    once(socket, 'connect').then(() => false),
    new Promise<boolean>((resolve) => socket.once('error', () => resolve(true))),
  ]);
  socket.destroy();
  return free;
}

const serve = suite('memwire serve');

serve.after(() => {
  for (const { process } of running) process.kill('SIGKILL');
});

serve(
  'every flag does what memcached does with it, and the shutdown command stops it',
  async () => {
    const [limits, names] = ['-m 8 -I 2k -c 2 -R 20 -C -F -X -W -A', '-D / -vv -U 0'].map((flags) =>
      flags.split(' ')
    ) as [string[], string[]];
    const idle = '-u nobody -t 4 -b 1024 -f 1.25 -n 48 -B ascii -k -L -r'.split(' ');
    const options = ['-o', 'idle_timeout=3600,track_sizes', '-o', 'no_lru_crawler,modern'];
    const program = new Program(
      ...['-p', '-1', '-l', '127.0.0.1'],
      ...[...limits, ...names, ...idle, ...options],
    );
    const to = { host: '127.0.0.1', port: await program.port() };
    const has = (name: string, value: string): readonly [string, RegExp] => [
      'stats settings\r\n',
      new RegExp(`[^]*STAT ${name} ${value}\r\n[^]*END\r\n`),
    ];
    const first = await RawConnection.open(dial, to);
    await talk(
      to,
      [
        'set a 0 0 2048\r\n' + 'x'.repeat(2048) + '\r\n',
        'SERVER_ERROR object too large for cache\r\n',
      ],
      ['set a 0 0 1\r\nx\r\ngets a\r\n', 'STORED\r\nVALUE a 0 1 0\r\nx\r\nEND\r\n'],
      ['flush_all\r\n', 'CLIENT_ERROR flush_all not allowed\r\n'],
      ['stats cachedump 1 0\r\n', 'CLIENT_ERROR stats cachedump not allowed\r\n'],
      ['lru_crawler metadump all\r\n', 'ERROR metadump not allowed\r\n'],
      ['watch\r\n', 'CLIENT_ERROR watch commands not allowed\r\n'],
      [
        'stats detail on\r\nget p/a\r\nstats detail dump\r\n',
        [
          'CLIENT_ERROR stats detail not allowed',
          'END',
          'CLIENT_ERROR stats detail not allowed',
          '',
        ]
          .join('\r\n'),
      ],
      ['stats sizes\r\n', /STAT 64 1\r\nEND\r\n/],
      has('maxbytes', String(8 * 1024 * 1024)),
      has('maxconns', '2'),
      has('reqs_per_event', '20'),
      has('item_size_max', '2048'),
      has('idle_timeout', '3600'),
    );
    assert.match(program.err, /^new connection from tcp:127\.0\.0\.1:\d+\n/);
    await program.says(/^closed connection from/m);
    const [second, third] = [
      await RawConnection.open(dial, to),
      await RawConnection.open(dial, to),
    ];
    await third.expect('ERROR Too many open connections\r\n');
    await third.end();
    second.close();
    first.send('shutdown\r\n');
    await first.end();
    assert.is(await program.code(), 0);
    assert.ok(await isFree(to));
  },
);

serve('who ends its side is answered all that it asked, connections printed or not', async () => {
  const program = new Program('-v', '-R', '2', '-p', '-1', '-l', '127.0.0.1');
  const to = { host: '127.0.0.1', port: await program.port() };
  assert.is(latin1(await dialAndEnd(to, 'mn\r\n'.repeat(50))), 'MN\r\n'.repeat(50));
  program.process.kill('SIGTERM');
  assert.is(await program.code(), 0);
});

serve(
  'a unix socket replaces a stale one, asks for a login, and is removed at SIGTERM',
  async () => {
    const path = join(temporaryDirectory(), 'socket');
    // A process that was killed leaves its socket behind.
    const killed = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${
        JSON.stringify(path)
      }, () => process.kill(process.pid, 9))`,
    ]);
    await once(killed, 'close');
    assert.ok(existsSync(path));
    const users = temporaryFile('users', 'other:word\nuser:pass\n');
    const program = new Program('-s', path, '-a', '755', '-Y', users);
    assert.is(await program.place(), path);
    assert.is((statSync(path).mode & 0o777).toString(8), '755');
    await talk(
      { path },
      ['version\r\n', 'CLIENT_ERROR unauthenticated\r\n'],
      ['set a b c 9\r\nuser pass\r\n', 'STORED\r\n'],
      ['mn\r\n', 'MN\r\n'],
    );
    program.process.kill('SIGTERM');
    assert.is(await program.code(), 0);
    assert.not(existsSync(path));
  },
);

serve(
  'a port that is taken is said to be, and the port of one that was stopped is free',
  async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address?.port ?? 0 : 0;
    const program = new Program('-p', String(port));
    assert.is(await program.code(), 1);
    assert.match(program.err, /^memwire serve: cannot listen: .*in use 127\.0\.0\.1:\d+\n$/);
    assert.is(program.out, '');
    other.close();
  },
);

serve(
  'SIGINT stops it although a peer reads nothing, and sends the rest what is theirs',
  async () => {
    const program = new Program('-p', '-1', '-l', '127.0.0.1');
    const to = { host: '127.0.0.1', port: await program.port() };
    const value = 'x'.repeat(1_000_000);
    await talk(to, [`set a 0 0 1000000\r\n${value}\r\n`, 'STORED\r\n']);
    const stuck = connect(to);
    await once(stuck, 'connect');
    stuck.pause().write('get a\r\n'.repeat(50));
    const reader = await RawConnection.open(dial, to);
    reader.send('mn\r\n');
    await reader.expect('MN\r\n');
    program.process.kill('SIGINT');
    await reader.end();
    assert.is(await program.code(), 0);
    stuck.destroy();
    assert.ok(await isFree(to));
  },
);

serve('-d serves in the background, -P says by which process, and -U is told off', async () => {
  const file = join(temporaryDirectory(), 'pid');
  const program = new Program(...['-d', '-P', file, '-p', '-1', '-l', '127.0.0.1', '-U', '1']);
  assert.is(await program.code(), 0);
  assert.match(program.err, /^memwire serve: -U 1: there is no UDP here[^\n]*\n$/);
  const pid = Number(readFileSync(file, 'utf8'));
  const to = { host: '127.0.0.1', port: await program.port() };
  await talk(to, ['stats\r\n', new RegExp(`^STAT pid ${pid}\r\n[^]*END\r\n`)]);
  process.kill(pid, 'SIGTERM');
  while (existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
  const again = new Program('-d', '-s', '/nowhere/socket');
  assert.is(await again.code(), 1);
  assert.match(again.err, /^memwire serve: cannot listen: .*\/nowhere\/socket\n$/);
});

serve('without -p the port of -U is that of TCP, as with memcached', async () => {
  const port = await freePort();
  const program = new Program('-U', String(port), '-l', '127.0.0.1');
  assert.is(await program.port(), port);
  program.process.kill('SIGTERM');
  assert.is(await program.code(), 0);
});

serve('a peer that ends after its requests gets all of its replies', async () => {
  const program = new Program('-p', '-1', '-l', '127.0.0.1');
  const port = await program.port();
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const value = 'x'.repeat(500_000);
  socket.end(`set a 0 0 500000\r\n${value}\r\n${'get a\r\n'.repeat(30)}`);
  let received = 0;
  socket.on('data', (chunk) => received += chunk.length);
  await once(socket, 'end');
  assert.is(
    received,
    'STORED\r\n'.length + 30 * (500_000 + 'VALUE a 0 500000\r\n\r\nEND\r\n'.length),
  );
  socket.destroy();
});

const openssl = findProgram('openssl');
const tls = 'it speaks TLS, and asks for a certificate where it is told to';

if (openssl === null) serve.skip(`${tls} (needs openssl)`);
else {serve(tls, async () => {
    const { directory, ca, client } = makeCertificates(openssl);
    const file = (name: string): string => join(directory, name);
    const program = new Program(
      ...['-p', '-1', '-l', '127.0.0.1', '-Z', '-o'],
      `ssl_chain_cert=${file('server.pem')},ssl_key=${file('server.key')}`,
      ...['-o', `ssl_ca_cert=${file('ca.pem')},ssl_verify_mode=2`],
    );
    const to = (own: TlsOptions): Endpoint => ({ host: '127.0.0.1', port, tls: own });
    const port = await program.port();
    await talk(to({ ca, ...client }), ['mn\r\n', 'MN\r\n']);
    const stranger = await RawConnection.open(dial, to({ ca }));
    await stranger.end();
    // A peer that is silent during its handshake does not delay the stop.
    const silent = connect({ host: '127.0.0.1', port });
    await once(silent, 'connect');
    program.process.kill('SIGTERM');
    assert.is(await program.code(), 0);
    silent.destroy();
  });}

serve.run();
