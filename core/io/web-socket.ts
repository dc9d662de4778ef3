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
  /** How bytes arrive: set to `arraybuffer`. */
  binaryType: string;
  /** That of a Worker does not say: nothing limits what it is given. */
  readonly bufferedAmount?: number | undefined;
  /** The subprotocol that the server chose; empty for none. */
  readonly protocol: string | null;
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
  readonly pause?: (() => void) | undefined;
  /** Reads again. */
  readonly resume?: (() => void) | undefined;
  /** Cuts the connection off, without a handshake. */
  readonly terminate?: (() => void) | undefined;
}

/** The details of an error; pages get none. */
export interface WebSocketFailure {
  /** What failed, in the words of the runtime. */
  readonly message?: string | undefined;
}

/** How a WebSocket ended. */
export interface WebSocketEnd {
  /** The code of the closing handshake; 1006 without one. */
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

/** Closes with a standard code, or with 3000 more if the socket may not use it: 4003 for 1003. */
export function closeWith(socket: WebSocketLike, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // 1001 to 2999 are reserved for the standard; programs may use codes from 4000.
    socket.close(code + 3000, reason);
  }
}

/**
 * Bytes in memory of their own thread. Their type is not `Uint8Array<ArrayBuffer>`, because
 * `Uint8Array` is generic only since TypeScript 5.7.
 */
export type UnsharedBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/** Bytes that a WebSocket accepts: it refuses memory that is shared with other threads. */
export function unshared(bytes: Uint8Array): UnsharedBytes {
  const { buffer, byteOffset, length } = bytes;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint8Array(bytes);
}
