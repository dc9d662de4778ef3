// The memory into which a socket is read.
import type { OnReadOpts } from 'node:net';
import type { TransportEvents } from '../core/io/transport.ts';

/** The size of the first read: an idle connection should cost little. */
const FIRST_SIZE = 2 * 1024;
/** The largest read, as in Node itself. */
const LAST_SIZE = 64 * 1024;

/** Reads up to this length are copied; longer ones are passed on as views of the memory. */
const SMALL = 8 * 1024;

/**
 * Reads a socket into its own memory, which grows with the size of the reads. Node would allocate 64 KiB
 * for each read and shrink it afterwards, which is a tenth of the cost of a small reply.
 *
 * An owner that accepts lent chunks gets them in this memory; for others it is copied, or passed on and
 * never written to again.
 */
export class ReadBuffer {
  /** For the options of a socket. */
  readonly onread: OnReadOpts = {
    buffer: () => this.#asked ?? this.#bytes,
    callback: (length, read) => {
      // workerd detaches what it reads into, and hands out the memory anew.
      if (this.#bytes.length === 0) {
        this.#bytes = new Uint8Array(read.buffer);
        this.#detaches = true;
      }
      this.#pass(length);
      return true;
    },
  };
  /** Gets each chunk. Nothing is read before the socket is connected: set it by then. */
  owner: Pick<TransportEvents, 'onData' | 'onLent'> = { onData: () => {} };
  #bytes: Uint8Array = allocate(FIRST_SIZE);
  // Memory of the owner for the next read, in the place of its own.
  #asked: Uint8Array | null = null;
  #detaches = false;

  #pass(length: number): void {
    const bytes = this.#bytes;
    const { owner } = this;
    const asked = this.#asked;
    if (asked !== null) return this.#lend(asked.subarray(0, length));
    // The read filled the memory, so there was probably more to read.
    const isFull = length === bytes.length && length < LAST_SIZE;
    if (isFull) this.#bytes = allocate(Math.min(4 * length, LAST_SIZE));
    if (isFull) owner.onData(bytes);
    else if (owner.onLent !== undefined) this.#lend(bytes.subarray(0, length));
    else if (length <= SMALL) owner.onData(new Uint8Array(bytes.subarray(0, length)));
    else {
      this.#bytes = allocate(bytes.length);
      owner.onData(bytes.subarray(0, length));
    }
  }

  #lend(chunk: Uint8Array): void {
    const asked = this.owner.onLent?.(chunk) ?? null;
    this.#asked = this.#detaches ? null : asked;
  }
}

/** Memory that is not cleared: only the bytes that were read are passed on. */
function allocate(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}
