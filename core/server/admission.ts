// Refuses a value before it is read, or reserves memory for it.
import type { StorageHeader } from '../wire/decode-command.ts';
import { keyBytes } from '../wire/key.ts';
import { type ErrorReply, serverError } from '../wire/reply.ts';
import type { Engine } from './engine.ts';
import { clientFlags } from './meta-arguments.ts';

const TOO_LARGE = 'object too large for cache';
export const OUT_OF_MEMORY = 'out of memory storing object';

/** Decides which values a connection may send, and reserves memory for the one that is arriving. */
export class Admission {
  readonly #engine: Engine;
  #reserved = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Refuses a value that is too large, or does not fit the memory, when it is announced. Memory is
   * reserved for others until `release`.
   */
  admit(header: StorageHeader, length: number): ErrorReply | null {
    this.release();
    const { store, detail, prefixes } = this.#engine;
    const { verb } = header;
    const key = keyBytes(header.key);
    const flags = verb === 'ms' ? clientFlags(header.flags) : header.flags;
    const fits = store.fits(key.length, flags, length);
    const reserved = fits ? store.reserve(key.length, flags, length) : null;
    if (reserved !== null) {
      this.#reserved = reserved;
      return null;
    }
    if (detail && verb !== 'ms') prefixes.record(key, 'set');
    if (fits) store.counters.store_no_memory++;
    else store.counters.store_too_large++;
    const status = fits ? 'no_memory' : 'too_large';
    store.log?.stored(key, status, verb === 'ms' ? 'set' : verb, 0, 0, 0);
    // As in memcached: the value that should have been overwritten must not be read any more. `ms`
    // removes it in all its modes.
    if (verb === 'set' || verb === 'ms') {
      const old = store.find(key);
      if (old !== 0) store.remove(old);
    }
    return serverError(fits ? OUT_OF_MEMORY : TOO_LARGE);
  }

  /** The value has arrived, or will not: frees the memory that was reserved for it. */
  release(): void {
    this.#engine.store.release(this.#reserved);
    this.#reserved = 0;
  }
}
