import { VirtualClock } from '../core/io/clock.ts';
import { Engine } from '../core/server/engine.ts';
import { Session } from '../core/server/session.ts';
import { ClientConnection, type ClientEvent } from '../core/wire/client-connection.ts';
import type { Command } from '../core/wire/command.ts';
import { ServerConnection } from '../core/wire/server-connection.ts';
import { latin1 } from '../core/wire/bytes.ts';

/** A network between a client and a server, and what happens to it. */
export interface Network {
  /** Milliseconds from one end to the other. */
  readonly latency: number;
  /** The most bytes that travel together. */
  readonly packet: number;
  /** The connection is lost when this many bytes have arrived at the server. */
  readonly cutUp?: number;
  /** The connection is lost when this many bytes have arrived at the client. */
  readonly cutDown?: number;
  /** From this time on, in milliseconds, nothing arrives at the client. */
  readonly muteAfter?: number;
}

/** A command that the client sends. */
export interface Sending {
  readonly tag: string;
  readonly command: Command;
  /** When, in milliseconds. */
  readonly at: number;
  /** Milliseconds until it is given up. */
  readonly timeout?: number;
}

/** What came of it. */
export interface Outcome {
  readonly events: readonly ClientEvent<string>[];
  /** The tags of the commands that came when the connection was gone. */
  readonly refused: readonly string[];
  /** The commands that the server did, as text, in order. */
  readonly done: readonly string[];
  readonly bytesUp: number;
  readonly bytesDown: number;
}

interface Packet {
  readonly bytes: Uint8Array;
  readonly at: number;
}

/**
 * A client and an embedded server on a simulated network: no I/O, no waiting, and the same result
 * every time. Time jumps from one thing that happens to the next.
 */
export function simulate(sendings: readonly Sending[], network: Network): Outcome {
  const clock = new VirtualClock(0);
  const engine = new Engine({ memory: 64 * 1024 }, clock);
  const session = new Session(engine, { id: 1, address: 'sim', lastCommand: 0 });
  const server = new ServerConnection({
    admit: (header, length) => session.admit(header, length),
  });
  const client = new ClientConnection<string>({ stallAfter: 5000 });
  const events: ClientEvent<string>[] = [];
  const done: string[] = [];
  const refused: string[] = [];
  const queue = [...sendings].sort((left, right) => left.at - right.at);
  const up: Packet[] = [];
  const down: Packet[] = [];
  let bytesUp = 0;
  let bytesDown = 0;
  let lost = false;

  const lose = (): void => {
    if (lost) return;
    lost = true;
    client.fail(new Error('the network was cut'));
  };

  const serve = (chunk: Uint8Array): void => {
    session.tick(clock.now());
    server.receive(chunk);
    for (let event = server.next(); event !== null; event = server.next()) {
      if (event.type !== 'command') continue;
      done.push(describe(event.command));
      const answer = session.handle(event.command);
      if (!('next' in answer)) server.reply(event.id, answer);
    }
    for (let data = server.transmit(); data !== null; data = server.transmit()) {
      const piece = data.subarray(0, network.packet);
      down.push({ bytes: piece, at: clock.now() + network.latency });
      server.sent(piece.length);
    }
  };

  const settle = (): void => {
    for (let event = client.next(); event !== null; event = client.next()) events.push(event);
    if (lost) return;
    for (;;) {
      const data = client.transmit(clock.now());
      if (data === null) return;
      const piece = data.subarray(0, network.packet);
      up.push({ bytes: piece, at: clock.now() + network.latency });
      client.sent(piece.length);
    }
  };

  for (;;) {
    const now = clock.now();
    while (queue[0] !== undefined && queue[0].at <= now) {
      const { tag, command, timeout } = queue.shift()!;
      if (lost) refused.push(tag);
      else client.send(command, tag, now + (timeout ?? 60_000));
    }
    while (!lost && up[0] !== undefined && up[0].at <= now) {
      const { bytes } = up.shift()!;
      const room = (network.cutUp ?? Infinity) - bytesUp;
      const arrived = bytes.subarray(0, Math.max(0, room));
      bytesUp += arrived.length;
      if (arrived.length > 0) serve(arrived);
      if (bytesUp >= (network.cutUp ?? Infinity)) lose();
    }
    while (!lost && down[0] !== undefined && down[0].at <= now) {
      const { bytes } = down.shift()!;
      if (now >= (network.muteAfter ?? Infinity)) continue;
      const room = (network.cutDown ?? Infinity) - bytesDown;
      const arrived = bytes.subarray(0, Math.max(0, room));
      bytesDown += arrived.length;
      if (arrived.length > 0) client.receive(arrived, now);
      if (bytesDown >= (network.cutDown ?? Infinity)) lose();
    }
    client.tick(now);
    settle();
    client.assertInvariants();
    server.assertInvariants();
    const traffic = lost ? [] : [up[0]?.at, down[0]?.at, client.deadline()];
    const next = Math.min(...[queue[0]?.at, ...traffic].map((time) => time ?? Infinity));
    if (next === Infinity) break;
    clock.advance(Math.max(0, next - now));
  }
  settle();
  return { events, refused, done, bytesUp, bytesDown };
}

/** A command by its verb and its keys: enough to know it again. */
export function describe(command: Command): string {
  const keys = 'keys' in command ? command.keys : 'key' in command ? [command.key] : [];
  const text = keys.map((key) => (typeof key === 'string' ? key : latin1(key)));
  return [command.verb, ...text].join(' ');
}
