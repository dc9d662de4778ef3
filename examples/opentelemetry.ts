// Prints the OpenTelemetry spans of a few calls. In your program, pass
// `onCommand: traceCommands(tracer)` to the client and keep your own exporter.
//   npm install memwire @opentelemetry/api @opentelemetry/sdk-trace-base \
//     @opentelemetry/semantic-conventions
//   npx tsx opentelemetry.ts
import {
  BasicTracerProvider,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Client } from 'memwire';
import { MemoryServer } from 'memwire/server';
import { traceCommands } from './trace-commands.ts';

const provider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
});
const onCommand = traceCommands(provider.getTracer('memwire'));
const client = new Client('localhost', { dial: new MemoryServer().dial, onCommand });

await client.set('greeting', 'hello');
await client.getMany(['greeting', 'nobody']);
await client.incr('greeting').catch(() => {});

await client.close();
await provider.shutdown();
