// Shows the bytes of connections.
import type { Dialer, Transport } from '../../core/io/transport.ts';
import { latin1 } from '../../core/wire/bytes.ts';
import { quote } from './quote.ts';

/** How many characters of a line are shown. */
const SHOWN = 2048;

/**
 * A dialer that reports the bytes of its connections: it calls `write` with each line that was sent
 * (`>`) and received (`<`).
 */
export function tapped(dial: Dialer, write: (line: string) => void): Dialer {
  const note = (direction: string, bytes: Uint8Array): void => {
    for (const [line] of latin1(bytes).matchAll(/[^\n]*\n|[^\n]+$/g)) {
      const shown = quote(line.slice(0, SHOWN)).slice(1, -1);
      const rest = line.length > SHOWN ? `… ${line.length - SHOWN} bytes more` : '';
      write(`${direction} ${shown}${rest}`);
    }
  };
  return async (to, events, signal) => {
    const transport = await dial(to, {
      onData(chunk) {
        note('<', chunk);
        events.onData(chunk);
      },
      onDrain: () => events.onDrain(),
      onClosed: (cause) => events.onClosed(cause),
    }, signal);
    const tap: Transport = {
      send(bytes) {
        const taken = transport.send(bytes);
        note('>', bytes.subarray(0, taken));
        return taken;
      },
      pause: () => transport.pause(),
      resume: () => transport.resume(),
      close: () => transport.close(),
      abort: () => transport.abort(),
    };
    return tap;
  };
}
