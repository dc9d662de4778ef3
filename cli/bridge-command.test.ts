import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { rejects } from '../conformance/assert.ts';
import { bridgeLimits } from '../core/bridge/mod.ts';
import { Server } from '../core/server/mod.ts';
import { makeCertificates } from '../test/support/certificates.ts';
import { findProgram, startMemcached } from '../test/support/memcached.ts';
import { patience } from '../test/support/patience.ts';
import { suite } from '../test/runner/suite.ts';
import { Client } from '../transport-web/mod.ts';
import { FakeTerminal } from '../test/support/fake-terminal.ts';
import { temporaryFile } from '../test/support/temporary.ts';
import { listen } from '../transport-node/listen.ts';
import { main } from './main.ts';

const command = suite('bridge: command line');
const token = 'a-token-for-a-test';

/** A run of `memwire bridge`. */
class Run {
  readonly terminal = new FakeTerminal();
  readonly code: Promise<number>;

  constructor(...args: readonly string[]) {
    this.code = main(['bridge', ...args], this.terminal);
  }

  /** The address that it listens on. */
  async address(): Promise<string> {
    await this.terminal.stdout.says(/\n/);
    return /ws:\S+/.exec(this.terminal.stdout.text)?.[0] ?? '';
  }

  async stop(): Promise<number> {
    this.terminal.stop();
    return await this.code;
  }
}

command('leads a page with a token to a memcached, under a prefix', async () => {
  const server = new Server();
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  const run = new Run(
    ...['--upstream', `127.0.0.1:${port}`, '--listen', '127.0.0.1:0', '--prefix', 'app1:'],
    ...['--token-file', temporaryFile('tokens', `web:${token}\n`), '--limit', 'maxKeys=2'],
    '--verbose',
  );
  const client = new Client(await run.address(), { ...patience, WebSocket, token });
  await client.set('a', 'x');
  assert.is(await client.get('a'), 'x');
  await rejects(client.getMany(['a', 'b', 'c']), Error);
  await client.close();
  assert.is(await run.stop(), 0);
  assert.match(
    run.terminal.stderr.text,
    /opened #1 127\.0\.0\.1 - web\n.*denied .*get, not allowed\n/,
  );
  assert.not.match(run.terminal.stderr.text, new RegExp(token));
  const direct = server.engine.store;
  assert.is(direct.counters.total_connections, 1);
  server.close();
  await listener.close();
});

command('each limit is in the help, and in the docs, with its default', async () => {
  const run = new Run('--help');
  assert.is(await run.code, 0);
  const page = readFileSync(join(import.meta.dirname, '../docs/bridge.md'), 'utf8');
  for (const [name, value] of Object.entries(bridgeLimits)) {
    assert.ok(run.terminal.stdout.text.includes(`${name}=${value}\n`), name);
    const [, said = ''] = new RegExp(`^\\| \\W${name}\\W +\\| ([^|]+)\\|`, 'm').exec(page) ?? [];
    const [first = '', unit] = said.trim().split(' ');
    const bytes = unit === 'MiB' ? Number(first) * 1024 * 1024 : Number(first);
    const more = / and 4 KiB/.test(said) ? 4096 : 0;
    assert.is(bytes + more, value, `${name}: ${said}`);
  }
});

const memcached = findProgram('memcached');
const openssl = findProgram('openssl');
const certificates = openssl === null ? undefined : makeCertificates(openssl);
const pem = (name: string): string => join(certificates?.directory ?? '', name);
const login = temporaryFile('login', 'ada:se:cret\n');

/**
 * The value that a page's client reads through a bridge with these flags, or its error.
 */
async function through(
  upstream: { readonly tls?: boolean; readonly args?: readonly string[] },
  ...flags: readonly string[]
): Promise<string> {
  const { tls = false, args = [] } = upstream;
  const server = await startMemcached(memcached ?? '', {
    args,
    tls: tls ? certificates : undefined,
    mutual: tls,
  });
  const port = 'port' in server.endpoint ? server.endpoint.port : 0;
  const run = new Run(
    ...['--upstream', `127.0.0.1:${port}`, '--listen', '127.0.0.1:0'],
    ...['--token-file', temporaryFile('tokens', `web:${token}\n`), ...flags],
  );
  const client = new Client(await run.address(), { ...patience, WebSocket, token });
  try {
    await client.set('a', 'x');
    return String(await client.get('a'));
  } catch (error) {
    return error instanceof Error ? error.message : '';
  } finally {
    await client.close();
    await run.stop();
    await server.stop();
  }
}

const withTls = 'TLS to its upstream, with a certificate of its own';
if (memcached === null || openssl === null) command.skip(`${withTls} (needs memcached, openssl)`);
else {
  command(withTls, async () => {
    const own = ['--upstream-cert', pem('client.pem'), '--upstream-key', pem('client.key')];
    const trusting = ['--upstream-ca', pem('ca.pem'), ...own];
    assert.is(await through({ tls: true }, ...trusting), 'x');
    const named = [...trusting, '--upstream-server-name', 'localhost'];
    assert.is(await through({ tls: true }, ...named), 'x');
    for (
      const flags of [
        own,
        [...trusting, '--upstream-server-name', 'cache.example.org'],
        ['--upstream-tls', '--upstream-ca', pem('ca.pem')],
      ]
    ) {
      assert.match(await through({ tls: true }, ...flags), /upstream unavailable/);
    }
  });
}

const withLogin = 'logs in to its upstream';
if (memcached === null) command.skip(`${withLogin} (needs memcached)`);
else {
  command(withLogin, async () => {
    const args = ['-Y', login];
    assert.is(await through({ args }, '--upstream-auth-file', login), 'x');
    const wrong = temporaryFile('login', 'ada:wrong\n');
    const refused = /SERVER_ERROR upstream unavailable/;
    assert.match(await through({ args }, '--upstream-auth-file', wrong), refused);
  });
}

for (
  const [what, args, message] of [
    ['without an upstream', [], /--upstream must be given/],
    ['with an unknown flag', ['--frobnicate'], /--frobnicate/],
    ['with an origin that is none', ['--upstream', 'a', '--origin', '*'], /origins must be like/],
    ['with an unknown limit', ['--upstream', 'a', '--limit', 'constructor=5'], /--limit must be/],
    ['with a limit of nothing', ['--upstream', 'a', '--limit', 'rate=0'], /rate must be/],
    ['with half of TLS', ['--upstream', 'a', '--tls-cert', 'x'], /--tls-key must be given/],
    [
      'with half of a certificate for the upstream',
      ['--upstream', 'a', '--upstream-cert', login],
      /--upstream-cert and --upstream-key go together/,
    ],
    [
      'with no file of authorities',
      ['--upstream', 'a', '--upstream-ca', '/nowhere'],
      /--upstream-ca: ENOENT/,
    ],
    [
      'with a login that is none',
      ['--upstream', 'a', '--upstream-auth-file', temporaryFile('login', 'ada\n')],
      /--upstream-auth-file: it must say user:password/,
    ],
    ['open to all', ['--upstream', 'a', '--listen', '0.0.0.0:0'], /tokens must be given/],
    ['with no file of tokens', ['--upstream', 'a', '--token-file', '/nowhere'], /ENOENT/],
    [
      'with an empty file of tokens',
      ['--upstream', 'a', '--token-file', temporaryFile('none', '')],
      /must have a token/,
    ],
    [
      'with a token without a name',
      ['--upstream', 'a', '--token-file', temporaryFile('bad', `${token}\n`)],
      /name:token/,
    ],
  ] as const
) {
  command(`${what} it does not start`, async () => {
    const run = new Run(...args);
    assert.is(await run.code, 1);
    assert.match(run.terminal.stderr.text, message);
    assert.is(run.terminal.stdout.text, '');
  });
}

command('its help names every limit', async () => {
  const run = new Run('--help');
  assert.is(await run.code, 0);
  assert.match(run.terminal.stdout.text, /maxInFlight=256\n/);
});

for (
  const args of [
    ['memcache://u:secretpw@h'],
    ['--upstream', 'memcache://u:secretpw@h'],
    ['--upstream', 'h', '--limit', 'memcache://u:secretpw@h'],
    ['--upstream', 'h', '--origin', 'https://u:secretpw@h/'],
  ]
) {
  command(`no password is shown: ${args.join(' ').replace('secretpw', '…')}`, async () => {
    const run = new Run(...args);
    assert.is(await run.code, 1);
    assert.not.match(run.terminal.stderr.text, 'secretpw');
    assert.match(run.terminal.stderr.text, /^memwire bridge: /);
  });
}

command.run();
