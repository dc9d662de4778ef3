// Makes a memcached go on that has stopped reading over TLS.
import type { Clock } from '../../io/clock.ts';
import type { ClientConnection } from '../../wire/client-connection.ts';
import type { Command } from '../../wire/command.ts';
import { isQuiet } from '../../wire/command-facts.ts';
import { verbs } from '../../wire/verbs.ts';

/** Milliseconds of silence after which a nudge is sent; doubled while the silence goes on. */
const SILENCE = 10;

/** The part of a connection that is needed here, whatever the type of its tags. */
type Nudged = Pick<ClientConnection<unknown>, 'pending' | 'nudge'>;

/**
 * Sends something more to a server that has stopped reading in the middle of its input.
 *
 * memcached does so over TLS (seen with 1.6.18): where one record holds the end of a value and
 * bytes behind it, those bytes are read only when more arrive. A client that waits for the replies,
 * and sends nothing meanwhile, would wait for ever.
 */
export class Nudge {
  readonly #clock: Clock;
  readonly #connection: Nudged;
  readonly #flush: () => void;
  // Whether a value is in flight, which the next command would be sent behind.
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
   * Called with each command. Once a command goes behind a value, the server is watched until it
   * owes no reply.
   */
  sent(command: Command): void {
    if (this.#connection.pending === 1) this.#isBehindValue = false;
    // A quiet command has a fence behind it.
    if (this.#isBehindValue || isQuiet(command)) this.#watch();
    if (verbs[command.verb].data) this.#isBehindValue = true;
  }

  /** Called when bytes have arrived. */
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

  /** Stops for good. */
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
