import { Server } from '../../core/server/serve.ts';
import { MemoryServer } from '../../core/server/memory.ts';
import { VirtualClock } from '../../core/io/clock.ts';
import type { Endpoint, Listener, TlsOptions } from '../../core/io/transport.ts';
import { caseSuite, uniqueKey } from '../support/cases.ts';
import { makeCertificates } from '../support/certificates.ts';
import { findProgram } from '../support/memcached.ts';
import { dial, listen } from '../runner/runtime.ts';
import { temporaryFile } from '../support/temporary.ts';
import { authCases, serverCases, type ServerContext } from '../../conformance/mod.ts';
import { isEmbeddedSince } from '../../conformance/server/since.ts';

const has = (): boolean => true;
const common = { since: isEmbeddedSince, unique: uniqueKey };

for (const isFast of [true, false]) {
  const { dial: dialMemory, clock, server } = new MemoryServer();
  const { plain } = server.engine;
  plain.request.enabled = isFast;
  const name = isFast ? '' : ', all requests by the long way';
  caseSuite(`server | embedded, in memory${name}`, serverCases, (): ServerContext => ({
    ...common,
    dial: dialMemory,
    endpoint: { path: 'memory' },
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
  }), {
    has,
    after() {
      if (plain.taken > 0 !== isFast) throw new Error(`${plain.taken} requests went the fast way`);
      return Promise.resolve();
    },
  });
}

{
  const credentials = new Map([['other', 'word'], ['user', 'pass']]);
  const { dial: dialMemory, clock } = new MemoryServer({ credentials });
  caseSuite('server: login | embedded, in memory', authCases, (): ServerContext => ({
    ...common,
    dial: dialMemory,
    endpoint: { path: 'memory' },
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
  }), { has });
}

const openssl = findProgram('openssl');
const certificates = openssl === null ? null : makeCertificates(openssl);

/** The TLS options of the server. */
function tlsOf(side: 'server' | 'client'): TlsOptions {
  return certificates === null ? {} : { ca: certificates.ca, ...certificates[side] };
}

interface Place {
  readonly name: string;
  readonly at: Endpoint;
  /** The TLS options of its client. */
  readonly tls?: TlsOptions;
}

const places: readonly Place[] = [
  { name: 'TCP', at: { host: '127.0.0.1', port: 0 } },
  { name: 'unix socket', at: { path: temporaryFile('socket', '') + '.sock' } },
  { name: 'TLS', at: { host: '127.0.0.1', port: 0, tls: tlsOf('server') }, tls: tlsOf('client') },
  {
    name: 'TLS with client certificates',
    at: { host: '127.0.0.1', port: 0, tls: { ...tlsOf('server'), requireClientCert: true } },
    tls: tlsOf('client'),
  },
];

for (const { name, at, tls } of places) {
  const clock = new VirtualClock();
  const server = new Server({}, clock);
  let listener: Listener;
  caseSuite(`server | embedded, ${name}`, serverCases, (): ServerContext => ({
    ...common,
    dial,
    endpoint: tls === undefined ? listener.endpoint : { ...listener.endpoint, tls },
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
  }), {
    has,
    skip: tls !== undefined && openssl === null ? 'openssl' : undefined,
    async before() {
      listener = await listen(at, server.accept);
    },
    async after() {
      await listener.close();
      server.close();
    },
  });
}
