import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import * as assert from 'uvu/assert';
import { MemoryServer } from '../core/server/mod.ts';
import { suite } from '../test/runner/suite.ts';
import { Client } from '../transport-node/mod.ts';
import { traceCommands } from './trace-commands.ts';

const example = suite('OpenTelemetry example');

/** The spans of the calls in `run`. */
async function spansOf(
  run: (client: Client) => Promise<unknown>,
  server = 'cache.example:11212',
): Promise<readonly ReadableSpan[]> {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const onCommand = traceCommands(provider.getTracer('test'));
  const client = new Client(server, { dial: new MemoryServer().dial, dialect: 'meta', onCommand });
  await run(client);
  await client.close();
  return exporter.getFinishedSpans();
}

example('a read is a client span with the conventional attributes', async () => {
  const [span, ...others] = await spansOf((client) => client.get('k'));
  assert.is(others.length, 0);
  assert.is(span?.name, 'mg cache.example:11212');
  assert.is(span?.kind, SpanKind.CLIENT);
  assert.equal(span?.attributes, {
    'db.system.name': 'memcached',
    'db.operation.name': 'mg',
    'server.address': 'cache.example',
    'server.port': 11212,
    'memwire.hits': 0,
    'memwire.misses': 1,
    'memwire.bytes_out': 'mg k v f O1\r\n'.length,
    'memwire.bytes_in': 'EN O1\r\n'.length,
  });
});

example('many keys are a batch, and a unix socket has no port', async () => {
  const [span] = await spansOf((client) => client.getMany(['a', 'b']), '/run/memcached.sock');
  assert.is(span?.attributes['db.operation.batch.size'], 2);
  assert.is(span?.attributes['server.address'], '/run/memcached.sock');
  assert.is(span?.attributes['server.port'], undefined);
});

example('an error has its type, the word the server began it with, and a status', async () => {
  const spans = await spansOf(async (client) => {
    await client.set('k', 'text');
    await client.incr('k').catch(() => {});
  });
  const span = spans.at(-1);
  assert.is(span?.attributes['error.type'], 'non-numeric');
  assert.is(span?.attributes['db.response.status_code'], 'CLIENT_ERROR');
  assert.is(span?.status.code, SpanStatusCode.ERROR);
});

example('the program prints its spans', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'opentelemetry.ts')],
    { encoding: 'utf8', timeout: 30_000 },
  );
  assert.equal([status, stderr], [0, '']);
  for (const name of ['ms', 'get', 'ma']) {
    assert.match(stdout, new RegExp(`name: '${name} localhost:11211'`));
  }
});

example.run();
