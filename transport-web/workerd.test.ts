import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as assert from 'uvu/assert';
import { VirtualClock } from '../core/io/clock.ts';
import { Server } from '../core/server/serve.ts';
import { type CaseResults, distantSuite } from '../test/support/cases.ts';
import { type Certificates, makeCertificates } from '../test/support/certificates.ts';
import { findProgram, freePort, startMemcached } from '../test/support/memcached.ts';
import { startSocketExchange } from '../test/support/socket-exchange.ts';
import { startExchange } from '../test/support/websocket-exchange.ts';
import { TestWorker, workerdPath } from '../test/support/workerd.ts';
import { type Parameters, type WorkerList, workerLists } from '../test/workers/lists.ts';
import { suite } from '../test/runner/suite.ts';
import { listen } from '../transport-node/listen.ts';
import { rejects } from '../conformance/assert.ts';
import type { Endpoint } from '../core/io/transport.ts';
import { latin1 } from '../core/wire/bytes.ts';
import { withSend } from '../test/support/intercept.ts';

const local = { host: '127.0.0.1', port: 0 };
const portOf = (to: Endpoint): string => 'port' in to ? String(to.port) : '';

const openssl = findProgram('openssl');
const memcached = findProgram('memcached');
const certificates: Certificates | null = openssl === null ? null : makeCertificates(openssl);
const started: { close(): unknown }[] = [];
const until = <Started extends { close(): unknown }>(one: Started): Started => {
  started.push(one);
  return one;
};

let starting: Promise<TestWorker> | null = null;
const worker = (): Promise<TestWorker> =>
  starting ??= TestWorker.start('test/workers/worker.ts', {
    trust: {
      own: certificates?.ca ?? '',
      selfSigned: certificates?.selfSigned.cert ?? '',
      stranger: '',
    },
    objects: { object: 'Keeper' },
  });

let startingNode: Promise<TestWorker> | null = null;
const nodeWorker = (): Promise<TestWorker> =>
  startingNode ??= TestWorker.start('test/workers/node-worker.ts', { node: true });

/** The cases of a list, which one request to a Worker runs as a whole. */
function workerSuite(
  where: string,
  start: () => Promise<TestWorker>,
  list: WorkerList,
  open: () => Promise<Parameters>,
  needs: readonly (readonly [string, string | null])[] = [],
): void {
  const missing = [['workerd', workerdPath] as const, ...needs].find(([, path]) => path === null);
  const run = async (): Promise<CaseResults> =>
    await (await start()).ask(`/${list}`, await open()) as CaseResults;
  distantSuite(`workerd: ${where}`, workerLists[list], run, { skip: missing?.[0] });
}

workerSuite('transport | TCP', worker, 'transport', atExchange);
workerSuite('transport | TLS', worker, 'tls', atExchange, [['openssl', openssl]]);
workerSuite('transport | WebSocket', worker, 'web-socket', async () => {
  const { port } = until(await startExchange());
  return { exchange: String(port), nowhere: String(await freePort()) };
});
workerSuite('client | embedded, TCP', worker, 'client', embedded);
workerSuite('client | memcached, TCP', worker, 'client', async () => {
  const server = await startMemcached(memcached ?? '');
  until({ close: () => server.stop() });
  return { port: portOf(server.endpoint) };
}, [['memcached', memcached]]);

workerSuite('transport of memwire/node | TCP', nodeWorker, 'transport', atExchange);
workerSuite('client of memwire/node | embedded, TCP', nodeWorker, 'client', embedded);

/** An exchange, for sockets with TLS and without. */
async function atExchange(): Promise<Parameters> {
  const tls = certificates === null
    ? {}
    : { tls: { ...certificates.server, ca: certificates.ca }, self: certificates.selfSigned };
  const { port } = until(await startSocketExchange(tls));
  return { exchange: String(port), nowhere: String(await freePort()) };
}

/** An embedded server, and an address where its clock is advanced. */
async function embedded(): Promise<Parameters> {
  const virtual = new VirtualClock();
  const listener = until(
    await listen(local, new Server({}, virtual).accept),
  );
  const http = until(createServer(({ url = '' }, response) => {
    virtual.advance(Number(/seconds=(\d+)/.exec(url)?.[1]) * 1000);
    response.end();
  }));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return { port: portOf(listener.endpoint), clock: `http://127.0.0.1:${port}/` };
}

const requests = suite('workerd: requests');
const withWorkerd: typeof requests.skip = workerdPath === null
  ? (name) => requests.skip(`${name} (needs workerd)`)
  : requests;

/** An embedded server, and what it reads and writes on each connection, piece by piece. */
interface Watched {
  readonly port: string;
  readonly connections: {
    readonly reads: string[];
    readonly writes: string[];
    readonly closed: Promise<void>;
  }[];
}

async function watched(): Promise<Watched> {
  const connections: Watched['connections'] = [];
  const server = new Server();
  const { endpoint } = until(
    await listen(local, (transport, address) => {
      const reads: string[] = [];
      const writes: string[] = [];
      let onClosed = (): void => {};
      const closed = new Promise<void>((resolve) => {
        onClosed = resolve;
      });
      connections.push({ reads, writes, closed });
      const below = withSend(transport, (bytes) => {
        writes.push(latin1(bytes));
        return transport.send(bytes);
      });
      const events = server.accept(below, address);
      return {
        onData(chunk) {
          reads.push(latin1(chunk));
          events.onData(chunk);
        },
        onDrain: () => events.onDrain(),
        onClosed(cause) {
          events.onClosed(cause);
          onClosed();
        },
      };
    }),
  );
  return { port: portOf(endpoint), connections };
}

/** What a call in another request than the first ends with. */
function assertForeign(told: unknown): void {
  const { name, code, outcome, message } = told as Readonly<Record<string, string>>;
  assert.equal([name, code, outcome], ['UsageError', 'usage', 'not-sent']);
  assert.match(
    message ?? '',
    /^client belongs to the request that it was used in first, .*await using/,
  );
}

withWorkerd('a client in a second request says what is wrong, and sends nothing', async () => {
  const { port, connections } = await watched();
  const asked = await worker();
  assert.equal(await asked.ask('/kept', { port }), {});
  const heard = (): string => connections.map(({ reads }) => reads.join('')).join();
  const before = heard();
  assertForeign(await asked.ask('/kept', { port }));
  assertForeign(await asked.ask('/kept', { port, call: 'close' }));
  assert.is(heard(), before);
  await asked.ask('/forget');
});

withWorkerd('so it does where the first request was cut off while it connected', async () => {
  let connected = (): void => {};
  const connecting = new Promise<void>((resolve) => {
    connected = resolve;
  });
  // Over TLS it waits for a handshake that nobody answers.
  const { endpoint } = until(
    await listen(local, () => {
      connected();
      return { onData() {}, onDrain() {}, onClosed() {} };
    }),
  );
  const asked = await worker();
  const aborter = new AbortController();
  const first = asked.ask('/kept', { port: portOf(endpoint), over: 'tls' }, aborter.signal);
  await connecting;
  aborter.abort();
  await rejects(first, Error);
  assertForeign(await asked.ask('/kept'));
  await asked.ask('/forget');
});

withWorkerd('a Durable Object keeps a client, and its connection', async () => {
  const { port, connections } = await watched();
  const asked = await worker();
  assert.equal(await asked.ask('/object', { port }), { value: 1 });
  assert.equal(await asked.ask('/object', { port }), { value: 2 });
  assert.is(connections.length, 1);
});

withWorkerd(
  'the first store takes a round trip more to learn the dialect, but none as text',
  async () => {
    for (const [dialect, trips] of [['auto', 2], ['text', 1]] as const) {
      const { port, connections } = await watched();
      await (await worker()).ask('/set', { port, dialect });
      const [{ reads, writes }] = connections as [Watched['connections'][0]];
      assert.equal([connections.length, reads.length, writes.length], [1, trips, trips], dialect);
    }
  },
);

withWorkerd(
  'examples/worker.ts takes one round trip for a hit, and another for a miss',
  async () => {
    const { port, connections } = await watched();
    const example = await TestWorker.start('examples/worker.ts', {
      texts: { MEMCACHED: `127.0.0.1:${port}` },
    });
    const ask = async (): Promise<[cache: string | null, page: string]> => {
      const response = await fetch(`${example.origin}/page`);
      return [response.headers.get('X-Cache'), await response.text()];
    };
    const [cache, page] = await ask();
    assert.is(cache, 'miss');
    assert.equal(await ask(), ['hit', page]);
    await Promise.all(connections.map(({ closed }) => closed));
    await example.stop();
    const trips = connections.map(({ reads, writes }) => [reads.length, writes.length]);
    assert.equal(trips, [[2, 2], [1, 1]]);
    // The question behind the probes of the dialect, in one piece with them.
    assert.match(
      connections[1]?.reads.join('') ?? '',
      /^mg memwire-probe .*\r\nget memwire-probe\r\nget \/page\r\n$/,
    );
  },
);

requests.after(async () => {
  await (await starting)?.stop();
  await (await startingNode)?.stop();
  for (const one of started) await one.close();
});

requests.run();
