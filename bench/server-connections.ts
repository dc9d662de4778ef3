import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { median, spread } from './sample.ts';
import { memory, type ServerName, serverNames, startServer } from './server-process.ts';
import type { Table } from './table.ts';

/**
 * Those that are open before what is measured: the first ones load code, and the young space of the
 * heap grows with the first thousands to its full size.
 */
const BEFORE = 8000;

/** What a connection holds in memory that was used and is idle. */
export async function connectionTable(quick: boolean): Promise<Table> {
  const first = quick ? 500 : BEFORE;
  const count = quick ? 500 : 8000;
  const found = new Map<ServerName, number[]>(serverNames().map((name) => [name, []]));
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const [name, bytes] of found) bytes.push(await measure(name, first, count));
  }
  return {
    title: 'An idle connection',
    notes:
      `Bytes resident for each of ${count} connections, after ${first} others, once each has set ` +
      'and got an item of 100 bytes and nothing happens any more, with [least..greatest].',
    columns: ['server', 'bytes'],
    rows: [...found].map(([name, bytes]) => [name, spread(bytes, (value) => value.toFixed(0))]),
    figures: { idle: median(found.get('memwire')!) },
  };
}

async function measure(name: ServerName, first: number, count: number): Promise<number> {
  // memcached needs some of them for itself.
  const server = await startServer(name, 64, null, ['-c', String(count + first + 100)]);
  const open: Socket[] = [];
  try {
    while (open.length < first) open.push(await useOne(server.port));
    const before = await settled(server.pid);
    while (open.length < first + count) open.push(await useOne(server.port));
    return (await settled(server.pid) - before) / count;
  } finally {
    for (const socket of open) socket.destroy();
    await server.stop();
  }
}

async function settled(pid: number): Promise<number> {
  await setTimeout(2000);
  return memory(pid).now;
}

function useOne(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let said = '';
    socket.write(`set key 0 0 100\r\n${'x'.repeat(100)}\r\nget key\r\n`);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (said.endsWith('END\r\n')) resolve(socket);
    });
  });
}
