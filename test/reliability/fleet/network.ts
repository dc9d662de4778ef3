// A simulated network: connections between client processes and servers, and what goes wrong there.
import type { Random } from '../../../conformance/random.ts';
import type { Accept, Dialer, Transport, TransportEvents } from '../../../core/io/transport.ts';
import type { Process, Timeline } from './timeline.ts';

/** How the network is while nothing is wrong. Times are in microseconds. */
export interface Conditions {
  /** The least time from one end to the other. */
  readonly latency: number;
  /** How much longer it may take. */
  readonly jitter: number;
  /** How many bytes may be under way in one direction before `send` takes no more. */
  readonly capacity: number;
}

/** An address: a port on which a process listens, or which refuses. */
export interface Host {
  readonly index: number;
  /** Null while nothing runs there. */
  process: Process | null;
  accept: Accept;
  /** Dials hang: a firewall drops the first packet. */
  isMute: boolean;
  /** The machine was switched off: nobody tells its peers that their connections are gone. */
  isOff: boolean;
  /** Until this moment nothing is read. */
  readsFrom: number;
}

/** Where packets are lost, late or cut, between a client and a host. */
export interface Path {
  /** Nothing arrives at the host; it is sent again when this is over. */
  isCutUp: boolean;
  /** Nothing arrives at the client. */
  isCutDown: boolean;
  /** More latency, in microseconds. */
  slowness: number;
  /** Bytes that arrive together; 0 for all that were sent together. */
  drip: number;
}

/** A grid for moments of arrival, so that several things happen in one turn of the event loop. */
const GRID = 32;

/** The network of a simulation. */
export class Network {
  readonly timeline: Timeline;
  readonly conditions: Conditions;
  readonly hosts: readonly Host[];
  readonly connections: Set<Connection> = new Set();
  /** Delivers each so-many-th chunk twice: for a test that this is noticed. */
  repeats = 0;
  #dials = 0;
  readonly #paths: Map<Process, Path[]> = new Map();

  constructor(timeline: Timeline, conditions: Conditions, hosts: number) {
    this.timeline = timeline;
    this.conditions = conditions;
    this.hosts = Array.from({ length: hosts }, (_, index) => ({
      index,
      process: null,
      accept: () => {
        throw new Error('nothing listens there');
      },
      isMute: false,
      isOff: false,
      readsFrom: 0,
    }));
  }

  /** The path from a client to a host. */
  path(client: Process, host: Host): Path {
    let paths = this.#paths.get(client);
    if (paths === undefined) {
      paths = this.hosts.map(() => ({ isCutUp: false, isCutDown: false, slowness: 0, drip: 0 }));
      this.#paths.set(client, paths);
    }
    return paths[host.index]!;
  }

  /** The dialer of a process: `server1:11211` is the host with the index 1. */
  dialer(client: Process, random: Random): Dialer {
    return (to, events, signal) =>
      new Promise((resolve, reject) => {
        const host = this.hosts['port' in to ? Number(to.host.slice('server'.length)) : -1];
        if (host === undefined) throw new Error('there is no such host');
        const number = this.#dials++;
        const { timeline } = this;
        timeline.onEvent?.({
          type: 'dialed',
          connection: number,
          client: client.name,
          server: host.index,
        });
        let isOver = false;
        const fail = (error: unknown): void => {
          if (isOver) return;
          isOver = true;
          timeline.onEvent?.({
            type: 'closed',
            connection: number,
            isClient: true,
            cause: error instanceof Error ? error.message : 'aborted',
          });
          signal.removeEventListener('abort', onAbort);
          reject(error);
        };
        const onAbort = (): void => fail(signal.reason);
        if (signal.aborted) return fail(signal.reason);
        signal.addEventListener('abort', onAbort);
        const path = this.path(client, host);
        const wait = (): number => this.delay(path, random);
        const knock = (): void => {
          if (isOver || !client.isAlive) return;
          const { process } = host;
          // As a system does, it knocks again.
          if (host.isMute || host.isOff || path.isCutUp || path.isCutDown) {
            this.timeline.at(this.timeline.now + 1_000_000, null, knock);
            return;
          }
          const answered = this.timeline.now + wait();
          if (process === null || !process.isAlive) {
            const refused = new Error('connect ECONNREFUSED');
            this.timeline.at(answered, client, () => fail(refused));
            return;
          }
          const connection = new Connection(this, number, client, host, process, random);
          this.timeline.at(this.timeline.now, process, () => {
            connection.server.attach(host.accept(connection.server, 'tcp:10.0.0.1:4000'));
          });
          this.timeline.at(answered, client, () => {
            if (isOver) return connection.client.abort();
            isOver = true;
            signal.removeEventListener('abort', onAbort);
            timeline.onEvent?.({ type: 'connected', connection: number });
            connection.client.attach(events);
            resolve(connection.client);
          });
        };
        this.timeline.at(this.timeline.now + wait(), null, knock);
      });
  }

  /** Microseconds from one end to the other, for one chunk. */
  delay(path: Path, random: Random): number {
    const { latency, jitter } = this.conditions;
    const more = jitter === 0 ? 0 : random.below(jitter);
    return Math.ceil((latency + more + path.slowness) / GRID) * GRID;
  }

  /** A path has changed: what waited at its cut goes on. */
  heal(): void {
    for (const { client, server } of this.connections) {
      client.unpark();
      server.unpark();
    }
  }

  /** A process has ended. Its system closes its connections, or is gone itself. */
  killed(process: Process, isSilent: boolean): void {
    for (const connection of this.connections) {
      for (const side of [connection.client, connection.server]) {
        if (side.process === process) side.vanish(isSilent);
      }
    }
  }

  /** A host is up again: it refuses the connections that it does not know. */
  revived(host: Host): void {
    for (const connection of this.connections) {
      if (connection.host === host) connection.server.remember();
    }
  }
}

/** A connection, which has two ends. */
export class Connection {
  readonly network: Network;
  /** The same as of its dial. */
  readonly number: number;
  readonly host: Host;
  readonly path: Path;
  readonly client: Side;
  readonly server: Side;
  /** Nothing arrives any more, in either direction, and nobody is told. */
  isSilent = false;

  constructor(
    network: Network,
    number: number,
    client: Process,
    host: Host,
    server: Process,
    random: Random,
  ) {
    this.network = network;
    this.number = number;
    this.host = host;
    this.path = network.path(client, host);
    this.client = new Side(this, client, random, true);
    this.server = new Side(this, server, random, false);
    this.client.peer = this.server;
    this.server.peer = this.client;
    network.connections.add(this);
  }

  /** Lost: both ends are told. */
  cut(): void {
    this.client.reset();
    this.server.reset();
  }
}

const FIN = Symbol('FIN');
const RST = Symbol('RST');
type Packet = Uint8Array | typeof FIN | typeof RST;

/** One end of a connection. */
export class Side implements Transport {
  readonly process: Process;
  peer!: Side;
  /** The connection is lost when so many bytes of one chunk have arrived here. */
  cutIn = Infinity;
  readonly #connection: Connection;
  readonly #random: Random;
  readonly #isClient: boolean;
  #events: TransportEvents | null = null;
  // What has arrived, and was not read.
  #inbox: Packet[] = [];
  // What is lost on its way to this end until the cut is healed.
  #parked: Packet[] = [];
  #isPaused = false;
  // Sent by this end, and not read by the other.
  #underWay = 0;
  #isFull = false;
  // When the last packet that this end has sent arrives.
  #lastArrival = 0;
  #hasFinished = false;
  #isClosed = false;
  #isGone: 'no' | 'unknown' | 'refuses' = 'no';
  #sent = 0;

  constructor(connection: Connection, process: Process, random: Random, isClient: boolean) {
    this.#connection = connection;
    this.process = process;
    this.#random = random;
    this.#isClient = isClient;
  }

  /** Sets the handlers of its events. */
  attach(events: TransportEvents): void {
    this.#events = events;
    this.#readLater();
  }

  send(bytes: Uint8Array): number {
    if (this.#isClosed || this.#hasFinished) return bytes.length;
    const { network } = this.#connection;
    const taken = Math.min(bytes.length, network.conditions.capacity - this.#underWay);
    if (taken > 0) {
      this.#underWay += taken;
      const chunk = taken === bytes.length ? bytes : bytes.subarray(0, taken);
      this.#ship(chunk);
      if (network.repeats > 0 && this.#isClient && ++this.#sent % network.repeats === 0) {
        this.#ship(chunk);
      }
    }
    if (taken < bytes.length) this.#isFull = true;
    return taken;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#readLater();
  }

  close(): void {
    if (this.#isClosed || this.#hasFinished) return;
    this.#hasFinished = true;
    this.#ship(FIN);
    // It lingers, for a peer that never answers.
    const { timeline } = this.#connection.network;
    timeline.at(timeline.now + LINGER, this.process, () => this.#end(null));
  }

  abort(): void {
    if (this.#isClosed) return;
    this.#ship(RST);
    this.#hasFinished = true;
    this.#inbox = [];
    this.process.soon(() => this.#end(null));
  }

  /** The connection is lost at this end, in the next moment. */
  reset(): void {
    const { timeline } = this.#connection.network;
    timeline.at(timeline.now, this.process, () => {
      this.#inbox = [];
      this.#end(new Error('read ECONNRESET'));
    });
  }

  /** Its process has ended. */
  vanish(isSilent: boolean): void {
    if (!isSilent && !this.#isClosed) this.#ship(this.#random.chance(0.5) ? RST : FIN);
    this.#isClosed = true;
    this.#hasFinished = true;
    this.#isGone = isSilent ? 'unknown' : 'refuses';
    this.#inbox = [];
    if (!isSilent) this.#forget();
  }

  /** Its machine is up again. */
  remember(): void {
    if (this.#isGone === 'unknown') this.#isGone = 'refuses';
  }

  /** The cut may be over: what was lost then arrives, in its order. */
  unpark(): void {
    if (this.#parked.length === 0) return;
    const { timeline } = this.#connection.network;
    timeline.at(timeline.now, this.process, () => {
      if (this.#isCut) return;
      const parked = this.#parked;
      this.#parked = [];
      for (const packet of parked) this.#arrive(packet);
    }, 'packet');
  }

  get #isCut(): boolean {
    const { isCutUp, isCutDown } = this.#connection.path;
    return this.#isClient ? isCutDown : isCutUp;
  }

  /** Looks again whether it may read. */
  readOn(): void {
    this.#readLater();
  }

  #ship(packet: Packet): void {
    const { path, network } = this.#connection;
    if (path.drip === 0 || typeof packet === 'symbol' || packet.length <= path.drip) {
      return this.#deliver(packet, network.delay(path, this.#random));
    }
    // It drips for a while, then the rest comes at once: otherwise a run would never end.
    let at = 0;
    for (let drops = 0; drops < 16 && at + path.drip < packet.length; drops++) {
      this.#deliver(packet.subarray(at, at + path.drip), network.delay(path, this.#random));
      at += path.drip;
    }
    this.#deliver(packet.subarray(at), network.delay(path, this.#random));
  }

  #deliver(packet: Packet, delay: number): void {
    const { timeline } = this.#connection.network;
    this.#lastArrival = Math.max(this.#lastArrival, timeline.now + delay);
    if (this.#connection.path.drip > 0) this.#lastArrival += GRID;
    timeline.onEvent?.({
      type: 'sent',
      connection: this.#connection.number,
      packet: {
        fromClient: this.#isClient,
        bytes: packet === FIN ? 'FIN' : packet === RST ? 'RST' : packet,
      },
    });
    const { peer } = this;
    timeline.at(this.#lastArrival, peer.process, () => peer.#arrive(packet), 'packet');
  }

  #arrive(arriving: Packet): void {
    const connection = this.#connection;
    if (connection.isSilent) return this.#trace('lost');
    let packet = arriving;
    if (this.#isCut || this.#parked.length > 0) {
      this.#parked.push(packet);
      this.#trace('waiting');
      return;
    }
    this.#trace(this.#isClosed ? 'lost' : 'read');
    if (this.#isGone === 'refuses') {
      if (packet !== RST) this.#deliver(RST, connection.network.conditions.latency);
      return;
    }
    if (this.#isGone === 'unknown' || this.#isClosed) return;
    let isCutHere = false;
    if (typeof packet !== 'symbol' && packet.length >= this.cutIn) {
      isCutHere = true;
      packet = packet.subarray(0, this.cutIn);
      this.cutIn = Infinity;
    }
    // A system that is told of the end does not give out what was not read.
    if (packet === RST) this.#inbox = [RST];
    else this.#inbox.push(packet);
    if (this.#events !== null) this.#read();
    if (isCutHere) {
      connection.cut();
      // Nothing arrives behind it.
      connection.isSilent = true;
    }
  }

  #trace(fate: 'read' | 'waiting' | 'lost'): void {
    const { network, number } = this.#connection;
    network.timeline.onEvent?.({
      type: 'arrived',
      connection: number,
      fromClient: !this.#isClient,
      fate,
    });
  }

  #readLater(): void {
    if (this.#inbox.length > 0 && this.#events !== null) this.process.soon(() => this.#read());
  }

  #read(): void {
    const { host, network } = this.#connection;
    const { timeline } = network;
    while (this.#inbox.length > 0 && !this.#isClosed) {
      if (!this.#isClient && host.readsFrom > timeline.now) return;
      const packet = this.#inbox[0]!;
      if (this.#isPaused && packet !== RST && !this.#hasFinished) return;
      this.#inbox.shift();
      if (packet === RST) return this.#end(new Error('read ECONNRESET'));
      if (packet === FIN) {
        this.#finish();
        continue;
      }
      this.peer.#wasRead(packet.length);
      timeline.mix(packet.length);
      this.#events!.onData(packet);
    }
  }

  // The peer sends no more.
  #finish(): void {
    if (this.#hasFinished) return this.#end(null);
    const events = this.#events!;
    if (events.onEnd === undefined) {
      this.close();
      this.#end(null);
    } else events.onEnd();
  }

  #wasRead(count: number): void {
    this.#underWay -= count;
    if (!this.#isFull || this.#isClosed) return;
    this.#isFull = false;
    const { timeline } = this.#connection.network;
    timeline.at(timeline.now + GRID, this.process, () => {
      if (!this.#isClosed) this.#events?.onDrain();
    });
  }

  #end(cause: Error | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#hasFinished = true;
    this.#inbox = [];
    this.#forget();
    this.#connection.network.timeline.onEvent?.({
      type: 'closed',
      connection: this.#connection.number,
      isClient: this.#isClient,
      cause: cause === null ? null : cause.message,
    });
    this.#events?.onClosed(cause);
  }

  #forget(): void {
    if (this.#isClosed && this.peer.#isClosed) {
      this.#connection.network.connections.delete(this.#connection);
    }
  }

  /** Whether its owner has heard of its end. */
  get isClosed(): boolean {
    return this.#isClosed;
  }
}

/** Microseconds that a connection waits for its peer's end. */
const LINGER = 60_000_000;
