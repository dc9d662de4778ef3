// The part of Deno's API that is used here.
import type { AbortSignalLike } from '../core/io/transport.ts';

/** The part of `Deno` that is used here, so that this package needs no types of the runtime. */
export interface DenoLike {
  connect(options: {
    readonly port: number;
    readonly hostname?: string;
    readonly signal?: AbortSignalLike;
  }): Promise<TcpConnection>;
  connect(options: { readonly transport: 'unix'; readonly path: string }): Promise<Connection>;
  listen(options: {
    readonly port: number;
    readonly hostname?: string;
  }): Listening<TcpConnection> & { readonly addr: { readonly port: number } };
  listen(options: { readonly transport: 'unix'; readonly path: string }): Listening<Connection>;
}

/** A connection; `close` rejects pending reads and writes, and throws when it is called again. */
export interface Connection {
  read(into: Uint8Array): Promise<number | null>;
  /** Writes a prefix and returns its length. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends this side once everything that was written has been sent. */
  closeWrite(): Promise<void>;
  close(): void;
  /** Lets the process end while it is open. */
  unref(): void;
}

export interface TcpConnection extends Connection {
  readonly remoteAddr: { readonly hostname: string; readonly port: number };
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean): void;
}

export interface Listening<Accepted> {
  /** Rejects when the listener is closed. */
  accept(): Promise<Accepted>;
  close(): void;
}
