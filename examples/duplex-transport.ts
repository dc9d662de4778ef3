// A transport over any Duplex of Node's: a socket, a child process, a tunnel. Its test holds it
// against every case of a transport.
import type { Duplex } from 'node:stream';
import {
  type AbortSignalLike,
  type Dialer,
  type Endpoint,
  guardEvents,
  type TransportEvents,
} from '../transport-node/mod.ts';

/** Opens a stream with `allowHalfOpen`; rejects, and leaves none behind, when `signal` is aborted. */
export type Open = (to: Endpoint, signal: AbortSignalLike) => Promise<Duplex>;

/** A dialer whose connections are such streams. */
export function duplexDialer(open: Open): Dialer {
  return async (to, events, signal) => over(await open(to, signal), events);
}

function over(stream: Duplex, owner: TransportEvents): Awaited<ReturnType<Dialer>> {
  const abort = (): void => void stream.destroy();
  // What the owner throws ends the stream.
  const events = guardEvents({ abort }, owner);
  let cause: Error | null = null;
  let refused = false;
  let ended = false;
  // What was refused is still owed to a peer that says no more.
  const followEnd = (): void => void (ended && !refused && stream.end());
  stream
    // A plain view, and not the Buffer: its slice would be a view where a copy is expected.
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
