import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { Bridge, type BridgeOptions } from '../core/bridge/mod.ts';
import type { Admission, Place, UpgradeRequest } from '../core/bridge/mod.ts';
import type { Endpoint, Listener } from '../core/transport.ts';
import { SUBPROTOCOL } from '../core/web-socket.ts';
import { WebSocketTransport } from '../core/web-socket-transport.ts';
import { dial } from './dial.ts';

export * from '../core/bridge/mod.ts';

/** A bridge that listens. */
export interface RunningBridge extends Listener {
  readonly endpoint: Place;
  readonly bridge: Bridge;
}

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
    const status = request.url === '/health' ? 204 : 426;
    response.writeHead(status, { 'Cache-Control': 'no-store', Connection: 'close' }).end();
  });
  http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {});
    const admission = bridge.admit(upgradeRequest(request, bridge.settings.behindProxy));
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
      bridge.close();
      return new Promise((resolve) => setImmediate(resolve));
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

function upgradeRequest(
  { headers, socket }: IncomingMessage,
  behindProxy: boolean,
): UpgradeRequest {
  // The last entry is the one that the proxy itself has added.
  const forwarded = behindProxy ? String(headers['x-forwarded-for'] ?? '') : '';
  return {
    address: forwarded.split(',').at(-1)?.trim() || (socket.remoteAddress ?? ''),
    host: headers.host,
    origin: headers.origin,
    protocols: headers['sec-websocket-protocol'],
  };
}

function refuse(socket: Duplex, status: number): void {
  const words = 'Cache-Control: no-store\r\nConnection: close\r\nContent-Length: 0';
  socket.end(`HTTP/1.1 ${status} Refused\r\n${words}\r\n\r\n`, () => socket.destroy());
}

/** The connections that have not become WebSockets. */
class Guests {
  readonly #bridge: Bridge;
  // By address and port: the socket that TLS gives is another one.
  readonly #leave: Map<string, () => void> = new Map();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Lets a connection in for as long as a handshake may take. */
  greet(socket: Socket): void {
    const knocked = this.#bridge.knock(socket.remoteAddress ?? '');
    if (knocked === null) {
      socket.destroy();
      return;
    }
    const { clock, handshakeTimeout } = this.#bridge.settings;
    const cancel = clock.after(handshakeTimeout, () => socket.destroy());
    const name = nameOf(socket);
    this.#leave.set(name, () => {
      this.#leave.delete(name);
      cancel();
      knocked();
    });
    socket.once('close', () => this.#leave.get(name)?.());
  }

  /** It has become a WebSocket. */
  seat(socket: Socket): void {
    this.#leave.get(nameOf(socket))?.();
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
