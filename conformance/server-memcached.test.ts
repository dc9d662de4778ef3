import { caseSuite, uniqueKey } from '../test/cases.ts';
import {
  findProgram,
  type RunningMemcached,
  startMemcached,
  temporaryFile,
} from '../test/memcached.ts';
import { dial } from '../test/runtime.ts';
import { authCases, isSince, serverCases, type ServerContext } from './mod.ts';

const program = findProgram('memcached');
const skip = program === null ? 'memcached' : undefined;

function context(server: RunningMemcached): ServerContext {
  return {
    dial,
    endpoint: server.endpoint,
    since: (version) => isSince(server.version, version),
    // Its clock is its own: time must go by.
    pass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    unique: uniqueKey,
  };
}

for (const [name, unix] of [['TCP', false], ['unix socket', true]] as const) {
  let server: RunningMemcached;
  caseSuite(`server | memcached, ${name}`, serverCases, () => context(server), {
    has: () => true,
    skip,
    timeout: 20_000,
    async before() {
      server = await startMemcached(program ?? '', { unix });
    },
    after: () => server?.stop() ?? Promise.resolve(),
  });
}

{
  let server: RunningMemcached;
  caseSuite('server: login | memcached, TCP', authCases, () => context(server), {
    has: () => true,
    skip,
    async before() {
      const file = temporaryFile('auth', 'other:word\nuser:pass\n');
      server = await startMemcached(program ?? '', { args: ['-Y', file] });
    },
    after: () => server?.stop() ?? Promise.resolve(),
  });
}
