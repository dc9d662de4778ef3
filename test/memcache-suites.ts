import type { Case, MemcacheContext } from '../conformance/mod.ts';
import type { ClientOptions } from '../core/client/client-options.ts';
import type { Memcache } from '../core/client/memcache.ts';
import type { Endpoint } from '../core/transport.ts';
import { caseSuite, uniqueKey } from './cases.ts';
import { makeCertificates } from './certificates.ts';
import { findProgram, type RunningMemcached, startMemcached } from './memcached.ts';
import { memoryServers } from './memory-servers.ts';

/** A kind of client, and how many servers it is to have. */
export interface Subject<Client extends Memcache> {
  readonly name: string;
  readonly servers: number;
  readonly cases: readonly Case<MemcacheContext<Client>>[];
  /** How to reach memcached beside TCP; it is the same to all that stands above the dial. */
  readonly also?: readonly ('unix socket' | 'TLS with client certificates')[];
  open(servers: readonly Endpoint[], options: ClientOptions): Client;
}

/** A busy machine may take longer than the defaults. */
const patience = { timeout: 10_000, connectTimeout: 10_000 } as const;

/** The cases of a client, against embedded servers and memcached. */
export function memcacheSuites<Client extends Memcache>(subject: Subject<Client>): void {
  const { name, servers, cases, also = [] } = subject;
  const program = findProgram('memcached');
  const openssl = findProgram('openssl');
  const has = (): boolean => true;

  const memory = memoryServers(servers);
  caseSuite(`${name} | embedded, in memory`, cases, (): MemcacheContext<Client> => ({
    create: (options) => subject.open(memory.endpoints, { ...options, dial: memory.dial }),
    pass: (seconds) => Promise.resolve(memory.clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), { has });

  for (const where of ['TCP', ...also]) {
    const tls = where.startsWith('TLS');
    // Over TLS memcached 1.6.18 leaves what comes behind a value that it refused unread, until more
    // arrives: such cases end at their deadline there.
    const done = tls ? cases.filter(({ name }) => !/tells which failed/.test(name)) : cases;
    let running: readonly RunningMemcached[] = [];
    caseSuite(`${name} | memcached, ${where}`, done, (): MemcacheContext<Client> => ({
      create: (options) =>
        subject.open(running.map(({ endpoint }) => endpoint), { ...patience, ...options }),
      pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
      unique: uniqueKey,
    }), {
      has,
      skip: program === null ? 'memcached' : tls && openssl === null ? 'openssl' : undefined,
      async before() {
        const how = {
          unix: where === 'unix socket',
          tls: tls ? makeCertificates(openssl ?? '') : undefined,
        };
        const starts = Array.from({ length: servers }, () => startMemcached(program ?? '', how));
        running = await Promise.all(starts);
      },
      async after() {
        await Promise.all(running.map((server) => server.stop()));
      },
    });
  }
}
