// A bridge to an embedded server, on any runtime: prints its port, then for each line of its input the
// bytes of memory that it has, and the sockets that are open.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { MemoryServer } from '../../../core/server/memory.ts';
import { listenBridge } from '../../runner/runtime-bridge.ts';
import { hostileToken, origin } from '../../support/hostile.ts';

const { bridge, endpoint } = await listenBridge({ host: '127.0.0.1', port: 0 }, {
  upstream: 'localhost',
  dial: new MemoryServer().dial,
  origins: [origin],
  tokens: new Map([['tests', hostileToken]]),
});
console.log(endpoint.port);
createInterface({ input: process.stdin })
  .on('line', () => console.log(`${process.memoryUsage().rss} ${bridge.sockets}`))
  .on('close', () => process.exit(0));
