import { connect, type Socket } from 'node:net';
import { ratio } from './sample.ts';
import { generator } from './script.ts';
import {
  memory,
  type ServerName,
  serverNames,
  type ServerProcess,
  startServer,
  stats,
} from './server-process.ts';
import type { Table } from './table.ts';

const MB = 1024 * 1024;

/** How many times the limit is written, before it is over. */
const TIMES = 4;

const LARGEST = 500_000;

/** What the processes hold in memory once far more was stored than fits. */
export async function memoryTable(quick: boolean): Promise<Table> {
  const rows: string[][] = [];
  for (const limit of quick ? [64] : [64, 512]) {
    for (const name of serverNames()) rows.push(await measure(name, limit));
  }
  return {
    title: 'Memory under a limit',
    notes:
      `MB resident: idle, and at its peak while ${TIMES} times the limit is written and a quarter as ` +
      'often read: values of 16 B to 16 kB, and each 500th of 500 kB. The peak over the limit, with ' +
      'and without what the idle process has.',
    columns: [
      'server',
      '-m',
      'idle',
      'peak',
      'peak/limit',
      '(peak-idle)/limit',
      'items',
      'evicted',
    ],
    rows,
  };
}

async function measure(name: ServerName, limit: number): Promise<string[]> {
  const server = await startServer(name, limit, null);
  try {
    const idle = memory(server.pid).now;
    await flood(server, limit * MB * TIMES);
    const { peak } = memory(server.pid);
    const counters = await stats(server.port);
    return [
      name,
      String(limit),
      (idle / MB).toFixed(0),
      (peak / MB).toFixed(0),
      ratio(peak / MB / limit),
      ratio((peak - idle) / MB / limit),
      counters.get('curr_items') ?? '',
      counters.get('evictions') ?? '',
    ];
  } finally {
    await server.stop();
  }
}

/** Writes so many bytes, under keys of which a third comes up again, and reads some back. */
async function flood({ port }: ServerProcess, total: number): Promise<void> {
  const random = generator(2);
  const value = Buffer.alloc(LARGEST, 'x');
  const keys = Math.floor(total / 3000);
  const socket = connect(port, '127.0.0.1');
  const done = answered(socket);
  let written = 0;
  for (let i = 0; written < total;) {
    const batch: Buffer[] = [];
    for (let size = 0; size < 256 * 1024; i++) {
      const length = i % 500 === 499 ? LARGEST : Math.floor(16 * 1000 ** random());
      const key = `flood:${Math.floor(random() * keys)}`;
      batch.push(
        Buffer.from(`set ${key} 0 0 ${length} noreply\r\n`),
        value.subarray(0, length),
        Buffer.from(i % 4 === 0 ? `\r\nget ${key}\r\n` : '\r\n'),
      );
      size += length;
      written += length;
    }
    if (!socket.write(Buffer.concat(batch))) await drained(socket);
  }
  socket.write('mn\r\n');
  await done;
  socket.destroy();
}

// Resolves with the reply to the last command; what comes before is read and dropped.
function answered(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      if (chunk.subarray(-4).toString('latin1') === 'MN\r\n') resolve();
    });
    socket.once('error', reject);
  });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()));
}
