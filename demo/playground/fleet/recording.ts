// A run of a simulated fleet, recorded so that a page can show any moment of it.
import { MemcacheError, type Outcome } from '../../../core/wire/errors.ts';
import { type Plan, type Report, runFleet } from '../../../test/reliability/fleet/fleet.ts';
import { type Swarm, swarmOf } from '../../../test/reliability/fleet/swarm.ts';
import type { TracedItem, TraceEvent } from '../../../test/reliability/fleet/trace.ts';
import type { Violation } from '../../../test/reliability/history.ts';
import { showError, showResults } from './results.ts';

/** Something that lasts from one moment to another, both by their indexes. */
export interface Span {
  readonly begin: number;
  /** The last moment of the run for what never ended. */
  end: number;
  /** Its row where it is drawn beside others; see `packRows`. */
  row: number;
}

/** A call of a client's user. */
export interface CallSpan extends Span {
  readonly client: string;
  /** `get`, `setMany`. */
  readonly kind: string;
  readonly items: readonly TracedItem[];
  readonly isWrite: boolean;
  /** What became of it: `ok`, what its error says of the server, or that its process was killed. */
  outcome: 'open' | 'ok' | 'abandoned' | Outcome;
  /** The result of each item, for people, in the order of `items`. */
  results: readonly string[];
}

/** Bytes on their way. */
export interface PacketSpan extends Span {
  readonly connection: ConnectionSpan;
  readonly fromClient: boolean;
  /** `FIN` and `RST` are the end of a stream. */
  readonly text: string;
  readonly bytes: number;
  fate: 'under way' | 'read' | 'waiting' | 'lost';
}

/** A connection of a client, as the client sees it. */
export interface ConnectionSpan extends Span {
  readonly number: number;
  readonly client: string;
  readonly server: string;
  /** The moment from which it was open; null while it is dialed. */
  opened: number | null;
  isClosed: boolean;
  /** The error that it ended with; null for an end in order. */
  cause: string | null;
}

/** A fault, and how long it lasted. */
export interface FaultSpan extends Span {
  readonly number: number;
  readonly kind: string;
  readonly server: string;
  /** Null where it is the server's alone. */
  readonly client: string | null;
}

/** How long a process was not running, or was stopped. */
export interface PauseSpan extends Span {
  readonly process: string;
  readonly kind: 'down' | 'stopped';
}

/** One step of the page. */
export type Moment =
  & {
    /** Microseconds of virtual time. */
    readonly at: number;
  }
  & (
    | { readonly type: 'call' | 'ended'; readonly call: CallSpan }
    | { readonly type: 'sent'; readonly packet: PacketSpan }
    | {
      readonly type: 'arrived';
      readonly packet: PacketSpan;
      readonly fate: 'read' | 'waiting' | 'lost';
    }
    | { readonly type: 'dialed' | 'connected'; readonly connection: ConnectionSpan }
    | {
      readonly type: 'closed';
      readonly connection: ConnectionSpan;
      readonly isClient: boolean;
      readonly cause: string | null;
    }
    | { readonly type: 'fault' | 'fault-over'; readonly fault: FaultSpan }
    | { readonly type: 'up' | 'down' | 'stopped' | 'continued'; readonly process: string }
    /** A server has done a write; it has lost an item, or (null) all. */
    | { readonly type: 'applied'; readonly server: string; readonly item: TracedItem }
    | { readonly type: 'lost'; readonly server: string; readonly key: string | null }
    | { readonly type: 'closing' }
    | { readonly type: 'violation'; readonly law: string }
  );

/** A run and all that happened in it. */
export interface Recording {
  readonly report: Report;
  readonly swarm: Swarm;
  readonly moments: readonly Moment[];
  readonly calls: readonly CallSpan[];
  readonly packets: readonly PacketSpan[];
  readonly connections: readonly ConnectionSpan[];
  readonly faults: readonly FaultSpan[];
  readonly pauses: readonly PauseSpan[];
  /** What the checker says of each item, by `key@server`. Null: its history is linearizable. */
  readonly verdicts: ReadonlyMap<string, Violation | null>;
}

/** Runs a plan and records it. */
export async function record(plan: Plan): Promise<Recording> {
  const recorder = new Recorder();
  const report = await runFleet(plan, null, (at, event) => recorder.add(at, event));
  return recorder.finish(report);
}

const READS = ['fetch', 'fetchMany', 'get', 'gets', 'getMany', 'gat', 'peek'];
/** Calls of a cache, whose numbers are versions of their items, and of no write. */
export const CACHED = ['fetch', 'fetchMany', 'peek', 'put', 'invalidate', 'remove'];

/** Turns events into moments and spans. */
class Recorder {
  readonly #moments: Moment[] = [];
  readonly #calls: CallSpan[] = [];
  readonly #packets: PacketSpan[] = [];
  readonly #connections: ConnectionSpan[] = [];
  readonly #faults: Map<number, FaultSpan> = new Map();
  readonly #pauses: PauseSpan[] = [];
  readonly #verdicts: Map<string, Violation | null> = new Map();
  readonly #writes: Map<number, TracedItem> = new Map();
  // Of each direction of a connection, the packets on their way, and those that a partition holds.
  readonly #underWay: Map<string, { readonly flying: PacketSpan[]; readonly held: PacketSpan[] }> =
    new Map();

  add(at: number, event: TraceEvent): void {
    const { type } = event;
    switch (type) {
      case 'up':
      case 'down':
      case 'stopped':
      case 'continued':
        return this.#process(at, type, event.process);
      case 'dialed':
      case 'connected':
      case 'closed':
        return this.#connection(at, event);
      case 'sent':
      case 'arrived':
        return this.#packet(at, event);
      case 'call':
      case 'ended':
        return this.#call(at, event);
      case 'fault':
      case 'fault-over':
        return this.#fault(at, event);
      case 'applied': {
        const item = this.#writes.get(event.id);
        if (item !== undefined) {
          this.#moments.push({ at, type, item, server: serverOf(item.register) });
        }
        return;
      }
      case 'lost':
        this.#moments.push({ at, type, key: event.key, server: `server${event.server}` });
        return;
      case 'closing':
        this.#moments.push({ at, type });
        return;
      case 'violation':
        this.#moments.push({ at, type, law: event.law });
        return;
      case 'history':
        this.#verdicts.set(event.register, event.violation);
    }
  }

  finish(report: Report): Recording {
    return {
      report,
      swarm: swarmOf(report.plan.seed),
      moments: this.#moments,
      calls: this.#closed(this.#calls),
      packets: this.#closed(this.#packets),
      connections: this.#closed(this.#connections),
      faults: this.#closed([...this.#faults.values()]),
      pauses: this.#closed(this.#pauses),
      verdicts: this.#verdicts,
    };
  }

  #closed<Kind extends Span>(spans: readonly Kind[]): readonly Kind[] {
    for (const span of spans) span.end = Math.min(span.end, this.#moments.length - 1);
    return spans;
  }

  #process(at: number, type: 'up' | 'down' | 'stopped' | 'continued', process: string): void {
    const begin = this.#moments.length;
    this.#moments.push({ at, type, process });
    const ended = { up: 'down', continued: 'stopped', down: null, stopped: null }[type];
    if (ended === null) {
      const kind = type === 'down' ? 'down' : 'stopped';
      this.#pauses.push({ begin, end: Infinity, row: 0, process, kind });
    } else {
      const pause = this.#pauses.findLast((one) => one.process === process && one.kind === ended);
      if (pause !== undefined) pause.end = Math.min(pause.end, begin);
    }
    if (type !== 'down') return;
    for (const connection of this.#connections) {
      if (connection.client === process) end(connection, begin, 'its process was killed');
    }
  }

  #connection(at: number, event: TraceEvent & { type: 'dialed' | 'connected' | 'closed' }): void {
    const index = this.#moments.length;
    if (event.type === 'dialed') {
      const connection: ConnectionSpan = {
        ...{ begin: index, end: Infinity, row: 0, opened: null, isClosed: false, cause: null },
        number: event.connection,
        client: event.client,
        server: `server${event.server}`,
      };
      this.#connections[event.connection] = connection;
      this.#moments.push({ at, type: 'dialed', connection });
      return;
    }
    const connection = this.#connections[event.connection]!;
    if (event.type === 'connected') {
      connection.opened = index;
      this.#moments.push({ at, type: 'connected', connection });
      return;
    }
    const { isClient, cause } = event;
    // A dial that was given up may be answered yet, and is then closed again.
    if (isClient && connection.isClosed) return;
    this.#moments.push({ at, type: 'closed', connection, isClient, cause });
    if (isClient) end(connection, index, cause);
  }

  #packet(at: number, event: TraceEvent & { type: 'sent' | 'arrived' }): void {
    const begin = this.#moments.length;
    const connection = this.#connections[event.connection]!;
    const fromClient = event.type === 'sent' ? event.packet.fromClient : event.fromClient;
    const name = `${connection.number} ${fromClient}`;
    let way = this.#underWay.get(name);
    if (way === undefined) this.#underWay.set(name, way = { flying: [], held: [] });
    if (event.type === 'sent') {
      const { bytes } = event.packet;
      const packet: PacketSpan = {
        ...{ begin, end: Infinity, row: 0, connection, fromClient, fate: 'under way' },
        text: typeof bytes === 'string' ? bytes : showBytes(bytes),
        bytes: typeof bytes === 'string' ? 0 : bytes.length,
      };
      way.flying.push(packet);
      this.#packets.push(packet);
      this.#moments.push({ at, type: 'sent', packet });
      return;
    }
    const { fate } = event;
    const packet = (fate === 'waiting' ? null : way.held.shift()) ?? way.flying.shift();
    if (packet === undefined) return;
    packet.fate = fate;
    if (fate === 'waiting') way.held.push(packet);
    else packet.end = begin;
    this.#moments.push({ at, type: 'arrived', packet, fate });
  }

  #call(at: number, event: TraceEvent & { type: 'call' | 'ended' }): void {
    const begin = this.#moments.length;
    if (event.type === 'call') {
      const { number, client, kind, items } = event.call;
      const isNumbered = !CACHED.includes(kind);
      for (const item of items) if (item.id > 0 && isNumbered) this.#writes.set(item.id, item);
      const isWrite = !READS.includes(kind);
      const call: CallSpan = {
        ...{ begin, end: Infinity, row: 0, client, kind, items, isWrite },
        ...{ outcome: 'open', results: items.map(() => '') },
      };
      this.#calls[number - 1] = call;
      this.#moments.push({ at, type: 'call', call });
      return;
    }
    const call = this.#calls[event.call - 1]!;
    const { result, error, isAbandoned } = event;
    call.end = begin;
    call.outcome = isAbandoned ? 'abandoned' : outcomeOf(result, error);
    call.results = error === null
      ? showResults(call, isAbandoned ? 'nobody knows' : result)
      : call.items.map(() => showError(error));
    this.#moments.push({ at, type: 'ended', call });
  }

  #fault(at: number, event: TraceEvent & { type: 'fault' | 'fault-over' }): void {
    const begin = this.#moments.length;
    if (event.type === 'fault') {
      const { fault: number, kind, server, client } = event;
      // Until it is over, it lasts for a moment.
      const fault = { begin, end: begin, row: 0, number, kind, server: `server${server}`, client };
      this.#faults.set(number, fault);
      this.#moments.push({ at, type: 'fault', fault });
      return;
    }
    const fault = this.#faults.get(event.fault);
    if (fault === undefined) return;
    fault.end = begin;
    this.#moments.push({ at, type: 'fault-over', fault });
  }
}

function end(connection: ConnectionSpan, index: number, cause: string | null): void {
  if (connection.isClosed) return;
  connection.isClosed = true;
  connection.end = index;
  connection.cause = cause;
}

function outcomeOf(result: unknown, error: unknown): 'ok' | Outcome {
  if (error !== null) return error instanceof MemcacheError ? error.outcome : 'unknown';
  if (!(result instanceof Map)) return 'ok';
  const errors = [...result.values()].filter((one) => one instanceof MemcacheError);
  return errors.find(({ outcome }) => outcome === 'unknown')?.outcome ?? errors[0]?.outcome ?? 'ok';
}

/** The name of the server of `k1@0`. */
export function serverOf(register: string): string {
  return `server${register.slice(register.lastIndexOf('@') + 1)}`;
}

/** How many bytes of a packet are shown. */
const SHOWN = 600;

// The lines of a packet, without what fills up a value.
function showBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes.subarray(0, SHOWN)) {
    text += byte === 10 || (byte >= 32 && byte < 127) ? String.fromCharCode(byte) : '';
  }
  return text.replaceAll(/x{4,}/g, 'x…').trimEnd() + (bytes.length > SHOWN ? ' …' : '');
}

/**
 * Gives each span a row in which it overlaps no other.
 *
 * @param spans In the order of their beginnings.
 * @returns How many rows there are.
 */
export function packRows(spans: readonly Span[]): number {
  const ends: number[] = [];
  for (const span of spans) {
    const free = ends.findIndex((end) => end < span.begin);
    span.row = free === -1 ? ends.length : free;
    ends[span.row] = span.end;
  }
  return ends.length;
}
