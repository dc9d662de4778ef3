// The server of the fault cases.
import { type Clock, systemClock } from '../../core/io/clock.ts';
import { pipe } from '../../core/io/memory-pipe.ts';
import type { Accept, Transport, TransportEvents } from '../../core/io/transport.ts';
import type { ServerOptions } from '../../core/server/options.ts';
import { Server } from '../../core/server/serve.ts';
import { bytes, text } from '../assert.ts';
import { cutReplies } from './replies.ts';

/**
 * What a server does instead of answering: sends these bytes, waits for so many times the timeout of
 * the client, or one of the steps below.
 */
export type Step = string | number | symbol | Flood;

/** Closes the connection once all has been sent. */
export const CLOSE: unique symbol = Symbol('close');
/** Resets the connection. */
export const RESET: unique symbol = Symbol('reset');
/** Sends nothing any more, on this connection. */
export const SILENCE: unique symbol = Symbol('silence');
/** Reads nothing any more, on this connection. */
export const DEAF: unique symbol = Symbol('deaf');
/** Waits for `recover`. */
export const HOLD: unique symbol = Symbol('hold');

/** The same bytes so many times, with a pause of a millisecond between them. */
export interface Flood {
  readonly flood: string;
  readonly times: number;
}

/** Something that happens to replies. */
export interface Fault {
  /** Ends a sentence that begins with what the client does: `the connection is closed`. */
  readonly name: string;
  /** How many replies it happens to at once; 1 by default. */
  readonly takes?: number | undefined;
  /**
   * What the server sends instead of replies, each of which is whole; null if this cannot happen to
   * the first of them, which is then sent as it is.
   */
  strike(replies: readonly string[]): readonly Step[] | null;
}

// It answers at once, and is made for each case: a large memory would take longer to make than the case.
const embedded = { requestsPerEvent: Infinity, memory: 4 * 1024 * 1024 };

interface FaultyOptions {
  readonly clock?: Clock | undefined;
  readonly backend?: Accept | undefined;
  readonly timeout?: number | undefined;
}

/** A server whose connections and replies can be made late, lost or wrong. */
export class FaultyServer {
  /** How many connections there were. */
  connections = 0;
  /** How many times a fault has happened. */
  struck = 0;
  /** What it does with each new connection before it answers; nothing by default. */
  greeting: readonly Step[] = [];
  /** The bytes that it still reads from each open connection before it resets it. */
  readsAtMost: number = Infinity;
  readonly clock: Clock;
  /** The timeout of the client, in milliseconds. */
  readonly timeout: number;
  readonly #backend: Accept;
  readonly #open: Set<FaultyConnection> = new Set();
  #fault: Fault | null = null;
  #left = 0;
  #deaf = false;
  // Replies that wait for the end of the fault, and the callback for the next one.
  #held: (() => void)[] = [];
  #onHeld: (() => void) | null = null;

  /** @param options Of the embedded server that answers, if there is no other backend. */
  constructor(
    { clock, backend, timeout }: FaultyOptions = {},
    options: Partial<ServerOptions> = {},
  ) {
    this.clock = clock ?? systemClock;
    this.timeout = timeout ?? 100;
    this.#backend = backend ?? new Server({ ...embedded, ...options }).accept;
  }

  /** Serves a connection, for a listener of the runtime. */
  readonly accept: Accept = (transport, address) => {
    this.connections++;
    const connection = new FaultyConnection(this, transport, () => this.#open.delete(connection));
    this.#open.add(connection);
    connection.open((inner) => this.#backend(inner, address));
    return connection;
  };

  /** The fault that happens to the next replies. */
  get fault(): Fault | null {
    return this.#left > 0 ? this.#fault : null;
  }

  /** Whether it reads nothing. */
  get isDeaf(): boolean {
    return this.#deaf;
  }

  /** Makes a fault happen to the next replies, so many times, or until `recover`. */
  fail(fault: Fault, times: number = Infinity): void {
    this.#fault = fault;
    this.#left = times;
  }

  /** Resolves when the next reply is held back: its request has been executed by then. */
  late(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHeld = resolve;
    });
  }

  /** Ends all faults, and sends the late replies. */
  recover(): void {
    this.#left = 0;
    this.greeting = [];
    this.readsAtMost = Infinity;
    // Behind one reply there may be another.
    for (let send = this.#held.shift(); send !== undefined; send = this.#held.shift()) send();
    this.setDeaf(false);
    for (const connection of this.#open) connection.flush();
  }

  /** Stops reading, or goes on. */
  setDeaf(deaf: boolean): void {
    this.#deaf = deaf;
    for (const connection of this.#open) connection.setDeaf(deaf);
  }

  /** Does this on all open connections, without being asked. */
  act(...steps: readonly Step[]): void {
    for (const connection of this.#open) connection.play(steps);
  }

  /** Sends a request of its own to what answers, and gives the reply. */
  ask(request: string): Promise<string> {
    return new Promise((resolve) => {
      const [near, far] = pipe();
      let reply = '';
      near.attach({
        onData(chunk) {
          reply += text(chunk);
          const { whole } = cutReplies(reply);
          if (whole.length === 0) return;
          resolve(whole[0]!);
          near.abort();
        },
        onDrain() {},
        onClosed: () => resolve(reply),
      });
      far.attach(this.#backend(far, 'memory'));
      near.send(bytes(request));
    });
  }

  /** The value that it holds for a key, or undefined. */
  async holds(key: string): Promise<string | undefined> {
    return /^VALUE .*\r\n([^]*)\r\nEND\r\n$/.exec(await this.ask(`get ${key}\r\n`))?.[1];
  }

  /** For its connections: a fault has happened. */
  strike(): void {
    this.struck++;
    this.#left--;
    // The connections that had too few replies for it.
    if (this.#left === 0) { for (const connection of this.#open) connection.flush(); }
  }

  /** For its connections: holds a reply back. */
  hold(send: () => void): void {
    this.#held.push(send);
    this.#onHeld?.();
  }
}

/** One connection, between the client and what answers. */
class FaultyConnection implements TransportEvents {
  readonly #server: FaultyServer;
  readonly #transport: Transport;
  readonly #onGone: () => void;
  #backend: TransportEvents | null = null;
  // Replies that are not whole, while a fault is to happen.
  #replies = '';
  readonly #steps: (Uint8Array | Exclude<Step, string>)[] = [];
  // It plays no step until the client has taken what was sent, or the time has come.
  #waits = false;
  #cancel: () => void = () => {};
  #ended = false;
  #heard = 0;

  constructor(server: FaultyServer, transport: Transport, onGone: () => void) {
    this.#server = server;
    this.#transport = transport;
    this.#onGone = onGone;
  }

  open(accept: (inner: Transport) => TransportEvents): void {
    this.play(this.#server.greeting);
    this.setDeaf(this.#server.isDeaf);
    this.#backend = accept({
      send: (reply) => this.#answer(reply),
      // It takes everything, so nothing makes it pause.
      pause() {},
      resume() {},
      close: () => this.play([CLOSE]),
      abort: () => this.play([RESET]),
    });
  }

  onData(chunk: Uint8Array): void {
    this.#heard += chunk.length;
    if (this.#heard > this.#server.readsAtMost) {
      this.#server.struck++;
      this.#server.readsAtMost = Infinity;
      this.play([RESET]);
    } else {
      this.#backend?.onData(chunk);
    }
  }

  onDrain(): void {
    this.#waits = false;
    this.play([]);
  }

  onEnd(): void {
    this.#backend?.onEnd?.();
  }

  onClosed(cause: Error | null): void {
    this.#ended = true;
    this.#cancel();
    this.#onGone();
    this.#backend?.onClosed(cause);
  }

  setDeaf(deaf: boolean): void {
    this.#heard = 0;
    if (deaf) this.#transport.pause();
    else this.#transport.resume();
  }

  /** Sends the replies to which no fault will happen. */
  flush(): void {
    if (this.#server.fault !== null) return;
    this.play([this.#replies]);
    this.#replies = '';
  }

  /** Does these steps after those before. */
  play(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step !== '') this.#steps.push(typeof step === 'string' ? bytes(step) : step);
    }
    while (!this.#waits && !this.#ended) {
      const step = this.#steps.shift();
      if (step === undefined) return;
      if (step instanceof Uint8Array) this.#send(step);
      else this.#do(step);
    }
  }

  #answer(reply: Uint8Array): number {
    if (this.#server.fault === null && this.#replies === '') {
      // Not as text, which large values would make slow.
      this.#steps.push(reply);
      this.play([]);
      return reply.length;
    }
    let { whole, rest } = cutReplies(this.#replies + text(reply));
    this.#replies = '';
    for (;;) {
      const { fault } = this.#server;
      const some = whole.slice(0, fault?.takes ?? 1);
      if (fault === null || some.length < (fault.takes ?? 1)) break;
      const steps = fault.strike(some);
      this.play(steps ?? [whole[0]!]);
      whole = whole.slice(steps === null ? 1 : some.length);
      if (steps !== null) this.#server.strike();
    }
    this.#replies = whole.join('') + rest;
    this.flush();
    return reply.length;
  }

  #send(data: Uint8Array): void {
    const taken = this.#transport.send(data);
    if (taken === data.length) return;
    this.#steps.unshift(data.subarray(taken));
    this.#waits = true;
  }

  #do(step: Exclude<Step, string>): void {
    switch (step) {
      case CLOSE:
        this.#ended = true;
        this.#transport.close();
        return;
      case RESET:
        this.#ended = true;
        this.#transport.abort();
        return;
      case SILENCE:
        this.#ended = true;
        return;
      case DEAF:
        this.#transport.pause();
        return;
      case HOLD:
        this.#waits = true;
        this.#server.hold(() => this.onDrain());
        return;
    }
    if (typeof step === 'number') {
      this.#waits = true;
      this.#cancel = this.#server.clock.after(step * this.#server.timeout, () => this.onDrain());
    } else if (typeof step === 'object') {
      const { flood, times } = step;
      if (times > 1) this.#steps.unshift({ flood, times: times - 1 });
      this.#steps.unshift(bytes(flood), 1);
    }
  }
}
