import type { Dialer, Endpoint, Transport, TransportEvents } from '../../core/transport.ts';
import { bytes, CaseError, text } from '../assert.ts';

declare const AbortController: new () => {
  readonly signal: Parameters<Dialer>[2];
};

/** A connection that speaks plain bytes, for looking at a server from outside. */
export class RawConnection implements TransportEvents {
  #transport: Transport | null = null;
  #received = '';
  #closed = false;
  // What could not be sent at once.
  #unsent: Uint8Array = new Uint8Array(0);
  #wake: () => void = () => {};

  static async open(dial: Dialer, to: Endpoint): Promise<RawConnection> {
    const connection = new RawConnection();
    connection.#transport = await dial(to, connection, new AbortController().signal);
    return connection;
  }

  /** Sends text whose characters are one byte each. */
  send(data: string): void {
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
      if (!expected.startsWith(this.#received)) break;
      await this.#more(expected);
    }
    const got = this.#received.slice(0, expected.length);
    if (got !== expected) throw this.#mismatch(expected);
    this.#received = this.#received.slice(expected.length);
  }

  /** Waits until what was received matches, from its start; gives the match. */
  async match(expected: RegExp): Promise<RegExpExecArray> {
    const anchored = new RegExp(`^(?:${expected.source})`, expected.flags);
    for (;;) {
      const found = anchored.exec(this.#received);
      if (found !== null) {
        this.#received = this.#received.slice(found[0].length);
        return found;
      }
      await this.#more(String(expected));
    }
  }

  /** Waits for something to come; passes over it, and gives true, when it starts like this. */
  async skips(start: RegExp): Promise<boolean> {
    const anchored = new RegExp(`^(?:${start.source})`, start.flags);
    // Every line tells by its first word what it is.
    while (!this.#received.includes('\n')) await this.#more(String(start));
    const found = anchored.exec(this.#received);
    this.#received = this.#received.slice(found?.[0].length ?? 0);
    return found !== null;
  }

  /** Waits for the server to close, having said no more. */
  async end(): Promise<void> {
    while (!this.#closed) await this.#wait();
    if (this.#received !== '') throw this.#mismatch('the end');
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

  async #more(expected: string): Promise<void> {
    if (this.#closed) throw this.#mismatch(expected, 'the connection was closed');
    await this.#wait();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #mismatch(expected: string, note = ''): CaseError {
    const shorten = (line: string): string => JSON.stringify(line.slice(0, 400));
    return new CaseError(
      `received\n  ${shorten(this.#received)} ${note}\nand must receive\n  ${shorten(expected)}`,
    );
  }
}
