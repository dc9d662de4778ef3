import { FallbackClient } from '../core/client/fallback-client.ts';
import type { ClientOptions } from '../core/client/client-options.ts';
import { RetryingClient } from '../core/client/retrying-client.ts';
import { VirtualClock } from '../core/clock.ts';
import { memoryDialer } from '../core/server/memory.ts';
import { createTestClient } from '../core/testing/mod.ts';
import type { Listener } from '../core/transport.ts';
import { caseSuite, uniqueKey } from '../test/cases.ts';
import { patience } from '../test/patience.ts';
import { Client, HashClient, listen, PooledClient } from '../test/runtime.ts';
import {
  fieldCases,
  type FieldClient,
  type FieldContext,
  memcacheCases,
  type MemcacheContext,
  ModelServer,
  serverModels,
} from './mod.ts';

const has = (): boolean => true;

caseSuite('client in the field: client | models, in memory', fieldCases, (): FieldContext => ({
  createFor: (accept, options) =>
    new Client('cache', { ...options, dial: memoryDialer({ accept }) }),
  unique: uniqueKey,
}), { has });

/** What stands above a connection is not asked of each server. */
const some = fieldCases.filter(({ name }) =>
  /^(memcached 1\.(4|6\.9|6\.45)|twemproxy 0\.5):/.test(name)
);

const kinds: Readonly<Record<string, (options: ClientOptions) => FieldClient>> = {
  'pooled': (options) => new PooledClient('cache', options),
  'hash': (options) => new HashClient(['cache:1'], options),
  'retrying': (options) => new RetryingClient(new Client('cache', options)),
  'fallback': (options) =>
    new FallbackClient([new Client('cache', options), createTestClient().client]),
};

for (const [name, open] of Object.entries(kinds)) {
  caseSuite(`client in the field: ${name} | models, in memory`, some, (): FieldContext => ({
    createFor: (accept, options) => open({ ...options, dial: memoryDialer({ accept }) }),
    unique: uniqueKey,
  }), { has: (need) => need !== 'meta' || name === 'pooled' });
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

/** What servers lack beside a command: the cases that cannot be asked of them. */
const beyond: readonly (readonly [servers: RegExp, cases: RegExp])[] = [
  // Meta commands of the caller's own.
  [/^memcached 1\.(4|5|6\.9)|^twemproxy|^Pelikan|^mcrouter/, /^quiet commands can be awaited/],
  // A time that is past ends the connection.
  [/^twemproxy/, /^expire takes seconds, a Date/],
  // It says ERROR, and not why.
  [/^Pelikan/, /^incr of what is no number is an error of the server/],
];

for (const model of serverModels) {
  const { name, lacks, keeps = true } = model;
  if (!keeps) continue;
  const clock = new VirtualClock();
  const server = new ModelServer(model, clock);
  const cases = memcacheCases.filter((one) =>
    !beyond.some(([servers, cases]) => servers.test(name) && cases.test(one.name))
  );
  caseSuite(`client: default | ${name}`, cases, (): MemcacheContext => ({
    create: (options) => new Client('cache', { ...options, dial: server.dial }),
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    unique: uniqueKey,
  }), { has: (need) => !lacks.includes(need) });
}
