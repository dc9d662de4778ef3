// A simulated network between a client and a server.
import { VirtualClock } from '../core/io/clock.ts';
import { Engine } from '../core/server/engine.ts';
import { Session } from '../core/server/session.ts';
import { ClientConnection } from '../core/wire/client-connection.ts';
import type { ClientEvent } from '../core/wire/client-event.ts';
import type { Command } from '../core/wire/command.ts';
import { ServerConnection } from '../core/wire/server-connection.ts';
import { latin1 } from '../core/wire/bytes.ts';

/** A network between a client and a server, with its faults. */
export interface Network {
  /** Milliseconds from one end to the other. */
  readonly latency: number;
  /** The most bytes that travel together. */
  readonly packet: number;
  /** The connection is lost when this many bytes have arrived at the server. */
  readonly cutUp?: number | undefined;
  /** The connection is lost when this many bytes have arrived at the client. */
  readonly cutDown?: number | undefined;
  /** From this time on, in milliseconds, nothing arrives at the client. */
  readonly muteAfter?: number | undefined;
}

/** A command that the client sends. */
export interface Sending {
  readonly tag: string;
  readonly command: Command;
  /** When, in milliseconds. */
  readonly at: number;
  /** Its timeout in milliseconds. */
  readonly timeout?: number | undefined;
}

/** The result of a run. */
export interface Outcome {
  readonly events: readonly ClientEvent<string>[];
  /** The tags of commands that were sent after the connection was gone. */
  readonly refused: readonly string[];
  /** The commands that the server executed, as text, in order. */
  readonly done: readonly string[];
  readonly bytesUp: number;
  readonly bytesDown: number;
}

interface Packet {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/**
 * Runs a client and an embedded server on a simulated network: no I/O, no waiting, and the same
 * result every time. Time jumps from one event to the next.
 */
export function simulate(sendings: readonly Sending[], network: Network): Outcome {
  return new Simulation(sendings, network).run();
}

class Simulation {
  readonly #network: Network;
  readonly #clock = new VirtualClock(0);
  readonly #session = new Session(
    new Engine({ memory: 64 * 1024 }, this.#clock),
    { id: 1, address: 'sim', lastCommand: 0 },
  );
  readonly #server = new ServerConnection({
    admit: (header, length) => this.#session.admit(header, length),
  });
  readonly #client = new ClientConnection<string>({ stallAfter: 5000 });
  readonly #events: ClientEvent<string>[] = [];
  readonly #done: string[] = [];
  readonly #refused: string[] = [];
  readonly #queue: Sending[];
  readonly #up: Packet[] = [];
  readonly #down: Packet[] = [];
  #bytesUp = 0;
  #bytesDown = 0;
  #lost = false;

  constructor(sendings: readonly Sending[], network: Network) {
    this.#network = network;
    this.#queue = [...sendings].sort((left, right) => left.at - right.at);
  }

  run(): Outcome {
    for (;;) {
      const now = this.#clock.now();
      this.#send(now);
      this.#arriveUp(now);
      this.#arriveDown(now);
      this.#client.tick(now);
      this.#transmit();
      this.#client.assertInvariants();
      this.#server.assertInvariants();
      const next = this.#nextTime();
      if (next === Infinity) break;
      this.#clock.advance(Math.max(0, next - now));
    }
    this.#transmit();
    return {
      events: this.#events,
      refused: this.#refused,
      done: this.#done,
      bytesUp: this.#bytesUp,
      bytesDown: this.#bytesDown,
    };
  }

  #send(now: number): void {
    while (this.#queue[0] !== undefined && this.#queue[0].at <= now) {
      const { tag, command, timeout } = this.#queue.shift()!;
      if (this.#lost) this.#refused.push(tag);
      else this.#client.send(command, tag, now + (timeout ?? 60_000));
    }
  }

  #arriveUp(now: number): void {
    const { cutUp = Infinity } = this.#network;
    while (!this.#lost && this.#up[0] !== undefined && this.#up[0].at <= now) {
      const { bytes } = this.#up.shift()!;
      const arrived = bytes.subarray(0, Math.max(0, cutUp - this.#bytesUp));
      this.#bytesUp += arrived.length;
      if (arrived.length > 0) this.#serve(arrived);
      if (this.#bytesUp >= cutUp) this.#lose();
    }
  }

  #arriveDown(now: number): void {
    const { cutDown = Infinity, muteAfter = Infinity } = this.#network;
    while (!this.#lost && this.#down[0] !== undefined && this.#down[0].at <= now) {
      const { bytes } = this.#down.shift()!;
      if (now >= muteAfter) continue;
      const arrived = bytes.subarray(0, Math.max(0, cutDown - this.#bytesDown));
      this.#bytesDown += arrived.length;
      if (arrived.length > 0) this.#client.receive(arrived, now);
      if (this.#bytesDown >= cutDown) this.#lose();
    }
  }

  #serve(chunk: Uint8Array): void {
    this.#session.tick(this.#clock.elapsed());
    this.#server.receive(chunk);
    for (let event = this.#server.next(); event !== null; event = this.#server.next()) {
      if (event.type !== 'command') continue;
      this.#done.push(describe(event.command));
      const answer = this.#session.handle(event.command);
      if (!('next' in answer)) this.#server.reply(event.id, answer);
    }
    for (let data = this.#server.transmit(); data !== null; data = this.#server.transmit()) {
      this.#server.sent(this.#put(this.#down, data));
    }
  }

  // Takes the events of the client, and what it has to send.
  #transmit(): void {
    for (let event = this.#client.next(); event !== null; event = this.#client.next()) {
      this.#events.push(event);
    }
    if (this.#lost) return;
    for (;;) {
      const data = this.#client.transmit(this.#clock.now());
      if (data === null) return;
      this.#client.sent(this.#put(this.#up, data));
    }
  }

  /** Puts the first packet of some data on the way; returns its length. */
  #put(way: Packet[], data: Uint8Array): number {
    const bytes = data.subarray(0, this.#network.packet);
    way.push({ bytes, at: this.#clock.now() + this.#network.latency });
    return bytes.length;
  }

  #lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#client.fail(new Error('the network was cut'));
  }

  #nextTime(): number {
    const traffic = this.#lost ? [] : [this.#up[0]?.at, this.#down[0]?.at, this.#client.deadline()];
    return Math.min(...[this.#queue[0]?.at, ...traffic].map((time) => time ?? Infinity));
  }
}

/** A command by its verb and its keys, which identify it. */
export function describe(command: Command): string {
  const keys = 'keys' in command ? command.keys : 'key' in command ? [command.key] : [];
  const text = keys.map((key) => (typeof key === 'string' ? key : latin1(key)));
  return [command.verb, ...text].join(' ');
}
