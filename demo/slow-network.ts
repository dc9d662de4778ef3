// A network with delays, for the demonstration of late replies.
import type { Dialer } from '../core/mod.ts';

/** A network that can delay received bytes. */
export class SlowNetwork {
  #held: (() => void)[] | null = null;

  /** A dialer whose connections use this network. */
  over(dial: Dialer): Dialer {
    return (to, events, signal) =>
      dial(to, {
        onData: (chunk) => this.#pass(() => events.onData(chunk)),
        onDrain: () => events.onDrain(),
        onClosed: (cause) => events.onClosed(cause),
      }, signal);
  }

  /** Holds received bytes from now on. */
  hold(): void {
    this.#held = [];
  }

  /** Delivers the held bytes. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const pass of held) pass();
  }

  #pass(deliver: () => void): void {
    if (this.#held === null) deliver();
    else this.#held.push(deliver);
  }
}
