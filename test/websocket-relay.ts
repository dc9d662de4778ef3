import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../core/web-socket.ts';
import type { Accept, Listener } from '../core/transport.ts';
import { listen } from '../transport-node/listen.ts';

/** Accepts what WebSockets bring: each one's messages become a TCP stream and back. */
export async function listenThroughRelay(accept: Accept): Promise<Listener> {
  const target = await listen({ host: '127.0.0.1', port: 0 }, accept);
  const port = 'port' in target.endpoint ? target.endpoint.port : 0;
  const http = createServer();
  const relay = new WebSocketServer({ noServer: true, handleProtocols: () => SUBPROTOCOL });
  http.on('upgrade', (request, socket: Socket, head) => {
    relay.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      const far = connect({ host: '127.0.0.1', port, noDelay: true });
      pipeline(stream, far, () => far.destroy());
      pipeline(far, stream, () => stream.destroy());
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: { host: '127.0.0.1', port: (http.address() as AddressInfo).port },
    close() {
      // What is open stays open, so that it cannot be waited for.
      http.close();
      return target.close();
    },
  };
}
