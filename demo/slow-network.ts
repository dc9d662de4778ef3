import type { Dialer } from '../core/mod.ts';

/** A network that can be told to keep what is received for a while. */
export class SlowNetwork {
  #held: (() => void)[] | null = null;

  /** A dialer whose connections go over this network. */
  over(dial: Dialer): Dialer {
    return (to, events, signal) =>
      dial(to, {
        onData: (chunk) => this.#pass(() => events.onData(chunk)),
        onDrain: () => events.onDrain(),
        onClosed: (cause) => events.onClosed(cause),
      }, signal);
  }

  /** From now on what is received waits. */
  hold(): void {
    this.#held = [];
  }

  /** Lets everything through that waits. */
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
