// Works around a memcached that stops reading over TLS.
import type { Clock } from '../../io/clock.ts';
import type { ClientConnection } from '../../wire/client-connection.ts';
import type { Command } from '../../wire/command.ts';
import { isQuiet } from '../../wire/command-facts.ts';
import { verbs } from '../../wire/verbs.ts';

/** Milliseconds without data after which a nudge is sent; doubled with each nudge in a row. */
const SILENCE = 10;

/** The part of a connection that is used here; the type of its tags does not matter. */
type Nudged = Pick<ClientConnection<unknown>, 'pending' | 'nudge'>;

/**
 * Sends more bytes to a server that has stopped reading in the middle of its input.
 *
 * memcached does so over TLS (seen with 1.6.18): where one record holds the end of a value and
 * bytes behind it, those bytes are read only when more arrive. A client that waits for the replies
 * and sends nothing meanwhile would wait until its timeout.
 */
export class Nudge {
  readonly #clock: Clock;
  readonly #connection: Nudged;
  readonly #flush: () => void;
  // Whether a value is in flight that the next command would be sent behind.
  #isBehindValue = false;
  #isWatching = false;
  #wait = SILENCE;
  #isHeard = false;
  #isPaused = false;
  #cancel: () => void = () => {};

  /** @param flush Sends the output of the connection. */
  constructor(clock: Clock, connection: Nudged, flush: () => void) {
    this.#clock = clock;
    this.#connection = connection;
    this.#flush = flush;
  }

  /**
   * Called with each command. After a command was sent behind a value, the server is monitored
   * until no reply is pending.
   */
  sent(command: Command): void {
    if (this.#connection.pending === 1) this.#isBehindValue = false;
    // A quiet command is followed by a fence.
    if (this.#isBehindValue || isQuiet(command)) this.#watch();
    if (verbs[command.verb].data) this.#isBehindValue = true;
  }

  /** Called when bytes have arrived. */
  heard(): void {
    this.#isHeard = true;
  }

  /** Reading is paused until `resume`, so silence means nothing meanwhile. */
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

  /** Stops the timer; it is not used again. */
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
      // Before sending, which may close the connection.
      this.#look();
      if (!isSilent) return;
      this.#connection.nudge();
      this.#flush();
    }, true);
  }
}
