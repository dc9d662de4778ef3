import type { Transport, TransportEvents } from './transport.ts';

/**
 * What hears of a stream, so guarded that what it throws ends the stream and is the cause of its
 * end. Left to the runtimes, it would end the process on one, and on another be lost and let the
 * stream live on.
 */
export function guardEvents(
  transport: Pick<Transport, 'abort'>,
  owner: TransportEvents,
): TransportEvents {
  let thrown: Error | null = null;
  let closed = false;
  const guard = (call: () => void): void => {
    if (thrown !== null) return;
    try {
      call();
    } catch (error) {
      // There is no stream left to end.
      if (closed) throw error;
      thrown = error instanceof Error ? error : new Error(String(error));
      transport.abort();
    }
  };
  return {
    onData: (chunk) => guard(() => owner.onData(chunk)),
    onDrain: () => guard(() => owner.onDrain()),
    ...(owner.onEnd === undefined ? {} : { onEnd: () => guard(() => owner.onEnd?.()) }),
    onClosed(cause) {
      closed = true;
      owner.onClosed(thrown ?? cause);
    },
  };
}
