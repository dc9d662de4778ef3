// Virtual time: an event queue, the processes that its events belong to, and their clocks.
import type { Clock } from '../../../core/io/clock.ts';
import type { TraceEvent } from './trace.ts';

/** Something that happens at a moment of virtual time. */
export interface Event {
  /** Microseconds. Whole numbers: a timer must never be early by a rounding error. */
  at: number;
  /** Events of one moment happen in the order in which they were made. */
  order: number;
  /** Whose it is; null for the network and the faults. */
  readonly process: Process | null;
  readonly kind: Kind;
  call: () => void;
}

/** A timer; work of a process; or a packet, which arrives at a dead process too, and is refused. */
export type Kind = 'timer' | 'work' | 'packet';

/** The queue of a simulation: a binary heap of events, and the time of the last one. */
export class Timeline {
  /** Microseconds since the start. */
  now = 0;
  /** How many events there have been. */
  events = 0;
  /** A digest of all that has happened, which shows whether two runs are the same. */
  digest = 0;
  /** Told of each event that is noted, for people. */
  onNote: ((text: string) => void) | null = null;
  /** Told of each event as data. Call it with `?.`, which then makes no event for nobody. */
  onEvent: ((event: TraceEvent) => void) | null = null;
  readonly #heap: Event[] = [];
  // Processes in which promises may have something to do before time goes on.
  readonly #busy: Process[] = [];
  #order = 0;
  // How many events there had been when this moment began.
  #momentBegan = 0;

  /** Calls back at a moment; returns the event, for `cancel`. */
  at(when: number, process: Process | null, call: () => void, kind: Kind = 'work'): Event {
    const event = { at: Math.max(when, this.now), order: this.#order++, process, kind, call };
    this.#push(event);
    return event;
  }

  /** Lets an event that was held back happen now: before others of this moment, but for a timer. */
  again(event: Event): void {
    event.at = this.now;
    if (event.kind === 'timer') event.order = this.#order++;
    this.#push(event);
  }

  /** An event that was cancelled keeps its place in the queue, and does nothing. */
  cancel(event: Event): void {
    event.call = nothing;
  }

  /** Goes on, from event to event, until it is over, or nothing is left to happen. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const next = this.#heap[0];
      // As in an event loop, all that a callback has made ready is done before the next callback of
      // its process. Those of different processes share a turn, since a turn costs as much as a call.
      const mustTurn = this.#busy.length > 0 &&
        (next === undefined || next.at > this.now || next.process?.isBusy === true);
      if (mustTurn) {
        await turn();
        for (const process of this.#busy) process.isBusy = false;
        this.#busy.length = 0;
        continue;
      }
      if (next === undefined) return;
      this.#pop();
      if (next.at > this.now) this.#momentBegan = this.events;
      else if (this.events - this.#momentBegan > MOST) throw new Error('time stands still');
      this.now = next.at;
      if (next.call === nothing) continue;
      this.#do(next);
    }
  }

  /** Puts a number into the digest. */
  mix(value: number): void {
    const mixed = Math.imul(this.digest ^ value, 0x9e3779b1);
    this.digest = mixed ^ (mixed >>> 15);
  }

  /** Notes what has happened: always in the digest, and as text where somebody reads it. */
  note(value: number, text: () => string): void {
    this.mix(value);
    this.mix(this.now);
    if (this.onNote !== null) this.onNote(`${(this.now / 1000).toFixed(3)} ${text()}`);
  }

  /** The process is to have its promises settled before time goes on. */
  touch(process: Process): void {
    if (process.isBusy || !process.hasPromises) return;
    process.isBusy = true;
    this.#busy.push(process);
  }

  #do(event: Event): void {
    const { process } = event;
    if (process !== null) {
      if (!process.isAlive) {
        if (event.kind === 'packet') event.call();
        return;
      }
      if (process.isFrozen) {
        process.held.push(event);
        return;
      }
      this.touch(process);
    }
    this.events++;
    event.call();
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const other = heap[parent]!;
      if (isBefore(other, event)) break;
      heap[i] = other;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      const other = heap[child]!;
      if (isBefore(last, other)) break;
      heap[i] = other;
      i = child;
    }
    heap[i] = last;
  }
}

/** More events than one moment can have. */
const MOST = 100_000;

function nothing(): void {}

function isBefore(left: Event, right: Event): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

/** Resolves when every promise has had its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => soonest(resolve));
}

/** Calls back when every promise has had its turn, as soon as can be. */
const soonest: (call: () => void) => void = tickerOfNode() ??
  (globalThis as { setImmediate?: (call: () => void) => void }).setImmediate ?? messenger();

// Node has a queue for what is to be done once all promises are settled, which spares the event loop.
// Now and then that has its turn too: signals and timers outside of the simulation are for it.
function tickerOfNode(): ((call: () => void) => void) | undefined {
  const { process, setImmediate: immediate } = globalThis as {
    process?: { nextTick(call: () => void): void; versions: Readonly<Record<string, string>> };
    setImmediate?: (call: () => void) => void;
  };
  if (process === undefined || immediate === undefined) return undefined;
  if ('deno' in process.versions || 'bun' in process.versions) return undefined;
  let count = 0;
  return (call) => {
    if (++count % 1000 === 0) immediate(call);
    else process.nextTick(call);
  };
}

// Pages have no setImmediate, and their timers wait. Made only there: in Node the port would keep the
// process running.
function messenger(): (call: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const calls: (() => void)[] = [];
  port1.addEventListener('message', () => calls.shift()?.());
  port1.start();
  return (call) => {
    calls.push(call);
    port2.postMessage(null);
  };
}

/** A simulated process: a clock, and whether it runs, is stopped or is dead. */
export class Process {
  readonly name: string;
  readonly timeline: Timeline;
  readonly clock: ProcessClock;
  /** Whether promises run in it. A server has none, which spares it the turns of the event loop. */
  readonly hasPromises: boolean;
  isAlive = true;
  isFrozen = false;
  isBusy = false;
  /** Microseconds for which it was stopped, ever. */
  frozenFor = 0;
  /** What waits while it is stopped. */
  readonly held: Event[] = [];
  #frozenAt = 0;

  constructor(name: string, timeline: Timeline, hasPromises: boolean) {
    this.name = name;
    this.timeline = timeline;
    this.hasPromises = hasPromises;
    this.clock = new ProcessClock(this);
    timeline.onEvent?.({ type: 'up', process: name });
  }

  /** Calls back in this process at once, but after what is happening now. */
  soon(call: () => void): void {
    this.timeline.at(this.timeline.now, this, call);
  }

  /** SIGSTOP. */
  freeze(): void {
    if (!this.isAlive || this.isFrozen) return;
    this.isFrozen = true;
    this.#frozenAt = this.timeline.now;
    this.timeline.onEvent?.({ type: 'stopped', process: this.name });
  }

  /** SIGCONT: sockets are read first, as the system's clock has it for late timers. */
  resume(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    this.timeline.onEvent?.({ type: 'continued', process: this.name });
    this.frozenFor += this.timeline.now - this.#frozenAt;
    const held = this.held.splice(0);
    for (const event of held) if (event.kind !== 'timer') this.timeline.again(event);
    for (const event of held) if (event.kind === 'timer') this.timeline.again(event);
  }

  /** SIGKILL: nothing more happens in it. */
  kill(): void {
    this.resume();
    this.isAlive = false;
    this.timeline.onEvent?.({ type: 'down', process: this.name });
  }
}

/** The clock of a process, on virtual time. */
export class ProcessClock implements Clock {
  /** Milliseconds by which its time of day is wrong. */
  skew = 0;
  /** How many timers are set. */
  timers = 0;
  /** Milliseconds by which each timer is late: for a test that this is noticed. */
  lateness = 0;
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  now(): number {
    return START + Math.floor(this.#process.timeline.now / 1000) + this.skew;
  }

  elapsed(): number {
    return this.#process.timeline.now / 1000;
  }

  after(milliseconds: number, call: () => void): () => void {
    const { timeline } = this.#process;
    const wait = Math.max(0, Math.ceil((milliseconds + this.lateness) * 1000));
    let isSet = true;
    this.timers++;
    const event = timeline.at(timeline.now + wait, this.#process, () => {
      isSet = false;
      this.timers--;
      call();
    }, 'timer');
    return () => {
      if (!isSet) return;
      isSet = false;
      this.timers--;
      timeline.cancel(event);
    };
  }

  yield(call: () => void): void {
    this.#process.soon(call);
  }
}

/** When every simulation starts. */
const START = Date.UTC(2026, 0, 1);
