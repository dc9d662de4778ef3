/** The options of TLS. memcached expects TLS from the first byte; there is no upgrade. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, in PEM; those of the system by default. */
  readonly ca?: string | undefined;
  /** Its own certificate chain, in PEM: required for a server, and for a client if the server asks. */
  readonly cert?: string | undefined;
  /** The private key of `cert`, in PEM. */
  readonly key?: string | undefined;
  /** The name that the server's certificate must have; its host by default. */
  readonly serverName?: string | undefined;
  /** For a server: require a client certificate that `ca` has signed. */
  readonly requireClientCert?: boolean | undefined;
}

/** Where a server listens. */
export type Endpoint =
  | {
    readonly host: string;
    readonly port: number;
    readonly tls?: TlsOptions | undefined;
    /** Send small writes at once (TCP_NODELAY); true by default, since writes are batched here. */
    readonly noDelay?: boolean | undefined;
    /** Seconds without traffic after which the system probes the peer; off by default. */
    readonly keepAlive?: number | undefined;
    /** Let the process end while a connection is open; off by default. */
    readonly unref?: boolean | undefined;
  }
  /** A unix socket. */
  | {
    readonly path: string;
    readonly tls?: TlsOptions | undefined;
    readonly unref?: boolean | undefined;
  };

/** An open byte stream to a peer. */
export interface Transport {
  /**
   * Takes a prefix of `bytes` and returns its length, like send(2). Less than all of it means that
   * `onDrain` will be called, once, when there is room again. Never throws: failures come through
   * `onClosed`. The bytes taken are not written to again by the caller, except while `held` is 0.
   */
  send(bytes: Uint8Array): number;
  /**
   * How many of the bytes that `send` took are still needed in the memory that they were given in. A
   * caller may use that memory again when it is 0, and never where it is undefined.
   */
  readonly held?: number | undefined;
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
  /**
   * As `onData`, but the chunk is only lent: its memory is written to again after the call. A
   * transport with a read buffer of its own calls this, if there is one, instead of making a copy for
   * `onData`.
   *
   * @returns Memory where the owner would like to have the next bytes, which saves a copy of a large
   * value. A transport that reads into it passes what it has filled as the next chunk, at once, and
   * does not write to that part again. It may also take no notice.
   */
  onLent?(chunk: Uint8Array): Uint8Array | null;
  /** There is room again after a `send` that took less than it was given. */
  onDrain(): void;
  /**
   * The peer will send no more but still reads (half-close). An owner with this method closes the
   * transport itself, when it has sent all; without it the transport ends when its output has left.
   * Only sockets support it: a WebSocket, and a pipe in memory, have no half-close.
   */
  readonly onEnd?: (() => void) | undefined;
  /** The stream has ended, for any reason. This is the last call, and made exactly once. */
  onClosed(cause: Error | null): void;
}

/**
 * Opens a stream. Rejects if that fails, and if `signal` is aborted before it is open; either way no
 * socket is left behind. `events` may be called as soon as the promise is resolved.
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

/** The runtime's own `AbortSignal` where its types are known, to be passed on to `fetch` and the like. */
export type RuntimeSignal = typeof globalThis extends
  { readonly AbortSignal: { readonly prototype: infer Signal } } ? Signal & AbortSignalLike
  : AbortSignalLike;

/** The part of the platform's AbortController that is used. */
export interface Aborter {
  readonly signal: RuntimeSignal;
  abort(reason: unknown): void;
}

declare const AbortController: new () => Aborter;

export const newAborter = (): Aborter => new AbortController();

/** Takes a new stream and returns its handlers. `address` is for messages: `tcp:10.0.0.1:4000`. */
export type Accept = (transport: Transport, address: string) => TransportEvents;

/**
 * Called for a connection before its TLS handshake; `accept` is called after a successful one.
 *
 * @param address The same as `accept` will get.
 * @param drop Aborts the connection.
 * @returns A function to call when the connection has ended.
 */
export type Arrive = (address: string, drop: () => void) => () => void;

/** The options of `listen`. */
export interface ListenOptions {
  /** The permissions of a socket file; 0o700 by default, as memcached's. */
  readonly mode?: number | undefined;
  /** Called with each connection over TLS before its handshake. */
  readonly arrive?: Arrive | undefined;
}

/** A place where streams are accepted. */
export interface Listener {
  /** The actual place: it has the port, even if port 0 was requested. */
  readonly endpoint: Endpoint;
  /** Accepts no more; resolves when the port or path is free. Open streams stay open. */
  close(): Promise<void>;
}

/** Whether a value has the methods of a transport: dialers may be a caller's own, in JavaScript. */
export function isTransport(transport: unknown): boolean {
  return typeof transport === 'object' && transport !== null &&
    ['send', 'pause', 'resume', 'close', 'abort'].every((name) =>
      typeof (transport as Readonly<Record<string, unknown>>)[name] === 'function'
    );
}

/**
 * Wraps handlers so that an exception in one of them ends the stream and is the cause of its end.
 * Otherwise it would end the process on some runtimes, and be lost on others, where the stream would
 * live on.
 */
export function guardEvents(
  transport: Pick<Transport, 'abort'>,
  owner: TransportEvents,
): TransportEvents {
  return new GuardedEvents(transport, owner);
}

class GuardedEvents implements TransportEvents {
  // Only where the owner has them. The others are no closures: a server has them for each connection.
  readonly onLent?: (chunk: Uint8Array) => Uint8Array | null;
  readonly onEnd?: () => void;
  readonly #transport: Pick<Transport, 'abort'>;
  readonly #owner: TransportEvents;
  #thrown: Error | null = null;
  #isClosed = false;

  constructor(transport: Pick<Transport, 'abort'>, owner: TransportEvents) {
    this.#transport = transport;
    this.#owner = owner;
    if (owner.onLent !== undefined) this.onLent = (chunk) => this.#lend(chunk);
    if (owner.onEnd !== undefined) this.onEnd = () => this.#guard(() => owner.onEnd?.());
  }

  // Not by `#guard`, which would need a closure for each chunk.
  onData(chunk: Uint8Array): void {
    if (this.#thrown !== null) return;
    try {
      this.#owner.onData(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  onDrain(): void {
    this.#guard(() => this.#owner.onDrain());
  }

  onClosed(cause: Error | null): void {
    this.#isClosed = true;
    this.#owner.onClosed(this.#thrown ?? cause);
  }

  #lend(chunk: Uint8Array): Uint8Array | null {
    if (this.#thrown !== null) return null;
    try {
      return this.#owner.onLent?.(chunk) ?? null;
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #guard(call: () => void): void {
    if (this.#thrown !== null) return;
    try {
      call();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    // There is no stream left to end.
    if (this.#isClosed) throw error;
    this.#thrown = error instanceof Error ? error : new Error(String(error));
    this.#transport.abort();
  }
}
