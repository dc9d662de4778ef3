// The part of WinterTC's sockets API that is used here.

/** Opens a socket: `connect` of `cloudflare:sockets`, or that of a service binding. */
export type SocketConnect = (
  to: { hostname: string; port: number },
  options: { secureTransport: 'off' | 'on' | 'starttls'; allowHalfOpen: boolean },
) => SocketLike;

/** The part of a socket that is used. */
export interface SocketLike {
  /** Resolves when it is connected, TLS included. */
  readonly opened: Promise<unknown>;
  /** Resolves when both sides have ended; rejects when it failed. */
  readonly closed: Promise<unknown>;
  /** The bytes that arrive. */
  readonly readable: { getReader(options: { mode: 'byob' }): SocketReader };
  /** Where bytes to send go. */
  readonly writable: { getWriter(): SocketWriter };
  /** Closes both sides. */
  close(): Promise<unknown>;
  /** Gives a socket that speaks TLS over this one, if it was opened for that. */
  startTls(options: { expectedServerHostname: string }): SocketLike;
}

/** Reads a socket. */
export interface SocketReader {
  /** Gives a prefix of this memory, which can only be reached through it from now on. */
  read(
    into: Uint8Array,
  ): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

/** Writes to a socket; each call waits for those before it. */
export interface SocketWriter {
  /** Resolves when the socket has taken the bytes. */
  write(bytes: Uint8Array): Promise<unknown>;
  /** Ends this side, after what was written. */
  close(): Promise<unknown>;
}
