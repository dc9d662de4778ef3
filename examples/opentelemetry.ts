// npx tsx examples/opentelemetry.ts
//
// Prints the spans of a few calls. With an exporter of your own in place of the console's, and
// `onCommand: traceCommands(tracer)` among your client's options, they go where your others go.
import {
  BasicTracerProvider,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Client } from '../transport-node/mod.ts';
import { MemoryServer } from '../core/server/mod.ts';
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
