import { systemClock } from '../../core/io/clock.ts';
import type { Dialer, Endpoint, Transport, TransportEvents } from '../../core/io/transport.ts';
import { bytes, CaseError, show, text } from '../assert.ts';
import { type Aborter, newAborter } from '../../core/io/aborter.ts';

/** A server said something else than it must, or nothing. Bytes are text, one character each. */
export class ReplyMismatch extends CaseError {
  /** What was asked last and answered as it must be; what is wrong may belong to its reply. */
  readonly before: string;
  /** What was asked. */
  readonly sent: string;
  /** The bytes that must come, or a pattern for them; null where the connection must end. */
  readonly expected: string | RegExp | null;
  /** What came instead. */
  readonly received: string;
  /** What happened to the connection, where that is why: it was closed, or nothing more came. */
  readonly note: string;

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

/** A connection that speaks plain bytes, for looking at a server from outside. */
export class RawConnection implements TransportEvents {
  #transport: Transport | null = null;
  readonly #patience: number;
  #received = '';
  #closed = false;
  // What was sent since something of the answer was as it must be, and what before that.
  #asked = '';
  #answered = '';
  // What could not be sent at once.
  #unsent: Uint8Array = new Uint8Array(0);
  #wake: () => void = () => {};

  private constructor(patience: number) {
    this.#patience = patience;
  }

  /**
   * @param patience Milliseconds until a connection, or the next bytes of a reply, are given up.
   * @throws What the dialer throws.
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
    // Not every runtime takes no bytes for nothing: on Deno TLS ends with it.
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

  /** Waits for exactly this text; fails as soon as something else comes. */
  async expect(expected: string): Promise<void> {
    while (this.#received.length < expected.length) {
      // Of a long one only the start is looked at again and again.
      if (this.#received.length < 10_000 && !expected.startsWith(this.#received)) break;
      await this.#more(expected);
    }
    if (!this.#received.startsWith(expected)) throw this.#mismatch(expected);
    this.#take(expected.length);
  }

  /** Waits until what was received matches, from its start; gives the match. */
  async match(expected: RegExp): Promise<RegExpExecArray> {
    const anchored = new RegExp(`^(?:${expected.source})`, expected.flags);
    // A pattern of one line fails with the first line; of more, nobody knows how many may come.
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

  /** Waits for something to come; passes over it, and gives true, when it starts like this. */
  async skips(start: RegExp): Promise<boolean> {
    const anchored = new RegExp(`^(?:${start.source})`, start.flags);
    // Every line tells by its first word what it is.
    while (!this.#received.includes('\n')) await this.#more(start);
    const found = anchored.exec(this.#received);
    this.#received = this.#received.slice(found?.[0].length ?? 0);
    return found !== null;
  }

  /** Waits for the server to close, having said no more. */
  async end(): Promise<void> {
    while (!this.#closed) await this.#wait(null);
    if (this.#received !== '') throw this.#mismatch(null);
  }

  /** What was received and not looked at. */
  get rest(): string {
    return this.#received;
  }

  /** Closes. */
  close(): void {
    this.#transport?.abort();
  }

  onData(chunk: Uint8Array): void {
    this.#received += text(chunk);
    this.#wake();
  }

  onDrain(): void {
    const taken = this.#transport?.send(this.#unsent) ?? 0;
    this.#unsent = this.#unsent.subarray(taken);
  }

  onClosed(): void {
    this.#closed = true;
    this.#wake();
  }

  #take(count: number): void {
    this.#received = this.#received.slice(count);
    // What has no answer yet may still have one.
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
