// An exchange where two dialed WebSockets become one connection.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../../core/io/web-socket.ts';

/** Joins WebSockets in pairs, because a WebSocket can only dial and not listen. */
export interface Exchange {
  readonly port: number;
  close(): void;
}

/**
 * Starts an exchange. Its paths:
 *
 * - `/listen` opens a port and sends its number; then it sends a number for each WebSocket that
 *   connects there. Any message closes the port, and then this WebSocket.
 * - `/accept/NUMBER` is joined with that one: each receives the other's messages.
 * - `/plain` selects no subprotocol, `/silent` never answers, `/text` sends text, `/large` closes
 *   with 1009, as after a message that is too large.
 */
export async function startExchange(): Promise<Exchange> {
  // WebSockets that have connected to a port and wait to be accepted.
  const waiting: Duplex[] = [];
  const answer = (path: string, socket: WebSocket): void => {
    if (path === '/text') return socket.send('text');
    if (path === '/large') return socket.close(1009, 'too large');
    if (path === '/listen') return void openPort(socket, waiting);
    const near = waiting[Number(/\d+$/.exec(path)?.[0])];
    const far = createWebSocketStream(socket);
    if (near === undefined) return void far.destroy();
    pipeline(near, far, () => near.destroy());
    pipeline(far, near, () => far.destroy());
  };
  const http = await upgrading(answer);
  return { port: portOf(http), close: () => http.close() };
}

async function openPort(owner: WebSocket, waiting: Duplex[]): Promise<void> {
  const http = await upgrading((_path, socket) => {
    owner.send(String(waiting.push(createWebSocketStream(socket)) - 1));
  });
  owner.once('close', () => http.close()).once('message', () => {
    // The port is free before the owner is notified.
    http.close();
    owner.close();
  });
  owner.send(String(portOf(http)));
}

/** A WebSocket server on a port of its own. */
async function upgrading(answer: (path: string, socket: WebSocket) => void): Promise<Server> {
  const http = createServer();
  const handleProtocols = (_: Set<string>, { url }: IncomingMessage): string | false =>
    url === '/plain' ? false : SUBPROTOCOL;
  const server = new WebSocketServer({ noServer: true, handleProtocols });
  http.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
    if (request.url === '/silent') return socket.resume();
    server.handleUpgrade(request, socket, head, (accepted) => answer(request.url ?? '', accepted));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return http;
}

function portOf(http: Server): number {
  return (http.address() as AddressInfo).port;
}
