import { caseSuite, uniqueKey } from '../support/cases.ts';
import { makeCertificates } from '../support/certificates.ts';
import {
  findProgram,
  type RunningMemcached,
  speaksTls,
  startMemcached,
} from '../support/memcached.ts';
import { dial } from '../runner/runtime.ts';
import { temporaryFile } from '../support/temporary.ts';
import { authCases, isSince, serverCases, type ServerContext } from '../../conformance/mod.ts';

const program = findProgram('memcached');
const skip = program === null ? 'memcached' : undefined;

function context(server: RunningMemcached): ServerContext {
  return {
    dial,
    endpoint: server.endpoint,
    since: (version) => isSince(server.version, version),
    // It has a real clock: wait.
    pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    unique: uniqueKey,
  };
}

const openssl = findProgram('openssl');
const ways: readonly (readonly [name: string, unix: boolean, tls: boolean, mutual: boolean])[] = [
  ['TCP', false, false, false],
  ['unix socket', true, false, false],
  ['TLS', false, true, false],
  ['TLS with client certificates', false, true, true],
];

for (const [name, unix, tls, mutual] of ways) {
  const cases = serverCases.filter((one) => isAsked(one.name, name, tls));
  let server: RunningMemcached;
  caseSuite(`server | memcached, ${name}`, cases, () => context(server), {
    has: () => true,
    skip: skip ?? (tls ? lacksForTls() : undefined),
    timeout: 50_000,
    async before() {
      const certificates = tls ? makeCertificates(openssl ?? '') : undefined;
      server = await startMemcached(program ?? '', { unix, tls: certificates, mutual });
    },
    after: () => server?.stop() ?? Promise.resolve(),
  });
}

function lacksForTls(): string | undefined {
  if (openssl === null) return 'openssl';
  return speaksTls(program ?? '') ? undefined : 'a memcached that was built with TLS';
}

function isAsked(title: string, way: string, tls: boolean): boolean {
  // Over TLS memcached 1.6.18 does not read the rest of a record behind the end of a value until
  // more bytes arrive.
  if (tls && /in any number of pieces$|without TLS$/.test(title)) return false;
  // memcached has a real clock, which is the same over every transport: wait for it once only.
  return way === 'TCP' || title !== 'items expire';
}

{
  let server: RunningMemcached;
  caseSuite('server: login | memcached, TCP', authCases, () => context(server), {
    has: () => true,
    skip,
    async before() {
      const file = temporaryFile('auth', 'other:word\nuser:pass\n');
      server = await startMemcached(program ?? '', { args: ['-Y', file] });
    },
    after: () => server?.stop() ?? Promise.resolve(),
  });
}
