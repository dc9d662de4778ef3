/** How to speak TLS. memcached expects it from the first byte; there is no upgrade. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, in PEM; those of the system by default. */
  readonly ca?: string;
  /** The own certificate chain, in PEM. A server needs one, a client where the server asks. */
  readonly cert?: string;
  /** The private key of `cert`, in PEM. */
  readonly key?: string;
  /** The name the server must prove; its host by default. */
  readonly serverName?: string;
  /** A server asks its clients for a certificate that `ca` vouches for. */
  readonly requireClientCert?: boolean;
}

/** Where a server listens. */
export type Endpoint =
  | {
    readonly host: string;
    readonly port: number;
    readonly tls?: TlsOptions;
    /** Send small writes at once (TCP_NODELAY); true by default, since writes are batched here. */
    readonly noDelay?: boolean;
    /** Seconds without traffic after which the system probes the peer; off by default. */
    readonly keepAlive?: number;
  }
  /** A unix socket. */
  | { readonly path: string; readonly tls?: TlsOptions };

/** An open byte stream to a peer. */
export interface Transport {
  /**
   * Takes a prefix of `bytes` and returns its length, like send(2). Less than all of it means that
   * `onDrain` will be called, once, when there is room again. Never throws: failures come through
   * `onClosed`. The bytes taken are never written to again by the caller.
   */
  send(bytes: Uint8Array): number;
  /** Stops `onData` until `resume`. A few chunks that are on their way may still come. */
  pause(): void;
  /** Goes on with `onData` after `pause`. */
  resume(): void;
  /**
   * Sends the bytes that were taken, then ends the stream. Until then chunks may come, even when
   * paused.
   */
  close(): void;
  /** Ends the stream at once and drops bytes that were not sent. */
  abort(): void;
}

/**
 * The handlers of a transport's events. An exception in one of them ends the stream, and is the
 * cause that `onClosed` gets: see `guardEvents`.
 */
export interface TransportEvents {
  /** Bytes arrived. The chunk is the owner's from now on; a transport never uses it again. */
  onData(chunk: Uint8Array): void;
  /** There is room again after a `send` that took less than it was given. */
  onDrain(): void;
  /**
   * The peer will send no more but still reads (half-close). An owner with this method closes the
   * transport itself, when it has sent all; without it the transport ends when its output has left.
   * Only sockets can tell: a WebSocket, and a pipe in memory, end as a whole.
   */
  onEnd?(): void;
  /** The stream has ended, for whatever reason: the last call, and made exactly once. */
  onClosed(cause: Error | null): void;
}

/**
 * Opens a stream. Rejects when it cannot be had, and when `signal` is aborted before it is; either
 * way no socket is left behind. `events` may be called as soon as the promise is resolved.
 */
export type Dialer = (
  to: Endpoint,
  events: TransportEvents,
  signal: AbortSignalLike,
) => Promise<Transport>;

/** The part of the platform's AbortSignal that this package uses. */
export interface AbortSignalLike {
  /** Whether it is aborted already. */
  readonly aborted: boolean;
  /** Why, as its owner says. */
  readonly reason: unknown;
  /** Calls a listener when it is aborted. */
  addEventListener(type: 'abort', listener: () => void): void;
  /** Takes a listener off. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The part of the platform's AbortController that is used. */
export interface Aborter {
  readonly signal: AbortSignalLike;
  abort(reason: unknown): void;
}

declare const AbortController: new () => Aborter;

export const newAborter = (): Aborter => new AbortController();

/** Takes a new stream and returns its handlers. `address` is for people: `tcp:10.0.0.1:4000`. */
export type Accept = (transport: Transport, address: string) => TransportEvents;

/**
 * A connection is there whose TLS handshake is still to come: `accept` is called after it, if ever.
 *
 * @param address As `accept` is told it.
 * @param drop Cuts the connection off.
 * @returns To be called when the connection is gone.
 */
export type Arrive = (address: string, drop: () => void) => () => void;

/** How to listen. */
export interface ListenOptions {
  /** The permissions of a socket file; 0o700 by default, as memcached's. */
  readonly mode?: number;
  /** Called with each connection over TLS before its handshake. */
  readonly arrive?: Arrive;
}

/** A place where streams are accepted. */
export interface Listener {
  /** Where it listens really: the port is known even if port 0 was asked for. */
  readonly endpoint: Endpoint;
  /** Accepts no more; resolves when the place is free. Open streams stay open. */
  close(): Promise<void>;
}

/** Whether a dialer gave a transport: it may be a caller's own, in JavaScript. */
export function isTransport(transport: unknown): boolean {
  return typeof transport === 'object' && transport !== null &&
    ['send', 'pause', 'resume', 'close', 'abort'].every((name) =>
      typeof (transport as Readonly<Record<string, unknown>>)[name] === 'function'
    );
}

/**
 * Wraps handlers so that an exception in one of them ends the stream and is the cause of its end.
 * Left to the runtimes, it would end the process on one, and on another be lost and let the stream
 * live on.
 */
export function guardEvents(
  transport: Pick<Transport, 'abort'>,
  owner: TransportEvents,
): TransportEvents {
  let thrown: Error | null = null;
  let closed = false;
  const fail = (error: unknown): void => {
    // No stream is left to end.
    if (closed) throw error;
    thrown = error instanceof Error ? error : new Error(String(error));
    transport.abort();
  };
  const guard = (call: () => void): void => {
    if (thrown !== null) return;
    try {
      call();
    } catch (error) {
      fail(error);
    }
  };
  return {
    // Every chunk comes by here, so it goes without a closure for `guard`.
    onData(chunk) {
      if (thrown !== null) return;
      try {
        owner.onData(chunk);
      } catch (error) {
        fail(error);
      }
    },
    onDrain: () => guard(() => owner.onDrain()),
    ...(owner.onEnd === undefined ? {} : { onEnd: () => guard(() => owner.onEnd?.()) }),
    onClosed(cause) {
      closed = true;
      owner.onClosed(thrown ?? cause);
    },
  };
}
