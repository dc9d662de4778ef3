import process from 'node:process';
import * as assert from 'uvu/assert';
import type { Client } from '../../core/client/server-client.ts';
import type { Dialer } from '../../core/io/transport.ts';
import { suite } from '../runner/suite.ts';
import { uniqueKey } from '../support/cases.ts';
import { settled } from '../support/scripted.ts';
import { Client as OwnClient } from '../runner/runtime.ts';
import {
  type CaseReport,
  faultCases,
  foreignClient,
  halfCloseTransportCases,
  type JudgedClient,
  memcacheCases,
  metaOnlyCases,
  ModelServer,
  oneServerCases,
  runCases,
  type RunOptions,
  serverCases,
  serverModel,
  transportCases,
} from '../../conformance/mod.ts';

// An unhandled rejection would crash the program that runs the cases: runCases promises never to
// reject, however broken the subject is.

/** The number of unhandled rejections during this. */
async function unhandled(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const others = process.listeners('unhandledRejection');
  const hear = (): void => void count++;
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', hear);
  await work();
  // Runtimes report them when the queue of microtasks is empty; some report later.
  for (let turn = 0; turn < 20; turn++) await settled();
  process.off('unhandledRejection', hear);
  for (const other of others) process.on('unhandledRejection', other);
  return count;
}

async function rejectLater(): Promise<never> {
  await settled();
  throw new Error('broken');
}

/** Broken methods, by fault. */
const ways: Readonly<Record<string, () => unknown>> = {
  'rejects at once': () => Promise.reject(new Error('broken')),
  'rejects later': rejectLater,
  'throws': () => {
    throw new Error('broken');
  },
  'resolves with nothing': () => Promise.resolve(undefined),
  'gives nothing': () => undefined,
};

/** Alternates the faults: the methods of one case are broken in different ways. */
function brokenClient(...does: (() => unknown)[]): Client {
  let calls = 0;
  const method = (): unknown => does[calls++ % does.length]?.();
  const client: object = new Proxy({}, {
    get: (_target, property) => {
      if (property === 'then') return undefined;
      return property === 'meta' || property === 'ignored' ? client : method;
    },
  });
  return client as Client;
}

const options: RunOptions = { timeout: 50, has: () => true };
const clientCases = [...memcacheCases, ...metaOnlyCases, ...oneServerCases];

function judge(create: () => Client): Promise<CaseReport> {
  return runCases(clientCases, () => ({ create, pass: settled, unique: uniqueKey }), options);
}

const broken = suite('broken subjects: no rejection escapes');

broken('one that does is seen', async () => {
  assert.is(await unhandled(() => Promise.resolve(void Promise.reject(new Error('x')))), 1);
});

for (const [name, does] of Object.entries(ways)) {
  broken(`a client that ${name}`, async () => {
    for (const all of [[does], [rejectLater, rejectLater, does]]) {
      assert.is(await unhandled(() => judge(() => brokenClient(...all))), 0);
    }
  });
}

for (const name of ['ERROR to every line', 'twemproxy 0.5', 'Pelikan']) {
  for (const dialect of ['meta', 'text', 'auto'] as const) {
    broken(`a client of ${name}, in the dialect ${dialect}`, async () => {
      const { dial } = new ModelServer(serverModel(name));
      const create = (): Client => new OwnClient('localhost', { dial, dialect, timeout: 20 });
      const report = judge(create);
      assert.is(await unhandled(() => report), 0);
    });
  }
}

broken('a client at fault', async () => {
  for (const does of Object.values(ways)) {
    const createFor = (): JudgedClient => brokenClient(does);
    const run = (): Promise<unknown> =>
      runCases(faultCases, () => ({ createFor, unique: uniqueKey }), options);
    assert.is(await unhandled(run), 0);
  }
});

broken('a client that has nothing', async () => {
  const create = (): JudgedClient => foreignClient({});
  const context = () => ({ create, pass: settled, unique: uniqueKey });
  assert.is(await unhandled(() => runCases(memcacheCases, context, options)), 0);
});

broken('a dialer, a listener, a server', async () => {
  const brief = { ...options, timeout: 5 };
  for (const does of Object.values(ways)) {
    const dial = does as Dialer;
    const endpoint = { path: 'memory' };
    const context = { dial, listen: does as never, nowhere: endpoint };
    assert.is(await unhandled(() => runCases(transportCases, () => context, brief)), 0);
    const ends = {
      ...{ ...context, dialAndEnd: rejectLater },
      listen: () => Promise.resolve({ endpoint, close: settled }),
      listenAndEnd: () => Promise.resolve({ endpoint, heard: rejectLater(), close: settled }),
    };
    assert.is(await unhandled(() => runCases(halfCloseTransportCases, () => ends, brief)), 0);
    const server = { dial, endpoint, since: () => true, pass: settled, unique: uniqueKey };
    assert.is(await unhandled(() => runCases(serverCases, () => server, brief)), 0);
  }
});

broken.run();
