// The least that a program of Node between two sockets can do: it passes on what it is sent, and reads
// none of it. `relay.ts PORT` prints where it listens.
import { connect, createServer } from 'node:net';
import process from 'node:process';

const to = Number(process.argv[2]);

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ host: '127.0.0.1', port: to, noDelay: true });
  client.on('data', (chunk) => upstream.write(chunk));
  upstream.on('data', (chunk) => client.write(chunk));
  client.on('error', () => upstream.destroy());
  client.on('close', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
  upstream.on('close', () => client.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`127.0.0.1:${address?.port}`);
});
