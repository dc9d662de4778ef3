import { FallbackClient } from '../../core/client/wrappers/fallback-client.ts';
import type { ClientOptions } from '../../core/client/options.ts';
import { RetryingClient } from '../../core/client/wrappers/retrying.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import { createTestClient } from '../../core/testing/mod.ts';
import type { Dialer, Listener } from '../../core/io/transport.ts';
import { caseSuite, uniqueKey } from '../support/cases.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { Client, HashClient, listen, PooledClient } from '../runner/runtime.ts';
import {
  type Case,
  faultCases,
  type FaultContext,
  type JudgedClient,
} from '../../conformance/mod.ts';

const has = (): boolean => true;

// A skipped test is one that another machine could run.
function withoutNeeds(...features: readonly string[]): Case<FaultContext>[] {
  return faultCases.filter(({ needs = [] }) => !needs.some((need) => features.includes(need)));
}

/** A kind of client, with a single server. */
interface Kind {
  readonly open: (options: ClientOptions) => JudgedClient;
  /** The features that it does not have. */
  readonly lacks?: readonly string[];
}

const kinds: Readonly<Record<string, Kind>> = {
  'meta': { open: (options) => new Client('cache', { ...options, dialect: 'meta' }) },
  'text': {
    open: (options) => new Client('cache', { ...options, dialect: 'text' }),
    lacks: ['opaques', 'meta'],
  },
  'pooled': { open: (options) => new PooledClient('cache', options) },
  'hash': { open: (options) => new HashClient(['cache:1', 'cache:2', 'cache:3'], options) },
  'retrying': { open: (options) => new RetryingClient(new Client('cache', options)) },
  'retrying hash, text': {
    open: (options) =>
      new RetryingClient(new HashClient(['cache:1', 'cache:2'], { ...options, dialect: 'text' })),
    lacks: ['opaques', 'meta'],
  },
  'fallback': {
    open: (options) =>
      new FallbackClient([new Client('cache', options), createTestClient().client]),
  },
};

for (const [name, { open, lacks = [] }] of Object.entries(kinds)) {
  const cases = withoutNeeds('servers', ...lacks);
  caseSuite(`client at fault: ${name} | embedded, in memory`, cases, (): FaultContext => {
    const clock = new EagerClock();
    return {
      createFor: (accept, options) => open({ ...options, clock, dial: memoryDialer({ accept }) }),
      unique: uniqueKey,
      clock,
    };
  }, { has });
}

const manyServers = faultCases.filter(({ needs = [] }) => needs.includes('servers'));

caseSuite('client at fault: hash | embedded, many in memory', manyServers, (): FaultContext => {
  const clock = new EagerClock();
  return {
    createFor: () => Promise.reject(new Error('these cases have several servers')),
    createForMany(accepts, options) {
      const dial: Dialer = (to, events, signal) => {
        const accept = accepts['port' in to ? to.port - 1 : 0]!;
        return memoryDialer({ accept })(to, events, signal);
      };
      const names = accepts.map((_, i) => `cache:${i + 1}`);
      return new HashClient(names, { ...options, clock, dial });
    },
    unique: uniqueKey,
    clock,
  };
}, { has });

const listeners: Listener[] = [];
// Those about which sockets differ from pipes in memory; their times are real ones.
const onSockets = withoutNeeds('servers').filter(({ name }) =>
  /^[^:]*$|^gets: .*(closed|reset|single bytes|swapped|negative|NONSENSE)/.test(name) &&
  !/down|ten timeouts/.test(name)
);

caseSuite('client at fault: auto | embedded, TCP', onSockets, (): FaultContext => ({
  async createFor(accept, options) {
    const listener = await listen({ host: '127.0.0.1', port: 0 }, accept);
    listeners.push(listener);
    return new Client(listener.endpoint, options);
  },
  unique: uniqueKey,
  // The machine is busy with other tests.
  timeout: 500,
}), {
  has,
  async after() {
    await Promise.all(listeners.map((listener) => listener.close()));
  },
});
