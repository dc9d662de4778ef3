import { FallbackClient } from '../../core/client/wrappers/fallback-client.ts';
import type { ClientOptions } from '../../core/client/options.ts';
import { RetryingClient } from '../../core/client/wrappers/retrying.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import { createTestClient } from '../../core/testing/mod.ts';
import type { Listener } from '../../core/io/transport.ts';
import { caseSuite, uniqueKey } from '../support/cases.ts';
import { Client, HashClient, listen, PooledClient } from '../runner/runtime.ts';
import { faultCases, type FaultContext, type JudgedClient } from '../../conformance/mod.ts';

const has = (): boolean => true;

/** Every kind of client, with a single server. */
const kinds: Readonly<Record<string, (options: ClientOptions) => JudgedClient>> = {
  'meta': (options) => new Client('cache', { ...options, dialect: 'meta' }),
  'text': (options) => new Client('cache', { ...options, dialect: 'text' }),
  'auto': (options) => new Client('cache', { ...options, dialect: 'auto' }),
  'pooled': (options) => new PooledClient('cache', options),
  'hash': (options) => new HashClient(['cache:1', 'cache:2', 'cache:3'], options),
  'retrying': (options) => new RetryingClient(new Client('cache', options)),
  'fallback': (options) =>
    new FallbackClient([new Client('cache', options), createTestClient().client]),
};

for (const [name, open] of Object.entries(kinds)) {
  caseSuite(`client at fault: ${name} | embedded, in memory`, faultCases, (): FaultContext => ({
    createFor: (accept, options) => open({ ...options, dial: memoryDialer({ accept }) }),
    unique: uniqueKey,
  }), { has });
}

const listeners: Listener[] = [];

caseSuite('client at fault: meta | embedded, TCP', faultCases, (): FaultContext => ({
  async createFor(accept, options) {
    const listener = await listen({ host: '127.0.0.1', port: 0 }, accept);
    listeners.push(listener);
    return new Client(listener.endpoint, options);
  },
  unique: uniqueKey,
}), {
  has,
  async after() {
    await Promise.all(listeners.map((listener) => listener.close()));
  },
});
