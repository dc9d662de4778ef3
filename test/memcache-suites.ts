import { memcacheCases, type MemcacheContext, metaOnlyCases } from '../conformance/mod.ts';
import type { OneServer } from '../core/client/one-server.ts';
import { MemoryServer } from '../core/server/memory.ts';
import { caseSuite, uniqueKey } from './cases.ts';
import { makeCertificates } from './certificates.ts';
import { findProgram, type RunningMemcached, startMemcached } from './memcached.ts';
import { Client } from './runtime.ts';

const everywhere = ['TCP', 'unix socket', 'TLS with client certificates'] as const;
type Place = typeof everywhere[number];

/**
 * The client's cases in one dialect, against the embedded server and memcached.
 *
 * @param options `name`: what is judged; `wrap` makes it of a client; `places`: where its
 * memcached is, everywhere by default.
 */
export function memcacheSuites(
  dialect: 'meta' | 'text' | 'auto',
  options: {
    readonly name?: string;
    readonly wrap?: (client: OneServer) => OneServer;
    readonly places?: readonly Place[];
  } = {},
): void {
  const { name = 'client', wrap = (client) => client, places = everywhere } = options;
  const program = findProgram('memcached');
  const openssl = findProgram('openssl');
  const cases = dialect !== 'text' ? [...memcacheCases, ...metaOnlyCases] : memcacheCases;

  const has = (): boolean => true;

  const { dial, clock } = new MemoryServer();
  caseSuite(`${name}: ${dialect} | embedded, in memory`, cases, (): MemcacheContext => ({
    create: (options) => wrap(new Client('localhost', { ...options, dialect, dial })),
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), { has });

  for (const where of places) {
    const tls = where.startsWith('TLS');
    // Over TLS memcached 1.6.18 leaves what comes behind a value that it refused unread, until more
    // arrives: such cases end at their deadline there.
    const done = tls ? cases.filter(({ name }) => !/tells which failed/.test(name)) : cases;
    let server: RunningMemcached;
    caseSuite(`${name}: ${dialect} | memcached, ${where}`, done, (): MemcacheContext => ({
      create: (options) => wrap(new Client(server.endpoint, { ...options, dialect })),
      pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
      unique: uniqueKey,
    }), {
      has,
      skip: program === null ? 'memcached' : tls && openssl === null ? 'openssl' : undefined,
      async before() {
        server = await startMemcached(program ?? '', {
          unix: where === 'unix socket',
          tls: tls ? makeCertificates(openssl ?? '') : undefined,
        });
      },
      after: () => server?.stop() ?? Promise.resolve(),
    });
  }
}
