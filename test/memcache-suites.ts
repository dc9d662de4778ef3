import { memcacheCases, type MemcacheContext, metaOnlyCases } from '../conformance/mod.ts';
import type { OneServer } from '../core/client/one-server.ts';
import { MemoryServer } from '../core/server/memory.ts';
import { caseSuite, uniqueKey } from './cases.ts';
import { makeCertificates } from './certificates.ts';
import { findProgram, type RunningMemcached, startMemcached } from './memcached.ts';
import { Client } from './runtime.ts';

/**
 * The client's cases in one dialect, against the embedded server and memcached.
 *
 * @param options `name`: what is judged; `wrap` makes it of a client; `unix`: over a unix socket too.
 */
export function memcacheSuites(
  dialect: 'meta' | 'text' | 'auto',
  options: {
    readonly name?: string;
    readonly wrap?: (client: InstanceType<typeof Client>) => OneServer;
    readonly unix?: boolean;
  } = {},
): void {
  const { name = 'client', wrap = (client) => client } = options;
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

  // How the bytes travel is one question, the dialect another: TLS is asked of one.
  const others = dialect === 'meta'
    ? ['unix socket', 'TLS with client certificates']
    : ['unix socket'];
  for (const where of options.unix === false ? ['TCP'] : ['TCP', ...others]) {
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
