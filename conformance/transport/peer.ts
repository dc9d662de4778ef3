// The peer of a transport under test.
import type { Accept, Transport, TransportEvents } from '../../core/io/transport.ts';
import { bytes, CaseError, text } from '../assert.ts';

/** One end of a connection, whose events a test can await. */
export class TestEvents implements TransportEvents {
  transport: Transport | null = null;
  /** All chunks that have arrived. */
  readonly chunks: Uint8Array[] = [];
  drains = 0;
  ends = 0;
  peerEnds = 0;
  /** Resolves at the end, with its cause. */
  readonly closed: Promise<Error | null>;
  /** Resolves when the peer has half-closed. */
  readonly peerEnded: Promise<void>;
  readonly onEnd?: (() => void) | undefined;
  #resolveClosed: (cause: Error | null) => void = () => {};
  #arrived = 0;
  #read = 0;
  // Callbacks that are called at each event.
  #waiting: (() => void)[] = [];

  /** @param stays Whether its own side stays open when the peer half-closes; false by default. */
  constructor(stays = false) {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    let resolveEnded: () => void = () => {};
    this.peerEnded = new Promise((resolve) => {
      resolveEnded = resolve;
    });
    if (!stays) return;
    this.onEnd = (): void => {
      if (this.ends > 0) throw new CaseError('the end of a side after the end');
      this.peerEnds++;
      resolveEnded();
    };
  }

  /** Sends text, which the transport must take at once. */
  send(data: string): void {
    const taken = this.transport?.send(bytes(data));
    if (taken !== data.length) throw new CaseError(`only ${taken} of ${data.length} bytes taken`);
  }

  /** Sends all of these bytes, waiting for room. */
  async sendAll(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length;) {
      const drains = this.drains;
      at += this.transport!.send(data.subarray(at));
      if (at < data.length) await this.#until(() => this.drains > drains);
    }
  }

  /** The next `count` bytes, as text. */
  async read(count: number): Promise<string> {
    return text(await this.readBytes(count));
  }

  async readBytes(count: number): Promise<Uint8Array> {
    await this.#until(() => this.#arrived - this.#read >= count || this.ends > 0);
    const all = new Uint8Array(this.#arrived);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    const found = all.slice(this.#read, this.#read + count);
    this.#read += found.length;
    return found;
  }

  /** Resolves after an `onDrain`. */
  async drained(): Promise<void> {
    await this.#until(() => this.drains > 0);
  }

  onData(chunk: Uint8Array): void {
    if (this.ends > 0) throw new CaseError('data after the end');
    this.chunks.push(chunk);
    this.#arrived += chunk.length;
    this.#wake();
  }

  onDrain(): void {
    if (this.ends > 0) throw new CaseError('a drain after the end');
    this.drains++;
    this.#wake();
  }

  onClosed(cause: Error | null): void {
    this.ends++;
    this.#resolveClosed(cause);
    this.#wake();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The far end of a connection. */
export type Peer = TestEvents;

/**
 * Accepts connections for a test, which receives them one by one.
 *
 * @param create Makes the peer of a connection; plain `TestEvents` by default.
 */
export function startPeer(
  create: () => Peer = () => new TestEvents(),
): { accept: Accept; next(): Promise<Peer>; readonly accepted: number } {
  const waiting: Peer[] = [];
  let accepted = 0;
  let wake: () => void = () => {};
  return {
    accept(transport) {
      const peer = create();
      peer.transport = transport;
      waiting.push(peer);
      accepted++;
      wake();
      return peer;
    },
    async next() {
      while (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return waiting.shift()!;
    },
    get accepted() {
      return accepted;
    },
  };
}

/** An owner that accepts lent chunks. */
export class BorrowingEvents extends TestEvents {
  /** Views of the lent chunks, which show what the transport has written over them. */
  readonly lent: Uint8Array[] = [];

  onLent(chunk: Uint8Array): Uint8Array | null {
    this.lent.push(chunk);
    this.onData(chunk.slice());
    return null;
  }
}

/** An owner that asks for the next bytes in memory of its own, whether the transport heeds it or not. */
export class AskingEvents extends BorrowingEvents {
  /** The memory that it asked for last. */
  asked: Uint8Array = new Uint8Array(0);

  override onLent(chunk: Uint8Array): Uint8Array {
    super.onLent(chunk);
    this.asked = new Uint8Array(100_000);
    return this.asked;
  }
}
