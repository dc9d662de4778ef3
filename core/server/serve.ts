// The embedded server and its connections.
import { type Clock, systemClock } from '../io/clock.ts';
import { CONGESTED, Pump } from '../io/pump.ts';
import type { Accept, Transport, TransportEvents } from '../io/transport.ts';
import { encodeReply } from '../wire/encode-reply.ts';
import { isItem } from '../wire/reply.ts';
import { ServerConnection, type ServerEvent } from '../wire/server-connection.ts';
import type { Dump } from './dump.ts';
import { type ConnectionFacts, Engine } from './engine.ts';
import type { ServerOptions } from './options.ts';
import { type Answer, Session } from './session.ts';
import type { Optional } from '../wire/options.ts';

/** The lines of a watch that may wait for a slow reader, in bytes; memcached's own buffer size. */
const WATCH_BACKLOG = 256 * 1024;

/** How many plain requests are executed before the first replies leave, and how many times more then. */
const FIRST_SHARE = 8;
const SHARE_GROWTH = 8;

/** Replies leave early where so many times as many requests are left, by their bytes. */
const MANY = 3;

/** How far a dump may run ahead of its reader, in bytes. */
const DUMP_BACKLOG = 64 * 1024;

/**
 * An embedded memcached. It has no socket of its own: give `accept` to a listener of the runtime,
 * or take a `memoryDialer`.
 */
export class Server {
  /**
   * What executes commands.
   *
   * @internal
   */
  readonly engine: Engine;
  readonly #served: Set<ServerPeer> = new Set();
  #nextId = 1;

  /**
   * Makes a server without items.
   *
   * @param options What differs from `serverOptions`.
   * @param clock Its time; that of the system by default.
   * @throws UsageError when an option breaks a rule.
   */
  constructor(options: Optional<ServerOptions> = {}, clock: Clock = systemClock) {
    this.engine = new Engine(options, clock);
  }

  /** Serves a new connection. */
  readonly accept: Accept = (transport, address) => {
    const { engine } = this;
    const { counters } = engine.store;
    if (engine.connections.size >= engine.options.maxConnections) {
      counters.rejected_connections++;
      transport.send(encodeReply({ type: 'ERROR', message: 'Too many open connections' }));
      transport.close();
      return { onData() {}, onDrain() {}, onClosed() {} };
    }
    counters.total_connections++;
    const facts = { id: this.#nextId++, address, lastCommand: engine.clock.elapsed() };
    const served = new ServerPeer(engine, facts, transport, () => this.#served.delete(served));
    this.#served.add(served);
    return served;
  };

  /** Closes every connection as soon as its peer has taken the replies that are ready. */
  close(): void {
    for (const served of this.#served) served.close('shutdown');
  }
}

/** The reason why a connection was closed, in the words of memcached's connection log. */
type CloseReason = 'normal' | 'error' | 'idle_timeout' | 'shutdown';

/** One connection of the server: the only place where bytes, commands and time meet. */
class ServerPeer implements TransportEvents {
  readonly #engine: Engine;
  readonly #facts: ConnectionFacts;
  readonly #connection: ServerConnection;
  readonly #session: Session;
  readonly #pump: Pump;
  readonly #onGone: () => void;
  #dump: { readonly id: number; readonly items: Dump } | null = null;
  // How many commands it may still execute in this turn.
  #left = 0;
  // The command with which its next turn of the event loop begins, while it waits for that.
  #held: ServerEvent | null = null;
  #logged = false;
  #cancelIdle: (() => void) | null = null;

  constructor(
    engine: Engine,
    facts: ConnectionFacts,
    transport: Transport,
    onGone: () => void,
  ) {
    this.#engine = engine;
    this.#facts = facts;
    this.#onGone = onGone;
    this.#session = new Session(engine, facts);
    this.#connection = new ServerConnection(
      {
        auth: engine.options.credentials !== null,
        admit: (header, length) => this.#session.admit(header, length),
      },
      engine.connectionMemory,
    );
    this.#pump = new Pump(this.#connection, {
      // Many lines of a watch come out of one batch of another connection's commands; they leave
      // together.
      onTurn: () => this.#pump.flush(),
      take: () => {
        const over = this.#execute();
        if (over !== null) this.close(over);
        return over === null && this.#held === null;
      },
      onSent: (count) => {
        engine.store.counters.bytes_written += count;
      },
    });
    this.#pump.attach(transport);
    if (engine.options.idleTimeout > 0) this.#watchIdle(engine.options.idleTimeout * 1000);
    const rip = address(facts.address);
    engine.watchers.write('connevents', `type=conn_new ${rip} cfd=${facts.id}`);
  }

  onData(chunk: Uint8Array): void {
    this.#receive(chunk, false);
  }

  onLent(chunk: Uint8Array): Uint8Array | null {
    this.#receive(chunk, true);
    return this.#connection.keep();
  }

  #receive(chunk: Uint8Array, isLent: boolean): void {
    if (this.#pump.isEnding) return;
    this.#engine.store.counters.bytes_read += chunk.length;
    this.#connection.receive(chunk, isLent);
    this.#run();
  }

  onDrain(): void {
    this.#pump.drained();
    this.#run();
  }

  onEnd(): void {
    this.#connection.receiveEnd();
    this.#run();
  }

  onClosed(cause: Error | null): void {
    this.#pump.detach();
    // The replies are not read any more, but the commands that have arrived are executed.
    this.#left = Infinity;
    if (this.#held !== null) this.#execute();
    this.#pump.end();
    this.#cancelIdle?.();
    this.#session.close();
    this.#onGone();
    this.#logClose(cause === null ? 'normal' : 'error');
  }

  /** Sends the replies that are ready, as fast as the peer takes them, and closes. */
  close(reason: CloseReason): void {
    if (this.#pump.isEnding) return;
    this.#pump.end();
    this.#session.unwatch();
    this.#logClose(reason);
    // Input is read and discarded: unread bytes would make the system reset the connection, and the
    // peer lose the last replies.
    this.#pump.hold(CONGESTED, false);
    this.#pump.flush();
  }

  // Once: the first caller knows the reason, and the end of the transport comes later.
  #logClose(reason: CloseReason): void {
    if (this.#logged) return;
    this.#logged = true;
    const { id, address: from } = this.#facts;
    const what = `type=conn_close ${address(from)} reason=${reason} cfd=${id}`;
    this.#engine.watchers.write('connevents', what);
  }

  // Executes commands and sends replies, unless it is the turn of other connections.
  #run(): void {
    if (this.#held === null) this.#turn();
    else this.#pump.flush();
  }

  // Executes commands and sends replies alternately, until it has to wait for the peer, or its share of
  // the turn is used up.
  #turn(): void {
    this.#left = this.#engine.options.requestsPerEvent;
    this.#pump.run();
    if (this.#pump.isEnding) return;
    // Stops reading from a peer that does not read its replies, or has used up its share of the turn.
    const isCongested = this.#connection.backlog > 0 && this.#connection.congested;
    this.#pump.hold(CONGESTED, isCongested || this.#held !== null);
  }

  // Executes the commands that have arrived; returns the reason if the connection has ended.
  #execute(): CloseReason | null {
    if (this.#pump.isEnding) return null;
    this.#session.tick(this.#engine.clock.elapsed());
    for (;;) {
      if (this.#dump !== null && !this.#continueDump(this.#dump)) return null;
      if (this.#held === null) this.#executePlain();
      const event = this.#held ?? this.#connection.next();
      this.#held = null;
      if (event === null) {
        // A value with a bad end has arrived, too.
        if (!this.#connection.receiving) this.#session.release();
        return null;
      }
      if (event.type === 'closed') return event.reason === null ? 'normal' : 'error';
      if (this.#left-- === 0) {
        this.#yield(event);
        return null;
      }
      this.#answer(event.id, this.#session.handle(event.command));
    }
  }

  // Executes requests of the forms that most have. Where many have arrived, the replies to the first
  // leave before the others are executed: a client on another processor goes on meanwhile, and the two
  // do not take turns.
  #executePlain(): void {
    const connection = this.#connection;
    for (let share = FIRST_SHARE;; share *= SHARE_GROWTH) {
      const before = connection.unread;
      const done = connection.executePlain(this.#session, Math.min(this.#left, share));
      this.#left -= done;
      if (done < share) return;
      const { unread } = connection;
      // A write costs as much as ten requests.
      if (unread > MANY * (before - unread)) this.#pump.flush();
    }
  }

  // Lets other sockets be read before it continues.
  #yield(next: ServerEvent): void {
    this.#held = next;
    this.#engine.store.counters.conn_yields++;
    this.#engine.clock.yield(() => this.#turn());
  }

  #answer(id: number, answer: Answer): void {
    if ('next' in answer) {
      this.#dump = { id, items: answer };
      return;
    }
    this.#connection.reply(id, answer);
    if (isItem(answer)) this.#session.onLine = (line) => this.#writeLine(id, line);
  }

  // Takes items of the dump while the peer keeps up; true when it is over.
  #continueDump({ id, items }: { id: number; items: Dump }): boolean {
    this.#engine.store.tick(this.#engine.clock.elapsed());
    while (this.#connection.backlog < DUMP_BACKLOG) {
      const { done, value } = items.next();
      this.#connection.reply(id, value);
      if (done === true) {
        this.#dump = null;
        return true;
      }
      if (this.#connection.backlog >= DUMP_BACKLOG) this.#pump.flush();
    }
    return false;
  }

  #writeLine(id: number, line: string): boolean {
    if (this.#pump.isEnding || this.#connection.backlog > WATCH_BACKLOG) return false;
    this.#connection.reply(id, { type: 'watch', line });
    this.#pump.schedule();
    return true;
  }

  // As in memcached, a connection is idle only when a request could come: not during a watch, in the
  // middle of a value, or while replies are being sent.
  #watchIdle(timeout: number): void {
    const { clock } = this.#engine;
    const left = this.#facts.lastCommand + timeout - clock.elapsed();
    this.#cancelIdle = clock.after(left > 0 ? left : timeout, () => {
      const busy = this.#connection.receiving || this.#connection.congested ||
        this.#connection.backlog > 0 || this.#held !== null;
      if (busy || clock.elapsed() - this.#facts.lastCommand < timeout) {
        return this.#watchIdle(timeout);
      }
      this.#engine.store.counters.idle_kicks++;
      this.close('idle_timeout');
    });
  }
}

// `tcp:127.0.0.1:4000` as the words of memcached's connection log.
function address(text: string): string {
  const found = /^tcp6?:(.*):(\d+)$/.exec(text);
  const [, ip, port] = found ?? ['', 'unix', '0'];
  return `rip=${ip} rport=${port} transport=${found === null ? 'local' : 'tcp'}`;
}
