// Dials a bridge by WebSocket.
import { withoutLogin } from '../core/client/connection/endpoint.ts';
import type { Dialer, Endpoint } from '../core/io/transport.ts';
import { checkKnown, checkObject, optionNames } from '../core/wire/check.ts';
import { bearerProtocol, SUBPROTOCOL, type WebSocketLike } from '../core/io/web-socket.ts';
import { WebSocketTransport } from '../core/io/web-socket-transport.ts';

/** What makes a WebSocket: the global of that name, or a class like it. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The options of a dialer over WebSockets. */
export interface WebDialOptions {
  /** The path of the bridge; `/` by default. */
  readonly path?: string;
  /** What the bridge asks for as its bearer token; none by default. */
  readonly token?: string;
  /** What makes a WebSocket; the runtime's own by default. */
  readonly WebSocket?: WebSocketConstructor;
}

const names = /* @__PURE__ */ optionNames<WebDialOptions>({
  path: true,
  token: true,
  WebSocket: true,
});
/** What is wrong, more often than not. */
const HINT =
  'it must be a bridge (memwire bridge), as memcached itself is out of the reach of pages';

declare const WebSocket: WebSocketConstructor;

/**
 * A dialer of bridges: `ws://host:port`, and `wss://` where the endpoint has TLS. Of a TLS option
 * nothing else can be obeyed: whom to trust is up to the runtime.
 *
 * @throws UsageError when there is no such option, or the token has characters that cannot be sent.
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
      // Opening and its end race: what comes second finds the promise settled.
      const settle = (how: () => void): void => {
        signal.removeEventListener('abort', onAbort);
        how();
      };
      const onAbort = (): void => {
        settle(() => reject(signal.reason));
        // Some runtimes say within it that it is closed.
        socket.close();
      };
      signal.addEventListener('abort', onAbort);
      const fail = (why: string): void =>
        settle(() =>
          reject(new Error(`${shown} could not be opened as a WebSocket: ${why}; ${HINT}`))
        );
      // Pages are not told why, and Node 22 says nothing more when it could not connect.
      socket.addEventListener('error', ({ message }) => fail(message || 'it failed'));
      socket.addEventListener('close', ({ code }) => fail(`it was closed with ${code}`));
      socket.addEventListener('open', () => {
        if (signal.aborted) return socket.close();
        // Some runtimes open a WebSocket whose server has chosen none of its subprotocols.
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
