import { Server } from '../../core/server/serve.ts';
import type { Endpoint, Listener } from '../../core/io/transport.ts';
import { caseSuite } from '../support/cases.ts';
import { dialAndEnd } from '../support/half-close.ts';
import { findProgram, type RunningMemcached, startMemcached } from '../support/memcached.ts';
import { listen } from '../runner/runtime.ts';
import { temporaryFile } from '../support/temporary.ts';
import { ok, text } from '../../conformance/assert.ts';
import type { Case } from '../../conformance/case.ts';

// The answers to a client that sends everything and half-closes: `printf 'get a\r\n' | nc -N`.

const value = 'x'.repeat(100_000);

/** Requests, in order, each over a connection of its own, and their complete answers. */
const talks: readonly (readonly [name: string, said: string, answer: string | RegExp])[] = [
  [
    'all that was asked is answered',
    'flush_all\r\nset a 0 0 1\r\nx\r\nget a\r\nget b\r\nmg a v\r\nmn\r\n',
    'OK\r\nSTORED\r\nVALUE a 0 1\r\nx\r\nEND\r\nEND\r\nVA 1\r\nx\r\nMN\r\n',
  ],
  ['a line without its end is not done', 'set a 0 0 1\r\ny\r\ndelete a', 'STORED\r\n'],
  ['a value without its end is not stored', 'set a 0 0 10\r\nz', ''],
  ['the item is as it was', 'get a\r\n', 'VALUE a 0 1\r\ny\r\nEND\r\n'],
  ['what asks for no answer is done', 'set a 0 0 1 noreply\r\nz\r\nmg none v q\r\n', ''],
  ['and was done', 'get a\r\n', 'VALUE a 0 1\r\nz\r\nEND\r\n'],
  ['nothing is asked', '', ''],
  ['errors are answered too', 'bogus\r\nget\r\n', 'ERROR\r\nERROR\r\n'],
  [
    'more than any buffer holds is answered in full',
    `set a 0 0 ${value.length}\r\n${value}\r\n${'get a\r\n'.repeat(100)}`,
    `STORED\r\n${`VALUE a 0 ${value.length}\r\n${value}\r\nEND\r\n`.repeat(100)}`,
  ],
  [
    'more than a turn of the server is answered in full',
    'mn\r\n'.repeat(9999),
    'MN\r\n'.repeat(9999),
  ],
  ['a dump is told to its end', 'lru_crawler metadump all\r\n', /^key=a [^\n]*\nEND\r\n$/],
  ['who watches has gone', 'watch\r\n', 'OK\r\n'],
];

const cases = talks.map(([name, said, answer]): Case<Endpoint> => ({
  name,
  async run(endpoint) {
    const got = text(await dialAndEnd(endpoint, said));
    const good = typeof answer === 'string' ? got === answer : answer.test(got);
    ok(good, `${got.length} bytes came: ${got.slice(0, 99)}`);
  },
}));

const program = findProgram('memcached');
const places: Readonly<Record<string, Endpoint>> = {
  TCP: { host: '127.0.0.1', port: 0 },
  'unix socket': { path: temporaryFile('socket', '') + '.sock' },
};

for (const [where, at] of Object.entries(places)) {
  const server = new Server();
  let listener: Listener;
  caseSuite(`server: half-closed | embedded, ${where}`, cases, () => listener.endpoint, {
    async before() {
      listener = await listen(at, server.accept);
    },
    async after() {
      await listener.close();
      server.close();
    },
  });

  let memcached: RunningMemcached;
  caseSuite(`server: half-closed | memcached, ${where}`, cases, () => memcached.endpoint, {
    skip: program === null ? 'memcached' : undefined,
    async before() {
      memcached = await startMemcached(program ?? '', { unix: 'path' in at });
    },
    after: () => memcached?.stop() ?? Promise.resolve(),
  });
}
