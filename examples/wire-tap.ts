import type { Dialer, Transport } from '../core/mod.ts';

/** Stands between a client and the network, and writes down what goes by. */
export class WireTap {
  #lines: string[] = [];
  #held: (() => void)[] | null = null;

  /** A dialer whose connections are listened to. */
  tap(dial: Dialer): Dialer {
    return async (to, events, signal) => {
      const transport = await dial(to, {
        ...events,
        onData: (chunk) =>
          this.#pass(() => {
            this.#bytes('<', chunk);
            events.onData(chunk);
          }),
        onDrain: () => events.onDrain(),
        onClosed: (cause) => events.onClosed(cause),
      }, signal);
      const tapped: Transport = {
        send: (bytes) => {
          const taken = transport.send(bytes);
          this.#bytes('>', bytes.subarray(0, taken));
          return taken;
        },
        pause: () => transport.pause(),
        resume: () => transport.resume(),
        close: () => transport.close(),
        abort: () => transport.abort(),
      };
      return tapped;
    };
  }

  /** From now on what is received waits, as on a slow network. */
  hold(): void {
    this.#held = [];
  }

  /** Lets everything through that waits. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const pass of held) pass();
  }

  /** Writes down something that happened between the bytes. */
  note(line: string): void {
    this.#lines.push(line);
  }

  /** What was sent (`>`) and received (`<`) since the last time, a line each. */
  take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  #pass(deliver: () => void): void {
    if (this.#held === null) deliver();
    else this.#held.push(deliver);
  }

  #bytes(direction: string, bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    for (const [line] of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
      this.note(`${direction} ${JSON.stringify(line).slice(1, -1)}`);
    }
  }
}
