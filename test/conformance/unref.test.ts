// A client with `unref` lets its process end.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { Server } from '../../core/server/serve.ts';
import type { TlsOptions } from '../../core/io/transport.ts';
import { makeCertificates } from '../support/certificates.ts';
import { findProgram } from '../support/memcached.ts';
import { temporaryFile } from '../support/temporary.ts';
import { listen, runtime } from '../runner/runtime.ts';
import { suite } from '../runner/suite.ts';

const unref = suite('unref');
const program = join(import.meta.dirname, '../support/unref-main.ts');
const how = { node: ['--import', 'tsx'], bun: [], deno: ['run', '-A'] }[runtime];

async function run(tls?: TlsOptions): Promise<string> {
  const listener = await listen({ host: '127.0.0.1', port: 0, tls }, new Server().accept);
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  const file = tls === undefined ? '-' : temporaryFile('ca.pem', tls.ca ?? '');
  const args = [...how, program, String(port), file];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
    return stdout;
  } finally {
    await listener.close();
  }
}

unref('a process ends although its clients are open', async () => {
  assert.is(await run(), 'up up up\n');
});

const openssl = findProgram('openssl');
if (openssl === null) unref.skip('the same with TLS (needs openssl)');
else {
  unref('the same with TLS', async () => {
    const { ca, server } = makeCertificates(openssl);
    assert.is(await run({ ca, ...server }), 'up up up\n');
  });
}

unref.run();
