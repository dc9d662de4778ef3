// One listener for each abort signal, however many calls wait under it.
import type { AbortSignalLike } from '../../io/transport.ts';

/** Those who wait under one signal, and the one listener that tells them. */
interface Waiting {
  readonly ends: Set<() => void>;
  readonly onAbort: () => void;
}

/**
 * Tells waiting calls of an abort. Each signal is listened to once, however many wait under it: a
 * program may pass one to every call of a request, and runtimes warn of many listeners.
 */
export class AbortListeners {
  readonly #signals: Map<AbortSignalLike, Waiting> = new Map();

  /**
   * Calls back when the signal is aborted.
   *
   * @param end A function of its own for each wait.
   * @returns A function that takes it back. Has to be called, whatever ended the wait.
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
