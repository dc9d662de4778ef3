import type { WebRequest, WebResponse } from '../core/bridge/web-request.ts';
import type { BunTls } from './bun.ts';

/**
 * The part of `Bun` that serves HTTP; of its `Request` and `Response` it says what is used here.
 * `Data` is what each WebSocket carries.
 */
export interface BunHttp<Data, Request = WebRequest, Response = WebResponse> {
  serve(options: ServeOptions<Data, Request, Response>): HttpServer<Data, Request>;
}

export interface ServeOptions<Data, Request, Response> {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: BunTls;
  /** Whether others may listen there too; without `development` they may by default. */
  readonly reusePort: boolean;
  /** The largest body, in bytes. */
  readonly maxRequestBodySize: number;
  /** Whether errors are shown as a page. */
  readonly development: false;
  /** Gives nothing for a request that was upgraded. */
  fetch(request: Request, server: HttpServer<Data, Request>): Response | undefined;
  readonly websocket: WebSocketHandlers<Data>;
}

export interface HttpServer<Data, Request> {
  readonly port?: number | undefined;
  requestIP(request: Request): { readonly address: string } | null;
  /** Calls `open` with a WebSocket; false when the request does not ask for one. */
  upgrade(
    request: Request,
    options: { readonly headers: Readonly<Record<string, string>>; readonly data: Data },
  ): boolean;
  /** Accepts no more; what is open stays open. Resolves when nothing is. */
  stop(): Promise<void>;
}

/** What a server does with its WebSockets, and what Bun calls for them. */
export interface WebSocketHandlers<Data> {
  /** The largest message, in bytes; a larger one closes the WebSocket with 1009. */
  readonly maxPayloadLength: number;
  /** Seconds; 0 for no limit. */
  readonly idleTimeout: number;
  readonly sendPings: boolean;
  readonly perMessageDeflate: boolean;
  open(socket: BunWebSocket<Data>): void;
  message(socket: BunWebSocket<Data>, message: unknown): void;
  pong(socket: BunWebSocket<Data>): void;
  close(socket: BunWebSocket<Data>, code: number, reason: string): void;
}

export interface BunWebSocket<Data> {
  readonly data: Data;
  binaryType?: 'arraybuffer' | 'uint8array' | 'nodebuffer' | 'blob';
  readonly readyState: number;
  getBufferedAmount(): number;
  /** Takes all of it, as long as `backpressureLimit`, 16 MiB, is not reached. */
  send(bytes: Uint8Array<ArrayBuffer>): number;
  ping(): number;
  close(code?: number, reason?: string): void;
  /** Cuts it off. */
  terminate(): void;
}
