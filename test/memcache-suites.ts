import { memcacheCases, type MemcacheContext, metaOnlyCases } from '../conformance/mod.ts';
import type { OneServer } from '../core/client/one-server.ts';
import { MemoryServer } from '../core/server/memory.ts';
import { Client } from '../transport-node/mod.ts';
import { caseSuite, uniqueKey } from './cases.ts';
import { findProgram, type RunningMemcached, startMemcached } from './memcached.ts';

/**
 * The client's cases in one dialect, against the embedded server and memcached.
 *
 * @param options `name`: what is judged; `wrap` makes it of a client; `unix`: over a unix socket too.
 */
export function memcacheSuites(
  dialect: 'meta' | 'text' | 'auto',
  options: {
    readonly name?: string;
    readonly wrap?: (client: Client) => OneServer;
    readonly unix?: boolean;
  } = {},
): void {
  const { name = 'client', wrap = (client) => client } = options;
  const program = findProgram('memcached');
  const cases = dialect !== 'text' ? [...memcacheCases, ...metaOnlyCases] : memcacheCases;

  const has = (): boolean => true;

  const { dial, clock } = new MemoryServer();
  caseSuite(`${name}: ${dialect}, in memory`, cases, (): MemcacheContext => ({
    create: (options) => wrap(new Client('localhost', { ...options, dialect, dial })),
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), { has });

  for (const unix of options.unix === false ? [false] : [false, true]) {
    let server: RunningMemcached;
    const where = unix ? 'a unix socket' : 'TCP';
    caseSuite(`${name}: ${dialect}, memcached over ${where}`, cases, (): MemcacheContext => ({
      create: (options) => wrap(new Client(server.endpoint, { ...options, dialect })),
      pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
      unique: uniqueKey,
    }), {
      has,
      skip: program === null ? 'memcached' : undefined,
      async before() {
        server = await startMemcached(program ?? '', { unix });
      },
      after: () => server?.stop() ?? Promise.resolve(),
    });
  }
}
