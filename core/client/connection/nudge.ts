import type { Clock } from '../../io/clock.ts';
import type { ClientConnection } from '../../wire/client-connection.ts';
import type { Command } from '../../wire/command.ts';
import { isQuiet } from '../../wire/command-facts.ts';
import { verbs } from '../../wire/verbs.ts';

/** Milliseconds of silence that are taken for a server that has stopped; doubled while it goes on. */
const SILENCE = 10;

/** What is needed of a connection, whatever its tags are. */
type Nudged = Pick<ClientConnection<unknown>, 'pending' | 'nudge'>;

/**
 * Has something more sent to a server that has stopped amid what it was sent.
 *
 * memcached does so over TLS (seen with 1.6.18): where a record holds the end of a value and what
 * comes behind it, it reads that only when more bytes arrive. Whoever waits for its replies, and
 * sends nothing meanwhile, waits for ever.
 */
export class Nudge {
  readonly #clock: Clock;
  readonly #connection: Nudged;
  readonly #flush: () => void;
  // Whether a value is under way that something may come behind.
  #isBehindValue = false;
  #isWatching = false;
  #wait = SILENCE;
  #isHeard = false;
  #isPaused = false;
  #cancel: () => void = () => {};

  /** @param flush Sends what the connection has. */
  constructor(clock: Clock, connection: Nudged, flush: () => void) {
    this.#clock = clock;
    this.#connection = connection;
    this.#flush = flush;
  }

  /**
   * A command is to be sent. Once one comes behind a value, looks after the server until it owes
   * nothing.
   */
  sent(command: Command): void {
    if (this.#connection.pending === 1) this.#isBehindValue = false;
    // Quiet ones have a fence behind them.
    if (this.#isBehindValue || isQuiet(command)) this.#watch();
    if (verbs[command.verb].data) this.#isBehindValue = true;
  }

  /** Bytes came. */
  heard(): void {
    this.#isHeard = true;
  }

  /** Nothing is read until `resume`: silence is no sign meanwhile. */
  pause(): void {
    this.#isPaused = true;
    this.#cancel();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#isHeard = true;
    if (this.#isWatching) this.#look();
  }

  /** For good. */
  stop(): void {
    this.#isWatching = true;
    this.#isPaused = false;
    this.#cancel();
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#isHeard = true;
    this.#look();
  }

  #look(): void {
    if (this.#isPaused) return;
    this.#wait = this.#isHeard ? SILENCE : this.#wait * 2;
    this.#isHeard = false;
    this.#cancel = this.#clock.after(this.#wait, () => {
      this.#isWatching = this.#connection.pending > 0;
      if (!this.#isWatching) return;
      const isSilent = !this.#isHeard;
      // Before anything is sent, as that may be the end of the connection.
      this.#look();
      if (!isSilent) return;
      this.#connection.nudge();
      this.#flush();
    });
  }
}
