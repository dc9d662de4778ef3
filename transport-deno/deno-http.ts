import type { WebRequest, WebResponse } from '../core/bridge/web-request.ts';
import type { WebSocketLike } from '../core/web-socket.ts';

/** The part of `Deno` that serves HTTP; of its `Request` and `Response` it says what is used here. */
export interface DenoHttp<Request = WebRequest, Response = WebResponse> {
  serve(
    options: ServeOptions,
    handler: (request: Request, peer: Peer) => Response,
  ): HttpServer;
  /**
   * Makes a WebSocket, which opens when the response has been given, of a request. Throws when the
   * request does not ask for one.
   */
  upgradeWebSocket(
    request: Request,
    options: {
      /** Seconds; it pings after half of them, and closes a WebSocket that does not answer. */
      readonly idleTimeout: number;
    },
  ): { readonly socket: WebSocketLike; readonly response: Response };
}

export interface ServeOptions {
  readonly hostname: string;
  readonly port: number;
  readonly cert?: string;
  readonly key?: string;
  /** Called when it listens; by default that is printed. */
  onListen(): void;
}

export interface Peer {
  readonly remoteAddr: { readonly hostname: string };
}

export interface HttpServer {
  readonly addr: { readonly port: number };
  /** Accepts no more, and cuts off what is open: WebSockets too. */
  shutdown(): Promise<void>;
}
