// A transport over any Duplex of Node's: a socket, a child process, a tunnel. Import it, and pass
// `dial: duplexDialer(open)` to a client. It passes every conformance case of a transport.
//   npm install memwire
import type { Duplex } from 'node:stream';
import type { AbortSignalLike, Dialer, Endpoint, TransportEvents } from 'memwire';
import { guardEvents } from 'memwire/core';

/**
 * Opens a stream, with `allowHalfOpen`. When `signal` is aborted it rejects and closes the stream.
 */
export type Open = (to: Endpoint, signal: AbortSignalLike) => Promise<Duplex>;

/** A dialer whose connections are such streams. */
export function duplexDialer(open: Open): Dialer {
  return async (to, events, signal) => over(await open(to, signal), events);
}

function over(stream: Duplex, owner: TransportEvents): Awaited<ReturnType<Dialer>> {
  const abort = (): void => void stream.destroy();
  // An exception in the owner's callback aborts the stream.
  const events = guardEvents({ abort }, owner);
  let cause: Error | null = null;
  let refused = false;
  let ended = false;
  // After the peer's half-close, bytes that `send` refused must still go out before the end.
  const followEnd = (): void => void (ended && !refused && stream.end());
  stream
    // A Uint8Array, not the Buffer: `slice` of a Buffer gives a view where callers expect a copy.
    .on(
      'data',
      ({ buffer, byteOffset, length }: Buffer) =>
        events.onData(new Uint8Array(buffer, byteOffset, length)),
    )
    .on('drain', () => {
      if (!refused) return;
      refused = false;
      events.onDrain();
      followEnd();
    })
    .on('end', () => {
      if (events.onEnd !== undefined) return events.onEnd();
      ended = true;
      followEnd();
    })
    .on('error', (error) => cause = error)
    .on('close', () => events.onClosed(cause));
  return {
    send(bytes) {
      if (!stream.writable) return bytes.length;
      refused = stream.writableNeedDrain;
      if (!refused) stream.write(bytes);
      return refused ? 0 : bytes.length;
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    close: () => void stream.end(() => stream.destroy()),
    abort,
  };
}
