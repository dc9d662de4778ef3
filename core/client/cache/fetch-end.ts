// How a call of `fetch` ended.
import type { ItemKey } from '../keys.ts';

/** How a `fetch` ended. */
export interface FetchEnd {
  /**
   * How it got its answer.
   *
   * - `local`: from the tier in the process.
   * - `hit`: a fresh value of the cache.
   * - `ahead`: the same, and this call has begun to load it again.
   * - `stale`: an old value, while it is loaded or since that failed.
   * - `loaded`: by this call.
   * - `shared`: by another call in this process.
   * - `waited`: by another process, after a wait.
   * - `taken-over`: by this call, in the place of another process that did not end.
   * - `failed-open`: by this process without the cache, which did not answer or had no room, or
   *   after the `wait` of the policy.
   * - `failed`: it rejected.
   */
  readonly outcome:
    | 'local'
    | 'hit'
    | 'ahead'
    | 'stale'
    | 'loaded'
    | 'shared'
    | 'waited'
    | 'taken-over'
    | 'failed-open'
    | 'failed';
  /** Milliseconds from the call to its end. */
  readonly duration: number;
  /** Why it rejected, or null. */
  readonly error: Error | null;
}

/**
 * Called with the key of each `fetch`, without the client's prefix; a function that it returns is
 * called at the end. An exception of either surfaces as an unhandled rejection, not in the call.
 */
export type OnFetch = (key: ItemKey) => ((end: FetchEnd) => void) | undefined | void;
