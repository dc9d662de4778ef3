// A bare TCP socket of the runtime that runs this, by its own interface: the raw sockets are to be
// as fast as the runtime can be.
import { connect } from 'node:net';

export interface BareSocket {
  write(bytes: Uint8Array): void;
  close(): void;
}

export interface SocketEvents {
  readonly onData: (chunk: Uint8Array) => void;
  /** The connection ended, or failed. */
  readonly onEnd: (error: Error) => void;
}

interface BunSocket {
  /** How many bytes were taken. */
  write(bytes: Uint8Array): number;
  terminate(): void;
}

interface DenoConnection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  setNoDelay(): void;
  close(): void;
}

declare const Bun: {
  connect(options: {
    hostname: string;
    port: number;
    socket: {
      open(socket: BunSocket): void;
      data(socket: BunSocket, chunk: Uint8Array): void;
      close(): void;
      error(socket: BunSocket, error: Error): void;
      connectError(socket: BunSocket, error: Error): void;
    };
  }): Promise<BunSocket>;
};

declare const Deno: {
  connect(options: { hostname: string; port: number }): Promise<DenoConnection>;
};

const HOST = '127.0.0.1';

/** Connects to a port of the loopback. */
export function openSocket(port: number, events: SocketEvents): Promise<BareSocket> {
  if ('Bun' in globalThis) return openOnBun(port, events);
  return 'Deno' in globalThis ? openOnDeno(port, events) : openOnNode(port, events);
}

function openOnNode(port: number, { onData, onEnd }: SocketEvents): Promise<BareSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port, noDelay: true }, () => {
      socket.off('error', reject);
      resolve({ write: (bytes) => void socket.write(bytes), close: () => socket.destroy() });
    });
    socket.once('error', reject);
    socket.on('data', onData).on('error', onEnd);
    socket.on('close', () => onEnd(new Error('the server closed the connection')));
  });
}

async function openOnBun(port: number, { onData, onEnd }: SocketEvents): Promise<BareSocket> {
  const socket = await Bun.connect({
    hostname: HOST,
    port,
    socket: {
      open: () => {},
      data: (_, chunk) => onData(chunk),
      close: () => onEnd(new Error('the server closed the connection')),
      error: (_, error) => onEnd(error),
      connectError: (_, error) => onEnd(error),
    },
  });
  return {
    write(bytes) {
      // Large values would have to wait for `drain`; no load on Bun has any.
      if (socket.write(bytes) < bytes.length) throw new Error('the socket is full');
    },
    close: () => socket.terminate(),
  };
}

async function openOnDeno(port: number, { onData, onEnd }: SocketEvents): Promise<BareSocket> {
  const connection = await Deno.connect({ hostname: HOST, port });
  connection.setNoDelay();
  const buffer = new Uint8Array(64 * 1024);
  const read = async (): Promise<void> => {
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return onEnd(new Error('the server closed the connection'));
      onData(buffer.subarray(0, count));
    }
  };
  read().catch(onEnd);
  return {
    write(bytes) {
      connection.write(bytes).then((count) => {
        // Likewise.
        if (count < bytes.length) onEnd(new Error('the socket is full'));
      }, onEnd);
    },
    close: () => connection.close(),
  };
}
