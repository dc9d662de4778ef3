import { Server } from '../core/server/serve.ts';
import { MemoryServer } from '../core/server/memory.ts';
import { VirtualClock } from '../core/clock.ts';
import type { Endpoint, Listener } from '../core/transport.ts';
import { caseSuite, uniqueKey } from '../test/cases.ts';
import { temporaryFile } from '../test/memcached.ts';
import { dial, listen } from '../test/runtime.ts';
import { authCases, serverCases, type ServerContext } from './mod.ts';

const common = { since: () => true, unique: uniqueKey };

{
  const { dial: dialMemory, clock } = new MemoryServer();
  caseSuite('server | embedded, in memory', serverCases, (): ServerContext => ({
    ...common,
    dial: dialMemory,
    endpoint: { path: 'memory' },
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
  }));
}

{
  const credentials = new Map([['other', 'word'], ['user', 'pass']]);
  const { dial: dialMemory, clock } = new MemoryServer({ credentials });
  caseSuite('server: login | embedded, in memory', authCases, (): ServerContext => ({
    ...common,
    dial: dialMemory,
    endpoint: { path: 'memory' },
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
  }));
}

const places: readonly [string, Endpoint][] = [
  ['TCP', { host: '127.0.0.1', port: 0 }],
  ['unix socket', { path: temporaryFile('socket', '') + '.sock' }],
];

for (const [name, at] of places) {
  const clock = new VirtualClock();
  const server = new Server({}, clock);
  let listener: Listener;
  caseSuite(`server | embedded, ${name}`, serverCases, (): ServerContext => ({
    ...common,
    dial,
    endpoint: listener.endpoint,
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
  }), {
    async before() {
      listener = await listen(at, server.accept);
    },
    async after() {
      await listener.close();
      server.close();
    },
  });
}
