/** OpenTelemetry for clients: spans and metrics by its conventions for databases. */
import { metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { toEndpoint } from '../core/client/connection/endpoint.ts';
import type { CommandEnd } from '../core/client/connection/observe.ts';
import type { ClientOptions } from '../core/client/options.ts';
import { VERSION } from '../core/version.ts';
import { assertArgument, checkKnown, checkObject } from '../core/wire/check.ts';
import type { Command } from '../core/wire/command.ts';
import { MemcacheError, ServerReplyError } from '../core/wire/errors.ts';
import { isQuoting } from '../core/wire/quoting.ts';

/** The attributes of a span or of a measurement. */
export type TelemetryAttributes = Record<string, string | number | boolean>;

/** The part of OpenTelemetry's `Span` that is used. */
export interface SpanLike {
  /** Adds attributes. */
  setAttributes(attributes: TelemetryAttributes): unknown;
  /** Says how it ended. */
  setStatus(status: { readonly code: number; readonly message: string }): unknown;
  /** Ends it now. */
  end(): void;
}

/** The part of OpenTelemetry's `Tracer` that is used. */
export interface TracerLike {
  /** Starts a span whose parent is the active one. */
  startSpan(
    name: string,
    options: { readonly kind: number; readonly attributes: TelemetryAttributes },
  ): SpanLike;
}

/** The part of OpenTelemetry's `Meter` that is used. */
export interface MeterLike {
  /** Makes a histogram. */
  createHistogram(
    name: string,
    options: {
      readonly description: string;
      readonly unit: string;
      readonly advice: { readonly explicitBucketBoundaries: number[] };
    },
  ): { record(value: number, attributes: TelemetryAttributes): void };
  /** Makes a counter. */
  createCounter(
    name: string,
    options: { readonly description: string; readonly unit: string },
  ): { add(value: number, attributes: TelemetryAttributes): void };
}

/** The options of `telemetry`. */
export interface TelemetryOptions {
  /** Makes the spans; that of the global provider by default, null for none. */
  readonly tracer?: TracerLike | null | undefined;
  /** Makes the metrics; that of the global provider by default, null for none. */
  readonly meter?: MeterLike | null | undefined;
}

/** An attribute of spans, and not of metrics, which would have a series for each size. */
const BATCH_SIZE = 'db.operation.batch.size';

/** The bounds of the histogram of durations, in seconds, which the conventions advise. */
const BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/**
 * Options for a client that report its commands to OpenTelemetry: a span for each, the histogram
 * `db.client.operation.duration`, and counters of keys and of what happens to servers. Keys and values
 * are left out, since they may be private. The parent of a span is the one that is active where the
 * call was made.
 *
 * @example
 * ```ts
 * const client = new Client('localhost:11211', telemetry());
 * ```
 */
export function telemetry(
  options: TelemetryOptions = {},
): Required<Pick<ClientOptions, 'onCommand' | 'onServer'>> {
  checkTelemetry(options);
  const {
    tracer = trace.getTracer('memwire', VERSION),
    meter = metrics.getMeter('memwire', VERSION),
  } = options;
  const durations = meter?.createHistogram('db.client.operation.duration', {
    description: 'Duration of database client operations.',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDS },
  });
  const keys = meter?.createCounter('memwire.client.keys', {
    description: 'Keys that were read, by whether they were found.',
    unit: '{key}',
  });
  const changes = meter?.createCounter('memwire.client.server.changes', {
    description: 'How often a server was connecting, up, down, back, or has left.',
    unit: '{change}',
  });
  return {
    onCommand(command, server) {
      const attributes = { ...common(server), ...operation(command) };
      const span = tracer?.startSpan(`${command.verb} ${server}`, {
        kind: SpanKind.CLIENT,
        attributes,
      });
      return (end) => {
        const failure = failureOf(end.error);
        const { [BATCH_SIZE]: _, ...kept } = attributes;
        durations?.record(end.duration / 1000, { ...kept, ...failure });
        if (end.hits > 0) keys?.add(end.hits, { ...common(server), 'memwire.found': true });
        if (end.misses > 0) keys?.add(end.misses, { ...common(server), 'memwire.found': false });
        if (span !== undefined) finish(span, end, failure);
      };
    },
    onServer({ type, server, cause }) {
      changes?.add(1, { ...common(server), 'memwire.change': type, ...failureOf(cause) });
    },
  };
}

function finish(span: SpanLike, end: CommandEnd, failure: TelemetryAttributes): void {
  const { error, hits, misses, bytesOut, bytesIn } = end;
  // The conventions define no names for these.
  span.setAttributes({
    'memwire.hits': hits,
    'memwire.misses': misses,
    'memwire.bytes_out': bytesOut,
    'memwire.bytes_in': bytesIn,
    ...failure,
  });
  if (error !== null) {
    const message = isQuoting(error) ? error.name : error.message;
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  }
  span.end();
}

function operation(command: Command): TelemetryAttributes {
  // The conventions require the size of a batch from two on.
  const size = 'keys' in command ? command.keys.length : 1;
  return {
    'db.operation.name': command.verb,
    ...(size > 1 ? { [BATCH_SIZE]: size } : {}),
  };
}

function failureOf(error: Error | null): TelemetryAttributes {
  if (error === null) return {};
  return {
    'error.type': error instanceof MemcacheError ? error.code : error.name,
    ...(error instanceof ServerReplyError ? { 'db.response.status_code': error.kind } : {}),
  };
}

/** The attributes of a server. A unix socket has a path as its address, and no port. */
function common(server: string): TelemetryAttributes {
  return { 'db.system.name': 'memcached', ...addressOf(server) };
}

function addressOf(server: string): TelemetryAttributes {
  try {
    const endpoint = toEndpoint(server);
    if ('path' in endpoint) return { 'server.address': endpoint.path };
    return { 'server.address': endpoint.host, 'server.port': endpoint.port };
  } catch {
    // A server of a HashClient may have any name.
    return { 'server.address': server };
  }
}

const names = /* @__PURE__ */ new Set(['tracer', 'meter']);

/** @throws UsageError naming the option that is no tracer or no meter. */
function checkTelemetry(options: TelemetryOptions): void {
  checkObject('options', options);
  checkKnown('options', options, names);
  const { tracer, meter } = options;
  const isTracer = tracer === undefined || tracer === null ||
    typeof tracer.startSpan === 'function';
  assertArgument(isTracer, 'tracer', 'must be a tracer of @opentelemetry/api, or null');
  const isMeter = meter === undefined || meter === null ||
    typeof meter.createHistogram === 'function';
  assertArgument(isMeter, 'meter', 'must be a meter of @opentelemetry/api, or null');
}
