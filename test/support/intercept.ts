// Transports around another transport, where a test reads or changes the bytes that pass.
import type { Dialer, Transport } from '../../core/io/transport.ts';

/** Replaces `send`; everything else goes to the transport below. */
export function withSend(below: Transport, send: (bytes: Uint8Array) => number): Transport {
  return {
    send,
    pause: () => below.pause(),
    resume: () => below.resume(),
    close: () => below.close(),
    abort: () => below.abort(),
  };
}

/** A dialer that reports all bytes that are sent over its connections. */
export function withSentBytes(dial: Dialer, report: (bytes: Uint8Array) => void): Dialer {
  return async (to, events, signal) => {
    const below = await dial(to, events, signal);
    return withSend(below, (bytes) => {
      report(bytes);
      return below.send(bytes);
    });
  };
}
