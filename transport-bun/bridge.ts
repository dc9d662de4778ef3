import {
  type Admission,
  Bridge,
  type BridgeOptions,
  type RunningBridge,
} from '../core/bridge/mod.ts';
import { answerRequest } from '../core/bridge/web-request.ts';
import type { Endpoint } from '../core/transport.ts';
import { SUBPROTOCOL } from '../core/web-socket.ts';
import { WebSocketTransport } from '../core/web-socket-transport.ts';
import type { BunHttp } from './bun-http.ts';
import { dial } from './dial.ts';
import { serverTls } from './listen.ts';
import { ServerSocket } from './server-socket.ts';

export * from '../core/bridge/mod.ts';

declare const Bun: BunHttp<ServerSocket>;

/**
 * Listens for WebSockets and leads each to the upstream, with Bun's own server.
 *
 * It shows no connection before its request and no frames: `maxHandshakes` and `maxFrames` have no
 * effect, and `handshakeTimeout` is Bun's own, about ten seconds.
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
  const server = Bun.serve({
    hostname: at.host,
    port: at.port,
    ...(at.tls === undefined ? {} : { tls: serverTls(at.tls) }),
    reusePort: false,
    maxRequestBodySize: 0,
    development: false,
    fetch: (request, server) =>
      answerRequest(bridge, request, server.requestIP(request)?.address ?? '', (admission) => {
        const data = new ServerSocket((socket) => serve(bridge, socket, admission));
        const headers = { 'Sec-WebSocket-Protocol': SUBPROTOCOL };
        return server.upgrade(request, { headers, data }) ? undefined : null;
      }),
    websocket: { ...ServerSocket.handlers, maxPayloadLength: bridge.settings.maxMessage },
  });
  return {
    bridge,
    endpoint: { ...at, port: server.port ?? at.port },
    async close() {
      // Resolves when every connection has ended, which nobody waits for.
      void server.stop();
      await bridge.close();
    },
  };
}

function serve(
  bridge: Bridge,
  socket: ServerSocket,
  admission: Admission & { readonly status: 101 },
): void {
  const transport = new WebSocketTransport(socket);
  const session = bridge.accept(transport, admission, () => socket.ping());
  if (session === null) return;
  socket.onPong = () => session.onAlive();
  transport.attach(session);
}
