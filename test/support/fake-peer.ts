// The far end of a real connection, played by a test: a client that dials, or a server that
// accepts.
import {
  type Accept,
  type Dialer,
  newAborter,
  type Transport,
  type TransportEvents,
} from '../../core/io/transport.ts';
import { fromLatin1, latin1 } from '../../core/wire/bytes.ts';
import { settled } from './scripted.ts';

export class FakePeer implements TransportEvents {
  /** The newest connection. */
  transport: Transport | null = null;
  /** Everything that arrived; `(closed)` where a connection ended. */
  received = '';
  /** Resolves when the first bytes have arrived. */
  readonly asked: Promise<void>;
  /** Resolves when a connection has ended. */
  readonly gone: Promise<void>;
  readonly #answer: (text: string) => string | null;
  #onAsked: () => void = () => {};
  #onGone: () => void = () => {};

  /** @param answer The reply to received text; if it is null, the test replies with `send`. */
  constructor(answer: (text: string) => string | null = () => null) {
    this.#answer = answer;
    this.asked = new Promise((resolve) => {
      this.#onAsked = resolve;
    });
    this.gone = new Promise((resolve) => {
      this.#onGone = resolve;
    });
  }

  /** Connects to a server in memory. */
  static async dial(
    dial: Dialer,
    answer?: (text: string) => string | null,
  ): Promise<FakePeer> {
    const peer = new FakePeer(answer);
    peer.transport = await dial({ path: 'memory' }, peer, newAborter().signal);
    return peer;
  }

  readonly accept: Accept = (transport) => {
    this.transport = transport;
    return this;
  };

  send(text: string): void {
    this.transport?.send(fromLatin1(text));
  }

  /** Sends text; resolves with everything that arrives after it. */
  async say(text: string): Promise<string> {
    this.received = '';
    this.send(text);
    await settled();
    return this.received;
  }

  onData(chunk: Uint8Array): void {
    const text = latin1(chunk);
    this.received += text;
    const answer = this.#answer(text);
    if (answer !== null) this.send(answer);
    this.#onAsked();
  }

  onDrain(): void {}

  onClosed(): void {
    this.received += '(closed)';
    this.#onGone();
  }
}
