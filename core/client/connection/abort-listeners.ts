// One listener for each abort signal, however many calls wait under it.
import type { AbortSignalLike } from '../../io/transport.ts';

/** The callbacks for one signal, and the listener that calls them. */
interface Waiting {
  readonly ends: Set<() => void>;
  readonly onAbort: () => void;
}

/**
 * Callbacks for abort signals. Each signal gets one listener, however many calls wait under it: a
 * program may pass one signal to every call of a request, and runtimes warn about many listeners.
 */
export class AbortListeners {
  readonly #signals: Map<AbortSignalLike, Waiting> = new Map();

  /**
   * Calls back when the signal is aborted.
   *
   * @param end A different function for each wait.
   * @returns A function that cancels it. It must be called at the end of the wait in any case.
   */
  add(signal: AbortSignalLike, end: () => void): () => void {
    const waiting = this.#signals.get(signal) ?? this.#listen(signal);
    waiting.ends.add(end);
    return () => {
      if (!waiting.ends.delete(end) || waiting.ends.size > 0) return;
      this.#signals.delete(signal);
      signal.removeEventListener('abort', waiting.onAbort);
    };
  }

  #listen(signal: AbortSignalLike): Waiting {
    const ends = new Set<() => void>();
    const waiting = { ends, onAbort: () => ends.forEach((end) => end()) };
    this.#signals.set(signal, waiting);
    signal.addEventListener('abort', waiting.onAbort);
    return waiting;
  }
}
