// Memory that the connections of one server take turns with.
import { Output } from './output.ts';
import { PlainRequest } from './plain-request.ts';
import { Tokens } from './tokens.ts';

/** How many outputs are kept for the connections to come; each may hold 64 kB. */
const KEPT = 16;

/**
 * Memory that a connection needs only while it is at work. The connections of one server share it,
 * so that one that is idle has none: an output is lent to the connection that has something to say,
 * and comes back when the transport has taken all of it. What was written stays as it is, so the
 * rest of a slab serves the next one.
 */
export class ConnectionMemory {
  /** The words of the line that is being read. */
  readonly tokens: Tokens = new Tokens();
  /** The request that is being read, if it is plain. */
  readonly plain: PlainRequest = new PlainRequest();
  readonly #outputs: Output[] = [];

  /** An output in which nothing waits. */
  lend(): Output {
    return this.#outputs.pop() ?? new Output();
  }

  /** Takes an output back. Nothing may wait in it. */
  restore(output: Output): void {
    if (this.#outputs.length < KEPT) this.#outputs.push(output);
  }
}
