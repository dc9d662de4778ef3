// Suites of the client cases, against embedded servers and memcached.
import {
  type Case,
  memcacheCases,
  type MemcacheContext,
  metaOnlyCases,
  oneServerCases,
} from '../../conformance/mod.ts';
import type { ClientOptions } from '../../core/client/options.ts';
import type { Memcache } from '../../core/client/memcache.ts';
import type { ServerClient } from '../../core/client/server-client.ts';
import { VirtualClock } from '../../core/io/clock.ts';
import { Server } from '../../core/server/serve.ts';
import type { Endpoint, Listener } from '../../core/io/transport.ts';
import { caseSuite, uniqueKey } from './cases.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { findProgram, type RunningMemcached, startMemcached } from './memcached.ts';
import { memoryServers } from './memory-servers.ts';
import { patience } from './patience.ts';
import { listen } from '../runner/runtime.ts';
import { temporaryFile } from './temporary.ts';

/** How a client reaches its servers. */
type Way = 'TCP' | 'unix socket' | 'TLS' | 'TLS with client certificates' | 'TCP, with a login';

/** A kind of client, and its number of servers. */
export interface Subject<Client extends Memcache> {
  readonly name: string;
  readonly servers: number;
  readonly cases: readonly Case<MemcacheContext<Client>>[];
  /** Ways to reach memcached other than TCP; they differ only in the dial. */
  readonly also?: readonly Way[];
  /** Ways to reach embedded servers other than memory. */
  readonly embedded?: readonly ('TCP' | 'TCP, with a login')[];
  open(servers: readonly Endpoint[], options: ClientOptions): Client;
}

const program = findProgram('memcached');
const openssl = findProgram('openssl');
const login = { username: 'user', password: 'pass' } as const;

/** The cases of a client, against embedded servers and memcached. */
export function memcacheSuites<Client extends Memcache>(subject: Subject<Client>): void {
  const { name, servers, cases, also = [], embedded = [] } = subject;
  const memory = memoryServers(servers);
  caseSuite(`${name} | embedded, in memory`, cases, (): MemcacheContext<Client> => ({
    create: (options) => subject.open(memory.endpoints, { ...options, dial: memory.dial }),
    pass: (seconds) => Promise.resolve(memory.clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), { has });
  for (const way of embedded) embeddedSuite(subject, way);
  for (const way of ['TCP', ...also] as const) memcachedSuite(subject, way);
}

/** The same for a client of one server, in either dialect. */
export function dialectSuites<Client extends ServerClient>(
  name: string,
  open: (server: Endpoint | undefined, options: ClientOptions) => Client,
): void {
  for (const dialect of ['meta', 'text'] as const) {
    const shared = [...memcacheCases, ...oneServerCases];
    memcacheSuites({
      name: `${name}: ${dialect}`,
      servers: 1,
      cases: dialect === 'text' ? shared : [...shared, ...metaOnlyCases],
      open: ([server], options) => open(server, { ...options, dialect }),
    });
  }
}

const has = (): boolean => true;

function embeddedSuite<Client extends Memcache>(subject: Subject<Client>, way: Way): void {
  const clock = new VirtualClock();
  const credentials = new Map([[login.username, login.password]]);
  const options = way === 'TCP, with a login' ? { credentials } : {};
  let running: readonly (readonly [Server, Listener])[] = [];
  caseSuite(`${subject.name} | embedded, ${way}`, subject.cases, (): MemcacheContext<Client> => ({
    create(options) {
      const endpoints = running.map(([, { endpoint }]) => endpoint);
      return subject.open(endpoints, { ...patience, ...loginOf(way), ...options });
    },
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), {
    has,
    async before() {
      const starts = Array.from({ length: subject.servers }, async () => {
        const embedded = new Server(options, clock);
        const listener = await listen({ host: '127.0.0.1', port: 0 }, embedded.accept);
        return [embedded, listener] as const;
      });
      running = await Promise.all(starts);
    },
    async after() {
      await Promise.all(running.map(([, listener]) => listener.close()));
      for (const [server] of running) server.close();
    },
  });
}

function memcachedSuite<Client extends Memcache>(subject: Subject<Client>, way: Way): void {
  const { name, servers } = subject;
  const cases = subject.cases.filter((one) => isAsked(one, way));
  let running: readonly RunningMemcached[] = [];
  caseSuite(`${name} | memcached, ${way}`, cases, (): MemcacheContext<Client> => ({
    create: (options) => {
      const endpoints = running.map(({ endpoint }) => endpoint);
      return subject.open(endpoints, { ...patience, ...loginOf(way), ...options });
    },
    pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    unique: uniqueKey,
  }), {
    has,
    skip: program === null ? 'memcached' : missing(way),
    async before() {
      const how = {
        unix: way === 'unix socket',
        tls: certificatesOf(way),
        mutual: way === 'TLS with client certificates',
        args: way === 'TCP, with a login'
          ? ['-Y', temporaryFile('auth', `${login.username}:${login.password}\n`)]
          : [],
      };
      const starts = Array.from({ length: servers }, () => startMemcached(program ?? '', how));
      running = await Promise.all(starts);
    },
    async after() {
      await Promise.all(running.map((server) => server.stop()));
    },
  });
}

function isAsked({ name }: { readonly name: string }, way: Way): boolean {
  // memcached's clock is real, and the same over every transport, so only one suite waits for it.
  return way === 'TCP' || !/takes seconds, a Date|^gat and gats|now or later$/.test(name);
}

function isTls(way: Way): boolean {
  return way.startsWith('TLS');
}

function missing(way: Way): string | undefined {
  return isTls(way) && openssl === null ? 'openssl' : undefined;
}

let certificates: Certificates | undefined;

function certificatesOf(way: Way): Certificates | undefined {
  return isTls(way) ? certificates ??= makeCertificates(openssl ?? '') : undefined;
}

function loginOf(way: Way): Pick<ClientOptions, 'auth'> {
  return way === 'TCP, with a login' ? { auth: login } : {};
}
