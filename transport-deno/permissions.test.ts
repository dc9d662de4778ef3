import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { Server } from '../core/server/serve.ts';
import type { Endpoint, TlsOptions } from '../core/io/transport.ts';
import { makeCertificates } from '../test/support/certificates.ts';
import { findProgram, freePort } from '../test/support/memcached.ts';
import { suite } from '../test/runner/suite.ts';
import { temporaryFile } from '../test/support/temporary.ts';
import { listen } from '../transport-node/listen.ts';

const deno = join(import.meta.dirname, '../node_modules/.bin/deno');
const openssl = findProgram('openssl');
const permissions = suite('permissions on Deno');

/** Runs a client on Deno with these permissions; gives what it reads, or what was asked for. */
function client(to: Endpoint, flags: readonly string[]): Promise<string> {
  return run(
    flags,
    `import { Client } from ${source('./mod.ts')};
const client = new Client(${JSON.stringify(to)}, { timeout: 20_000, connectTimeout: 20_000 });
try {
  await client.set('key', 'value');
  console.log(await client.get('key'));
} catch (error) {
  console.log(error.message);
}
await client.close();
`,
  );
}

/** The same with a bridge, and a page in the same program; what was asked for is in the log. */
function bridged(place: Endpoint, to: Endpoint, flags: readonly string[]): Promise<string> {
  return run(
    flags,
    `import { listenBridge } from ${source('./bridge.ts')};
import { Client } from ${source('../transport-web/mod.ts')};
const token = 'a-token-for-a-test';
const timeout = 20_000;
try {
  const bridge = await listenBridge(${JSON.stringify(place)}, {
    upstream: ${JSON.stringify(to)},
    upstreamTimeout: timeout,
    tokens: new Map([['test', token]]),
    log(event) {
      if (event.type === 'upstream') console.log(event.error.message);
    },
  });
  const client = new Client(bridge.endpoint, { token, timeout, connectTimeout: timeout });
  const value = await client.set('key', 'value').then(() => client.get('key'), () => 'failed');
  console.log(value);
  await client.close();
  await bridge.close();
} catch (error) {
  console.log(error.message);
}
`,
  );
}

async function run(flags: readonly string[], program: string): Promise<string> {
  const args = ['run', '--no-prompt', '--no-check', '--no-config', ...flags];
  const file = temporaryFile('program.ts', program);
  return (await promisify(execFile)(deno, [...args, file])).stdout.trim();
}

function source(file: string): string {
  return JSON.stringify(import.meta.resolve(file));
}

/** Runs a server while `use` lasts. */
async function served(at: Endpoint, use: (where: Endpoint) => Promise<void>): Promise<void> {
  const server = new Server();
  const listener = await listen(at, server.accept);
  try {
    await use(listener.endpoint);
  } finally {
    await listener.close();
    server.close();
  }
}

const withOpenssl: typeof permissions.skip = openssl === null
  ? (name) => permissions.skip(name)
  : permissions;
const tcp = { host: '127.0.0.1', port: 0 };
const port = (to: Endpoint): number => ('port' in to ? to.port : 0);

permissions('TCP needs --allow-net=host:port alone', () =>
  served(tcp, async (to) => {
    assert.is(await client(to, [`--allow-net=127.0.0.1:${port(to)}`]), 'value');
    assert.match(await client(to, []), /Requires net access/);
    assert.match(await client(to, ['--allow-net=127.0.0.1:1']), /Requires net access/);
  }));

withOpenssl(
  'TLS with a client certificate needs no more (needs openssl)',
  async () => {
    const { ca, server, client: own } = makeCertificates(openssl ?? '');
    const tls: TlsOptions = { ca, ...server, requireClientCert: true };
    await served({ ...tcp, tls }, async (to) => {
      const flags = [`--allow-net=127.0.0.1:${port(to)}`];
      assert.is(await client({ ...to, tls: { ca, ...own } }, flags), 'value');
    });
  },
);

permissions('a unix socket needs --allow-net, --allow-read and --allow-write', () => {
  const path = temporaryFile('x', '') + '.sock';
  const flags = [`--allow-net=unix:${path}`, `--allow-read=${path}`, `--allow-write=${path}`];
  return served({ path }, async (to) => {
    assert.is(await client(to, flags), 'value');
    for (const flag of flags) {
      assert.match(
        await client(to, flags.filter((other) => other !== flag)),
        /Requires \w+ access/,
      );
    }
  });
});

permissions(
  'a bridge needs --allow-net for its place and for the upstream',
  () =>
    served(tcp, async (to) => {
      const place = { host: '127.0.0.1', port: await freePort() };
      const [own, upstream] = [place, to].map((at) => `127.0.0.1:${port(at)}`);
      assert.is(await bridged(place, to, [`--allow-net=${own},${upstream}`]), 'value');
      assert.match(await bridged(place, to, [`--allow-net=${upstream}`]), /Requires net access/);
      assert.match(await bridged(place, to, [`--allow-net=${own}`]), /Requires net access/);
    }),
);

permissions.run();
