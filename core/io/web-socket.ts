// The part of WebSockets that clients and bridges share.
import { UsageError } from '../wire/errors.ts';

/** The subprotocol of a WebSocket whose messages are pieces of a memcached connection. */
export const SUBPROTOCOL = 'memcached';

/** The number of keys that a bridge accepts in one command: its clients send no more at once. */
export const MAX_BRIDGED_KEYS = 100;

/**
 * The subprotocol that carries a bearer token: a page cannot set headers, and addresses are logged.
 *
 * @throws UsageError when the token has characters that a subprotocol must not have.
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
  binaryType: string;
  /** That of a Worker does not say: nothing limits what it is given. */
  readonly bufferedAmount?: number;
  readonly protocol: string | null;
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'error', listener: (event: WebSocketFailure) => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: WebSocketEnd) => void): void;
  pause?(): void;
  resume?(): void;
  terminate?(): void;
}

/** The details of an error; pages get none. */
export interface WebSocketFailure {
  readonly message?: string;
}

/** How a WebSocket ended. */
export interface WebSocketEnd {
  readonly code: number;
  readonly reason: string;
}

/** Why a WebSocket failed, or null when it ended in good order. */
export function endCause({ code, reason }: WebSocketEnd): Error | null {
  // 1000: a normal end; 1001: the page or the server goes away; 1005: no code was given.
  if (code === 1000 || code === 1001 || code === 1005) return null;
  return new Error(`the WebSocket was closed with ${code}${reason === '' ? '' : `: ${reason}`}`);
}

/** Closes with a standard code, or with 3000 more if the socket may not use it: 4003 for 1003. */
export function closeWith(socket: WebSocketLike, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // 1001 to 2999 are reserved for the standard; programs may use codes from 4000.
    socket.close(code + 3000, reason);
  }
}

/** Bytes that a WebSocket accepts: it refuses memory that is shared with other threads. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint8Array(bytes);
}
