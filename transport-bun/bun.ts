/** The part of `Bun` that is used here, so that this package needs no types of the runtime. */
export interface BunLike {
  connect<Data>(options: Tcp & Options<Data>): Promise<BunSocket<Data>>;
  connect<Data>(options: Unix & Options<Data>): Promise<BunSocket<Data>>;
  listen<Data>(options: Tcp & Options<Data>): Listening & { readonly port: number };
  listen<Data>(options: Unix & Options<Data>): Listening;
}

interface Tcp {
  readonly hostname: string;
  readonly port: number;
}

interface Unix {
  readonly unix: string;
}

export interface Options<Data> {
  readonly socket: Handlers<Data>;
  /** Whether the socket's own side stays open when the peer ends its side. */
  readonly allowHalfOpen: boolean;
  readonly tls?: BunTls;
}

export interface BunTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
}

/** The callbacks of a socket. */
export interface Handlers<Data> {
  /** The class of the chunks that `data` gets. */
  readonly binaryType: 'uint8array';
  /** It is connected; with TLS, before the handshake. */
  open(socket: BunSocket<Data>): void;
  handshake(socket: BunSocket<Data>, isTrusted: boolean, error: Error | null): void;
  data(socket: BunSocket<Data>, chunk: Uint8Array): void;
  drain(socket: BunSocket<Data>): void;
  /** The peer has ended its side. */
  end(socket: BunSocket<Data>): void;
  /** TLS has failed, or another callback has thrown. */
  error(socket: BunSocket<Data>, error: Error): void;
  close(socket: BunSocket<Data>, error?: Error): void;
}

export interface BunSocket<Data> {
  data: Data;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Writes a prefix and returns its length; `drain` is called when there is room for more. */
  write(bytes: Uint8Array): number;
  pause(): void;
  resume(): void;
  /** Ends both sides once everything that was written has been sent. */
  end(): void;
  terminate(): void;
  /** Lets the process end while it is open. */
  unref(): void;
  setNoDelay(on: boolean): boolean;
  setKeepAlive(on: boolean, milliseconds: number): boolean;
}

export interface Listening {
  /** Accepts no more. */
  stop(): void;
}
