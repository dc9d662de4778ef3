import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import * as conventions from '@opentelemetry/semantic-conventions';
import * as assert from 'uvu/assert';
import { MemoryServer } from '../core/server/memory.ts';
import { UsageError } from '../core/wire/errors.ts';
import { suite } from '../test/runner/suite.ts';
import { Client, type ClientOptions, HashClient } from '../transport-node/mod.ts';
import { telemetry } from './otel.ts';

const otel = suite('memwire/otel');

interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

/** The spans and the metrics of the calls in `run`. */
async function report(
  run: (options: ClientOptions) => Promise<void>,
): Promise<{ spans: ReadableSpan[]; points: (name: string) => readonly Point[] }> {
  const spans = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  const meters = new MeterProvider({ readers: [reader] });
  await run(telemetry({ tracer: tracers.getTracer('test'), meter: meters.getMeter('test') }));
  await meters.forceFlush();
  const metrics = exporter.getMetrics().at(-1)?.scopeMetrics.flatMap(({ metrics }) => metrics) ??
    [];
  await meters.shutdown();
  return {
    spans: spans.getFinishedSpans(),
    points: (name) => metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [],
  };
}

const { dial } = new MemoryServer();
const server = { 'db.system.name': 'memcached', 'server.address': 'cache.example' };
const place = { ...server, 'server.port': 11212 };

otel('a read is a client span with the conventional attributes', async () => {
  const { spans: [span, ...others] } = await report(async (options) => {
    await using client = new Client('cache.example:11212', { dial, dialect: 'meta', ...options });
    await client.get('missing');
  });
  assert.is(others.length, 0);
  assert.is(span?.name, 'mg cache.example:11212');
  assert.is(span?.kind, SpanKind.CLIENT);
  assert.equal(span?.attributes, {
    ...place,
    'db.operation.name': 'mg',
    'memwire.hits': 0,
    'memwire.misses': 1,
    'memwire.bytes_out': 'mg missing v f O1\r\n'.length,
    'memwire.bytes_in': 'EN O1\r\n'.length,
  });
});

otel('the names are those of the conventions', () => {
  assert.equal(
    [
      conventions.ATTR_DB_SYSTEM_NAME,
      conventions.ATTR_DB_OPERATION_NAME,
      conventions.ATTR_DB_OPERATION_BATCH_SIZE,
      conventions.ATTR_DB_RESPONSE_STATUS_CODE,
      conventions.ATTR_ERROR_TYPE,
      conventions.ATTR_SERVER_ADDRESS,
      conventions.ATTR_SERVER_PORT,
      conventions.METRIC_DB_CLIENT_OPERATION_DURATION,
    ],
    [
      'db.system.name',
      'db.operation.name',
      'db.operation.batch.size',
      'db.response.status_code',
      'error.type',
      'server.address',
      'server.port',
      'db.client.operation.duration',
    ],
  );
});

otel('many keys are a batch, and a unix socket has no port', async () => {
  const { spans: [span] } = await report(async (options) => {
    await using client = new Client('/run/memcached.sock', { dial, ...options });
    await client.getMany(['a', 'b']);
  });
  assert.is(span?.attributes['db.operation.batch.size'], 2);
  assert.is(span?.attributes['server.address'], '/run/memcached.sock');
  assert.is(span?.attributes['server.port'], undefined);
});

otel('an error has its type, the word the server began it with, and a status', async () => {
  const { spans, points } = await report(async (options) => {
    await using client = new Client('cache.example:11212', { dial, dialect: 'meta', ...options });
    await client.set('text', 'text');
    await client.incr('text').catch(() => {});
  });
  const span = spans.at(-1);
  assert.is(span?.attributes['error.type'], 'non-numeric');
  assert.is(span?.attributes['db.response.status_code'], 'CLIENT_ERROR');
  assert.is(span?.status.code, SpanStatusCode.ERROR);
  assert.equal(points('db.client.operation.duration').map(({ attributes }) => attributes), [
    { ...place, 'db.operation.name': 'ms' },
    {
      ...place,
      'db.operation.name': 'ma',
      'error.type': 'non-numeric',
      'db.response.status_code': 'CLIENT_ERROR',
    },
  ]);
});

otel('durations are a histogram in seconds, keys and changes are counters', async () => {
  const { points } = await report(async (options) => {
    await using client = new Client('cache.example:11212', { dial, dialect: 'meta', ...options });
    await client.set('a', 1);
    for (let i = 0; i < 3; i++) await client.get('a');
    await client.getMany(['a', 'none', 'neither']);
  });
  const reads = points('db.client.operation.duration')
    .find(({ attributes }) => attributes['db.operation.name'] === 'mg');
  assert.ok(reads);
  const { count, sum, buckets } = reads.value as {
    count: number;
    sum: number;
    buckets: { boundaries: number[] };
  };
  assert.is(count, 3);
  assert.ok(sum > 0 && sum < 10, `${sum} s`);
  assert.equal(buckets.boundaries, [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]);
  const keys = points('memwire.client.keys')
    .map(({ attributes, value }) => [attributes['memwire.found'], value]);
  assert.equal(keys, [[true, 4], [false, 2]]);
  const changes = points('memwire.client.server.changes')
    .map(({ attributes, value }) => [attributes['memwire.change'], value]);
  assert.equal(changes, [['connecting', 1], ['up', 1]]);
});

otel('a server that is down has the type of its error, and no password', async () => {
  const { spans, points } = await report(async (options) => {
    await using client = new HashClient('memcached://user:s3cr3t@cache.example:11212', {
      dial: () => Promise.reject(new Error('no route')),
      ...options,
    });
    await client.get('k').catch(() => {});
  });
  const [, down] = points('memwire.client.server.changes');
  assert.equal(down?.attributes, {
    ...place,
    'memwire.change': 'down',
    'error.type': 'connection',
  });
  const shown = JSON.stringify([
    points('db.client.operation.duration'),
    spans.map(({ name, attributes, status }) => [name, attributes, status]),
  ]);
  assert.match(shown, /no route/);
  assert.not.match(shown, /s3cr3t/);
});

otel('either half may be left out, and without an SDK nothing happens', async () => {
  const all = [telemetry(), telemetry({ tracer: null }), telemetry({ meter: null })];
  for (const options of [...all, telemetry({ tracer: null, meter: null })]) {
    await using client = new Client('h', { dial, ...options });
    assert.is(await client.get('missing'), undefined);
  }
});

otel('options that are none are refused', () => {
  for (
    const [options, argument] of [
      [null, 'options'],
      [5, 'options'],
      [{ x: 1 }, 'options'],
      [{ tracer: 5 }, 'tracer'],
      [{ meter: 'x' }, 'meter'],
    ] as const
  ) {
    const isRefused = (error: unknown): boolean =>
      error instanceof UsageError && (argument === 'options' || error.argument === argument);
    assert.throws(() => telemetry(options as never), isRefused);
  }
});

otel.run();
