// A bridge to a server, `bridge-main.ts HOST PORT`, on any runtime: prints its port, then for each line
// of its input the bytes of memory that it has, and the sockets that are open.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { listenBridge } from '../../runner/runtime-bridge.ts';
import { hostileToken, origin } from '../../support/hostile.ts';

const [host = '', port = ''] = process.argv.slice(2);
const { bridge, endpoint } = await listenBridge({ host: '127.0.0.1', port: 0 }, {
  upstream: `${host}:${port}`,
  origins: [origin],
  tokens: new Map([['tests', hostileToken]]),
});
console.log(endpoint.port);
createInterface({ input: process.stdin })
  .on('line', () => console.log(`${process.memoryUsage().rss} ${bridge.sockets}`))
  .on('close', () => process.exit(0));
