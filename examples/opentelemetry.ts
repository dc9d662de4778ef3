// Prints the OpenTelemetry spans of a few calls. In your program, pass `telemetry()` to the client and
// keep your own exporters.
//   npm install memwire @opentelemetry/api @opentelemetry/sdk-trace-base
//   npx tsx opentelemetry.ts
import {
  BasicTracerProvider,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Client } from 'memwire';
import { telemetry } from 'memwire/otel';
import { MemoryServer } from 'memwire/server';

const provider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
});
const options = telemetry({ tracer: provider.getTracer('memwire') });
const client = new Client('localhost', { dial: new MemoryServer().dial, ...options });

await client.set('greeting', 'hello');
await client.getMany(['greeting', 'nobody']);
await client.incr('greeting').catch(() => {});

await client.close();
await provider.shutdown();
