// A raw connection to a server under test.
import { systemClock } from '../../core/io/clock.ts';
import {
  type Aborter,
  type Dialer,
  type Endpoint,
  newAborter,
  type Transport,
  type TransportEvents,
} from '../../core/io/transport.ts';
import { bytes, CaseError, show, text } from '../assert.ts';

/** A server sent the wrong bytes, or none. Bytes are text, one character each. */
export class ReplyMismatch extends CaseError {
  /** The last request that was answered correctly; the wrong bytes may belong to its reply. */
  readonly before: string;
  /** The request. */
  readonly sent: string;
  /** The expected bytes, or a pattern for them; null if the connection must end. */
  readonly expected: string | RegExp | null;
  /** The bytes that arrived instead. */
  readonly received: string;
  /** The reason, if it is the connection: it was closed, or nothing more arrived. */
  readonly note: string;

  /**
   * Reports a reply that differs from the expected one.
   *
   * @param facts What the message quotes.
   */
  constructor(facts: Pick<ReplyMismatch, 'before' | 'sent' | 'expected' | 'received' | 'note'>) {
    const { before, sent, expected, received, note } = facts;
    const shown = typeof expected === 'string'
      ? short(expected)
      : String(expected ?? 'the end of the connection');
    super(
      `received\n  ${short(received)}${note && `, and ${note}`}\nand must receive\n  ${shown}\n` +
        `for\n  ${short(sent)}${before && `\nafter\n  ${short(before)}`}`,
    );
    this.before = before;
    this.sent = sent;
    this.expected = expected;
    this.received = received;
    this.note = note;
  }
}

const short = (data: string): string => show(data.slice(0, 400));

/** A connection that sends and expects plain bytes, to test a server from outside. */
export class RawConnection implements TransportEvents {
  #transport: Transport | null = null;
  readonly #patience: number;
  #received = '';
  #closed = false;
  // The bytes sent since a part of the answer was correct, and those sent before.
  #asked = '';
  #answered = '';
  // Bytes that the transport has not taken yet.
  #unsent: Uint8Array = new Uint8Array(0);
  #wake: () => void = () => {};

  private constructor(patience: number) {
    this.#patience = patience;
  }

  /**
   * Connects.
   *
   * @param patience The timeout of a connection, and of the next bytes of a reply, in milliseconds.
   * @throws The error of the dialer.
   */
  static async open(dial: Dialer, to: Endpoint, patience = 10_000): Promise<RawConnection> {
    const connection = new RawConnection(patience);
    const aborter: Aborter = newAborter();
    const cancel = systemClock.after(
      patience,
      () => aborter.abort(new CaseError(`no connection within ${patience} ms`)),
    );
    try {
      connection.#transport = await dial(to, connection, aborter.signal);
    } finally {
      cancel();
    }
    return connection;
  }

  /** Sends text whose characters are one byte each. */
  send(data: string): void {
    // A write of no bytes is not a no-op everywhere: on Deno it ends TLS.
    if (data === '') return;
    this.#asked += data;
    const all = bytes(data);
    if (this.#unsent.length > 0) {
      const joined = new Uint8Array(this.#unsent.length + all.length);
      joined.set(this.#unsent);
      joined.set(all, this.#unsent.length);
      this.#unsent = joined;
      return;
    }
    const taken = this.#transport?.send(all) ?? 0;
    this.#unsent = all.subarray(taken);
  }

  /** Waits for exactly this text; fails as soon as something else arrives. */
  async expect(expected: string): Promise<void> {
    while (this.#received.length < expected.length) {
      // Only the start of a long text is compared each time.
      if (this.#received.length < 10_000 && !expected.startsWith(this.#received)) break;
      await this.#more(expected);
    }
    if (!this.#received.startsWith(expected)) throw this.#mismatch(expected);
    this.#take(expected.length);
  }

  /** Waits until the received text matches from its start; returns the match. */
  async match(expected: RegExp): Promise<RegExpExecArray> {
    const anchored = new RegExp(`^(?:${expected.source})`, expected.flags);
    // A pattern of one line fails with the first line; a longer one may match later lines.
    const isOneLine = !/\\n.|\[\^\]/.test(expected.source);
    for (;;) {
      const found = anchored.exec(this.#received);
      if (found !== null) {
        this.#take(found[0].length);
        return found;
      }
      if (isOneLine && this.#received.includes('\n')) throw this.#mismatch(expected);
      await this.#more(expected);
    }
  }

  /** Waits for a line; if it starts like this, skips the match and returns true. */
  async skips(start: RegExp): Promise<boolean> {
    const anchored = new RegExp(`^(?:${start.source})`, start.flags);
    // The first word of a line decides.
    while (!this.#received.includes('\n')) await this.#more(start);
    const found = anchored.exec(this.#received);
    this.#received = this.#received.slice(found?.[0].length ?? 0);
    return found !== null;
  }

  /** Waits for the server to close without sending more. */
  async end(): Promise<void> {
    while (!this.#closed) await this.#wait(null);
    if (this.#received !== '') throw this.#mismatch(null);
  }

  /** The received text that was not consumed. */
  get rest(): string {
    return this.#received;
  }

  /** Closes. */
  close(): void {
    this.#transport?.abort();
  }

  /** Takes bytes that arrived; the transport calls it. */
  onData(chunk: Uint8Array): void {
    this.#received += text(chunk);
    this.#wake();
  }

  /** Goes on sending; the transport calls it. */
  onDrain(): void {
    const taken = this.#transport?.send(this.#unsent) ?? 0;
    this.#unsent = this.#unsent.subarray(taken);
  }

  /** Ends what is left; the transport calls it. */
  onClosed(): void {
    this.#closed = true;
    this.#wake();
  }

  #take(count: number): void {
    this.#received = this.#received.slice(count);
    // Nothing was consumed: the answer may still arrive.
    if (count === 0) return;
    this.#answered = this.#asked;
    this.#asked = '';
  }

  async #more(expected: string | RegExp): Promise<void> {
    if (this.#closed) throw this.#mismatch(expected, 'the connection was closed');
    await this.#wait(expected);
  }

  async #wait(expected: ReplyMismatch['expected']): Promise<void> {
    const came = await new Promise<boolean>((resolve) => {
      const cancel = systemClock.after(this.#patience, () => resolve(false));
      this.#wake = () => {
        cancel();
        resolve(true);
      };
    });
    if (!came) throw this.#mismatch(expected, `nothing more came within ${this.#patience} ms`);
  }

  #mismatch(expected: ReplyMismatch['expected'], note = ''): ReplyMismatch {
    const [before, sent, received] = [this.#answered, this.#asked, this.#received];
    return new ReplyMismatch({ before, sent, expected, received, note });
  }
}
