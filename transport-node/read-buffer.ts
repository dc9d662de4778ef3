// The memory that a socket is read into.
import type { OnReadOpts } from 'node:net';
import type { TransportEvents } from '../core/io/transport.ts';

/** The size of the first read: an idle connection should cost little. */
const FIRST_SIZE = 2 * 1024;
/** The largest read, as in Node itself. */
const LAST_SIZE = 64 * 1024;

/** Reads up to this length are copied out; longer ones are handed out with the memory around them. */
const SMALL = 8 * 1024;

/**
 * Reads a socket into memory of its own, which grows with what is read at once. Node would allocate
 * 64 KiB for each read and shrink it afterwards, which is a tenth of what a small reply costs.
 *
 * Memory that was handed out is never written to again.
 */
export class ReadBuffer {
  /** For the options of a socket. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#bytes,
    callback: (length) => {
      this.owner.onData(this.#take(length));
      return true;
    },
  };
  /** Gets each chunk. Nothing is read before the socket is connected: set it by then. */
  owner: Pick<TransportEvents, 'onData'> = { onData: () => {} };
  #bytes: Uint8Array = allocate(FIRST_SIZE);

  #take(length: number): Uint8Array {
    const bytes = this.#bytes;
    // There was more to read than it holds, as far as that can be known.
    const isFull = length === bytes.length && length < LAST_SIZE;
    if (isFull) this.#bytes = allocate(Math.min(4 * length, LAST_SIZE));
    if (length <= SMALL) return isFull ? bytes : new Uint8Array(bytes.subarray(0, length));
    if (!isFull) this.#bytes = allocate(bytes.length);
    return bytes.subarray(0, length);
  }
}

/** Memory that was not cleared: no more of it is handed out than was read. */
function allocate(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}
