// The part of WebSockets that clients and bridges share.
import { UsageError } from '../wire/errors.ts';

/** The subprotocol of a WebSocket whose messages are pieces of a memcached connection. */
export const SUBPROTOCOL = 'memcached';

/** How many keys a bridge takes in one command: its clients ask for no more at once. */
export const MAX_BRIDGED_KEYS = 100;

/**
 * The subprotocol that carries a bearer token: a page can set no header, and addresses are logged.
 *
 * @throws UsageError when the token has other characters than a subprotocol may have.
 */
export function bearerProtocol(token: string): string {
  if (typeof token !== 'string' || !/^[\w!#$%&'*+.^`|~-]+$/.test(token)) {
    throw new UsageError('token', "must be ASCII letters, digits and !#$%&'*+-.^_`|~");
  }
  return `bearer.${token}`;
}

/**
 * The part of the standard WebSocket that is used here: that of pages, Deno, Bun and Node, and of
 * the package `ws`, which alone has the methods that may be missing.
 */
export interface WebSocketLike {
  /** How bytes arrive: set to `arraybuffer`. */
  binaryType: string;
  /** The bytes that are not on the network yet. */
  readonly bufferedAmount: number;
  /** The subprotocol that the server chose; empty for none. */
  readonly protocol: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Sends one binary message. */
  send(data: UnsharedBytes): void;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Once, when it may send. */
  addEventListener(type: 'open', listener: () => void): void;
  /** Before the `close` of one that failed. */
  addEventListener(type: 'error', listener: (event: WebSocketFailure) => void): void;
  /** For each message. */
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  /** Once, at the end. */
  addEventListener(type: 'close', listener: (event: WebSocketEnd) => void): void;
  /** Stops reading. */
  pause?(): void;
  /** Reads again. */
  resume?(): void;
  /** Cuts the connection off, without a handshake. */
  terminate?(): void;
}

/** The details of an error; pages get none. */
export interface WebSocketFailure {
  /** What failed, as the runtime words it. */
  readonly message?: string | undefined;
}

/** How a WebSocket ended. */
export interface WebSocketEnd {
  /** The code of the closing handshake, 1006 without one. */
  readonly code: number;
  /** The reason that the peer gave, often empty. */
  readonly reason: string;
}

/** Why a WebSocket failed, or null when it ended in good order. */
export function endCause({ code, reason }: WebSocketEnd): Error | null {
  // 1000: a normal end; 1001: the page or the server goes away; 1005: no code was given.
  if (code === 1000 || code === 1001 || code === 1005) return null;
  return new Error(`the WebSocket was closed with ${code}${reason === '' ? '' : `: ${reason}`}`);
}

/** Closes with a code of the standard, or 3000 more where the socket may not say such: 4003 is 1003. */
export function closeWith(socket: WebSocketLike, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // The standard keeps 1001 to 2999 to itself; programs have their own from 4000.
    socket.close(code + 3000, reason);
  }
}

/**
 * Bytes in memory of their own thread. They are no `Uint8Array<ArrayBuffer>`, since `Uint8Array` is
 * generic only from TypeScript 5.7 on.
 */
export type UnsharedBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/** Bytes as a WebSocket takes them: it refuses memory that is shared with other threads. */
export function unshared(bytes: Uint8Array): UnsharedBytes {
  const { buffer, byteOffset, length } = bytes;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint8Array(bytes);
}
