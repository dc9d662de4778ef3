// An embedded server in a process of its own: prints its port, and for each line that comes in what
// it holds once its garbage was collected.
import { createInterface } from 'node:readline';
import { Server } from '../../../core/server/mod.ts';
import { listen } from '../../../transport-node/mod.ts';
import { holdings } from './holdings.ts';

const server = new Server({ memory: 64 * 1024 * 1024, maxConnections: 20_000 });
const listener = await listen({ host: '0.0.0.0', port: 0 }, server.accept);
console.log('port' in listener.endpoint ? listener.endpoint.port : 0);
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await holdings()));
}
process.exit();
