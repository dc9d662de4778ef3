import { SUBPROTOCOL, type WebSocketEnd, type WebSocketLike } from '../core/web-socket.ts';
import type { BunWebSocket, WebSocketHandlers } from './bun-http.ts';

interface Listeners {
  open: () => void;
  error: () => void;
  message: (event: { readonly data: unknown }) => void;
  close: (event: WebSocketEnd) => void;
}

/** A WebSocket of Bun's server with the face of a standard one. */
export class ServerSocket implements WebSocketLike {
  binaryType = 'arraybuffer';
  readonly protocol: string = SUBPROTOCOL;
  /** Called when a ping was answered. */
  onPong: () => void = () => {};
  readonly #onOpen: (socket: ServerSocket) => void;
  readonly #listeners: { readonly [Type in keyof Listeners]: Listeners[Type][] } = {
    open: [],
    error: [],
    message: [],
    close: [],
  };
  #socket: BunWebSocket<ServerSocket> | null = null;

  /** @param onOpen Called when it is open; before that nothing can be done with it. */
  constructor(onOpen: (socket: ServerSocket) => void) {
    this.#onOpen = onOpen;
  }

  get bufferedAmount(): number {
    return this.#socket?.getBufferedAmount() ?? 0;
  }

  get readyState(): number {
    return this.#socket?.readyState ?? 0;
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(data);
  }

  ping(): void {
    this.#socket?.ping();
  }

  close(code?: number, reason?: string): void {
    this.#socket?.close(code, reason);
  }

  terminate(): void {
    this.#socket?.terminate();
  }

  addEventListener<Type extends keyof Listeners>(type: Type, listener: Listeners[Type]): void {
    this.#listeners[type].push(listener);
  }

  /** Hands what Bun says of a WebSocket to the one it carries. */
  static readonly handlers: Omit<WebSocketHandlers<ServerSocket>, 'maxPayloadLength'> = {
    // Who has been silent is asked by the bridge.
    idleTimeout: 0,
    sendPings: false,
    // Compressed frames would make small messages of large ones, and secrets of lengths.
    perMessageDeflate: false,
    open(socket) {
      socket.binaryType = 'arraybuffer';
      socket.data.#socket = socket;
      socket.data.#onOpen(socket.data);
    },
    message({ data: socket }, data) {
      for (const listener of socket.#listeners.message) listener({ data });
    },
    pong({ data }) {
      data.onPong();
    },
    close({ data: socket }, code, reason) {
      for (const listener of socket.#listeners.close) listener({ code, reason });
    },
  };
}
