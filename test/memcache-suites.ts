import type { Case, MemcacheContext } from '../conformance/mod.ts';
import type { Memcache } from '../core/client/memcache.ts';
import { VirtualClock } from '../core/clock.ts';
import { MemoryServer } from '../core/server/memory.ts';
import type { Dialer, Endpoint } from '../core/transport.ts';
import type { ClientOptions } from '../transport-node/mod.ts';
import { caseSuite, uniqueKey } from './cases.ts';
import { findProgram, type RunningMemcached, startMemcached } from './memcached.ts';

/** A kind of client, and how many servers it is to have. */
export interface Subject<Client extends Memcache> {
  readonly name: string;
  readonly servers: number;
  readonly cases: readonly Case<MemcacheContext<Client>>[];
  /** Over unix sockets too; they are the same to all that stands above the dial. */
  readonly unix?: boolean;
  open(servers: readonly Endpoint[], options: ClientOptions): Client;
}

/** The cases of a client, against embedded servers and memcached. */
export function memcacheSuites<Client extends Memcache>(subject: Subject<Client>): void {
  const { name, servers, cases } = subject;
  const program = findProgram('memcached');

  const memory = memoryServers(servers);
  caseSuite(`${name}, in memory`, cases, (): MemcacheContext<Client> => ({
    create: (options) => subject.open(memory.endpoints, { ...options, dial: memory.dial }),
    pass: (seconds) => Promise.resolve(memory.clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }));

  for (const unix of subject.unix === true ? [false, true] : [false]) {
    let running: readonly RunningMemcached[] = [];
    const where = unix ? 'a unix socket' : 'TCP';
    caseSuite(`${name}, memcached over ${where}`, cases, (): MemcacheContext<Client> => ({
      create: (options) => subject.open(running.map(({ endpoint }) => endpoint), { ...options }),
      pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
      unique: uniqueKey,
    }), {
      skip: program === null ? 'memcached' : undefined,
      async before() {
        const starts = Array.from(
          { length: servers },
          () => startMemcached(program ?? '', { unix }),
        );
        running = await Promise.all(starts);
      },
      async after() {
        await Promise.all(running.map((server) => server.stop()));
      },
    });
  }
}

/** Embedded servers of one clock, at ports 1, 2, 3 and so on of a network that is theirs alone. */
export function memoryServers(count: number): {
  readonly clock: VirtualClock;
  readonly endpoints: readonly Endpoint[];
  readonly dial: Dialer;
} {
  const clock = new VirtualClock();
  const servers = Array.from({ length: count }, () => new MemoryServer({}, clock));
  return {
    clock,
    endpoints: servers.map((_, i) => ({ host: 'cache', port: i + 1 })),
    dial(to, events, signal) {
      const server = servers['port' in to ? to.port - 1 : 0];
      if (server === undefined) throw new Error('there is no such server');
      return server.dial(to, events, signal);
    },
  };
}
