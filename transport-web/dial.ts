// Dials a bridge by WebSocket.
import { withoutLogin } from '../core/client/connection/endpoint.ts';
import type { Dialer, Endpoint } from '../core/io/transport.ts';
import { checkKnown, checkObject, optionNames } from '../core/wire/check.ts';
import { bearerProtocol, SUBPROTOCOL, type WebSocketLike } from '../core/io/web-socket.ts';
import { WebSocketTransport } from '../core/io/web-socket-transport.ts';

/** The constructor of a WebSocket: the global of that name, or a compatible class. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The options of a dialer over WebSockets. */
export interface WebDialOptions {
  /** The path of the bridge; `/` by default. */
  readonly path?: string | undefined;
  /** The bearer token for the bridge; none by default. */
  readonly token?: string | undefined;
  /** The constructor of a WebSocket; the runtime's own by default. */
  readonly WebSocket?: WebSocketConstructor | undefined;
}

const names = /* @__PURE__ */ optionNames<WebDialOptions>({
  path: true,
  token: true,
  WebSocket: true,
});
/** The usual reasons of a failure. */
const HINT =
  'it must be a bridge (memwire bridge), as memcached itself is out of the reach of pages';

declare const WebSocket: WebSocketConstructor;

/**
 * A dialer of bridges: `ws://host:port`, or `wss://` if the endpoint has TLS. TLS options other than
 * that have no effect: the runtime decides which certificates it trusts.
 *
 * @throws UsageError when an option is unknown, or the token has characters that cannot be sent.
 */
export function webDialer(options: WebDialOptions = {}): Dialer {
  checkObject('options', options);
  checkKnown('options', options, names);
  const protocols = [SUBPROTOCOL];
  if (options.token !== undefined) protocols.push(bearerProtocol(options.token));
  return (to, events, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) throw signal.reason;
      const url = urlOf(to, options.path ?? '/');
      const shown = withoutLogin(url);
      const socket = new (options.WebSocket ?? WebSocket)(url, protocols);
      const transport = new WebSocketTransport(socket);
      // `open` and `close` race: the second one finds the promise settled.
      const settle = (how: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        how();
      };
      const onAbort = (): void => {
        settle(() => reject(signal.reason));
        // Some runtimes call `onclose` within it.
        socket.close();
      };
      signal.addEventListener('abort', onAbort);
      const fail = (why: string): void =>
        settle(() =>
          reject(new Error(`${shown} could not be opened as a WebSocket: ${why}; ${HINT}`))
        );
      // Pages get no reason, and neither does Node 22 when it could not connect.
      socket.addEventListener('error', ({ message }) => fail(message || 'it failed'));
      socket.addEventListener('close', ({ code }) => fail(`it was closed with ${code}`));
      socket.addEventListener('open', () => {
        if (signal.aborted) return socket.close();
        // Some runtimes open a WebSocket although the server has selected none of its subprotocols.
        if (socket.protocol !== SUBPROTOCOL) {
          const why = `does not speak the subprotocol ${SUBPROTOCOL}`;
          settle(() => reject(new Error(`${shown} ${why}; ${HINT}`)));
          return socket.close();
        }
        transport.attach(events);
        settle(() => resolve(transport));
      });
    });
}

function urlOf(to: Endpoint, path: string): string {
  if ('path' in to) throw new Error(`a WebSocket cannot reach a unix socket; ${HINT}`);
  const host = to.host.includes(':') ? `[${to.host}]` : to.host;
  return `${to.tls === undefined ? 'ws' : 'wss'}://${host}:${to.port}${path}`;
}
