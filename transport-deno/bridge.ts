import {
  type Admission,
  Bridge,
  type BridgeOptions,
  type RunningBridge,
} from '../core/bridge/mod.ts';
import { answerRequest, type WebRequest, type WebResponse } from '../core/bridge/web-request.ts';
import { systemClock } from '../core/clock.ts';
import type { Endpoint } from '../core/transport.ts';
import { SUBPROTOCOL } from '../core/web-socket.ts';
import { WebSocketTransport } from '../core/web-socket-transport.ts';
import type { DenoHttp } from './deno-http.ts';
import { dial } from './dial.ts';

export * from '../core/bridge/mod.ts';

declare const Deno: DenoHttp;

/**
 * Listens for WebSockets and leads each to the upstream, with Deno's own server.
 *
 * It shows no connection before its request and no message before all of it has come:
 * `maxHandshakes`, `handshakeTimeout` and `maxFrames` have no effect, and a message that is too large
 * is refused when it is there.
 *
 * `--allow-net` for the place and the upstream is all the permission that it needs.
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
  const server = Deno.serve({
    hostname: at.host,
    port: at.port,
    ...(at.tls?.cert === undefined ? {} : { cert: at.tls.cert }),
    ...(at.tls?.key === undefined ? {} : { key: at.tls.key }),
    onListen() {},
  }, (request, { remoteAddr }) =>
    answerRequest(
      bridge,
      request,
      remoteAddr.hostname,
      (admission) => upgrade(bridge, request, admission),
    ));
  return {
    bridge,
    endpoint: { ...at, port: server.addr.port },
    // A shutdown cuts off WebSockets, so it comes last.
    async close() {
      await bridge.close();
      await server.shutdown();
    },
  };
}

function upgrade(
  bridge: Bridge,
  request: WebRequest,
  admission: Admission & { readonly status: 101 },
): WebResponse | null {
  const upgraded = tryUpgrade(request, bridge.settings.idleTimeout / 1000);
  if (upgraded === null) return null;
  const { socket, response } = upgraded;
  // Deno's own option finds the protocol only where a space follows each comma.
  response.headers.set('Sec-WebSocket-Protocol', SUBPROTOCOL);
  const transport = new WebSocketTransport(socket, systemClock, bridge.settings.maxMessage);
  socket.addEventListener('open', () => {
    const session = bridge.accept(transport, admission, null);
    if (session !== null) transport.attach(session);
  });
  return response;
}

function tryUpgrade(
  request: WebRequest,
  idleTimeout: number,
): ReturnType<DenoHttp['upgradeWebSocket']> | null {
  try {
    return Deno.upgradeWebSocket(request, { idleTimeout });
  } catch {
    return null;
  }
}
