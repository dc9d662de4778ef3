// A span for each command, for any OpenTelemetry tracer; opentelemetry.ts shows how to use it.
//   npm install memwire @opentelemetry/api @opentelemetry/semantic-conventions
import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import {
  ATTR_DB_OPERATION_BATCH_SIZE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_RESPONSE_STATUS_CODE,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '@opentelemetry/semantic-conventions';
import {
  type Command,
  type CommandEnd,
  MemcacheError,
  type OnCommand,
  ServerReplyError,
  toEndpoint,
} from 'memwire';

/**
 * Starts a span for each command, named and attributed by OpenTelemetry's semantic conventions for
 * database clients. Pass the result to a client as its `onCommand`. The parent of a span is the
 * span that is active where the call was made. Keys and values are left out, since they may be
 * private.
 */
export function traceCommands(tracer: Tracer): OnCommand {
  return (command, server) => {
    const span = tracer.startSpan(`${command.verb} ${server}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        [ATTR_DB_SYSTEM_NAME]: 'memcached',
        [ATTR_DB_OPERATION_NAME]: command.verb,
        ...batch(command),
        ...address(server),
      },
    });
    return (end) => finish(span, end);
  };
}

function finish(span: Span, { error, hits, misses, bytesOut, bytesIn }: CommandEnd): void {
  // The conventions define no names for these.
  span.setAttributes({
    'memwire.hits': hits,
    'memwire.misses': misses,
    'memwire.bytes_out': bytesOut,
    'memwire.bytes_in': bytesIn,
  });
  if (error !== null) {
    const type = error instanceof MemcacheError ? error.code : error.name;
    span.setAttribute(ATTR_ERROR_TYPE, type);
    if (error instanceof ServerReplyError) {
      span.setAttribute(ATTR_DB_RESPONSE_STATUS_CODE, error.kind);
    }
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  span.end();
}

/** The conventions require the size of a batch from two on. */
function batch(command: Command): Record<string, number> {
  const size = 'keys' in command ? command.keys.length : 1;
  return size > 1 ? { [ATTR_DB_OPERATION_BATCH_SIZE]: size } : {};
}

/** A unix socket has a path as its address, and no port. */
function address(server: string): Record<string, string | number> {
  const endpoint = toEndpoint(server);
  if ('path' in endpoint) return { [ATTR_SERVER_ADDRESS]: endpoint.path };
  return { [ATTR_SERVER_ADDRESS]: endpoint.host, [ATTR_SERVER_PORT]: endpoint.port };
}
