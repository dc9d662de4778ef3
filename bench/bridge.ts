import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../test/support/memcached.ts';
import { temporaryDirectory } from '../test/support/temporary.ts';
import { TOKEN, WEB } from './clients/adapters.ts';
import { loadsOf } from './clients/loads.ts';
import { installClients } from './clients.ts';
import { layouts, pin } from './cores.ts';
import { median, spread } from './sample.ts';
import { BIN, cpuSeconds, startProgram, startServer } from './server-process.ts';
import { Subject } from './subject.ts';
import type { Table } from './table.ts';

// More than any load needs: a limit that is reached would be measured as well.
const LIMITS = ['rate', 'messageRate', 'byteRate'].map((name) => `--limit=${name}=1000000000`);

/** What the bridge costs: its own processor time for each call of a page. */
export async function* bridgeTables(quick: boolean): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('the bridge is measured on memcached');
  installClients();
  const cores = layouts().at(-1)!;
  const loads = loadsOf(['get1', 'set1', 'get64', 'set64']);
  const found = new Map(loads.map(({ id }): [string, number[]] => [id, []]));
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const server = await startServer('memcached', 64, cores.server);
    const bridge = await startBridge(server.port);
    if (cores.server !== null) pin(bridge.pid, cores.server);
    const client = new Subject({ name: WEB, ports: [bridge.port] }, cores.load);
    try {
      for (const load of loads) {
        await client.load(load, quick ? 0.1 : 1.5);
        const before = cpuSeconds(bridge.pid);
        const { count } = await client.measure(quick ? 0.1 : 1);
        found.get(load.id)!.push((cpuSeconds(bridge.pid) - before) * 1e6 / count);
      }
    } finally {
      await client.close();
      await bridge.stop();
      await server.stop();
    }
  }
  yield {
    title: `The bridge, ${cores.name}`,
    notes:
      'Processor time of the bridge, in µs for each call of a web client over one WebSocket, with ' +
      '[least..greatest]: all that it adds to the work of client and server. Calls in one turn of a ' +
      'page share a message, which is most of what a lone call costs.',
    columns: ['load', 'µs/call'],
    rows: loads.map(({ id, name }) => [name, spread(found.get(id)!, (value) => value.toFixed(1))]),
    figures: { get: median(found.get('get1')!), set: median(found.get('set1')!) },
  };
}

async function startBridge(port: number): ReturnType<typeof startProgram> {
  const tokens = join(temporaryDirectory(), 'tokens');
  writeFileSync(tokens, `bench:${TOKEN}\n`);
  const options = ['--upstream', `127.0.0.1:${port}`, '--listen', '127.0.0.1:0'];
  return await startProgram([BIN, 'bridge', ...options, '--token-file', tokens, ...LIMITS]);
}
