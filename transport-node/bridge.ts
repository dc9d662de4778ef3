import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { Bridge, type BridgeOptions } from '../core/bridge/mod.ts';
import type { Admission, RunningBridge } from '../core/bridge/mod.ts';
import { plainStatus, refusalHeaders, upgradeRequest } from '../core/bridge/web-request.ts';
import type { Endpoint } from '../core/transport.ts';
import { SUBPROTOCOL } from '../core/web-socket.ts';
import { WebSocketTransport } from '../core/web-socket-transport.ts';
import { dial } from './dial.ts';
import { Guests } from './guests.ts';

export * from '../core/bridge/mod.ts';

/**
 * Listens for WebSockets and leads each to the upstream. Needs the package `ws`.
 *
 * @param place Where; with `tls`, pages connect to `wss://`. Port 0 finds a free one.
 * @throws UsageError naming the option that breaks a rule, or that is missing to listen there.
 */
export async function listenBridge(
  place: Endpoint,
  options: BridgeOptions,
): Promise<RunningBridge> {
  const bridge = new Bridge({ ...options, dial: options.dial ?? dial });
  const at = bridge.checkPlace(place);
  const webSockets = await makeWebSocketServer(bridge);
  const http = at.tls === undefined
    ? createServer({ maxHeaderSize: MAX_HEADERS })
    : createTlsServer({ maxHeaderSize: MAX_HEADERS, cert: at.tls.cert, key: at.tls.key });
  const guests = new Guests(bridge);
  http.on('connection', (socket: Socket) => guests.greet(socket));
  http.on('request', (request, response) => {
    response.writeHead(plainStatus(request.url ?? ''), refusalHeaders).end();
  });
  http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {});
    // Of the headers that are looked at none is a list.
    const header = (name: string): string | undefined => request.headers[name]?.toString();
    const { behindProxy } = bridge.settings;
    const admission = bridge.admit(
      upgradeRequest(socket.remoteAddress ?? '', header, behindProxy),
    );
    if (admission.status !== 101) return refuse(socket, admission.status);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      guests.seat(socket);
      serve(bridge, webSocket, admission);
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen({ host: at.host, port: at.port }, () => {
      http.off('error', reject);
      http.on('error', () => {});
      resolve();
    });
  });
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    bridge,
    endpoint: { ...at, port },
    close() {
      http.close();
      http.closeAllConnections();
      return bridge.close();
    },
  };
}

const MAX_HEADERS = 8192;

// `ws` is wanted by those who run a bridge only, so it is not loaded before there is one.
async function makeWebSocketServer({ settings }: Bridge): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws');
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compressed frames would make small messages of large ones, and secrets of lengths.
    perMessageDeflate: false,
    maxPayload: settings.maxMessage,
    maxFragments: settings.maxFrames,
    handleProtocols: () => SUBPROTOCOL,
  });
}

function serve(bridge: Bridge, webSocket: WebSocket, admission: Admission & { status: 101 }): void {
  const transport = new WebSocketTransport(webSocket);
  const session = bridge.accept(transport, admission, () => webSocket.ping());
  if (session === null) return;
  webSocket.on('pong', () => session.onAlive());
  transport.attach(session);
}

function refuse(socket: Duplex, status: number): void {
  const lines = Object.entries(refusalHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} Refused\r\n${lines.join('')}Content-Length: 0\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}
