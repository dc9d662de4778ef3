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
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly readyState: number;
  send(data: UnsharedBytes): void;
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
