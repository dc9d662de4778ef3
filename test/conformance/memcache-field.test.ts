import { FallbackClient } from '../../core/client/wrappers/fallback-client.ts';
import type { ClientOptions } from '../../core/client/options.ts';
import { RetryingClient } from '../../core/client/wrappers/retrying.ts';
import { memoryDialer } from '../../core/io/memory-pipe.ts';
import { createTestClient } from '../../core/testing/mod.ts';
import type { Listener } from '../../core/io/transport.ts';
import { caseSuite, uniqueKey } from '../support/cases.ts';
import { patience } from '../support/patience.ts';
import { Client, HashClient, listen, PooledClient } from '../runner/runtime.ts';
import { fieldCases, type FieldClient, type FieldContext } from '../../conformance/mod.ts';

const has = (): boolean => true;

caseSuite('client in the field: client | models, in memory', fieldCases, (): FieldContext => ({
  createFor: (accept, options) =>
    new Client('cache', { ...options, dial: memoryDialer({ accept }) }),
  unique: uniqueKey,
}), { has });

/** Wrappers and pools do not depend on the server, so they run a part of the cases only. */
const some = fieldCases.filter(({ name }) =>
  /^(memcached 1\.(4|6\.18)|twemproxy 0\.5):/.test(name) && !/nobody asked/.test(name)
);

const kinds: Readonly<Record<string, (options: ClientOptions) => FieldClient>> = {
  'pooled': (options) => new PooledClient('cache', options),
  'hash': (options) => new HashClient(['cache:1'], options),
  'retrying': (options) => new RetryingClient(new Client('cache', options)),
  'fallback': (options) =>
    new FallbackClient([new Client('cache', options), createTestClient().client]),
};

for (const [name, open] of Object.entries(kinds)) {
  const cases = name === 'pooled' ? some : some.filter(({ needs = [] }) => !needs.includes('meta'));
  caseSuite(`client in the field: ${name} | models, in memory`, cases, (): FieldContext => ({
    createFor: (accept, options) => open({ ...options, dial: memoryDialer({ accept }) }),
    unique: uniqueKey,
  }), { has });
}

const listeners: Listener[] = [];

caseSuite('client in the field: client | models, TCP', some, (): FieldContext => ({
  async createFor(accept, options) {
    const listener = await listen({ host: '127.0.0.1', port: 0 }, accept);
    listeners.push(listener);
    return new Client(listener.endpoint, { ...patience, ...options });
  },
  unique: uniqueKey,
}), {
  has,
  async after() {
    await Promise.all(listeners.map((listener) => listener.close()));
  },
});
