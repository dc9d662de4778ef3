// A program that leaves its clients open: `unref-main.ts PORT ca.pem|-`. It ends by itself if nothing
// of them keeps it alive, long before the time that its calls had.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Client, HashClient, PooledClient } from '../runner/runtime.ts';

const [port, file = '-'] = process.argv.slice(2);
const server = { host: '127.0.0.1', port: Number(port) };
const tls = file === '-' ? undefined : { ca: readFileSync(file, 'utf8'), serverName: 'localhost' };
const long = { timeout: 600_000, connectTimeout: 600_000, stallAfter: 600_000 };
const options = { unref: true, ...long, tls };
const clients = [
  new Client(server, options),
  new PooledClient(server, options),
  new HashClient([server], { ...options, idleTimeout: 60_000 }),
];
for (const client of clients) await client.set('k', 'v');
console.log(clients.map(({ state }) => state).join(' '));
